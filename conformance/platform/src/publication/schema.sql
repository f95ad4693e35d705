-- What is published of a case beside its file: never its applicant.
CREATE TABLE case_publication (
    case_id BLOB PRIMARY KEY,
    query TEXT,                         -- verifier of the query password; NULL: nobody can ask
    online INTEGER NOT NULL,            -- 1: handed in by computer or mobile
    applicant_kind TEXT NOT NULL,       -- person, organisation
    opened TEXT NOT NULL,               -- dates in China
    accepted TEXT,
    decided TEXT,
    result TEXT,
    working_days INTEGER                -- from acceptance to decision
) STRICT;
CREATE INDEX case_publication_by_day ON case_publication (opened);

CREATE TABLE case_score (
    case_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    score INTEGER NOT NULL,             -- 1 is best
    PRIMARY KEY (case_id, revision)
) STRICT, WITHOUT ROWID;

-- Wrong query passwords, by case number, whether or not there is such a case.
CREATE TABLE query_failure (
    number TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    locks INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT;
CREATE INDEX query_failure_by_age ON query_failure (last);
