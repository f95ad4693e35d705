-- What the platform has for its parties. An entry is written in the transaction of its cause, so that neither is without the
-- other; its id follows from the cause, so that after a restore the same cause makes the same entry.
CREATE TABLE inbox_entry (
    id BLOB NOT NULL,
    addressee TEXT NOT NULL,
    position INTEGER NOT NULL,          -- from 1, per addressee
    record BLOB NOT NULL,               -- signed when it is handed out: keys change
    acknowledged INTEGER,               -- when the addressee's word came
    PRIMARY KEY (addressee, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX inbox_entry_by_position ON inbox_entry (addressee, position);
CREATE INDEX inbox_entry_open ON inbox_entry (addressee, position) WHERE acknowledged IS NULL;

-- The addressee's words, as they were signed.
CREATE TABLE inbox_acknowledgement (
    digest TEXT PRIMARY KEY,
    party TEXT NOT NULL,
    keyid TEXT NOT NULL,
    record BLOB NOT NULL,
    signature BLOB NOT NULL,
    arrived INTEGER NOT NULL
) STRICT;

-- Addresses to which entries are brought.
CREATE TABLE webhook (
    party TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    suite TEXT NOT NULL,
    heard INTEGER NOT NULL,             -- position up to which entries were heard
    failures INTEGER NOT NULL,          -- in a row
    next_attempt INTEGER NOT NULL,
    repeat_at INTEGER NOT NULL,         -- when what was heard and not acknowledged is said again
    last_success INTEGER,
    last_failure INTEGER,
    last_reason TEXT
) STRICT;
