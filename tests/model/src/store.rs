//! A small store with the semantics of [`Change`]. What is in it survives a crash of its producer.

use std::collections::BTreeMap;

use tongqiao_engine::{Change, Entry, EntryState, EpochBook, Lane, LogPlace, Sequence, StreamKey};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use crate::event::Event;

/// A producer's store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Store {
    entries: BTreeMap<RecordId, (Entry, Event)>,
    next_sequences: BTreeMap<StreamKey, Sequence>,
    book: Vec<u8>,
}

impl Store {
    /// The sequence that the next event of a stream must have.
    pub fn next_sequence(&self, stream: &StreamKey) -> Sequence {
        self.next_sequences.get(stream).copied().unwrap_or(Sequence::FIRST)
    }

    /// Takes a new event, or says that its place is taken.
    pub fn append(&mut self, mut entry: Entry, event: Event) -> bool {
        if let Some(replaced) = entry.replaces {
            match self.entries.get_mut(&replaced) {
                Some((old, _)) if matches!(old.state, EntryState::Refused { .. }) => {
                    old.state = EntryState::Replaced { by: entry.id };
                }
                _ => return false,
            }
        } else if entry.sequence != self.next_sequence(&entry.stream) {
            return false;
        } else {
            self.next_sequences.insert(entry.stream, entry.sequence.next());
        }
        entry.ordinal = self.entries.len() as u64 + 1;
        self.entries.insert(entry.id, (entry, event));
        true
    }

    /// Applies what a delivery asked for.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Settle { id, state, .. } => self.with(id, |entry| {
                    if matches!(entry.state, EntryState::Pending | EntryState::Expired | EntryState::Dead) {
                        entry.state = *state;
                    }
                }),
                Change::Reschedule { id, attempts, next_attempt_at } => self.with(id, |entry| {
                    if entry.state == EntryState::Pending {
                        entry.attempts = *attempts;
                        entry.next_attempt_at = *next_attempt_at;
                    }
                }),
                Change::Expire { id, .. } => self.with(id, |entry| entry.state = EntryState::Expired),
                Change::Bury { id, .. } => self.with(id, |entry| entry.state = EntryState::Dead),
                Change::Reoffer { id } => self.with(id, |entry| {
                    if matches!(entry.state, EntryState::Settled { .. }) {
                        entry.state = EntryState::Pending;
                        entry.attempts = 0;
                    }
                }),
                Change::PutDocument { bytes, .. } => self.book.clone_from(bytes),
                other => unreachable!("a delivery never asks for {other:?}"),
            }
        }
    }

    fn with(&mut self, id: &RecordId, change: impl FnOnce(&mut Entry)) {
        if let Some((entry, _)) = self.entries.get_mut(id) {
            change(entry);
        }
    }

    /// What may be sent, by ordinal, as `tongqiao-store` defines it.
    pub fn pending(&self, lane: Lane, after_ordinal: u64, limit: usize, now: Timestamp) -> (Vec<Entry>, bool) {
        let mut found: Vec<Entry> =
            self.entries().filter(|entry| entry.lane == lane && self.is_sendable(entry, now)).cloned().collect();
        found.retain(|entry| entry.ordinal > after_ordinal);
        found.sort_by_key(|entry| entry.ordinal);
        let exhausted = found.len() <= limit;
        found.truncate(limit);
        (found, exhausted)
    }

    fn is_sendable(&self, entry: &Entry, now: Timestamp) -> bool {
        let due = |entry: &Entry| entry.state == EntryState::Pending && entry.is_due(now);
        due(entry)
            && self.entries().filter(|other| other.stream == entry.stream && other.sequence < entry.sequence).all(
                |before| match before.state {
                    EntryState::Pending => due(before) && before.ordinal < entry.ordinal,
                    EntryState::Settled { .. } | EntryState::Replaced { .. } => true,
                    EntryState::Refused { .. } | EntryState::Expired | EntryState::Dead => false,
                },
            )
    }

    /// Entries whose terminal receipt is of that epoch, behind that place.
    pub fn retained(&self, epoch: EpochId, after: LogPlace, limit: usize) -> Vec<Entry> {
        let mut found: Vec<Entry> = self
            .entries()
            .filter(|entry| match entry.state {
                EntryState::Settled { epoch: of, .. } | EntryState::Refused { epoch: of, .. } => of == epoch,
                _ => false,
            })
            .filter(|entry| entry.log_place().is_some_and(|place| place > after))
            .cloned()
            .collect();
        found.sort_by_key(Entry::log_place);
        found.truncate(limit);
        found
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().map(|(entry, _)| entry)
    }

    /// An entry's event.
    pub fn event(&self, id: &RecordId) -> Option<Event> {
        self.entries.get(id).map(|(_, event)| *event)
    }

    /// An entry.
    pub fn entry(&self, id: &RecordId) -> Option<&Entry> {
        self.entries.get(id).map(|(entry, _)| entry)
    }

    /// The epoch book on disk.
    pub fn book(&self) -> EpochBook {
        if self.book.is_empty() {
            EpochBook::default()
        } else {
            EpochBook::from_bytes(&self.book).expect("the machine wrote it")
        }
    }
}
