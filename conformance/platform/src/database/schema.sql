-- Times are milliseconds since 1970, money is fen, ids are the sixteen bytes of a UUID.
-- Nothing here ever expires except nonces: the record itself is the index by which a duplicate is known.

CREATE TABLE epoch (
    number INTEGER PRIMARY KEY,
    epoch BLOB NOT NULL UNIQUE,
    started INTEGER NOT NULL,
    kept INTEGER                        -- once succeeded: how many positions of the log survived
) STRICT;

CREATE TABLE platform_key (
    suite TEXT PRIMARY KEY,
    secret BLOB NOT NULL                -- a sandbox's key; a real platform has a password machine
) STRICT;

-- Keys of the platform beside the two that sign: announced ones and former ones.
CREATE TABLE platform_key_beside (
    keyid TEXT PRIMARY KEY,
    suite TEXT NOT NULL,
    secret BLOB NOT NULL,
    valid_until INTEGER,                -- absent: announced, signs nothing yet
    revoked_at INTEGER
) STRICT;

CREATE TABLE party (
    party TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,               -- JSON
    enrolled INTEGER NOT NULL
) STRICT;

CREATE TABLE party_key (
    keyid TEXT PRIMARY KEY,
    party TEXT NOT NULL REFERENCES party,
    suite TEXT NOT NULL,
    public_key BLOB NOT NULL,
    purpose TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_reason TEXT
) STRICT;

CREATE TABLE enrolment_code (
    code TEXT PRIMARY KEY,
    party TEXT,                         -- NULL: the enrolling system names itself
    kind TEXT NOT NULL,                 -- what it may be is the operator's word, not its own
    scopes TEXT NOT NULL,               -- JSON
    expires INTEGER NOT NULL,
    used_at INTEGER,
    request_digest BLOB,                -- the same request again gets the same answer
    answer TEXT
) STRICT;

