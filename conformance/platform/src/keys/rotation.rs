//! Changing the platform's keys: the next ones are announced, then they take over, then the former ones may be revoked.
//!
//! Between the steps everybody who asks for the directory learns of the next keys by the signature of those he believes.

use rusqlite::Connection;
use tongqiao_protocol::{Suite, Timestamp};

use crate::crypto::PlatformKey;
use crate::database::DatabaseError;

const SUITES: [Suite; 2] = [Suite::International, Suite::ShangMi];

/// A key that does not sign: it will, or it did.
pub(crate) struct Beside {
    pub(crate) key: PlatformKey,
    /// Until when it signed; `None` before it signs.
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// One step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes the next keys and lists them.
    Announce,
    /// Lets the announced keys sign; the former ones stay listed with an end.
    TakeOver,
    /// Revokes all former keys.
    RevokeFormer,
}

/// Takes a step; false when there is nothing to take it with.
pub(crate) fn rotate(connection: &Connection, step: Step, now: Timestamp) -> Result<bool, DatabaseError> {
    match step {
        Step::Announce => {
            for suite in SUITES {
                let key = PlatformKey::generate(suite).map_err(|_| DatabaseError::Corrupt("randomness"))?;
                keep(connection, &key, None)?;
            }
            Ok(true)
        }
        Step::TakeOver => take_over(connection, now),
        Step::RevokeFormer => {
            let revoked = connection.execute(
                "UPDATE platform_key_beside SET revoked_at = ?1 WHERE valid_until IS NOT NULL AND revoked_at IS NULL",
                [now.as_millis()],
            )?;
            Ok(revoked > 0)
        }
    }
}

fn take_over(connection: &Connection, now: Timestamp) -> Result<bool, DatabaseError> {
    let announced: Vec<_> = beside(connection)?.into_iter().filter(|one| one.valid_until.is_none()).collect();
    for Beside { key, .. } in &announced {
        let former = super::load(connection, key.suite())?;
        connection.execute("DELETE FROM platform_key_beside WHERE keyid = ?1", [key.key_id().as_str()])?;
        keep(connection, &former, Some(now))?;
        connection
            .execute("UPDATE platform_key SET secret = ?2 WHERE suite = ?1", (key.suite().as_str(), key.secret()))?;
    }
    Ok(!announced.is_empty())
}

fn keep(connection: &Connection, key: &PlatformKey, valid_until: Option<Timestamp>) -> Result<(), DatabaseError> {
    connection.execute(
        "INSERT OR REPLACE INTO platform_key_beside (keyid, suite, secret, valid_until) VALUES (?1, ?2, ?3, ?4)",
        (key.key_id().as_str(), key.suite().as_str(), key.secret(), valid_until.map(Timestamp::as_millis)),
    )?;
    Ok(())
}

/// Announced and former keys, in the order of their ids.
pub(super) fn beside(connection: &Connection) -> Result<Vec<Beside>, DatabaseError> {
    type KeyRow = (String, [u8; 32], Option<i64>, Option<i64>);
    let mut statement =
        connection.prepare("SELECT suite, secret, valid_until, revoked_at FROM platform_key_beside ORDER BY keyid")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let rows: Vec<KeyRow> = rows.collect::<Result<_, _>>()?;
    rows.into_iter()
        .map(|(suite, secret, valid_until, revoked_at)| {
            let suite = SUITES.into_iter().find(|one| one.as_str() == suite);
            let key = suite.and_then(|suite| PlatformKey::from_secret(suite, secret));
            Ok(Beside {
                key: key.ok_or(DatabaseError::Corrupt("platform key"))?,
                valid_until: valid_until.map(Timestamp::from_millis),
                revoked_at: revoked_at.map(Timestamp::from_millis),
            })
        })
        .collect()
}
