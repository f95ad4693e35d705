//! Saving what can still be read of a damaged file into a new one.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::failure::failure;
use super::row::{COLUMNS, TABLES, seal_of_document};
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
    /// Documents whose checksum does not fit, left behind.
    pub lost_documents: u64,
    /// Records that are whole but stand behind a place of their stream that is lost. They wait at the platform for what will not
    /// come: a person must look at each such stream.
    pub behind_a_gap: u64,
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
            match read_record(&old, ordinal) {
                Ok(Some(record)) => {
                    write_record(&transaction, ordinal, record)?;
                    report.records += 1;
                }
                Ok(None) => {}
                // A sector that the drive cannot read costs what stands there.
                Err(error) if matches!(error.reason(), Reason::Corrupt | Reason::CorruptRow | Reason::Io) => {
                    report.lost += 1;
                }
                Err(error) => return Err(error),
            }
        }
        copy_documents(&old, &transaction, &mut report)?;
        copy_forgotten(&old, &transaction)?;
        transaction.execute(check::ENDED_ANEW, []).map_err(|error| failure(&error))?;
        report.behind_a_gap = behind_a_gap(&transaction)?;
        unblock(&transaction)?;
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

/// A row of the outbox with its owner and its receipt.
struct Record {
    columns: Vec<Value>,
    owner: (Value, Value),
    seal: Value,
    receipt: Value,
}

/// Each is looked up by itself, so that a damaged page costs only its own.
fn read_record(old: &Connection, ordinal: i64) -> Result<Option<Record>, StoreError> {
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
        return Ok(None);
    };
    if !sound {
        return Err(super::failure::damaged("the checksum of a row does not fit"));
    }
    let raw = format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE ordinal = ?1");
    let mut prepared = old.prepare_cached(&raw).map_err(|error| failure(&error))?;
    let columns = prepared.query_row([ordinal], |row| (0..23).map(|index| row.get(index)).collect());
    let columns: Vec<Value> = columns.map_err(|error| failure(&error))?;
    Ok(Some(Record { columns, owner, seal, receipt }))
}

fn write_record(new: &Connection, ordinal: i64, record: Record) -> Result<(), StoreError> {
    let Record { mut columns, owner, seal, receipt } = record;
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
    Ok(())
}

fn owner_number(new: &Connection, (producer, incarnation): &(Value, Value)) -> Result<i64, StoreError> {
    let insert = "INSERT INTO incarnation (producer, incarnation) VALUES (?1, ?2) \
         ON CONFLICT (producer, incarnation) DO UPDATE SET producer = ?1 RETURNING number";
    let mut prepared = new.prepare_cached(insert).map_err(|error| failure(&error))?;
    prepared.query_row(params![producer, incarnation], |row| row.get(0)).map_err(|error| failure(&error))
}

/// What was blocked by a record that is lost waits for nothing here any more.
fn unblock(new: &Connection) -> Result<(), StoreError> {
    let statement = "UPDATE entry SET blocked = 0 WHERE blocked = 1 AND NOT EXISTS (SELECT 1 FROM entry b \
         WHERE b.subject = entry.subject AND b.incarnation = entry.incarnation AND b.sequence < entry.sequence \
         AND b.state IN (2, 4, 5) AND b.kind = 0)";
    new.execute(statement, []).map(drop).map_err(|error| failure(&error))
}

/// Whether a document is what was written.
fn is_whole(columns: &[Value]) -> bool {
    let [Value::Text(collection), Value::Text(key), Value::Integer(version), Value::Integer(seal), Value::Blob(bytes)] =
        columns
    else {
        return false;
    };
    seal_of_document(collection, key, *version, bytes) == *seal
}

/// Pending case events behind a sequence that is in no table: not saved, and not forgotten either.
fn behind_a_gap(new: &Connection) -> Result<u64, StoreError> {
    let query = "SELECT count(*) FROM entry e WHERE e.state = 0 AND e.kind = 0 AND e.sequence > 1 \
         AND (SELECT count(*) FROM entry b WHERE b.subject = e.subject AND b.incarnation = e.incarnation \
              AND b.state <> 3 AND b.sequence < e.sequence \
              AND b.sequence > ifnull((SELECT f.sequence FROM forgotten_stream f \
                  WHERE f.subject = e.subject AND f.incarnation = e.incarnation), 0)) \
           < e.sequence - 1 - ifnull((SELECT f.sequence FROM forgotten_stream f \
                  WHERE f.subject = e.subject AND f.incarnation = e.incarnation AND f.sequence < e.sequence), 0)";
    let count = new.query_row(query, [], |row| row.get::<_, i64>(0)).map_err(|error| failure(&error))?;
    Ok(count.cast_unsigned())
}

/// What is known of streams whose records were forgotten; numbering goes on from there. Best effort: the incarnation is new
/// anyway.
fn copy_forgotten(old: &Connection, new: &Connection) -> Result<(), StoreError> {
    let query = "SELECT f.subject, i.producer, i.incarnation, f.sequence FROM forgotten_stream f \
         JOIN incarnation i ON i.number = f.incarnation";
    let Ok(mut prepared) = old.prepare(query) else { return Ok(()) };
    let Ok(mut rows) = prepared.query([]) else { return Ok(()) };
    while let Ok(Some(row)) = rows.next() {
        let value = |index| row.get::<_, Value>(index);
        let (Ok(subject), Ok(producer), Ok(incarnation), Ok(sequence)) = (value(0), value(1), value(2), value(3))
        else {
            continue;
        };
        let owner = owner_number(new, &(producer, incarnation))?;
        let insert = "INSERT OR IGNORE INTO forgotten_stream (subject, incarnation, sequence) VALUES (?1, ?2, ?3)";
        new.execute(insert, params![subject, owner, sequence]).map_err(|error| failure(&error))?;
    }
    Ok(())
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
        let Ok(columns) = columns else {
            report.lost_documents += 1;
            continue;
        };
        if !is_whole(&columns) {
            report.lost_documents += 1;
            continue;
        }
        let insert = "INSERT OR IGNORE INTO document (collection, key, version, seal, bytes) VALUES (?, ?, ?, ?, ?)";
        new.execute(insert, params_from_iter(columns)).map_err(|error| failure(&error))?;
        report.documents += 1;
    }
}
