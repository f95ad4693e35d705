//! Keys that sign id tokens: P-256, made at the first start, rotated with an overlap.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{Suite, Timestamp};

use super::KEY_OVERLAP_MILLIS;
use crate::crypto;
use crate::database::DatabaseError;

/// A key with the id under which it is published.
pub(crate) struct IdTokenKey {
    pub(crate) kid: String,
    key: SigningKey,
}

impl IdTokenKey {
    fn generate() -> Result<(Self, [u8; 32]), DatabaseError> {
        // One draw in 2^32 is no scalar of the curve.
        for _ in 0..8 {
            let secret = crypto::random::<32>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
            if let Some(key) = Self::from_secret(&secret) {
                return Ok((key, secret));
            }
        }
        Err(DatabaseError::Corrupt("randomness"))
    }

    fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_slice(secret).ok()?;
        let point = key.verifying_key().to_sec1_point(false);
        let kid = URL_SAFE_NO_PAD.encode(&crypto::hash(Suite::International, &[point.as_bytes()])[..12]);
        Some(Self { kid, key })
    }

    /// r‖s, 64 bytes (RFC 7518, 3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.key.sign(message);
        signature.to_bytes().to_vec()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verifying_key().verify(message, &signature).is_ok())
    }

    /// The public key as it is published (RFC 7517).
    pub(crate) fn public(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let coordinates = point.as_bytes().get(1..65).unwrap_or_default();
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

/// Makes the first key of an empty database.
pub(crate) fn ensure(connection: &Connection) -> Result<(), DatabaseError> {
    let known: i64 = connection.query_row("SELECT count(*) FROM oidc_key", [], |row| row.get(0))?;
    if known == 0 { insert(connection).map(drop) } else { Ok(()) }
}

/// Retires the signing key, which stays published for [`KEY_OVERLAP_MILLIS`], and makes the next one.
pub(crate) fn rotate(connection: &Connection, now: Timestamp) -> Result<String, DatabaseError> {
    connection.execute("UPDATE oidc_key SET retired_at = ?1 WHERE retired_at IS NULL", [now.as_millis()])?;
    insert(connection)
}

fn insert(connection: &Connection) -> Result<String, DatabaseError> {
    let (key, secret) = IdTokenKey::generate()?;
    connection.execute("INSERT INTO oidc_key (kid, secret) VALUES (?1, ?2)", (&key.kid, secret))?;
    Ok(key.kid)
}

/// The keys that are published now, the signing one first.
pub(crate) fn published(connection: &Connection, now: Timestamp) -> Result<Vec<IdTokenKey>, DatabaseError> {
    let since = now.as_millis() - KEY_OVERLAP_MILLIS;
    let sql = "SELECT secret FROM oidc_key WHERE retired_at IS NULL OR retired_at > ?1 ORDER BY number DESC";
    let mut statement = connection.prepare(sql)?;
    let secrets: Vec<[u8; 32]> = statement.query_map([since], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let keys = secrets.iter().map(|secret| IdTokenKey::from_secret(secret).ok_or(DatabaseError::Corrupt("oidc key")));
    keys.collect()
}

/// The key that signs now.
pub(crate) fn signing(connection: &Connection, now: Timestamp) -> Result<IdTokenKey, DatabaseError> {
    published(connection, now)?.into_iter().next().ok_or(DatabaseError::Corrupt("oidc key"))
}
