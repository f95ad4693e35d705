-- Every published edition of the catalogue, so that a delta can be given from any of the last ones.
CREATE TABLE catalogue_edition (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,               -- of the record's bytes: the content's address
    published INTEGER NOT NULL,
    seed TEXT NOT NULL,                 -- digest of the compiled-in tables it descends from
    record BLOB NOT NULL,
    keyid TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE INDEX catalogue_edition_by_digest ON catalogue_edition (digest);
