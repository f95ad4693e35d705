-- How many transactions have written documents: a file that is put back under its own name is told by this too.
CREATE TABLE document_turn (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO document_turn (one, number) VALUES (1, 0);
