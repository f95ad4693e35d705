//! What each change does to the tables.

use rusqlite::{Connection, OptionalExtension, params};
use tongqiao_engine::{Change, Collection, Entry, EntryState, Expected, Sequence, StreamKey};
use tongqiao_protocol::{IncarnationId, ProducerId, RecordId, Timestamp};

use super::failure::{damaged, failure};
use super::prepared::{Group, Step};
use super::row::{
    COLUMNS, Stored, TABLES, kind_number, lane_number, seal_of_bytes, seal_of_document, seal_of_entry, state_columns,
    suite_number,
};
use crate::{Committed, Reason, StoreError};

/// Applies one group inside a transaction that the caller holds.
pub(super) struct Applying<'a> {
    connection: &'a Connection,
    committed: Committed,
    /// Whether anything was written: a group that failed before needs no rollback.
    pub(super) has_written: bool,
    pub(super) known: Known,
}

/// What one transaction needs to ask only once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    next_ordinal: Option<i64>,
    owner: Option<(ProducerId, IncarnationId, i64)>,
}

impl<'a> Applying<'a> {
    pub(super) fn new(connection: &'a Connection, known: Known) -> Self {
        Self { connection, committed: Committed::default(), has_written: false, known }
    }

    pub(super) fn apply(&mut self, group: &Group) -> Result<Committed, StoreError> {
        for step in &group.steps {
            match step {
                Step::Append { entry, bytes, bytes_seal, seal } => self.append(entry, bytes, *bytes_seal, *seal)?,
                Step::Other(change) => self.change(change)?,
            }
        }
        Ok(std::mem::take(&mut self.committed))
    }

    fn execute(&mut self, statement: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        self.has_written = true;
        let mut prepared = self.connection.prepare_cached(statement).map_err(|error| failure(&error))?;
        prepared.execute(values).map_err(|error| failure(&error))?;
        Ok(())
    }

