//! The reference store: plain maps behind one lock, as simple as the promise allows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tongqiao_engine::{Change, Collection, Document, Entry, EntryState, LogPlace, Sequence, StreamKey};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use crate::identity::{new_incarnation, new_producer};
use crate::{Committed, Crew, IntegrityReport, PendingQuery, Statistics, Store, StoreError, StoreIdentity, Ticket};

mod apply;

/// A store that lives as long as the value. For tests and as the reference model; nothing survives the process.
#[derive(Debug)]
pub struct MemoryStore {
    contents: Mutex<Contents>,
}

#[derive(Debug, Clone)]
struct Contents {
    identity: StoreIdentity,
    rows: BTreeMap<u64, Row>,
    ordinals: BTreeMap<RecordId, u64>,
    last_ordinal: u64,
    last_sequences: BTreeMap<StreamKey, Sequence>,
    documents: BTreeMap<(Collection, String), Document>,
}

#[derive(Debug, Clone)]
struct Row {
    entry: Entry,
    bytes: Vec<u8>,
    receipt: Option<Vec<u8>>,
    problem: Option<Vec<u8>>,
}

impl MemoryStore {
    /// An empty store with a producer of its own.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self::of(StoreIdentity { producer: new_producer()?, incarnation: new_incarnation()? }))
    }

    /// An empty store of this producer, for whoever must know beforehand what it will be called.
    pub const fn of(identity: StoreIdentity) -> Self {
        Self {
            contents: Mutex::new(Contents {
                identity,
                rows: BTreeMap::new(),
                ordinals: BTreeMap::new(),
                last_ordinal: 0,
                last_sequences: BTreeMap::new(),
                documents: BTreeMap::new(),
            }),
        }
    }

    /// Another store with the same contents: what a copy of the disk would be.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { contents: Mutex::new(self.contents().clone()) }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // A commit works on a copy, so a panic in one leaves the contents whole.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, limit: u32, wanted: impl Fn(&Contents, &Entry) -> bool) -> Vec<Entry> {
        let contents = self.contents();
        let all = contents.rows.values().map(|row| &row.entry);
        all.filter(|entry| wanted(&contents, entry)).take(limit as usize).cloned().collect()
    }
}

/// Whether a person has to look at an entry in this state.
const fn needs_a_person(state: EntryState) -> bool {
    matches!(state, EntryState::Refused { .. } | EntryState::Expired | EntryState::Dead)
}

/// The epoch of an entry's receipt.
const fn epoch_of(entry: &Entry) -> Option<EpochId> {
    match entry.state {
        EntryState::Settled { epoch, .. } | EntryState::Refused { epoch, .. } => Some(epoch),
        _ => None,
    }
}

impl Contents {
    fn row(&self, id: &RecordId) -> Option<&Row> {
        self.rows.get(self.ordinals.get(id)?)
    }

    fn predecessors<'a>(&'a self, of: &'a Entry) -> impl Iterator<Item = &'a Entry> {
        let all = self.rows.values().map(|row| &row.entry);
        all.filter(move |entry| entry.stream == of.stream && entry.sequence < of.sequence)
    }

    fn is_blocked(&self, entry: &Entry) -> bool {
        self.predecessors(entry).any(|earlier| earlier.holds_its_stream() && needs_a_person(earlier.state))
    }

    fn must_wait(&self, entry: &Entry, now: Timestamp) -> bool {
        self.predecessors(entry).any(|earlier| {
            earlier.state == EntryState::Pending && (!earlier.is_due(now) || earlier.ordinal > entry.ordinal)
        })
    }
}

impl Store for MemoryStore {
    fn identity(&self) -> Result<StoreIdentity, StoreError> {
        Ok(self.contents().identity)
    }

