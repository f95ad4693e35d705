//! The platform's database, read as a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use serde_json::Value;
use tongqiao_protocol::Amount;

use super::{Id, receipt_body};
use crate::error::DemoError;

/// One line of the append-only log: a terminal answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    pub(crate) position: i64,
    pub(crate) record: Id,
    /// `event`, `bill`, `void`, `refund` or `payment`.
    pub(crate) kind: String,
    pub(crate) outcome: String,
    pub(crate) digest: String,
    /// The body that was signed, as it stands in the receipt.
    pub(crate) receipt: String,
}

/// One event, whatever became of it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: Id,
    pub(crate) case: Id,
    /// Producer and incarnation.
    pub(crate) owner: (Id, Id),
    pub(crate) sequence: i64,
    pub(crate) position: i64,
    pub(crate) digest: String,
    pub(crate) kind: String,
    pub(crate) outcome: String,
    /// 1 when it moved the case.
    pub(crate) effect: i64,
    /// The account that an application is bound to.
    pub(crate) user: Option<String>,
}

/// One case as it stands at the end.
#[derive(Debug, Clone)]
pub(crate) struct CaseFile {
    pub(crate) number: String,
    pub(crate) state: String,
    pub(crate) revision: i64,
    pub(crate) division: String,
    pub(crate) item: (String, i64),
}

/// One bill at the platform.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) state: String,
    pub(crate) total_fen: i64,
    pub(crate) refunded_fen: i64,
    pub(crate) owed_fen: i64,
    pub(crate) digest: String,
}

/// One refund at the platform.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) bill: Id,
    pub(crate) fen: i64,
    pub(crate) state: String,
    pub(crate) digest: String,
}

/// Everything that took effect.
#[derive(Debug, Default, Clone)]
pub(crate) struct PlatformSide {
    pub(crate) epochs: Vec<Id>,
    pub(crate) log: Vec<LogLine>,
    /// In the order of the log.
    pub(crate) events: Vec<Event>,
    pub(crate) cases: BTreeMap<Id, CaseFile>,
    pub(crate) bills: BTreeMap<Id, Bill>,
    /// Digests of orders to void, by bill. A department that was killed may have asked for it twice.
    pub(crate) voids: BTreeMap<Id, BTreeSet<String>>,
    /// Payments by bill: each transaction's fen.
    pub(crate) payments: BTreeMap<Id, Vec<i64>>,
    pub(crate) refunds: BTreeMap<Id, Refund>,
    /// What the usual quantity of an item's charges comes to, by code and version, from the published catalogue.
    pub(crate) usual_fen: BTreeMap<(String, i64), i64>,
}

impl PlatformSide {
    /// Reads the file; nothing is written to it.
    pub(crate) fn read(path: &Path) -> Result<Self, DemoError> {
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(DemoError::broken)?;
        let read = || -> rusqlite::Result<Self> {
            Ok(Self {
                epochs: all(&connection, "SELECT epoch FROM epoch ORDER BY number", |row| row.get(0))?,
                log: all(
                    &connection,
                    "SELECT position, record, kind, outcome, digest, receipt FROM log ORDER BY position",
                    log_line,
                )?,
                events: all(
                    &connection,
                    "SELECT id, case_id, producer, incarnation, sequence, position, digest, kind, outcome, effect, record
                     FROM event ORDER BY position",
                    event,
                )?,
                cases: all(
                    &connection,
                    "SELECT case_id, number, state, revision, division, item_code, item_version FROM case_file",
                    case_file,
                )?,
                bills: all(
                    &connection,
                    "SELECT bill, state, amount + late_fee, refunded, refund_owed, digest FROM bill",
                    bill,
                )?,
                voids: voids(&connection)?,
                payments: payments(&connection)?,
                refunds: all(&connection, "SELECT refund, bill, amount, state, digest FROM refund", refund)?,
                usual_fen: BTreeMap::new(),
            })
        };
        let mut side = read().map_err(DemoError::broken)?;
        side.usual_fen = usual_fen(&connection)?;
        Ok(side)
    }
}

