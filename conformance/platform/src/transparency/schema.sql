-- The Merkle tree over the bodies of the log's receipts. Only whole subtrees are kept, which never change again: any root
-- and any proof is made of a few of them, and a request never reads the log.
CREATE TABLE log_tree (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    suite TEXT NOT NULL                 -- of the hash; chosen when the log began
) STRICT;

CREATE TABLE log_node (
    level INTEGER NOT NULL,             -- 0: leaves
    place INTEGER NOT NULL,             -- covers the leaves from place * 2^level on
    hash BLOB NOT NULL,
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;
