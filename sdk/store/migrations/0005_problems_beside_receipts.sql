-- Why a record is dead that has a receipt of a lost epoch: the receipt is evidence and stays, the reason stands beside it.
-- A dead record without a receipt has its problem in the table of receipts, as before.
CREATE TABLE problem (
    ordinal INTEGER PRIMARY KEY,
    seal    INTEGER NOT NULL,
    bytes   BLOB    NOT NULL
) STRICT;
