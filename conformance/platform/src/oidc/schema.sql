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
    logout_uris TEXT NOT NULL           -- JSON array
) STRICT;

CREATE TABLE oidc_code (
    code_digest TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    nonce TEXT,
    scope TEXT NOT NULL,
    sub TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE TABLE oidc_access_token (
    token_digest TEXT PRIMARY KEY,
    code_digest TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sub TEXT NOT NULL,
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
    used_at INTEGER
) STRICT;

CREATE TABLE oidc_device_guess (
    at INTEGER NOT NULL                 -- one row for each wrong code of the last minute
) STRICT;
