//! Epochs: one uninterrupted life of the log each.
//!
//! A platform put back from a backup has lost the end of its log. It begins a new epoch and says, of every epoch before,
//! how many positions are kept; whoever holds a receipt beyond that offers the record again. An epoch that is not listed
//! at all began after the backup was taken: nothing of it is kept.

use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::{EpochId, Timestamp};

use crate::crypto;
use crate::database::DatabaseError;

/// The epoch that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CurrentEpoch {
    /// 1 for the first; a restored platform never repeats a number.
    pub(crate) number: i64,
    pub(crate) epoch: EpochId,
    pub(crate) started: Timestamp,
}

/// The running epoch; the first is begun in an empty database.
pub(crate) fn current_or_first(connection: &Connection, now: Timestamp) -> Result<CurrentEpoch, DatabaseError> {
    match current(connection)? {
        Some(epoch) => Ok(epoch),
        None => begin(connection, now),
    }
}

/// The running epoch, if any was ever begun.
pub(crate) fn current(connection: &Connection) -> Result<Option<CurrentEpoch>, DatabaseError> {
    let row: Option<(i64, [u8; 16], i64)> = connection
        .query_row("SELECT number, epoch, started FROM epoch ORDER BY number DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    Ok(row.map(|(number, epoch, started)| CurrentEpoch {
        number,
        epoch: EpochId::from_bytes(epoch),
        started: Timestamp::from_millis(started),
    }))
}

/// Ends the running epoch with what the log holds now, and begins the next.
pub(crate) fn begin(connection: &Connection, now: Timestamp) -> Result<CurrentEpoch, DatabaseError> {
    let random = crypto::random::<10>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
    let epoch = EpochId::from_time_and_random(now, random);
    let kept = log_size(connection)?;
    connection.execute("UPDATE epoch SET kept = min(coalesce(kept, ?1), ?1)", [kept])?;
    connection.execute("INSERT INTO epoch (epoch, started) VALUES (?1, ?2)", (epoch.as_bytes(), now.as_millis()))?;
    Ok(CurrentEpoch { number: connection.last_insert_rowid(), epoch, started: now })
}

/// Whether this platform was ever put back from a backup.
pub(crate) fn was_restored(connection: &Connection) -> Result<bool, DatabaseError> {
    Ok(current(connection)?.is_some_and(|epoch| epoch.number > 1))
}

/// How many positions the log has; the next receipt gets this position.
pub(crate) fn log_size(connection: &Connection) -> Result<i64, DatabaseError> {
    Ok(connection.query_row("SELECT coalesce(max(position) + 1, 0) FROM log", [], |row| row.get(0))?)
}

/// Former epochs with the number of positions kept of each, oldest first.
pub(crate) fn previous(connection: &Connection) -> Result<Vec<(EpochId, i64)>, DatabaseError> {
    let mut statement = connection.prepare("SELECT epoch, kept FROM epoch WHERE kept IS NOT NULL ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((EpochId::from_bytes(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