CREATE TABLE nonce (
    keyid TEXT NOT NULL,
    nonce TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (keyid, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_by_age ON nonce (seen_at);

-- Append-only: one row for every terminal answer, in the order of the answers.
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    kind TEXT NOT NULL,                 -- event, bill, void, fence, refund, payment
    outcome TEXT NOT NULL,              -- settled, refused
    digest TEXT NOT NULL,
    time INTEGER NOT NULL,
    receipt TEXT NOT NULL               -- JSON as it was given
) STRICT;
CREATE INDEX log_by_record ON log (record);

CREATE TABLE stream (
    party TEXT NOT NULL,                -- a producer's name is its party's own business
    producer BLOB NOT NULL,
    incarnation BLOB NOT NULL,
    case_id BLOB NOT NULL,
    last_sequence INTEGER NOT NULL,
    blocked_by BLOB,                    -- the refused event at last_sequence + 1
    PRIMARY KEY (party, producer, incarnation, case_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    party TEXT NOT NULL,                -- its author: an id is unique within one party only (CloudEvents: source + id)
    id BLOB NOT NULL,
    digest TEXT NOT NULL,
    case_id BLOB NOT NULL,
    producer BLOB NOT NULL,
    incarnation BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    in_place INTEGER NOT NULL,          -- 0: its place was another event's, and its stream did not notice
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,              -- settled, refused
    effect INTEGER NOT NULL,            -- 1: it moved the case
    revision INTEGER,                   -- the case's revision after it
    replaces BLOB,
    position INTEGER NOT NULL,
    keyid TEXT NOT NULL,
    record BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (party, id)
) STRICT;
CREATE INDEX event_by_id ON event (id);
CREATE INDEX event_by_case ON event (case_id, position);
CREATE INDEX event_by_replaced ON event (party, replaces) WHERE replaces IS NOT NULL;
CREATE UNIQUE INDEX event_once_per_sequence ON event (party, producer, incarnation, case_id, sequence)
    WHERE outcome = 'settled' AND in_place = 1;

CREATE TABLE case_file (
    case_id BLOB PRIMARY KEY,
    number TEXT UNIQUE,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    party TEXT NOT NULL,                -- who opened it
    responsible TEXT,                   -- who handles it; NULL while nobody was found
    division TEXT NOT NULL,
    item_code TEXT NOT NULL,
    item_version INTEGER NOT NULL,
    applicant TEXT NOT NULL,            -- JSON, masked
    opened INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;

CREATE INDEX case_file_waiting ON case_file (opened) WHERE responsible IS NULL;

-- To whom a case was given to be handled, one row each time.
CREATE TABLE dispatch (
    number INTEGER PRIMARY KEY,
    case_id BLOB NOT NULL,
    party TEXT NOT NULL,
    at INTEGER NOT NULL,
    cause TEXT NOT NULL                 -- applied, enrolled, operator
) STRICT;
CREATE INDEX dispatch_by_case ON dispatch (case_id, number);

CREATE TABLE number_lease (
    lease BLOB PRIMARY KEY,
    request BLOB NOT NULL UNIQUE,
    request_digest BLOB NOT NULL,
    party TEXT NOT NULL,
    producer BLOB NOT NULL,
    incarnation BLOB NOT NULL,
    division TEXT NOT NULL,
    year INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX number_lease_by_range ON number_lease (division, year, first);

-- Numbers of an edge node's lease that it has passed on.
CREATE TABLE number_part (
    part BLOB PRIMARY KEY,
    digest TEXT NOT NULL,
    lease BLOB NOT NULL,
    party TEXT NOT NULL,
    producer BLOB NOT NULL,
    incarnation BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    keyid TEXT NOT NULL,
    record BLOB NOT NULL,
    signature BLOB NOT NULL,
    arrived INTEGER NOT NULL
) STRICT;
CREATE INDEX number_part_by_range ON number_part (lease, first);

CREATE TABLE bill (
    bill BLOB PRIMARY KEY,
    party TEXT NOT NULL,
    state TEXT NOT NULL,                -- open, paid, void, fenced
    digest TEXT,                        -- NULL only when fenced before it arrived
    pay_code TEXT UNIQUE,
    case_id BLOB,
    division TEXT,
    item_code TEXT,
    amount INTEGER NOT NULL,            -- lines, without late fee
    late_fee INTEGER NOT NULL,
    record BLOB,
    signature BLOB,
    keyid TEXT,
    paid_amount INTEGER,
    paid_at INTEGER,
    paid_channel TEXT,
    paid_transaction TEXT,
    refunded INTEGER NOT NULL DEFAULT 0,
    refund_owed INTEGER NOT NULL DEFAULT 0,
    position INTEGER,                   -- of its receipt; NULL when only fenced
    created INTEGER NOT NULL
) STRICT;

-- One row per transaction of the payment channel, whatever became of it: money that came in is never forgotten.
CREATE TABLE payment (
    transaction_id TEXT PRIMARY KEY,
    bill BLOB NOT NULL REFERENCES bill,
    amount INTEGER NOT NULL,
    channel TEXT NOT NULL,
    paid_at INTEGER NOT NULL,
    effect TEXT NOT NULL,               -- paid, refund_owed
    position INTEGER                    -- of its receipt; NULL when it is owed back
) STRICT;

-- The bank's own account of what it moved. It is kept apart from the backups: a platform that was restored has forgotten
-- payments, the bank has not, and a citizen must not be asked to pay again.
CREATE TABLE bank_statement (
    transaction_id TEXT PRIMARY KEY,
    bill BLOB NOT NULL,
    party TEXT NOT NULL,                -- whose account
    amount INTEGER NOT NULL,
    channel TEXT NOT NULL,
    paid_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bank_statement_by_bill ON bank_statement (bill);
CREATE INDEX bank_statement_by_day ON bank_statement (party, paid_at);

-- What the bank paid back, as apart from the backups as what it took in: a refund that a restored platform hears of once more
-- must not be paid twice.
CREATE TABLE bank_payout (
    refund BLOB PRIMARY KEY,
    bill BLOB NOT NULL,
    party TEXT NOT NULL,
    amount INTEGER NOT NULL,
    paid_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bank_payout_by_day ON bank_payout (party, paid_at);

-- The finance platform's books of e-receipts, apart from the backups too: a payment has one receipt for ever.
CREATE TABLE finance_book (
    cause TEXT PRIMARY KEY,             -- the transaction or refund
    code TEXT NOT NULL,
    number INTEGER NOT NULL,
    receipt TEXT NOT NULL,              -- code, number and check code
    UNIQUE (code, number)
) STRICT;

-- Voids and fences, each with its receipt; one that changes nothing more gets a receipt too.
CREATE TABLE bill_order (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,                 -- void, fence
    bill BLOB NOT NULL,
    keyid TEXT NOT NULL,
    record BLOB NOT NULL,
    signature BLOB NOT NULL,
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX bill_order_by_bill ON bill_order (bill, kind, position);

CREATE TABLE refund (
    refund BLOB PRIMARY KEY,
    bill BLOB NOT NULL,
    party TEXT NOT NULL,
    digest TEXT NOT NULL,
    amount INTEGER NOT NULL,
    owed_part INTEGER NOT NULL,         -- how much of it was owed back anyway
    state TEXT NOT NULL,                -- pending, done, failed, refused
    keyid TEXT NOT NULL,
    record BLOB NOT NULL,
    signature BLOB NOT NULL,
    position INTEGER NOT NULL,
    created INTEGER NOT NULL,
    ended INTEGER                       -- when it was done or failed
) STRICT;
CREATE INDEX refund_by_state ON refund (state);

CREATE TABLE alarm (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,               -- JSON
    UNIQUE (kind, detail)               -- the same thing again says nothing new
) STRICT;

-- Genuine perhaps, but the key was revoked or outside its validity when they came: a human decides.
CREATE TABLE quarantine (
    record_id BLOB NOT NULL,
    digest TEXT NOT NULL,
    keyid TEXT NOT NULL,
    reason TEXT NOT NULL,
    record BLOB NOT NULL,
    signature BLOB NOT NULL,
    arrived INTEGER NOT NULL,
    released INTEGER,                   -- when a human vouched for it
    PRIMARY KEY (record_id, digest)
) STRICT;

-- Events that state a revision which is not here yet, with the time they first came.
CREATE TABLE deferral (
    party TEXT NOT NULL,
    event BLOB NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (party, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX deferral_by_age ON deferral (since);
