//! A disk: commits reach it one after the other, some time after they were asked for, whole or not at all.

use std::collections::VecDeque;

use tongqiao_engine::{BatchId, Change};
use tongqiao_store::{Committed, MemoryStore, Store as _, StoreError, StoreIdentity};

use crate::context::Context;
use crate::happening::Happening;
use crate::node::Taken;
use crate::place::Place;

/// Whom a commit was for.
pub enum After {
    /// Somebody waits to hear "accepted" about these.
    Accepted(Vec<usize>),
    /// The machine.
    Machine(BatchId),
    /// A node's caller.
    Taken(Box<Taken>),
    /// Nobody any more.
    Nobody,
}

/// What came of a commit.
pub enum Fate {
    /// It is on the disk, or the store has refused it.
    Known(Result<Committed, StoreError>),
    /// The disk did not take it.
    Refused,
}

/// A store with the commits that are on their way to it.
pub struct Disk {
    /// What is on the disk.
    pub store: MemoryStore,
    /// What was on it before the last commit.
    before: Option<MemoryStore>,
    queue: VecDeque<(Vec<Change>, After)>,
    /// Whether it refuses at present.
    pub refuses: bool,
}

impl Disk {
    /// An empty one.
    pub fn new(identity: StoreIdentity) -> Self {
        Self { store: MemoryStore::of(identity), before: None, queue: VecDeque::new(), refuses: false }
    }

    /// Asks for a commit.
    pub fn push(&mut self, context: &mut Context, place: Place, life: u64, changes: Vec<Change>, after: After) {
        if self.queue.is_empty() {
            next(context, place, life);
        }
        self.queue.push_back((changes, after));
    }

    /// The oldest commit reaches the disk.
    pub fn written(&mut self, context: &mut Context, place: Place, life: u64) -> Option<(After, Fate)> {
        let (changes, after) = self.queue.pop_front()?;
        if !self.queue.is_empty() {
            next(context, place, life);
        }
        if self.refuses {
            return Some((after, Fate::Refused));
        }
        self.before = Some(self.store.copy());
        Some((after, Fate::Known(self.store.commit(changes))))
    }

    /// The power goes: of what was under way, the first few commits have reached the disk and nobody was told. Gives those who
    /// were waiting.
    pub fn crash(&mut self, context: &mut Context) -> Vec<After> {
        let reached = context.chance.usize(0..=self.queue.len());
        let mut waiting = Vec::new();
        for (place, (changes, after)) in self.queue.drain(..).enumerate() {
            if place < reached && !self.refuses {
                // What the store refuses has not reached it either.
                drop(self.store.commit(changes));
            }
            waiting.push(after);
        }
        waiting
    }

    /// The last commit that was confirmed was never written.
    pub fn lose_last(&mut self) {
        if let Some(before) = self.before.take() {
            self.store = before;
        }
    }
}

fn next(context: &mut Context, place: Place, life: u64) {
    let wait = context.chance.i64(1..40);
    context.after(wait, Happening::Written(place, life));
}
