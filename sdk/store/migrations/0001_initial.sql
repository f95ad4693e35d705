-- The first schema. Never edited after release: a change is a new file.

-- One row: who writes, and which file this is (a copy has another inode, see sqlite/open.rs).
CREATE TABLE store (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    producer      BLOB    NOT NULL,
    incarnation   BLOB    NOT NULL,
    device        INTEGER NOT NULL,
    inode         INTEGER NOT NULL,
    -- Ordinals up to here are used up although their rows may be gone.
    ordinal_floor INTEGER NOT NULL
) STRICT;

-- The owners of streams, so that a row need not repeat 32 bytes.
CREATE TABLE incarnation (
    number      INTEGER PRIMARY KEY,
    producer    BLOB NOT NULL,
    incarnation BLOB NOT NULL,
    UNIQUE (producer, incarnation)
) STRICT;

-- The outbox. The bytes stand last so that the other columns can be read without them.
CREATE TABLE entry (
    ordinal         INTEGER PRIMARY KEY,
    id              BLOB    NOT NULL,
    subject         BLOB    NOT NULL,
    incarnation     INTEGER NOT NULL,
    sequence        INTEGER NOT NULL,
    kind            INTEGER NOT NULL,
    lane            INTEGER NOT NULL,
    -- 0 pending, 1 settled, 2 refused, 3 replaced, 4 expired, 5 dead
    state           INTEGER NOT NULL,
    -- 1 while the stream stands still behind an earlier refused, expired or dead entry
    blocked         INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    accepted_at     INTEGER NOT NULL,
    not_after       INTEGER,
    terminal_at     INTEGER,
    -- the epoch of the receipt, or the id of the replacement
    reference       BLOB,
    position        INTEGER,
    replaces        BLOB,
    suite           INTEGER NOT NULL,
    digest          BLOB    NOT NULL,
    size            INTEGER NOT NULL,
    bytes_seal      INTEGER NOT NULL,
    seal            INTEGER NOT NULL,
    bytes           BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX entry_id ON entry (id);
-- A replacement has the sequence of what it replaces.
CREATE UNIQUE INDEX entry_stream ON entry (subject, incarnation, sequence) WHERE state <> 3;
-- What may be sent; blocked streams are not even looked at.
CREATE INDEX entry_sendable ON entry (lane, ordinal, next_attempt_at) WHERE state = 0 AND blocked = 0;
CREATE INDEX entry_blocked ON entry (ordinal) WHERE state = 0 AND blocked = 1;
CREATE INDEX entry_attention ON entry (subject, incarnation, sequence) WHERE state IN (2, 4, 5);

-- Receipts, and the problems of dead letters.
CREATE TABLE receipt (
    ordinal INTEGER PRIMARY KEY,
    seal    INTEGER NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;

-- The last sequence of streams whose last entry was forgotten, so that numbering goes on.
CREATE TABLE forgotten_stream (
    subject     BLOB    NOT NULL,
    incarnation INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    PRIMARY KEY (subject, incarnation)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
    number     INTEGER PRIMARY KEY,
    collection TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    seal       INTEGER NOT NULL,
    bytes      BLOB    NOT NULL,
    UNIQUE (collection, key)
) STRICT;
