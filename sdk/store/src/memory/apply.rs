//! What each change does to the maps.

use tongqiao_engine::{Change, Collection, Document, Entry, EntryState, Expected, Sequence, StreamKey};
use tongqiao_protocol::{RecordId, Timestamp};

use super::{Contents, Row};
use crate::{Committed, Reason, StoreError};

impl Contents {
    pub(super) fn next_sequence(&self, stream: &StreamKey) -> Sequence {
        self.last_sequences.get(stream).map_or(Sequence::FIRST, |last| last.next())
    }

    pub(super) fn apply(&mut self, change: Change, committed: &mut Committed) -> Result<(), StoreError> {
        match change {
            Change::Append { entry, bytes } => committed.ordinals.push(self.append(entry, bytes)?),
            Change::Settle { id, state, receipt, at } => self.settle(&id, state, receipt, at)?,
            Change::Reschedule { id, attempts, next_attempt_at } => {
                if let Some(row) = self.pending_row(&id)? {
                    row.entry.attempts = attempts;
                    row.entry.next_attempt_at = next_attempt_at;
                }
            }
            Change::Expire { id, at } => {
                if let Some(row) = self.pending_row(&id)? {
                    row.entry.state = EntryState::Expired;
                    row.entry.terminal_at = Some(at);
                }
            }
            Change::Bury { id, at, problem } => {
                if let Some(row) = self.pending_row(&id)? {
                    row.entry.state = EntryState::Dead;
                    row.entry.terminal_at = Some(at);
                    row.receipt.get_or_insert_with(|| problem.clone());
                    row.problem = Some(problem);
                }
            }
            Change::Reoffer { id } => {
                let row = self.row_mut(&id)?;
                if matches!(row.entry.state, EntryState::Settled { .. } | EntryState::Refused { .. }) {
                    row.entry.state = EntryState::Pending;
                    row.entry.attempts = 0;
                    row.entry.terminal_at = None;
                    row.entry.not_after = None;
                }
            }
            Change::Forget { id } => self.forget(&id)?,
            Change::PutDocument { collection, key, expected, bytes } => {
                let version = self.expect(collection, &key, expected)?.unwrap_or(0) + 1;
                committed.versions.push(version);
                self.documents.insert((collection, key), Document { version, bytes });
            }
            Change::DeleteDocument { collection, key, expected } => {
                self.expect(collection, &key, expected)?;
                self.documents.remove(&(collection, key));
            }
            Change::RequireDocument { collection, key, version } => {
                self.expect(collection, &key, Expected::Version(version))?;
            }
        }
        Ok(())
    }

    fn append(&mut self, mut entry: Entry, bytes: Vec<u8>) -> Result<u64, StoreError> {
        if entry.state != EntryState::Pending {
            return Err(StoreError::new(Reason::InvalidChange { what: "only a pending entry can be appended" }));
        }
        if self.ordinals.contains_key(&entry.id) {
            return Err(StoreError::new(Reason::IdTaken { id: entry.id }));
        }
        if let Some(id) = entry.replaces {
            let by = entry.id;
            let old = &mut self.row_mut(&id)?.entry;
            let open = matches!(old.state, EntryState::Refused { .. } | EntryState::Dead);
            if !open || old.stream != entry.stream || old.sequence != entry.sequence {
                return Err(StoreError::new(Reason::NotReplaceable { id }));
            }
            old.state = EntryState::Replaced { by };
        } else {
            let next = self.next_sequence(&entry.stream);
            if entry.sequence != next {
                return Err(StoreError::new(Reason::SequenceTaken { next }));
            }
            self.last_sequences.insert(entry.stream, next);
        }
        self.last_ordinal += 1;
        entry.ordinal = self.last_ordinal;
        self.ordinals.insert(entry.id, entry.ordinal);
        self.rows.insert(entry.ordinal, Row { entry, bytes, receipt: None, problem: None });
        Ok(self.last_ordinal)
    }

    fn settle(&mut self, id: &RecordId, state: EntryState, receipt: Vec<u8>, at: Timestamp) -> Result<(), StoreError> {
        if !matches!(state, EntryState::Settled { .. } | EntryState::Refused { .. }) {
            return Err(StoreError::new(Reason::InvalidChange { what: "a receipt settles or refuses" }));
        }
        let row = self.row_mut(id)?;
        if matches!(row.entry.state, EntryState::Pending | EntryState::Expired | EntryState::Dead) {
            row.entry.state = state;
            row.entry.terminal_at = Some(at);
            row.receipt = Some(receipt);
        }
        Ok(())
    }

    fn forget(&mut self, id: &RecordId) -> Result<(), StoreError> {
        let Some(row) = self.row(id) else { return Ok(()) };
        let entry = &row.entry;
        let needed = match entry.state {
            EntryState::Pending => true,
            EntryState::Refused { .. } => entry.holds_its_stream(),
            EntryState::Settled { .. } | EntryState::Replaced { .. } => false,
            EntryState::Expired | EntryState::Dead if !entry.holds_its_stream() => false,
            EntryState::Expired | EntryState::Dead => self.rows.values().any(|other| {
                let other = &other.entry;
                other.stream == entry.stream && other.sequence > entry.sequence && other.state == EntryState::Pending
            }),
        };
        if needed {
            return Err(StoreError::new(Reason::NotForgettable { id: *id }));
        }
        if let Some(ordinal) = self.ordinals.remove(id) {
            self.rows.remove(&ordinal);
        }
        Ok(())
    }

    /// Compares the stored version with the writer's belief and gives it.
    fn expect(&self, collection: Collection, key: &str, expected: Expected) -> Result<Option<u64>, StoreError> {
        let found = self.documents.get(&(collection, key.to_owned())).map(|document| document.version);
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

    fn row_mut(&mut self, id: &RecordId) -> Result<&mut Row, StoreError> {
        let ordinal = self.ordinals.get(id);
        let row = ordinal.and_then(|ordinal| self.rows.get_mut(ordinal));
        row.ok_or_else(|| StoreError::new(Reason::EntryUnknown { id: *id }))
    }

    fn pending_row(&mut self, id: &RecordId) -> Result<Option<&mut Row>, StoreError> {
        Ok(Some(self.row_mut(id)?).filter(|row| row.entry.state == EntryState::Pending))
    }
}
