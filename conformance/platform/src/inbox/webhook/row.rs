//! What is kept of a webhook.

use rusqlite::{Connection, OptionalExtension as _, Row};
use tongqiao_protocol::{Suite, Timestamp};

use crate::database::DatabaseError;

/// A webhook as it stands.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) party: String,
    pub(super) address: String,
    /// In which the party is signed to.
    pub(super) suite: Suite,
    /// Up to which position entries were heard.
    pub(super) heard: i64,
    pub(super) failures: i64,
    pub(super) next_attempt: Timestamp,
    /// When what was heard and not acknowledged is said again.
    pub(super) repeat_at: Timestamp,
    pub(super) last_success: Option<Timestamp>,
    pub(super) last_failure: Option<Timestamp>,
    pub(super) last_reason: Option<String>,
}

const COLUMNS: &str =
    "party, address, suite, heard, failures, next_attempt, repeat_at, last_success, last_failure, last_reason";

fn read(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let time = |at: Option<i64>| at.map(Timestamp::from_millis);
    let suite: String = row.get(2)?;
    Ok(Webhook {
        party: row.get(0)?,
        address: row.get(1)?,
        suite: if suite == Suite::ShangMi.as_str() { Suite::ShangMi } else { Suite::International },
        heard: row.get(3)?,
        failures: row.get(4)?,
        next_attempt: Timestamp::from_millis(row.get(5)?),
        repeat_at: Timestamp::from_millis(row.get(6)?),
        last_success: time(row.get(7)?),
        last_failure: time(row.get(8)?),
        last_reason: row.get(9)?,
    })
}

pub(super) fn find(connection: &Connection, party: &str) -> Result<Option<Webhook>, DatabaseError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM webhook WHERE party = ?1"))?
        .query_row([party], read)
        .optional()?)
}

/// Names an address. The same again changes nothing; another one begins anew.
pub(super) fn set(
    connection: &Connection,
    party: &str,
    address: &str,
    suite: Suite,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    if find(connection, party)?.is_some_and(|row| row.address == address && row.suite == suite) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO webhook (party, address, suite, heard, failures, next_attempt, repeat_at)
             VALUES (?1, ?2, ?3, 0, 0, ?4, ?4)",
        )?
        .execute((party, address, suite.as_str(), now.as_millis()))?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, party: &str) -> Result<(), DatabaseError> {
    connection.prepare_cached("DELETE FROM webhook WHERE party = ?1")?.execute([party])?;
    Ok(())
}

/// Webhooks whose time has come and for which something is open.
pub(super) fn due(connection: &Connection, now: Timestamp) -> Result<Vec<Webhook>, DatabaseError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhook WHERE next_attempt <= ?1 AND EXISTS (
            SELECT 1 FROM inbox_entry WHERE addressee = webhook.party AND acknowledged IS NULL
                AND (position > webhook.heard OR webhook.repeat_at <= ?1))
         ORDER BY next_attempt, party"
    ))?;
    let rows = statement.query_map([now.as_millis()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub(super) enum Attempt {
    /// Heard, up to this position.
    Heard {
        /// The last position that was brought.
        up_to: i64,
        /// When what is not acknowledged is said again; `None` leaves that as it was.
        repeat_at: Option<Timestamp>,
    },
    /// Not heard.
    Failed {
        /// Why, for the party's own eyes.
        reason: String,
        /// When it is tried again.
        next_attempt: Timestamp,
    },
}

/// Notes an attempt. An address that was changed meanwhile is not spoken of.
pub(super) fn note(
    connection: &Connection,
    webhook: &Webhook,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    match attempt {
        Attempt::Heard { up_to, repeat_at } => connection
            .prepare_cached(
                "UPDATE webhook SET heard = ?3, failures = 0, next_attempt = ?4, last_success = ?4,
                    repeat_at = coalesce(?5, repeat_at)
                 WHERE party = ?1 AND address = ?2",
            )?
            .execute((&webhook.party, &webhook.address, up_to, now.as_millis(), repeat_at.map(Timestamp::as_millis)))?,
        Attempt::Failed { reason, next_attempt } => connection
            .prepare_cached(
                "UPDATE webhook SET failures = failures + 1, next_attempt = ?3, last_failure = ?4, last_reason = ?5
                 WHERE party = ?1 AND address = ?2",
            )?
            .execute((&webhook.party, &webhook.address, next_attempt.as_millis(), now.as_millis(), reason))?,
    };
    Ok(())
}
