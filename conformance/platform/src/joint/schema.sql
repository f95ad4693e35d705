-- Which cases say that they belong to one joint procedure. A row exists as soon as one side says so, whichever came first.
CREATE TABLE joint_member (
    lead BLOB NOT NULL,
    member BLOB NOT NULL,               -- the leading case is a member too
    place INTEGER,                      -- in the leading case's list, its own is -1; NULL: only the member says so
    applicant TEXT,                     -- by which one applicant is told from another; NULL: the member is not here
    PRIMARY KEY (lead, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX joint_member_by_member ON joint_member (member);

CREATE TABLE joint_lead (
    lead BLOB PRIMARY KEY,
    closes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The construction project of a case.
CREATE TABLE case_project (
    case_id BLOB PRIMARY KEY,
    project TEXT NOT NULL,
    stage TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_project_by_project ON case_project (project);
