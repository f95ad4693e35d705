//! Concurrent callers share one synchronisation of the disk.
//!
//! There is no thread of our own: a caller who finds nobody at work becomes the leader, commits what stands in the queue
//! (at least his own group), hands out the results and passes the lead to the first who came meanwhile. Alone, a caller
//! therefore pays for no change of threads and waits for nobody. With many callers those of the last commit usually come
//! back at once, so the leader gives them a fraction of a commit's time to join; without that the callers would fall
//! into two camps that take turns, with twice as many synchronisations.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tongqiao_protocol::Outcome;

use super::prepared::Group;
use super::writer::Writer;
use crate::{Committed, Reason, StoreError};

/// At most so many groups share a transaction, so that the first of them does not wait for ever.
const GROUPS_MAX: usize = 512;
/// Fewer expected callers than this are not waited for.
const GATHER_FROM: usize = 8;
/// The longest wait for others; a commit on a fast disk takes a few times as long.
const GATHER_MAX: Duration = Duration::from_micros(1_000);

pub(super) struct GroupCommit {
    queue: Mutex<Queue>,
    enough: Condvar,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Queue {
    requests: VecDeque<Request>,
    has_leader: bool,
    /// The leader sleeps until so many requests are there.
    wanted: usize,
    /// How many callers the last commit has sent on their way.
    released: usize,
    /// How long the last commit took.
    last_commit: Duration,
}

struct Request {
    group: Group,
    caller: Arc<Caller>,
}

/// Where a caller sleeps.
#[derive(Default)]
struct Caller {
    signal: Mutex<Option<Signal>>,
    signalled: Condvar,
}

enum Signal {
    Lead,
    Done(Result<Committed, StoreError>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Caller {
    fn send(&self, signal: Signal) {
        *lock(&self.signal) = Some(signal);
        self.signalled.notify_one();
    }

    fn sleep(&self) -> Signal {
        let mut signal = lock(&self.signal);
        loop {
            if let Some(signal) = signal.take() {
                return signal;
            }
            signal = self.signalled.wait(signal).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl GroupCommit {
    pub(super) fn new(writer: Writer) -> Self {
        Self { queue: Mutex::default(), enough: Condvar::new(), writer: Mutex::new(writer) }
    }

    /// The connection that writes, between two commits.
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        lock(&self.writer)
    }

    /// How many callers stand in the queue.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        lock(&self.queue).requests.len()
    }

    /// Nobody has taken the queue to commit it.
    #[cfg(test)]
    pub(super) fn has_no_leader_at_work(&self) -> bool {
        let queue = lock(&self.queue);
        !queue.has_leader || !queue.requests.is_empty()
    }

    pub(super) fn commit(&self, group: Group) -> Result<Committed, StoreError> {
        let caller = Arc::new(Caller::default());
        let leads = {
            let mut queue = lock(&self.queue);
            queue.requests.push_back(Request { group, caller: Arc::clone(&caller) });
            if queue.wanted != 0 && queue.requests.len() >= queue.wanted {
                queue.wanted = 0;
                self.enough.notify_one();
            }
            !std::mem::replace(&mut queue.has_leader, true)
        };
        if !leads && let Signal::Done(result) = caller.sleep() {
            return result;
        }
        self.lead();
        match caller.sleep() {
            Signal::Done(result) => result,
            // The leader's request is the first of the queue, so it is always done.
            Signal::Lead => Err(StoreError::new(Reason::Io).with_detail("the lead was passed twice")),
        }
    }

    /// Commits what stands in the queue and passes the lead on.
    fn lead(&self) {
        let requests = self.gather();
        let mut turn = Turn { commit: self, callers: Vec::new(), results: Vec::new(), began: Instant::now() };
        let mut groups = Vec::with_capacity(requests.len());
        for request in requests {
            turn.callers.push(request.caller);
            groups.push(request.group);
        }
        turn.results = self.writer().commit(&groups);
    }

    fn gather(&self) -> VecDeque<Request> {
        let mut queue = lock(&self.queue);
        let expected = (queue.requests.len() + queue.released).min(GROUPS_MAX);
        if expected >= GATHER_FROM && queue.requests.len() < expected {
            let patience = (queue.last_commit / 2).min(GATHER_MAX);
            queue.wanted = expected;
            let wait = self.enough.wait_timeout_while(queue, patience, |queue| queue.wanted != 0);
            queue = wait.unwrap_or_else(PoisonError::into_inner).0;
            queue.wanted = 0;
        }
        let rest = queue.requests.len().min(GROUPS_MAX);
        let later = queue.requests.split_off(rest);
        std::mem::replace(&mut queue.requests, later)
    }
}

/// One commit's duty to its callers. It is done on drop, so that a panic leaves nobody waiting.
struct Turn<'a> {
    commit: &'a GroupCommit,
    callers: Vec<Arc<Caller>>,
    results: Vec<Result<Committed, StoreError>>,
    began: Instant,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        {
            let mut queue = lock(&self.commit.queue);
            queue.released = self.callers.len();
            queue.last_commit = self.began.elapsed();
            match queue.requests.front() {
                Some(next) => next.caller.send(Signal::Lead),
                None => queue.has_leader = false,
            }
        }
        let mut results = self.results.drain(..);
        for caller in self.callers.drain(..) {
            let result = results.next().unwrap_or_else(|| {
                // The leader died; whether its commit had begun nobody can say.
                let error = StoreError::new(Reason::Io).with_detail("the thread that committed has died");
                Err(error.with_outcome(Outcome::Unknown))
            });
            caller.send(Signal::Done(result));
        }
    }
}
