//! Every limit of the protocol, one constant each, with its unit in the name.

/// The largest single message (one signed record, or the body of a request that is not a batch).
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The most records in one batch.
pub const BATCH_RECORDS_MAX: usize = 1_000;
/// The largest batch.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest material.
pub const MATERIAL_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The largest piece of a material that one request brings or one answer gives.
pub const MATERIAL_CHUNK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The smallest piece of a material, but for its last one.
pub const MATERIAL_CHUNK_BYTES_MIN: usize = 1024;
/// The most materials of one party that are on their way at once.
pub const MATERIALS_RECEIVING_MAX: usize = 100;
/// The most bytes that the materials of one party on their way may have together, as they were announced.
pub const MATERIALS_RECEIVING_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// How long an unfinished material is kept after its last piece.
pub const MATERIAL_IDLE_MS: i64 = 30 * 86_400_000;
/// The most entries of a page.
pub const PAGE_ENTRIES_MAX: usize = 1_000;
/// How far the creation time of a hop signature may lie from the receiver's clock.
pub const CLOCK_SKEW_MS_MAX: i64 = 300_000;
/// How long a hop signature lives.
pub const HOP_SIGNATURE_LIFE_MS: i64 = 300_000;
/// How long the receiver remembers a nonce, per key.
///
/// A signature made as far ahead as the skew allows lives until skew and life are over; times on it are whole seconds, so
/// that the last of them counts to its end.
pub const NONCE_MEMORY_MS: i64 = CLOCK_SKEW_MS_MAX + HOP_SIGNATURE_LIFE_MS + 1_000;
/// The largest body of a request with one signed record: the record in base64, with room for its signature.
pub const RECORD_BODY_BYTES_MAX: usize = MESSAGE_BYTES_MAX.div_ceil(3) * 4 + 1_024;
/// The largest body of a small request, such as a lease.
pub const SMALL_BODY_BYTES_MAX: usize = 64 * 1024;
/// The fewest bytes of a nonce.
pub const NONCE_BYTES_MIN: usize = 16;
/// The most case numbers of one lease.
pub const LEASE_NUMBERS_MAX: u64 = 1_000;
/// How long a sender keeps a record after its terminal receipt, unless configured longer.
pub const RETENTION_DAYS_DEFAULT: u32 = 30;
/// The most lines of a bill.
pub const BILL_LINES_MAX: usize = 200;
/// The most that one bill may ask for with its late fee, in fen: a thousand million yuan. Far below what an amount can hold,
/// so that sums over millions of bills cannot overflow.
pub const BILL_FEN_MAX: i64 = 100_000_000_000;
/// The most materials of one application.
pub const MATERIALS_MAX: usize = 200;
/// The most lines of a correction notice.
pub const CORRECTION_LINES_MAX: usize = 200;
/// The most characters of a short text (names, titles).
pub const SHORT_TEXT_CHARS_MAX: usize = 200;
/// The most characters of a long text (reasons, opinions).
pub const LONG_TEXT_CHARS_MAX: usize = 2_000;
/// The deepest nesting of JSON that is read.
pub const JSON_DEPTH_MAX: usize = 32;
/// The largest sequence number and revision that every JSON reader can hold (2^53 − 1).
pub const SEQUENCE_MAX: u64 = 9_007_199_254_740_991;
/// The characters of a query password: five bits of chance each.
pub const QUERY_PASSWORD_CHARS: usize = 12;
/// Wrong query passwords for one case number before it is locked.
pub const QUERY_FAILURES_MAX: u32 = 5;
/// How long the first lock of a case number lasts; each further one lasts twice as long, up to [`QUERY_LOCK_MS_MAX`].
pub const QUERY_LOCK_MS: i64 = 15 * 60_000;
/// The longest lock of a case number.
pub const QUERY_LOCK_MS_MAX: i64 = 24 * 3_600_000;
/// How many cases must share what a published row tells of them, at least.
pub const OPEN_DATA_CASES_MIN: usize = 5;
/// The longest time that one question for statistics may cover.
pub const STATISTICS_DAYS_MAX: i32 = 366;
/// The most entries of one page of an inbox: each is signed when it is handed out.
pub const INBOX_ENTRIES_MAX: usize = 100;
/// The longest that a question for an empty inbox is kept waiting.
pub const INBOX_WAIT_SECONDS_MAX: u64 = 60;
/// The most entries of one acknowledgement.
pub const INBOX_ACKNOWLEDGED_MAX: usize = 1_000;
/// The most lines of one page of a day's statement of money.
pub const STATEMENT_LINES_MAX: usize = 500;
/// How many working days the supervisor may give for an answer, and a city for a complaint or a bad grade: a year.
pub const SUPERVISION_ANSWER_DAYS_MAX: u64 = 365;
/// The most events of one page of a case's records.
pub const CASE_EVENTS_MAX: usize = 100;
/// One line between a runner and an adapter, in bytes.
pub const ADAPTER_LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most partners of a joint procedure.
pub const JOINT_PARTNERS_MAX: usize = 20;
/// How many working days a joint procedure may be extended by, once (行政许可法 art. 42).
pub const JOINT_EXTENSION_DAYS_MAX: u64 = 15;
