-- Finding what may be forgotten, and what a platform's new epoch has lost, read the whole table in version 1.
CREATE INDEX entry_terminal ON entry (terminal_at, ordinal) WHERE state IN (1, 3);
CREATE INDEX entry_position ON entry (reference, position, ordinal) WHERE state IN (1, 2);
