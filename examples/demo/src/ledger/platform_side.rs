//! The platform's database, read as a file.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Id;
use crate::error::DemoError;

/// One event that the platform applied.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub(crate) id: Id,
    pub(crate) case: Id,
    /// Producer and incarnation.
    pub(crate) owner: (Id, Id),
    pub(crate) sequence: i64,
    pub(crate) position: i64,
    pub(crate) digest: String,
}

/// One bill at the platform.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) state: String,
    pub(crate) total_fen: i64,
    pub(crate) refunded_fen: i64,
    pub(crate) owed_fen: i64,
}

/// Everything that took effect.
#[derive(Debug)]
pub(crate) struct PlatformSide {
    pub(crate) cases: u64,
    /// In the order of the log.
    pub(crate) applied: Vec<Applied>,
    pub(crate) refused: u64,
    pub(crate) bills: BTreeMap<Id, Bill>,
    /// Payments by bill: each transaction's fen.
    pub(crate) payments: BTreeMap<Id, Vec<i64>>,
    /// Refunds by id: bill and fen.
    pub(crate) refunds: BTreeMap<Id, (Id, i64)>,
}

impl PlatformSide {
    /// Reads the file; nothing is written to it.
    pub(crate) fn read(path: &Path) -> Result<Self, DemoError> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(DemoError::broken)?;
        let read = || -> rusqlite::Result<Self> {
            let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            Ok(Self {
                cases: count("SELECT count(*) FROM case_file")?,
                applied: applied(&connection)?,
                refused: count("SELECT count(*) FROM event WHERE outcome = 'refused'")?,
                bills: bills(&connection)?,
                payments: payments(&connection)?,
                refunds: refunds(&connection)?,
            })
        };
        read().map_err(DemoError::broken)
    }
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    connection
        .prepare(
            "SELECT id, case_id, producer, incarnation, sequence, position, digest FROM event
             WHERE outcome = 'settled' ORDER BY position",
        )?
        .query_map([], |row| {
            Ok(Applied {
                id: row.get(0)?,
                case: row.get(1)?,
                owner: (row.get(2)?, row.get(3)?),
                sequence: row.get(4)?,
                position: row.get(5)?,
                digest: row.get(6)?,
            })
        })?
        .collect()
}

fn bills(connection: &Connection) -> rusqlite::Result<BTreeMap<Id, Bill>> {
    connection
        .prepare("SELECT bill, state, amount + late_fee, refunded, refund_owed FROM bill")?
        .query_map([], |row| {
            let bill =
                Bill { state: row.get(1)?, total_fen: row.get(2)?, refunded_fen: row.get(3)?, owed_fen: row.get(4)? };
            Ok((row.get(0)?, bill))
        })?
        .collect()
}

fn payments(connection: &Connection) -> rusqlite::Result<BTreeMap<Id, Vec<i64>>> {
    let mut all = BTreeMap::<Id, Vec<i64>>::new();
    let mut statement = connection.prepare("SELECT bill, amount FROM payment")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows {
        let (bill, fen) = row?;
        all.entry(bill).or_default().push(fen);
    }
    Ok(all)
}

fn refunds(connection: &Connection) -> rusqlite::Result<BTreeMap<Id, (Id, i64)>> {
    connection
        .prepare("SELECT refund, bill, amount FROM refund WHERE state <> 'refused'")?
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect()
}
