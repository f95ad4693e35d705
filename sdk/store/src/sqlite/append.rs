//! Appending a record: its id must be new, and its place the next of its stream.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use tongqiao_engine::{Entry, EntryState, Sequence, StreamKey};
use tongqiao_protocol::{RecordId, Timestamp};

use super::apply::Applying;
use super::failure::{damaged, failure, is_taken};
use super::row::{kind_number, lane_number, suite_number};
use crate::{Reason, StoreError};

/// Statements that a transaction of many appends would otherwise look up by their text for each of them.
#[derive(Default)]
pub(super) struct Often<'a> {
    first: Option<CachedStatement<'a>>,
    later: Option<CachedStatement<'a>>,
    replacement: Option<CachedStatement<'a>>,
}

/// A row, whose mark `blocked` is the given expression.
macro_rules! insert {
    ($blocked:expr) => {
        concat!(
            "INSERT INTO entry (ordinal, id, subject, incarnation, sequence, kind, lane, state, blocked, attempts, \
             next_attempt_at, accepted_at, not_after, replaces, suite, digest, size, bytes_seal, seal, bytes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ",
            $blocked,
            ", ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
        )
    };
}

/// Whether something in front of the row holds its stream.
macro_rules! is_held {
    () => {
        "EXISTS (SELECT 1 FROM ended INDEXED BY ended_attention WHERE subject = ?3 AND incarnation = ?4 \
         AND sequence < ?5 AND state IN (2, 4, 5) AND kind = 0)"
    };
}

/// The last sequence of a stream, also when it was forgotten.
macro_rules! last_sequence {
    ($subject:literal, $incarnation:literal) => {
        concat!(
            "max(ifnull((SELECT max(sequence) FROM entry WHERE subject = ",
            $subject,
            " AND incarnation = ",
            $incarnation,
            " AND state <> 3), 0), ifnull((SELECT sequence FROM forgotten_stream WHERE subject = ",
            $subject,
            " AND incarnation = ",
            $incarnation,
            "), 0))"
        )
    };
}

/// The first of a stream: nothing can hold it. That another first one stands in the table, the index tells; one that was
/// forgotten makes the mark NULL, which the table refuses.
pub(super) const INSERT_FIRST: &str =
    insert!("CASE WHEN NOT EXISTS (SELECT 1 FROM forgotten_stream WHERE subject = ?3 AND incarnation = ?4) THEN 0 END");

/// One that others stand before; the mark is NULL when it is not the next.
pub(super) const INSERT_LATER: &str =
    insert!(concat!("CASE WHEN ?5 = 1 + ", last_sequence!("?3", "?4"), " THEN ", is_held!(), " END"));

/// One that takes the place of another.
const INSERT_REPLACEMENT: &str = insert!(is_held!());

/// The statement that is kept in `slot`.
fn kept<'s, 'a>(
    slot: &'s mut Option<CachedStatement<'a>>,
    connection: &'a Connection,
    sql: &str,
) -> Result<&'s mut CachedStatement<'a>, StoreError> {
    match slot {
        Some(statement) => Ok(statement),
        none => Ok(none.insert(connection.prepare_cached(sql).map_err(|error| failure(&error))?)),
    }
}

impl Applying<'_> {
    pub(super) fn append(&mut self, entry: &Entry, bytes: &[u8], bytes_seal: i64, seal: i64) -> Result<(), StoreError> {
        if let Some(replaced) = entry.replaces {
            self.must_be_new(&entry.id)?;
            self.replace(&replaced, entry)?;
        }
        let owner = match self.owner(&entry.stream)? {
            Some(owner) => owner,
            None if entry.sequence == Sequence::FIRST => self.new_owner(&entry.stream)?,
            None => return Err(self.refusal(entry)),
        };
        let ordinal = self.next_ordinal()?;
        let subject = entry.stream.subject.as_bytes();
        let values = params![
            ordinal,
            entry.id.as_bytes(),
            subject,
            owner,
            sequence_column(entry.sequence),
            kind_number(entry.kind),
            lane_number(entry.lane),
            entry.attempts,
            entry.next_attempt_at.as_millis(),
            entry.accepted_at.as_millis(),
            entry.not_after.map(Timestamp::as_millis),
            entry.replaces.as_ref().map(RecordId::as_bytes),
            suite_number(entry.digest.suite()),
            entry.digest.as_bytes(),
            entry.size_bytes,
            bytes_seal,
            seal,
            bytes,
        ];
        let statement = match (entry.replaces, entry.sequence) {
            (Some(_), _) => kept(&mut self.often.replacement, self.connection, INSERT_REPLACEMENT),
            (None, Sequence::FIRST) => kept(&mut self.often.first, self.connection, INSERT_FIRST),
            (None, _) => kept(&mut self.often.later, self.connection, INSERT_LATER),
        };
        match statement?.execute(values) {
            Ok(_) => self.has_written = true,
            // The id or the place is taken. Nothing of the row has been written.
            Err(error) if is_taken(&error) => return Err(self.refusal(entry)),
            Err(error) => {
                self.has_written = true;
                return Err(failure(&error));
            }
        }
        if entry.replaces.is_some() {
            self.open_or_block(subject, owner)?;
        }
        self.known.next_ordinal = Some(ordinal + 1);
        self.committed.ordinals.push(ordinal.cast_unsigned());
        Ok(())
    }

    fn must_be_new(&self, id: &RecordId) -> Result<(), StoreError> {
        match self.number("SELECT ordinal FROM entry WHERE id = ?1", [id.as_bytes()])? {
            Some(_) => Err(StoreError::new(Reason::IdTaken { id: *id })),
            None => Ok(()),
        }
    }

    /// Why an entry cannot be appended.
    fn refusal(&self, entry: &Entry) -> StoreError {
        let next = || match find_owner(self.connection, &entry.stream)? {
            Some(owner) => next_sequence(self.connection, owner, entry.stream.subject.as_bytes()),
            None => Ok(Sequence::FIRST),
        };
        match self.must_be_new(&entry.id).and_then(|()| next()) {
            Ok(next) => StoreError::new(Reason::SequenceTaken { next }),
            Err(error) => error,
        }
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
    let query = concat!("SELECT ", last_sequence!("?1", "?2"));
    let mut prepared = connection.prepare_cached(query).map_err(|error| failure(&error))?;
    let last: i64 = prepared.query_row(params![subject, owner], |row| row.get(0)).map_err(|error| failure(&error))?;
    Sequence::new(last.cast_unsigned().saturating_add(1)).ok_or_else(|| damaged("a sequence is out of range"))
}