    fn begin_incarnation(&self) -> Result<StoreIdentity, StoreError> {
        let incarnation = new_incarnation()?;
        let mut contents = self.contents();
        contents.identity.incarnation = incarnation;
        Ok(contents.identity)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Committed, StoreError> {
        let mut contents = self.contents();
        let mut copy = contents.clone();
        let mut committed = Committed::default();
        for change in changes {
            copy.apply(change, &mut committed)?;
        }
        *contents = copy;
        Ok(committed)
    }

    fn hand_in(&self, changes: Vec<Change>, _crew: &Arc<dyn Crew>) -> Ticket {
        Ticket::known(self.commit(changes))
    }

    fn next_sequence(&self, stream: &StreamKey) -> Result<Sequence, StoreError> {
        Ok(self.contents().next_sequence(stream))
    }

    fn pending(&self, query: &PendingQuery) -> Result<Vec<Entry>, StoreError> {
        Ok(self.page(query.limit, |contents, entry| {
            entry.state == EntryState::Pending
                && entry.lane == query.lane
                && entry.ordinal > query.after_ordinal
                && entry.is_due(query.now)
                && !contents.is_blocked(entry)
                && !contents.must_wait(entry, query.now)
        }))
    }

    fn entries(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        Ok(self.page(limit, |_, entry| entry.ordinal > after_ordinal))
    }

    fn needing_attention(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        Ok(self.page(limit, |_, entry| entry.ordinal > after_ordinal && needs_a_person(entry.state)))
    }

    fn entry(&self, id: &RecordId) -> Result<Option<Entry>, StoreError> {
        Ok(self.contents().row(id).map(|row| row.entry.clone()))
    }

    fn bytes(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.contents().row(id).map(|row| row.bytes.clone()))
    }

    fn receipt(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.contents().row(id).and_then(|row| row.receipt.clone()))
    }

    fn problem(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        let contents = self.contents();
        let dead = contents.row(id).filter(|row| row.entry.state == EntryState::Dead);
        Ok(dead.and_then(|row| row.problem.clone()))
    }

    fn settled_since(&self, wanted: &EpochId, after: LogPlace, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut found = self.page(u32::MAX, |_, entry| {
            epoch_of(entry) == Some(*wanted) && entry.log_place().is_some_and(|place| place > after)
        });
        found.sort_by_key(Entry::log_place);
        found.truncate(limit as usize);
        Ok(found)
    }

    fn epochs(&self) -> Result<Vec<EpochId>, StoreError> {
        let epochs: BTreeSet<EpochId> = self.contents().rows.values().filter_map(|row| epoch_of(&row.entry)).collect();
        Ok(epochs.into_iter().collect())
    }

    fn due_for_forgetting(&self, before: Timestamp, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut found = self.page(u32::MAX, |_, entry| {
            matches!(entry.state, EntryState::Settled { .. } | EntryState::Replaced { .. })
                && entry.terminal_at.is_some_and(|at| at < before)
        });
        found.sort_by_key(|entry| (entry.terminal_at, entry.ordinal));
        found.truncate(limit as usize);
        Ok(found)
    }

    fn document(&self, collection: Collection, key: &str) -> Result<Option<Document>, StoreError> {
        Ok(self.contents().documents.get(&(collection, key.to_owned())).cloned())
    }

    fn documents(
        &self,
        collection: Collection,
        prefix: &str,
        after_key: &str,
        limit: u32,
    ) -> Result<Vec<(String, Document)>, StoreError> {
        let contents = self.contents();
        let all = contents.documents.iter().filter(|((of, key), _)| {
            *of == collection && key.starts_with(prefix) && (after_key.is_empty() || key.as_str() > after_key)
        });
        Ok(all.take(limit as usize).map(|((_, key), document)| (key.clone(), document.clone())).collect())
    }

    fn statistics(&self) -> Result<Statistics, StoreError> {
        let contents = self.contents();
        let mut statistics = Statistics::default();
        for row in contents.rows.values() {
            statistics.size_bytes += row.bytes.len() as u64 + row.receipt.as_ref().map_or(0, Vec::len) as u64;
            match row.entry.state {
                EntryState::Pending => {
                    statistics.pending += 1;
                    statistics.blocked += u64::from(contents.is_blocked(&row.entry));
                    statistics.oldest_pending_at.get_or_insert(row.entry.accepted_at);
                }
                EntryState::Refused { .. } => statistics.refused += 1,
                EntryState::Expired => statistics.expired += 1,
                EntryState::Dead => statistics.dead += 1,
                EntryState::Settled { .. } | EntryState::Replaced { .. } => statistics.retained += 1,
            }
        }
        Ok(statistics)
    }

    fn check(&self) -> Result<IntegrityReport, StoreError> {
        Ok(IntegrityReport { rows_checked: self.contents().rows.len() as u64, ..IntegrityReport::default() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    crate::store_contract_tests!(|| ((), super::MemoryStore::new().unwrap()));

    mod handed_in {
        use crate::contract::handed_in::HandedIn;

        crate::store_contract_tests!(|| ((), HandedIn(crate::MemoryStore::new().unwrap())));
    }
}