fn all<T, C: FromIterator<T>>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<C> {
    connection.prepare(sql)?.query_map([], read)?.collect()
}

fn log_line(row: &Row<'_>) -> rusqlite::Result<LogLine> {
    Ok(LogLine {
        position: row.get(0)?,
        record: row.get(1)?,
        kind: row.get(2)?,
        outcome: row.get(3)?,
        digest: row.get(4)?,
        receipt: receipt_body(row.get::<_, String>(5)?.as_bytes()),
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let record: Vec<u8> = row.get(10)?;
    // A record that cannot be read names nobody, which is a finding where somebody was planned.
    let record: Value = serde_json::from_slice(&record).unwrap_or_default();
    Ok(Event {
        id: row.get(0)?,
        case: row.get(1)?,
        owner: (row.get(2)?, row.get(3)?),
        sequence: row.get(4)?,
        position: row.get(5)?,
        digest: row.get(6)?,
        kind: row.get(7)?,
        outcome: row.get(8)?,
        effect: row.get(9)?,
        user: record["data"]["applicant"]["user"].as_str().map(str::to_owned),
    })
}

fn case_file(row: &Row<'_>) -> rusqlite::Result<(Id, CaseFile)> {
    let file = CaseFile {
        number: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        state: row.get(2)?,
        revision: row.get(3)?,
        division: row.get(4)?,
        item: (row.get(5)?, row.get(6)?),
    };
    Ok((row.get(0)?, file))
}

fn bill(row: &Row<'_>) -> rusqlite::Result<(Id, Bill)> {
    let bill = Bill {
        state: row.get(1)?,
        total_fen: row.get(2)?,
        refunded_fen: row.get(3)?,
        owed_fen: row.get(4)?,
        digest: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
    };
    Ok((row.get(0)?, bill))
}

fn refund(row: &Row<'_>) -> rusqlite::Result<(Id, Refund)> {
    Ok((row.get(0)?, Refund { bill: row.get(1)?, fen: row.get(2)?, state: row.get(3)?, digest: row.get(4)? }))
}

fn voids(connection: &Connection) -> rusqlite::Result<BTreeMap<Id, BTreeSet<String>>> {
    let mut by_bill = BTreeMap::<Id, BTreeSet<String>>::new();
    let rows: Vec<(Id, String)> = all(connection, "SELECT bill, digest FROM bill_order WHERE kind = 'void'", |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    for (bill, digest) in rows {
        by_bill.entry(bill).or_default().insert(digest);
    }
    Ok(by_bill)
}

fn payments(connection: &Connection) -> rusqlite::Result<BTreeMap<Id, Vec<i64>>> {
    let mut by_bill = BTreeMap::<Id, Vec<i64>>::new();
    let rows: Vec<(Id, i64)> =
        all(connection, "SELECT bill, amount FROM payment", |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (bill, fen) in rows {
        by_bill.entry(bill).or_default().push(fen);
    }
    Ok(by_bill)
}

/// Prices from the newest edition of the platform's own catalogue, and not from what the SDK mirrored of it.
fn usual_fen(connection: &Connection) -> Result<BTreeMap<(String, i64), i64>, DemoError> {
    let record: Vec<u8> = connection
        .query_row("SELECT record FROM catalogue_edition ORDER BY number DESC LIMIT 1", [], |row| row.get(0))
        .map_err(DemoError::broken)?;
    let snapshot: Value = serde_json::from_slice(&record).map_err(DemoError::broken)?;
    let items = snapshot["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let price = |fee: &Value| {
        let price: Amount = fee["unit_price"].as_str().unwrap_or_default().parse().map_err(DemoError::broken)?;
        Ok::<_, DemoError>(price.as_fen() * fee["usual_quantity"].as_i64().unwrap_or_default().max(1))
    };
    items
        .iter()
        .map(|item| {
            let fees = item["fees"].as_array().map(Vec::as_slice).unwrap_or_default();
            let code = item["code"].as_str().unwrap_or_default().to_owned();
            let version = item["version"].as_i64().unwrap_or_default();
            Ok(((code, version), fees.iter().map(price).sum::<Result<i64, _>>()?))
        })
        .collect()
}
