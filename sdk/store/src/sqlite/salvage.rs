//! Saving what can still be read of a damaged file into a new one.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::failure::failure;
use super::row::{COLUMNS, TABLES};
use super::{SqliteStore, check, open};
use crate::identity::new_incarnation;
use crate::{Reason, StoreError, StoreIdentity};

/// What [`SqliteStore::salvage`] could save.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SalvageReport {
    /// Records that are whole in the new file.
    pub records: u64,
    /// Places in the old file that could not be read or whose checksum did not fit.
    pub lost: u64,
    /// Documents that are in the new file.
    pub documents: u64,
    /// Whether the list of documents could be read to its end.
    pub all_documents: bool,
}

/// A page of 4 KiB holds fewer rows than this.
const ROWS_PER_PAGE_MAX: i64 = 20;

const ENTRY_COLUMNS: &str = "ordinal, id, subject, incarnation, sequence, kind, lane, state, blocked, attempts, \
     next_attempt_at, accepted_at, not_after, terminal_at, reference, position, replaces, suite, digest, size, \
     bytes_seal, seal, bytes";

impl SqliteStore {
    /// Copies every record of `from` that can still be read and whose checksum fits into the new store `into`, with its
    /// receipt, its place and its state. The new store keeps the producer and begins a new incarnation, because sequences
    /// at the end of a stream may be among what was lost.
    ///
    /// No other process may use either file meanwhile.
    ///
    /// # Errors
    /// [`Reason::InvalidChange`] when `into` exists; otherwise when `into` cannot be written, or nothing at all can be read.
    pub fn salvage(from: impl AsRef<Path>, into: impl AsRef<Path>) -> Result<SalvageReport, StoreError> {
        if into.as_ref().exists() {
            return Err(StoreError::new(Reason::InvalidChange { what: "salvage writes into a new file only" }));
        }
        let old = open::reader(from.as_ref())?;
        super::migrate::recognise(&old)?;
        let (mut new, fresh) = open::writer(into.as_ref())?;
        let mut report = SalvageReport::default();
        let transaction = new.transaction().map_err(|error| failure(&error))?;
        let last = last_ordinal(&old)?;
        for ordinal in 1..=last {
            match copy_record(&old, &transaction, ordinal) {
                Ok(true) => report.records += 1,
                Ok(false) => {}
                Err(error) if matches!(error.reason(), Reason::Corrupt | Reason::CorruptRow) => report.lost += 1,
                Err(error) => return Err(error),
            }
        }
        copy_documents(&old, &transaction, &mut report)?;
        let producer =
            open::read_identity(&old).ok().flatten().map_or(fresh.producer, |(identity, _)| identity.producer);
        let identity = StoreIdentity { producer, incarnation: new_incarnation()? };
        let statement = "UPDATE store SET producer = ?1, incarnation = ?2, ordinal_floor = ?3 WHERE one = 1";
        let values = params![identity.producer.as_bytes(), identity.incarnation.as_bytes(), last];
        transaction.execute(statement, values).map_err(|error| failure(&error))?;
        transaction.commit().map_err(|error| failure(&error))?;
        Ok(report)
    }
}

/// The last ordinal, or a bound for it when the end of the table is what is damaged.
fn last_ordinal(old: &Connection) -> Result<i64, StoreError> {
    let number = |query: &str| old.query_row(query, [], |row| row.get::<_, Option<i64>>(0));
    let floor = number("SELECT ordinal_floor FROM store WHERE one = 1").ok().flatten().unwrap_or(0);
    match number("SELECT max(ordinal) FROM entry") {
        Ok(last) => Ok(last.unwrap_or(0).max(floor)),
        Err(_) => {
            let pages = number("PRAGMA page_count").map_err(|error| failure(&error))?.unwrap_or(0);
            Ok(floor + pages * ROWS_PER_PAGE_MAX)
        }
    }
}

/// Whether there was such a record. Each is looked up by itself, so that a damaged page costs only its own.
fn copy_record(old: &Connection, new: &Connection, ordinal: i64) -> Result<bool, StoreError> {
    let query = format!(
        "SELECT {COLUMNS}, e.bytes, r.seal, r.bytes FROM {TABLES} LEFT JOIN receipt r ON r.ordinal = e.ordinal \
         WHERE e.ordinal = ?1"
    );
    let mut prepared = old.prepare_cached(&query).map_err(|error| failure(&error))?;
    let found = prepared.query_row([ordinal], |row| {
        let owner = (row.get::<_, Value>(2)?, row.get::<_, Value>(3)?);
        Ok((check::is_sound(row), owner, row.get::<_, Value>(24)?, row.get::<_, Value>(25)?))
    });
    let Some((sound, owner, seal, receipt)) = found.optional().map_err(|error| failure(&error))? else {
        return Ok(false);
    };
    if !sound {
        return Err(super::failure::damaged("the checksum of a row does not fit"));
    }
    let raw = format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE ordinal = ?1");
    let mut prepared = old.prepare_cached(&raw).map_err(|error| failure(&error))?;
    let columns = prepared.query_row([ordinal], |row| (0..23).map(|index| row.get(index)).collect());
    let mut columns: Vec<Value> = columns.map_err(|error| failure(&error))?;
    if let Some(number) = columns.get_mut(3) {
        *number = Value::Integer(owner_number(new, &owner)?);
    }
    let marks = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT INTO entry ({ENTRY_COLUMNS}) VALUES ({marks})");
    let mut prepared = new.prepare_cached(&insert).map_err(|error| failure(&error))?;
    prepared.execute(params_from_iter(columns)).map_err(|error| failure(&error))?;
    if receipt != Value::Null {
        let insert = "INSERT INTO receipt (ordinal, seal, bytes) VALUES (?1, ?2, ?3)";
        new.execute(insert, params![ordinal, seal, receipt]).map_err(|error| failure(&error))?;
    }
    Ok(true)
}

fn owner_number(new: &Connection, (producer, incarnation): &(Value, Value)) -> Result<i64, StoreError> {
    let insert = "INSERT INTO incarnation (producer, incarnation) VALUES (?1, ?2) \
         ON CONFLICT (producer, incarnation) DO UPDATE SET producer = ?1 RETURNING number";
    let mut prepared = new.prepare_cached(insert).map_err(|error| failure(&error))?;
    prepared.query_row(params![producer, incarnation], |row| row.get(0)).map_err(|error| failure(&error))
}

fn copy_documents(old: &Connection, new: &Connection, report: &mut SalvageReport) -> Result<(), StoreError> {
    let Ok(mut prepared) = old.prepare("SELECT collection, key, version, seal, bytes FROM document") else {
        return Ok(());
    };
    let Ok(mut rows) = prepared.query([]) else { return Ok(()) };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => {
                report.all_documents = true;
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let columns: rusqlite::Result<Vec<Value>> = (0..5).map(|index| row.get(index)).collect();
        let Ok(columns) = columns else { continue };
        let insert = "INSERT OR IGNORE INTO document (collection, key, version, seal, bytes) VALUES (?, ?, ?, ?, ?)";
        new.execute(insert, params_from_iter(columns)).map_err(|error| failure(&error))?;
        report.documents += 1;
    }
}
