//! Reading everything once: the structure of the file, and the seal of every row.

use rusqlite::Connection;
use tongqiao_protocol::RecordId;

use super::failure::failure;
use super::row::{COLUMNS, Stored, TABLES, seal_of_bytes};
use crate::{CorruptRow, IntegrityReport, StoreError};

/// At most so many faults of the structure are listed; after the first there is no doubt.
const FAULTS_MAX: u32 = 100;

/// Fills the table of what has ended from the table of all records, where that is not done by its triggers.
pub(super) const ENDED_ANEW: &str = "INSERT INTO ended SELECT ordinal, subject, incarnation, sequence, kind, state, \
     terminal_at, reference, position FROM entry WHERE state <> 0";

/// Rows that stand in only one of the two tables, or differently.
const ENDED_DIFFERS: &str = "SELECT count(*) FROM (SELECT ordinal, subject, incarnation, sequence, kind, state, \
     terminal_at, reference, position FROM entry WHERE state <> 0 EXCEPT SELECT * FROM ended) \
     UNION ALL SELECT count(*) FROM ended x WHERE NOT EXISTS (SELECT 1 FROM entry e \
     WHERE e.ordinal = x.ordinal AND e.state <> 0)";

pub(super) fn check(connection: &Connection) -> Result<IntegrityReport, StoreError> {
    let mut report = IntegrityReport::default();
    match structure_faults(connection) {
        Ok(faults) => report.structure_faults = faults,
        Err(error) => report.structure_faults.push(error.to_string()),
    }
    if let Err(error) = check_rows(connection, &mut report) {
        report.structure_faults.push(error.to_string());
    }
    Ok(report)
}

fn structure_faults(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let pragma = format!("PRAGMA integrity_check({FAULTS_MAX})");
    let mut prepared = connection.prepare(&pragma).map_err(|error| failure(&error))?;
    let rows = prepared.query_map([], |row| row.get::<_, String>(0)).map_err(|error| failure(&error))?;
    let mut faults = Vec::new();
    for row in rows {
        let fault = row.map_err(|error| failure(&error))?;
        if fault != "ok" {
            faults.push(fault);
        }
    }
    let mut prepared = connection.prepare(ENDED_DIFFERS).map_err(|error| failure(&error))?;
    let counts = prepared.query_map([], |row| row.get::<_, i64>(0)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    if counts.map_err(|error| failure(&error))?.iter().any(|count| *count > 0) {
        faults.push("the table of what has ended does not fit the records".to_owned());
    }
    Ok(faults)
}

fn check_rows(connection: &Connection, report: &mut IntegrityReport) -> Result<(), StoreError> {
    let query = format!(
        "SELECT {COLUMNS}, e.bytes, r.seal, r.bytes FROM {TABLES} LEFT JOIN receipt r ON r.ordinal = e.ordinal \
         ORDER BY e.ordinal"
    );
    let mut prepared = connection.prepare(&query).map_err(|error| failure(&error))?;
    let mut rows = prepared.query([]).map_err(|error| failure(&error))?;
    while let Some(row) = rows.next().map_err(|error| failure(&error))? {
        report.rows_checked += 1;
        if !is_sound(row) {
            report.corrupt_rows.push(CorruptRow {
                ordinal: row.get::<_, i64>(0).map_or(0, i64::cast_unsigned),
                id: row.get(1).ok().map(RecordId::from_bytes),
            });
        }
    }
    Ok(())
}

/// Whether the entry, its bytes and its receipt are what was written.
pub(super) fn is_sound(row: &rusqlite::Row<'_>) -> bool {
    let Some(stored) = Stored::read(row).filter(|stored| stored.sound) else { return false };
    let Ok(bytes) = row.get::<_, Vec<u8>>(23) else { return false };
    if seal_of_bytes(&bytes) != stored.bytes_seal {
        return false;
    }
    match (row.get::<_, Option<i64>>(24), row.get::<_, Option<Vec<u8>>>(25)) {
        (Ok(None), Ok(None)) => true,
        (Ok(Some(seal)), Ok(Some(receipt))) => seal == seal_of_bytes(&receipt),
        _ => false,
    }
}
