//! What each change does to the tables.

use rusqlite::{Connection, OptionalExtension, params};
use tongqiao_engine::{Change, Collection, EntryState, Expected};
use tongqiao_protocol::{IncarnationId, ProducerId, RecordId, Timestamp};

use super::append::{Often, sequence_column};
use super::failure::{damaged, failure, is_taken};
use super::prepared::{Group, Step};
use super::row::{COLUMNS, Stored, TABLES, seal_of_bytes, seal_of_document, seal_of_entry, state_columns};
use crate::{Committed, Reason, StoreError};

/// Applies groups inside a transaction that the caller holds.
pub(super) struct Applying<'a> {
    pub(super) connection: &'a Connection,
    pub(super) often: Often<'a>,
    pub(super) committed: Committed,
    /// Whether the last group wrote anything: one that failed before needs no rollback.
    pub(super) has_written: bool,
    /// Whether any group has written a document.
    pub(super) has_documents: bool,
    pub(super) known: Known,
}

/// What one transaction needs to ask only once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) next_ordinal: Option<i64>,
    pub(super) owner: Option<(ProducerId, IncarnationId, i64)>,
}

impl<'a> Applying<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        let (often, known) = (Often::default(), Known::default());
        Self { connection, often, committed: Committed::default(), has_written: false, has_documents: false, known }
    }

    pub(super) fn apply(&mut self, group: &Group) -> Result<Committed, StoreError> {
        self.has_written = false;
        self.committed = Committed::default();
        for step in &group.steps {
            match step {
                Step::Append { entry, bytes, bytes_seal, seal } => self.append(entry, bytes, *bytes_seal, *seal)?,
                Step::Other(change) => self.change(change)?,
            }
        }
        Ok(std::mem::take(&mut self.committed))
    }

    pub(super) fn execute(&mut self, statement: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        self.has_written = true;
        let mut prepared = self.connection.prepare_cached(statement).map_err(|error| failure(&error))?;
        prepared.execute(values).map_err(|error| failure(&error))?;
        Ok(())
    }

    pub(super) fn number(&self, query: &str, values: impl rusqlite::Params) -> Result<Option<i64>, StoreError> {
        let mut prepared = self.connection.prepare_cached(query).map_err(|error| failure(&error))?;
        let found = prepared.query_row(values, |row| row.get::<_, Option<i64>>(0)).optional();
        Ok(found.map_err(|error| failure(&error))?.flatten())
    }

    fn change(&mut self, change: &Change) -> Result<(), StoreError> {
        match change {
            Change::Append { .. } => Ok(()),
            Change::Settle { id, state, receipt, at } => self.settle(id, *state, receipt, *at),
            Change::Reschedule { id, attempts, next_attempt_at } => {
                let Some(mut stored) = self.pending(id)? else { return Ok(()) };
                stored.entry.attempts = *attempts;
                stored.entry.next_attempt_at = *next_attempt_at;
                self.save(&stored)
            }
            Change::Expire { id, at } => self.end(id, EntryState::Expired, *at, None),
            Change::Bury { id, at, problem } => self.end(id, EntryState::Dead, *at, Some(problem)),
            Change::Reoffer { id } => self.reoffer(id),
            Change::Forget { id } => self.forget(id),
            Change::PutDocument { collection, key, expected, bytes } => self.put(*collection, key, *expected, bytes),
            Change::DeleteDocument { collection, key, expected } => {
                if self.expect(*collection, key, *expected)?.is_some() {
                    let statement = "DELETE FROM document WHERE collection = ?1 AND key = ?2";
                    self.execute(statement, params![collection.as_str(), key])?;
                    self.has_documents = true;
                }
                Ok(())
            }
            Change::RequireDocument { collection, key, version } => {
                self.expect(*collection, key, Expected::Version(*version)).map(drop)
            }
        }
    }

    fn settle(&mut self, id: &RecordId, state: EntryState, receipt: &[u8], at: Timestamp) -> Result<(), StoreError> {
        let mut stored = self.stored(id)?;
        let before = stored.entry.state;
        if !matches!(before, EntryState::Pending | EntryState::Expired | EntryState::Dead) {
            return Ok(());
        }
        stored.entry.state = state;
        stored.entry.terminal_at = Some(at);
        self.save(&stored)?;
        self.put_receipt(stored.entry.ordinal, receipt)?;
        // The usual case, pending to settled, opens and blocks nothing.
        if before == EntryState::Pending && matches!(state, EntryState::Settled { .. }) {
            return Ok(());
        }
        self.open_or_block(stored.entry.stream.subject.as_bytes(), stored.owner)
    }

    fn end(&mut self, id: &RecordId, state: EntryState, at: Timestamp, why: Option<&[u8]>) -> Result<(), StoreError> {
        // A damaged row can be put aside as dead: that is how its stream gets a replacement.
        let mut stored = if state == EntryState::Dead { self.readable(id)? } else { self.stored(id)? };
        if stored.entry.state != EntryState::Pending {
            return Ok(());
        }
        stored.entry.state = state;
        stored.entry.terminal_at = Some(at);
        self.save(&stored)?;
        if let Some(problem) = why {
            // One that was offered again has a receipt: evidence of what the platform lost, which no problem may write over.
            let ordinal = stored.entry.ordinal.cast_signed();
            let is_free = self.number("SELECT 1 FROM receipt WHERE ordinal = ?1", [ordinal])?.is_none();
            let statement = if is_free {
                "INSERT INTO receipt (ordinal, seal, bytes) VALUES (?1, ?2, ?3)"
            } else {
                "INSERT OR REPLACE INTO problem (ordinal, seal, bytes) VALUES (?1, ?2, ?3)"
            };
            self.execute(statement, params![ordinal, seal_of_bytes(problem), problem])?;
        }
        self.open_or_block(stored.entry.stream.subject.as_bytes(), stored.owner)
    }

    fn reoffer(&mut self, id: &RecordId) -> Result<(), StoreError> {
        let mut stored = self.stored(id)?;
        if matches!(stored.entry.state, EntryState::Settled { .. } | EntryState::Refused { .. }) {
            stored.entry.state = EntryState::Pending;
            stored.entry.attempts = 0;
            stored.entry.terminal_at = None;
            stored.entry.not_after = None;
            self.save(&stored)?;
            self.open_or_block(stored.entry.stream.subject.as_bytes(), stored.owner)?;
        }
        Ok(())
    }

    fn forget(&mut self, id: &RecordId) -> Result<(), StoreError> {
        let stored = match self.stored(id) {
            Err(error) if matches!(error.reason(), Reason::EntryUnknown { .. }) => return Ok(()),
            other => other?,
        };
        let entry = &stored.entry;
        let (subject, sequence) = (entry.stream.subject.as_bytes(), sequence_column(entry.sequence));
        let needed = match entry.state {
            EntryState::Pending => true,
            EntryState::Refused { .. } => entry.holds_its_stream(),
            EntryState::Settled { .. } | EntryState::Replaced { .. } => false,
            EntryState::Expired | EntryState::Dead if !entry.holds_its_stream() => false,
            EntryState::Expired | EntryState::Dead => {
                let waiting = "SELECT 1 FROM entry WHERE subject = ?1 AND incarnation = ?2 AND sequence > ?3 \
                     AND state <> 3 AND state = 0";
                self.number(waiting, params![subject, stored.owner, sequence])?.is_some()
            }
        };
        if needed {
            return Err(StoreError::new(Reason::NotForgettable { id: *id }));
        }
        let ordinal = entry.ordinal.cast_signed();
        self.execute("UPDATE store SET ordinal_floor = max(ordinal_floor, ?1)", [ordinal])?;
        let last = "INSERT INTO forgotten_stream (subject, incarnation, sequence) VALUES (?1, ?2, ?3) \
             ON CONFLICT (subject, incarnation) DO UPDATE SET sequence = max(sequence, excluded.sequence)";
        self.execute(last, params![subject, stored.owner, sequence])?;
        self.execute("DELETE FROM receipt WHERE ordinal = ?1", [ordinal])?;
        self.execute("DELETE FROM problem WHERE ordinal = ?1", [ordinal])?;
        self.execute("DELETE FROM entry WHERE ordinal = ?1", [ordinal])
    }

    fn put(&mut self, collection: Collection, key: &str, expected: Expected, bytes: &[u8]) -> Result<(), StoreError> {
        // Whether a new document is one, its index tells.
        let found = if expected == Expected::Absent { None } else { self.expect(collection, key, expected)? };
        let version = found.unwrap_or(0) + 1;
        let seal = seal_of_document(collection.as_str(), key, version.cast_signed(), bytes);
        let statement = match found {
            None => "INSERT INTO document (collection, key, version, seal, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
            Some(_) => "UPDATE document SET version = ?3, seal = ?4, bytes = ?5 WHERE collection = ?1 AND key = ?2",
        };
        let mut prepared = self.connection.prepare_cached(statement).map_err(|error| failure(&error))?;
        let values = params![collection.as_str(), key, version.cast_signed(), seal, bytes];
        match prepared.execute(values) {
            Ok(_) => self.has_written = true,
            Err(error) if is_taken(&error) => {
                let found = self.expect(collection, key, Expected::Any)?;
                return Err(StoreError::new(Reason::VersionConflict { collection, key: key.to_owned(), found }));
            }
            Err(error) => {
                self.has_written = true;
                return Err(failure(&error));
            }
        }
        self.has_documents = true;
        self.committed.versions.push(version);
        Ok(())
    }

    fn expect(&self, collection: Collection, key: &str, expected: Expected) -> Result<Option<u64>, StoreError> {
        let query = "SELECT version FROM document WHERE collection = ?1 AND key = ?2";
        let found = self.number(query, params![collection.as_str(), key])?.map(i64::cast_unsigned);
        let holds = match expected {
            Expected::Absent => found.is_none(),
            Expected::Version(version) => found == Some(version),
            Expected::Any => true,
        };
        if holds {
            Ok(found)
        } else {
            Err(StoreError::new(Reason::VersionConflict { collection, key: key.to_owned(), found }))
        }
    }

    /// The row, whether or not its checksum fits.
    fn readable(&self, id: &RecordId) -> Result<Stored, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM {TABLES} WHERE e.id = ?1");
        let mut prepared = self.connection.prepare_cached(&query).map_err(|error| failure(&error))?;
        let found = prepared.query_row([id.as_bytes()], |row| Ok(Stored::read(row))).optional();
        match found.map_err(|error| failure(&error))? {
            None => Err(StoreError::new(Reason::EntryUnknown { id: *id })),
            Some(None) => Err(damaged("a row cannot be read")),
            Some(Some(stored)) => Ok(stored),
        }
    }

    pub(super) fn stored(&self, id: &RecordId) -> Result<Stored, StoreError> {
        let stored = self.readable(id)?;
        if stored.sound { Ok(stored) } else { Err(damaged("the checksum of a row does not fit")) }
    }

    fn pending(&self, id: &RecordId) -> Result<Option<Stored>, StoreError> {
        Ok(Some(self.stored(id)?).filter(|stored| stored.entry.state == EntryState::Pending))
    }

    /// Writes back the columns that change during an entry's life.
    pub(super) fn save(&mut self, stored: &Stored) -> Result<(), StoreError> {
        let entry = &stored.entry;
        let (state, reference, position) = state_columns(&entry.state);
        let statement = "UPDATE entry SET state = ?2, reference = ?3, position = ?4, attempts = ?5, \
             next_attempt_at = ?6, terminal_at = ?7, seal = ?8, not_after = ?9 WHERE ordinal = ?1";
        let values = params![
            entry.ordinal.cast_signed(),
            state,
            reference,
            position,
            entry.attempts,
            entry.next_attempt_at.as_millis(),
            entry.terminal_at.map(Timestamp::as_millis),
            seal_of_entry(entry, stored.bytes_seal),
            entry.not_after.map(Timestamp::as_millis),
        ];
        self.execute(statement, values)
    }

    fn put_receipt(&mut self, ordinal: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let statement = "INSERT INTO receipt (ordinal, seal, bytes) VALUES (?1, ?2, ?3) \
             ON CONFLICT (ordinal) DO UPDATE SET seal = ?2, bytes = ?3";
        self.execute(statement, params![ordinal.cast_signed(), seal_of_bytes(bytes), bytes])
    }

    /// The sequence behind which the stream stands still. Only case events hold their stream.
    fn first_block(&self, subject: &[u8; 16], owner: i64) -> Result<Option<i64>, StoreError> {
        let query = "SELECT min(sequence) FROM ended INDEXED BY ended_attention \
             WHERE subject = ?1 AND incarnation = ?2 AND state IN (2, 4, 5) AND kind = 0";
        self.number(query, params![subject, owner])
    }

    /// Marks the pending entries of a stream after something in front of them has changed.
    pub(super) fn open_or_block(&mut self, subject: &[u8; 16], owner: i64) -> Result<(), StoreError> {
        let first = self.first_block(subject, owner)?.unwrap_or(i64::MAX);
        let statement = "UPDATE entry SET blocked = (sequence > ?3) \
             WHERE subject = ?1 AND incarnation = ?2 AND state <> 3 AND blocked <> (sequence > ?3)";
        self.execute(statement, params![subject, owner, first])
    }
}
