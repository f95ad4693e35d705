-- Appending kept seven indexes, of which a new record concerns three: also an index that a row does not enter is opened,
-- asked and closed for it. What is asked of records that have ended now stands in a table of its own.
CREATE TABLE ended (
    ordinal     INTEGER PRIMARY KEY,
    subject     BLOB    NOT NULL,
    incarnation INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    terminal_at INTEGER,
    reference   BLOB,
    position    INTEGER
) STRICT;
INSERT INTO ended SELECT ordinal, subject, incarnation, sequence, kind, state, terminal_at, reference, position
    FROM entry WHERE state <> 0;

CREATE INDEX ended_attention ON ended (subject, incarnation, sequence) WHERE state IN (2, 4, 5);
CREATE INDEX ended_terminal ON ended (terminal_at, ordinal) WHERE state IN (1, 3);
CREATE INDEX ended_position ON ended (reference, position, ordinal) WHERE state IN (1, 2);

-- Whoever writes, also an older program that has the file open. Records are appended as pending, so an insert needs none.
CREATE TRIGGER entry_ends AFTER UPDATE OF state, terminal_at, reference, position ON entry WHEN new.state <> 0 BEGIN
    INSERT OR REPLACE INTO ended VALUES (new.ordinal, new.subject, new.incarnation, new.sequence, new.kind, new.state,
        new.terminal_at, new.reference, new.position);
END;
CREATE TRIGGER entry_goes_on AFTER UPDATE OF state ON entry WHEN new.state = 0 AND old.state <> 0 BEGIN
    DELETE FROM ended WHERE ordinal = new.ordinal;
END;
CREATE TRIGGER entry_is_forgotten AFTER DELETE ON entry BEGIN
    DELETE FROM ended WHERE ordinal = old.ordinal;
END;

DROP INDEX entry_attention;
DROP INDEX entry_terminal;
DROP INDEX entry_position;

-- One index for all that is pending.
DROP INDEX entry_sendable;
DROP INDEX entry_blocked;
CREATE INDEX entry_pending ON entry (blocked, lane, ordinal, next_attempt_at) WHERE state = 0;
