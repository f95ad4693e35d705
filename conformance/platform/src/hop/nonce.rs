//! Nonces already used, kept long enough that no signature can be sent twice.

use rusqlite::Connection;
use tongqiao_protocol::limits::NONCE_MEMORY_MS;
use tongqiao_protocol::{KeyId, Timestamp};

use crate::database::DatabaseError;

/// Whether a nonce had been used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Use {
    First,
    Again,
}

/// Records the nonce of a request whose signature holds.
///
/// In the database and not in memory: a platform that was killed must not accept yesterday's minute again.
pub(super) fn use_once(
    connection: &Connection,
    keyid: &KeyId,
    nonce: &str,
    now: Timestamp,
) -> Result<Use, DatabaseError> {
    connection.prepare_cached("DELETE FROM nonce WHERE seen_at < ?1")?.execute([now.as_millis() - NONCE_MEMORY_MS])?;
    let added = connection
        .prepare_cached("INSERT OR IGNORE INTO nonce (keyid, nonce, seen_at) VALUES (?1, ?2, ?3)")?
        .execute((keyid.as_str(), nonce, now.as_millis()))?;
    Ok(if added == 1 { Use::First } else { Use::Again })
}
