//! The entries in memory: a bounded part of what the store holds.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use tongqiao_protocol::{ProducerId, RecordId, Timestamp};

use super::RequestNumber;
use super::lanes::lane_index;
use crate::{Entry, Lane, StreamKey, SubjectId};

/// A case or bill as one producer writes about it, in whatever incarnation.
pub(super) type Subject = (ProducerId, SubjectId);

/// The subject of a stream.
pub(super) const fn subject_of(stream: &StreamKey) -> Subject {
    (stream.producer, stream.subject)
}

/// What an entry in memory is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// Waiting to be sent.
    Ready,
    /// Part of a request under way.
    InFlight(RequestNumber),
    /// Its outcome is being committed.
    Saving,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) entry: Entry,
    pub(super) phase: Phase,
    /// It was part of a batch that failed as a whole; its next batch must not be larger than this.
    pub(super) batch_limit: u32,
}

/// A subject with an entry that waits in the store, not in memory, until a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Parked {
    pub(super) lane: Lane,
    pub(super) until: Timestamp,
}

/// The entries in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Window {
    slots: BTreeMap<RecordId, Slot>,
    /// Lane, ordinal, id.
    order: BTreeSet<(Lane, u64, RecordId)>,
    parked: BTreeMap<Subject, Parked>,
    /// Left memory while a load was under way that may still carry them as they were before.
    departed: BTreeSet<(Lane, RecordId)>,
    counts: [usize; 4],
}

impl Window {
    pub(super) const fn len(&self, lane: Lane) -> usize {
        self.counts[lane_index(lane)]
    }

    pub(super) fn slot(&self, id: &RecordId) -> Option<&Slot> {
        self.slots.get(id)
    }

    pub(super) fn slot_mut(&mut self, id: &RecordId) -> Option<&mut Slot> {
        self.slots.get_mut(id)
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values()
    }

    /// The slots of a lane by ordinal.
    pub(super) fn in_order(&self, lane: Lane) -> impl Iterator<Item = &Slot> {
        let from = (lane, 0, RecordId::from_bytes([0; 16]));
        let upto = (lane, u64::MAX, RecordId::from_bytes([0xff; 16]));
        self.order.range(from..=upto).filter_map(|(_, _, id)| self.slots.get(id))
    }

    pub(super) fn parked(&self, subject: &Subject) -> Option<&Parked> {
        self.parked.get(subject)
    }

    pub(super) fn all_parked(&self) -> impl Iterator<Item = &Parked> {
        self.parked.values()
    }

    /// Takes an entry loaded by a pass that began then, unless it is here, has left since the load began, or belongs to
    /// the subject of a parked one: that comes first, and only a pass from the start finds it at its place.
    pub(super) fn admit(&mut self, entry: Entry, pass_began: Option<Timestamp>) {
        if self.departed.contains(&(entry.lane, entry.id)) || self.slots.contains_key(&entry.id) {
            return;
        }
        let subject = subject_of(&entry.stream);
        match self.parked.get(&subject) {
            Some(parked) if pass_began.is_some_and(|began| parked.until <= began) => {
                self.parked.remove(&subject);
            }
            Some(_) => return,
            None => {}
        }
        self.order.insert((entry.lane, entry.ordinal, entry.id));
        self.counts[lane_index(entry.lane)] += 1;
        self.slots.insert(entry.id, Slot { entry, phase: Phase::Ready, batch_limit: u32::MAX });
    }

    /// Lets an entry go; `loading` says that a load of its lane is under way.
    pub(super) fn remove(&mut self, id: &RecordId, loading: Loading) -> Option<Slot> {
        let slot = self.slots.remove(id)?;
        self.order.remove(&(slot.entry.lane, slot.entry.ordinal, *id));
        self.counts[lane_index(slot.entry.lane)] -= 1;
        if loading == Loading::UnderWay {
            self.departed.insert((slot.entry.lane, *id));
        }
        Some(slot)
    }

    /// A load has arrived whole: what left before it cannot come back by it.
    pub(super) fn forget_departed(&mut self, lane: Lane) {
        self.departed.retain(|(of, _)| *of != lane);
    }

    /// Lets an entry wait in the store until a time, and with it all that stands behind it.
    pub(super) fn park(&mut self, id: &RecordId, until: Timestamp, loading: Loading) {
        let Some(slot) = self.remove(id, loading) else { return };
        let subject = subject_of(&slot.entry.stream);
        self.drop_ready(|entry| subject_of(&entry.stream) == subject);
        self.parked.insert(subject, Parked { lane: slot.entry.lane, until });
    }

    /// The machine's clock was set back by so much: what waits goes on waiting as long as it was to.
    pub(super) fn clock_set_back(&mut self, by_ms: i64) {
        self.parked.values_mut().for_each(|parked| parked.until = parked.until.plus_millis(-by_ms));
        for slot in self.slots.values_mut() {
            slot.entry.next_attempt_at = slot.entry.next_attempt_at.plus_millis(-by_ms);
        }
    }

    /// A full pass over a lane is over: parked entries that were due and did not come are no longer pending.
    pub(super) fn unpark_due(&mut self, lane: Lane, pass_began: Timestamp) {
        self.parked.retain(|_, parked| parked.lane != lane || parked.until > pass_began);
    }

    /// Forgets waiting entries; they come back by a later load. What is under way stays.
    pub(super) fn drop_ready(&mut self, which: impl Fn(&Entry) -> bool) {
        let gone: Vec<RecordId> = self
            .slots
            .values()
            .filter(|slot| slot.phase == Phase::Ready && which(&slot.entry))
            .map(|slot| slot.entry.id)
            .collect();
        for id in gone {
            self.remove(&id, Loading::Idle);
        }
    }

    /// How many entries are in memory.
    pub(super) fn order_len(&self) -> usize {
        self.order.len()
    }

    /// How many subjects wait in the store.
    pub(super) fn parked_len(&self) -> usize {
        self.parked.len()
    }

    /// For the invariants.
    pub(super) fn departed_len(&self) -> usize {
        self.departed.len()
    }
}

/// Whether a load of the lane is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loading {
    Idle,
    UnderWay,
}
