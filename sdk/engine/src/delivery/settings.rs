//! The limits of a delivery.

/// How many milliseconds are in a minute.
const MINUTE_MS: u64 = 60_000;

/// The limits of a delivery; the default is what the specification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Entries of one lane in memory at a time.
    pub window_entries: u32,
    /// Records in one request.
    pub batch_records: u32,
    /// Bytes of signed records in one request.
    pub batch_bytes: u64,
    /// A lane's pending entries are read again from the start after this time, for what no hint told of: entries that another
    /// process appended, or that waited in the store when this one started.
    pub reread_ms: u64,
    /// Requests under way at once, per lane: control, payment, case, bulk.
    pub concurrency: [u32; 4],
    /// Requests under way at once, over all lanes: while they are out, whatever comes back makes room for the most urgent.
    pub requests_under_way: u32,
    /// After so many requests of more urgent lanes a waiting bulk request goes first.
    pub bulk_floor: u32,
    /// The first delay after a failure is at most this.
    pub retry_base_ms: u64,
    /// Later delays are at most this.
    pub retry_cap_ms: u64,
    /// Retries that may be made in a burst.
    pub retry_burst: u32,
    /// One further retry is allowed per so many milliseconds.
    pub retry_refill_ms: u64,
    /// After so many failures of the server in a row a lane sends smaller batches.
    pub shrink_after_failures: u32,
    /// How often an edge node that keeps a record is asked for the platform's receipt.
    pub custody_poll_ms: u64,
    /// So long for each record that waits, where that is more: questions about a large backlog must leave room for what is new.
    pub custody_each_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window_entries: 2_000,
            batch_records: 1_000,
            batch_bytes: 4 * 1024 * 1024,
            reread_ms: 15_000,
            concurrency: [1, 4, 2, 1],
            // Cases and bulk together leave room for payments even when they hang.
            requests_under_way: 6,
            bulk_floor: 16,
            retry_base_ms: 500,
            retry_cap_ms: 5 * MINUTE_MS,
            retry_burst: 20,
            retry_refill_ms: 5_000,
            shrink_after_failures: 3,
            custody_poll_ms: 2_000,
            custody_each_ms: 10,
        }
    }
}
