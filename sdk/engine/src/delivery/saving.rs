//! What waits to be committed, and what may be said only after it is.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use tongqiao_protocol::{RecordId, Timestamp};

use super::{BatchId, Notice};
use crate::Change;

/// How many pieces of work go into one commit at most.
const WORKS_PER_COMMIT: usize = 1_000;

/// What changes in memory once the work is durable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Effect {
    /// The entry is done and its stream goes on.
    Finished(RecordId),
    /// The entry is done and its stream stands still.
    Blocked(RecordId),
    /// The entry waits in the store.
    Parked { id: RecordId, until: Timestamp },
    /// A record that a restore had undone is pending again.
    Reoffered(RecordId),
    /// The epoch book is written.
    BookWritten,
}

impl Effect {
    /// The record that the work is about.
    pub(super) const fn record(&self) -> Option<RecordId> {
        match self {
            Self::Finished(id) | Self::Blocked(id) | Self::Parked { id, .. } | Self::Reoffered(id) => Some(*id),
            Self::BookWritten => None,
        }
    }
}

/// One indivisible piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Work {
    pub(super) changes: Vec<Change>,
    pub(super) notices: Vec<Notice>,
    pub(super) effect: Effect,
}

/// The commits: at most one under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Savings {
    next_batch: u64,
    queue: VecDeque<Work>,
    under_way: Option<(BatchId, Vec<Work>)>,
    /// Shrinks while commits fail, so that one impossible change does not hold up the others.
    limit: usize,
    pub(super) failures: u32,
    pub(super) not_before: Option<Timestamp>,
}

impl Savings {
    pub(super) const fn new() -> Self {
        Self {
            next_batch: 1,
            queue: VecDeque::new(),
            under_way: None,
            limit: WORKS_PER_COMMIT,
            failures: 0,
            not_before: None,
        }
    }

    pub(super) fn push(&mut self, work: Work) {
        self.queue.push_back(work);
    }

    /// Nothing is waiting or under way.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.under_way.is_none()
    }

    /// Something waits and nothing is under way.
    pub(super) fn is_waiting(&self) -> bool {
        !self.queue.is_empty() && self.under_way.is_none()
    }

    /// The next commit, if one may begin.
    pub(super) fn begin(&mut self, now: Timestamp) -> Option<(BatchId, Vec<Change>)> {
        if !self.is_waiting() || self.not_before.is_some_and(|at| at > now) {
            return None;
        }
        let batch = BatchId(self.next_batch);
        self.next_batch += 1;
        let works: Vec<Work> = self.queue.drain(..self.limit.min(self.queue.len())).collect();
        let changes = works.iter().flat_map(|work| work.changes.iter().cloned()).collect();
        self.under_way = Some((batch, works));
        Some((batch, changes))
    }

    /// The work that has become durable; nothing for a commit that is not under way.
    pub(super) fn succeeded(&mut self, batch: BatchId) -> Vec<Work> {
        match self.under_way.take_if(|(name, _)| *name == batch) {
            Some((_, works)) => {
                self.failures = 0;
                self.not_before = None;
                self.limit = (self.limit * 2).min(WORKS_PER_COMMIT);
                works
            }
            None => Vec::new(),
        }
    }

    /// Puts refused work back in smaller commits, at once; a single piece that is refused is given back and done with. One
    /// that is about no record cannot be done without, and is tried again like any other.
    pub(super) fn refused(&mut self, batch: BatchId) -> Option<Work> {
        let single = |works: &Vec<Work>| works.len() == 1 && works.iter().all(|work| work.effect.record().is_some());
        let (_, mut works) = self.under_way.take_if(|(name, _)| *name == batch)?;
        if single(&works) {
            return works.pop();
        }
        self.limit = (works.len() / 2).max(1);
        while let Some(work) = works.pop() {
            self.queue.push_front(work);
        }
        None
    }

    /// Puts the work back. Says whether there was any. A single piece of work goes to the end of the queue.
    pub(super) fn failed(&mut self, batch: BatchId) -> bool {
        let Some((_, mut works)) = self.under_way.take_if(|(name, _)| *name == batch) else { return false };
        self.failures = self.failures.saturating_add(1);
        self.limit = (works.len() / 2).max(1);
        if works.len() == 1 {
            self.queue.extend(works);
        } else {
            while let Some(work) = works.pop() {
                self.queue.push_front(work);
            }
        }
        true
    }
}
