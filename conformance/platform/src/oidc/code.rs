//! Authorization codes: good once, for sixty seconds, for the client and the address they were made for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::{Suite, Timestamp};

use super::CODE_LIFE_MILLIS;
use super::client::digest;
use super::failure::OauthError;
use crate::crypto;
use crate::database::DatabaseError;

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
    pub(crate) sub: String,
    pub(crate) sid: String,
    pub(crate) issued_at: Timestamp,
}

/// Remembers what `code` stands for.
pub(crate) fn insert(connection: &Connection, code: &str, grant: &Grant) -> Result<(), DatabaseError> {
    connection.execute(
        "INSERT INTO oidc_code
             (code_digest, client_id, redirect_uri, code_challenge, nonce, scope, sub, sid, issued_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            digest(code),
            &grant.client_id,
            &grant.redirect_uri,
            &grant.code_challenge,
            &grant.nonce,
            &grant.scope,
            &grant.sub,
            &grant.sid,
            grant.issued_at.as_millis(),
        ),
    )?;
    Ok(())
}

/// What the client says when it hands in a code.
#[derive(Debug, Clone)]
pub(crate) struct Redemption {
    pub(crate) client_id: String,
    pub(crate) code: String,
    pub(crate) redirect_uri: String,
    pub(crate) code_verifier: String,
}

/// Takes the code. A refusal is an answer and not an error: the code stays burnt, and tokens of a code that is shown a
/// second time are revoked (RFC 6749, 4.1.2), so that must be committed too.
pub(crate) fn redeem(
    connection: &Connection,
    redemption: &Redemption,
    now: Timestamp,
) -> Result<Result<Grant, OauthError>, DatabaseError> {
    let key = digest(&redemption.code);
    let Some((grant, used)) = find(connection, &key)? else {
        return Ok(Err(OauthError::invalid_grant("this code was never issued")));
    };
    // Somebody else's attempt does not burn the code of the client it belongs to.
    if grant.client_id != redemption.client_id {
        return Ok(Err(OauthError::invalid_grant("this code was issued to another client")));
    }
    if used {
        connection.execute(
            "UPDATE oidc_access_token SET revoked_at = ?2 WHERE code_digest = ?1 AND revoked_at IS NULL",
            (&key, now.as_millis()),
        )?;
        return Ok(Err(OauthError::invalid_grant("this code was used before; its tokens are revoked")));
    }
    connection.execute("UPDATE oidc_code SET used_at = ?2 WHERE code_digest = ?1", (&key, now.as_millis()))?;
    Ok(judge(grant, redemption, now))
}

fn judge(grant: Grant, redemption: &Redemption, now: Timestamp) -> Result<Grant, OauthError> {
    if now.millis_since(grant.issued_at) > CODE_LIFE_MILLIS {
        return Err(OauthError::invalid_grant("this code has expired; a code is good for 60 seconds"));
    }
    if grant.redirect_uri != redemption.redirect_uri {
        return Err(OauthError::invalid_grant("redirect_uri is not the one of the authorization request"));
    }
    if !verifier_is_well_formed(&redemption.code_verifier) {
        return Err(OauthError::invalid_grant("code_verifier is 43 to 128 of A-Z a-z 0-9 - . _ ~"));
    }
    if challenge_of(&redemption.code_verifier) != grant.code_challenge {
        return Err(OauthError::invalid_grant("code_verifier does not fit the code_challenge"));
    }
    Ok(grant)
}

fn find(connection: &Connection, key: &str) -> Result<Option<(Grant, bool)>, DatabaseError> {
    let sql = "SELECT client_id, redirect_uri, code_challenge, nonce, scope, sub, sid, issued_at, used_at
               FROM oidc_code WHERE code_digest = ?1";
    let found = connection.query_row(sql, [key], |row| {
        let grant = Grant {
            client_id: row.get(0)?,
            redirect_uri: row.get(1)?,
            code_challenge: row.get(2)?,
            nonce: row.get(3)?,
            scope: row.get(4)?,
            sub: row.get(5)?,
            sid: row.get(6)?,
            issued_at: Timestamp::from_millis(row.get(7)?),
        };
        Ok((grant, row.get::<_, Option<i64>>(8)?.is_some()))
    });
    Ok(found.optional()?)
}

/// RFC 7636, 4.1.
fn verifier_is_well_formed(verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved)
}

/// S256 (RFC 7636, 4.2).
pub(crate) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(crypto::hash(Suite::International, &[verifier.as_bytes()]))
}

/// An S256 challenge is the base64url of 32 bytes: 43 characters.
pub(crate) fn challenge_is_well_formed(challenge: &str) -> bool {
    URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == 32)
}