    fn number(&self, query: &str, values: impl rusqlite::Params) -> Result<Option<i64>, StoreError> {
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
                }
                Ok(())
            }
            Change::RequireDocument { collection, key, version } => {
                self.expect(*collection, key, Expected::Version(*version)).map(drop)
            }
        }
    }

    fn append(&mut self, entry: &Entry, bytes: &[u8], bytes_seal: i64, seal: i64) -> Result<(), StoreError> {
        let id = entry.id;
        if self.number("SELECT ordinal FROM entry WHERE id = ?1", [id.as_bytes()])?.is_some() {
            return Err(StoreError::new(Reason::IdTaken { id }));
        }
        let owner = self.owner(&entry.stream)?;
        if let Some(replaced) = entry.replaces {
            self.replace(&replaced, entry)?;
        } else {
            let next = match owner {
                Some(owner) => next_sequence(self.connection, owner, entry.stream.subject.as_bytes())?,
                None => Sequence::FIRST,
            };
            if entry.sequence != next {
                return Err(StoreError::new(Reason::SequenceTaken { next }));
            }
        }
        // Nothing stands before the first of a stream that could hold it.
        let can_be_blocked = entry.sequence != Sequence::FIRST;
        let owner = match owner {
            Some(owner) => owner,
            None => self.new_owner(&entry.stream)?,
        };
        let ordinal = self.next_ordinal()?;
        let subject = entry.stream.subject.as_bytes();
        let sequence = sequence_column(entry.sequence);
        let blocked = can_be_blocked && self.first_block(subject, owner)?.is_some_and(|first| first < sequence);
        let values = params![
            ordinal,
            id.as_bytes(),
            subject,
            owner,
            sequence,
            kind_number(entry.kind),
            lane_number(entry.lane),
            blocked,
            entry.attempts,
            entry.next_attempt_at.as_millis(),
            entry.accepted_at.as_millis(),
            entry.not_after.map(Timestamp::as_millis),
            entry.terminal_at.map(Timestamp::as_millis),
            entry.replaces.as_ref().map(RecordId::as_bytes),
            suite_number(entry.digest.suite()),
            entry.digest.as_bytes(),
            entry.size_bytes,
            bytes_seal,
            seal,
            bytes,
        ];
        let statement = "INSERT INTO entry (ordinal, id, subject, incarnation, sequence, kind, lane, state, blocked, \
             attempts, next_attempt_at, accepted_at, not_after, terminal_at, replaces, suite, digest, size, \
             bytes_seal, seal, bytes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
        self.execute(statement, values)?;
        if entry.replaces.is_some() {
            self.open_or_block(subject, owner)?;
        }
        self.known.next_ordinal = Some(ordinal + 1);
        self.committed.ordinals.push(ordinal.cast_unsigned());
        Ok(())
    }

    fn next_ordinal(&self) -> Result<i64, StoreError> {
        if let Some(known) = self.known.next_ordinal {
            return Ok(known);
        }
        Ok(last_ordinal(self.connection)? + 1)
    }

    fn owner(&mut self, stream: &StreamKey) -> Result<Option<i64>, StoreError> {
        if let Some((producer, incarnation, number)) = self.known.owner
            && (producer, incarnation) == (stream.producer, stream.incarnation)
        {
            return Ok(Some(number));
        }
        let found = find_owner(self.connection, stream)?;
        self.known.owner = found.map(|number| (stream.producer, stream.incarnation, number));
        Ok(found)
    }

    fn replace(&mut self, replaced: &RecordId, by: &Entry) -> Result<(), StoreError> {
        let mut old = self.stored(replaced)?;
        let open = matches!(old.entry.state, EntryState::Refused { .. } | EntryState::Dead);
        if !open || old.entry.stream != by.stream || old.entry.sequence != by.sequence {
            return Err(StoreError::new(Reason::NotReplaceable { id: *replaced }));
        }
        old.entry.state = EntryState::Replaced { by: by.id };
        self.save(&old)
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
            let statement = "INSERT INTO receipt (ordinal, seal, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            let values = params![stored.entry.ordinal.cast_signed(), seal_of_bytes(problem), problem];
            self.execute(statement, values)?;
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
        self.execute("DELETE FROM entry WHERE ordinal = ?1", [ordinal])
    }

    fn put(&mut self, collection: Collection, key: &str, expected: Expected, bytes: &[u8]) -> Result<(), StoreError> {
        let version = self.expect(collection, key, expected)?.unwrap_or(0) + 1;
        let seal = seal_of_document(collection.as_str(), key, version.cast_signed(), bytes);
        let statement = "INSERT INTO document (collection, key, version, seal, bytes) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (collection, key) DO UPDATE SET version = ?3, seal = ?4, bytes = ?5";
        self.execute(statement, params![collection.as_str(), key, version.cast_signed(), seal, bytes])?;
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

    fn stored(&self, id: &RecordId) -> Result<Stored, StoreError> {
        let stored = self.readable(id)?;
        if stored.sound { Ok(stored) } else { Err(damaged("the checksum of a row does not fit")) }
    }

    fn pending(&self, id: &RecordId) -> Result<Option<Stored>, StoreError> {
        Ok(Some(self.stored(id)?).filter(|stored| stored.entry.state == EntryState::Pending))
    }

    /// Writes back the columns that change during an entry's life.
    fn save(&mut self, stored: &Stored) -> Result<(), StoreError> {
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
        let query = "SELECT min(sequence) FROM entry INDEXED BY entry_attention \
             WHERE subject = ?1 AND incarnation = ?2 AND state IN (2, 4, 5) AND kind = 0";
        self.number(query, params![subject, owner])
    }

    /// Marks the pending entries of a stream after something in front of them has changed.
    fn open_or_block(&mut self, subject: &[u8; 16], owner: i64) -> Result<(), StoreError> {
        let first = self.first_block(subject, owner)?.unwrap_or(i64::MAX);
        let statement = "UPDATE entry SET blocked = (sequence > ?3) \
             WHERE subject = ?1 AND incarnation = ?2 AND state <> 3 AND blocked <> (sequence > ?3)";
        self.execute(statement, params![subject, owner, first])
    }

    fn new_owner(&mut self, stream: &StreamKey) -> Result<i64, StoreError> {
        let statement = "INSERT INTO incarnation (producer, incarnation) VALUES (?1, ?2)";
        self.execute(statement, params![stream.producer.as_bytes(), stream.incarnation.as_bytes()])?;
        Ok(self.connection.last_insert_rowid())
    }
}

/// The last ordinal that was given out, also when its record was forgotten.
pub(super) fn last_ordinal(connection: &Connection) -> Result<i64, StoreError> {
    let query = "SELECT max(ifnull((SELECT max(ordinal) FROM entry), 0), \
         ifnull((SELECT ordinal_floor FROM store WHERE one = 1), 0))";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    prepared.query_row([], |row| row.get(0)).map_err(|error| failure(&error))
}

pub(super) fn sequence_column(sequence: Sequence) -> i64 {
    sequence.get().cast_signed()
}

/// The number of a stream's owner, if it has ever written.
pub(super) fn find_owner(connection: &Connection, stream: &StreamKey) -> Result<Option<i64>, StoreError> {
    let query = "SELECT number FROM incarnation WHERE producer = ?1 AND incarnation = ?2";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let values = params![stream.producer.as_bytes(), stream.incarnation.as_bytes()];
    prepared.query_row(values, |row| row.get(0)).optional().map_err(|error| failure(&error))
}

/// The place behind the last entry of a stream, also when that was forgotten.
pub(super) fn next_sequence(connection: &Connection, owner: i64, subject: &[u8; 16]) -> Result<Sequence, StoreError> {
    let query = "SELECT max( \
         ifnull((SELECT max(sequence) FROM entry WHERE subject = ?1 AND incarnation = ?2 AND state <> 3), 0), \
         ifnull((SELECT sequence FROM forgotten_stream WHERE subject = ?1 AND incarnation = ?2), 0))";
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let last: i64 = prepared.query_row(params![subject, owner], |row| row.get(0)).map_err(|error| failure(&error))?;
    Sequence::new(last.cast_unsigned().saturating_add(1)).ok_or_else(|| damaged("a sequence is out of range"))
}
