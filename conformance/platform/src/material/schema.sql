-- Materials: what was announced, and how far each is. A row that was never finished goes when it has been idle for too long;
-- one that is complete stays, and is the index of duplicates.
CREATE TABLE material (
    material BLOB PRIMARY KEY,
    party TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    announcement TEXT NOT NULL,         -- JSON; equal announcements have equal text
    state TEXT NOT NULL,                -- receiving, complete, refused
    content BLOB NOT NULL,              -- under whose id the bytes lie: its own, or that of whoever brought them first
    received INTEGER NOT NULL,
    hash BLOB NOT NULL,                 -- the hash of what was received so far, to be gone on with
    salt BLOB NOT NULL,
    proof_tried INTEGER NOT NULL,       -- 1: one proof of possession was tried, and there is no other
    found TEXT,                         -- the digest that was found in place of the announced one
    position INTEGER,                   -- of its receipt, once it is complete
    changed INTEGER NOT NULL
) STRICT;
CREATE INDEX material_by_digest ON material (digest) WHERE state = 'complete';
CREATE INDEX material_receiving ON material (party, changed) WHERE state = 'receiving';

-- The bytes, in the pieces in which they came.
CREATE TABLE material_chunk (
    content BLOB NOT NULL,
    start INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (content, start)
) STRICT;

-- Which papers the effective events of a case cite: by this, and not by knowing a digest, somebody may read a material.
CREATE TABLE case_material (
    case_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    place INTEGER NOT NULL,
    party TEXT NOT NULL,
    digest TEXT,
    citation TEXT NOT NULL,             -- JSON, as the event has it
    PRIMARY KEY (case_id, revision, place)
) STRICT;
CREATE INDEX case_material_by_digest ON case_material (digest, party) WHERE digest IS NOT NULL;

-- Who relied on which e-licence, for which case and why. Rows are only added.
CREATE TABLE licence_use (
    licence TEXT NOT NULL,
    case_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    place INTEGER NOT NULL,
    party TEXT NOT NULL,
    cause TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (case_id, revision, place)
) STRICT;
CREATE INDEX licence_use_by_licence ON licence_use (licence, used);
