-- Signing in. Codes and tokens are kept as digests only.
CREATE TABLE oidc_key (
    number INTEGER PRIMARY KEY,
    kid TEXT NOT NULL UNIQUE,
    secret BLOB NOT NULL,
    retired_at INTEGER                  -- NULL: this key signs
) STRICT;

CREATE TABLE oidc_client (
    client_id TEXT PRIMARY KEY,
    secret_digest TEXT,                 -- NULL: a public client
    redirect_uris TEXT NOT NULL,        -- JSON array
    logout_uris TEXT NOT NULL,          -- JSON array
    backchannel_logout_uri TEXT
) STRICT;

CREATE TABLE oidc_code (
    code_digest TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    nonce TEXT,
    scope TEXT NOT NULL,
    sub TEXT NOT NULL,
    sid TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE TABLE oidc_access_token (
    token_digest TEXT PRIMARY KEY,
    code_digest TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sub TEXT NOT NULL,
    sid TEXT NOT NULL,
    scope TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX oidc_access_token_by_code ON oidc_access_token (code_digest);

-- Device flow. The device's code is kept as a digest, the person's as it is typed, and gone when it is over.
CREATE TABLE oidc_device (
    device_digest TEXT PRIMARY KEY,
    user_code TEXT UNIQUE,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    interval_seconds INTEGER NOT NULL,  -- grows when the device asks too often
    polled_at INTEGER,
    decision TEXT CHECK (decision IN ('allowed', 'refused')),
    decided_at INTEGER,
    sub TEXT,
    sid TEXT,
    used_at INTEGER
) STRICT;

CREATE TABLE oidc_device_guess (
    at INTEGER NOT NULL                 -- one row for each wrong code of the last minute
) STRICT;

-- Sessions, who has learnt of each, and who is owed word of its end.
CREATE TABLE oidc_session (
    sid TEXT PRIMARY KEY,
    sub TEXT NOT NULL,
    cookie_digest TEXT UNIQUE,          -- NULL: a device
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX oidc_session_by_person ON oidc_session (sub);

CREATE TABLE oidc_session_client (
    sid TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (sid, client_id)
) STRICT;

CREATE TABLE oidc_logout (
    number INTEGER PRIMARY KEY,
    jti TEXT NOT NULL UNIQUE,           -- every try carries the same
    client_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    sid TEXT,                           -- NULL: everything of the person
    sub TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_answer TEXT,
    delivered_at INTEGER
) STRICT;

-- The same people by CAS.
CREATE TABLE cas_ticket (
    ticket_digest TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    sub TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
