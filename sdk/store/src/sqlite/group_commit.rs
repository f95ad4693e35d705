//! Concurrent callers share one synchronisation of the disk.
//!
//! There is no thread of our own. A thread that finds nobody at work becomes the leader: it commits what stands in the queue
//! (at least its own group), hands out the results and passes the lead on. A task cannot lead, because that blocks; it
//! names somebody who brings a [`Lead`] to a thread that may. Such a leader stays until the queue is empty.
//!
//! Alone, a caller therefore waits for nobody. With many callers those of the last commit usually come back at once: the
//! leader takes them into his transaction as they come, and waits for them a fraction of a commit's time. Without that the
//! callers would fall into two camps that take turns, with twice as many synchronisations.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tongqiao_protocol::Outcome;

use super::prepared::Group;
use super::writer::{Batch, Writer};
use crate::ticket::{Caller, Leading, Signal};
use crate::{Committed, Crew, Lead, Reason, StoreError, Ticket, Wakers};

/// At most so many groups share a transaction, so that the first of them does not wait for ever.
const GROUPS_MAX: usize = 512;
/// Fewer expected callers than this are not waited for.
const GATHER_FROM: usize = 8;
/// The longest wait for others; a commit on a fast disk takes a few times as long.
const GATHER_MAX: Duration = Duration::from_micros(1_000);
/// A leader who waits is woken for so many at once: what they bring is applied while the others still come.
const GATHER_STEP: usize = 16;

/// So long a leader looks for returning tasks without going to sleep: they are back sooner than a thread is woken, and would have
/// to pay for the waking.
const LOOK: Duration = Duration::from_micros(60);
/// Fewer tasks than this are woken by the leader himself.
const WAKE_FROM: usize = 4;

pub(super) struct GroupCommit {
    queue: Mutex<Queue>,
    enough: Condvar,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Queue {
    requests: VecDeque<Request>,
    leader: Leader,
    /// How often a crew was called.
    calls: u64,
    /// The leader sleeps until so many requests are there.
    wanted: usize,
    /// How many callers the last commit has sent on their way, how many of them were tasks, when, and how long it took.
    released: usize,
    released_tasks: usize,
    released_at: Option<Instant>,
    last_commit: Duration,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Leader {
    #[default]
    Nobody,
    /// A crew was called and has not begun. A thread that comes now leads at once: all threads that a crew has may be waiting
    /// here. So no thread sleeps in the queue while this is so.
    Called(u64),
    AtWork,
}

struct Request {
    group: Group,
    caller: Arc<Caller>,
    /// Who brings the lead to a thread, for a task.
    crew: Option<Arc<dyn Crew>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    fn push(&mut self, request: Request, enough: &Condvar) {
        self.requests.push_back(request);
        if self.wanted != 0 && self.requests.len() >= self.wanted {
            self.wanted = 0;
            enough.notify_one();
        }
    }

    fn call(&mut self) -> u64 {
        self.calls += 1;
        self.leader = Leader::Called(self.calls);
        self.calls
    }

    /// How many of the last commit's callers may still come back at once, and how long they are waited for.
    fn returning(&self) -> (usize, Duration) {
        match self.released_at {
            Some(at) if at.elapsed() < GATHER_MAX => (self.released, (self.last_commit / 2).min(GATHER_MAX)),
            _ => (0, Duration::ZERO),
        }
    }
}

impl GroupCommit {
    pub(super) fn new(writer: Writer) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::default(), enough: Condvar::new(), writer: Mutex::new(writer) })
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
        queue.leader != Leader::AtWork || !queue.requests.is_empty()
    }

    /// Commits, on the caller's thread or on that of another caller.
    pub(super) fn commit(self: &Arc<Self>, group: Group) -> Result<Committed, StoreError> {
        let caller = Arc::new(Caller::default());
        let before = {
            let mut queue = lock(&self.queue);
            queue.push(Request { group, caller: Arc::clone(&caller), crew: None }, &self.enough);
            std::mem::replace(&mut queue.leader, Leader::AtWork)
        };
        let mut leads = before != Leader::AtWork;
        // Behind very many others, one turn as the leader need not reach the caller's own group.
        loop {
            if leads {
                self.turn(Some(Lent(self)));
            }
            match caller.sleep() {
                Signal::Done(outcome) => return outcome,
                Signal::Lead => leads = true,
            }
        }
    }

    /// Queues the group of a task.
    pub(super) fn hand_in(self: &Arc<Self>, group: Group, crew: &Arc<dyn Crew>) -> Ticket {
        let caller = Arc::new(Caller::default());
        let call = {
            let mut queue = lock(&self.queue);
            let request = Request { group, caller: Arc::clone(&caller), crew: Some(Arc::clone(crew)) };
            queue.push(request, &self.enough);
            (queue.leader == Leader::Nobody).then(|| queue.call())
        };
        // Before the crew is called: should that panic, the ticket gives up.
        let ticket = Ticket::waiting(caller);
        if let Some(call) = call {
            self.summon(crew, call);
        }
        ticket
    }

    fn summon(self: &Arc<Self>, crew: &Arc<dyn Crew>, call: u64) {
        let queue: Arc<dyn Leading> = Arc::<Self>::clone(self);
        crew.lead(Lead::new(queue, call));
    }

    /// Finds who leads on: a thread that waits anyway, or else the crew of the first task.
    fn pass_on(self: &Arc<Self>) {
        let (crew, call) = {
            let mut queue = lock(&self.queue);
            if let Some(thread) = queue.requests.iter().find(|request| request.crew.is_none()) {
                return thread.caller.call_to_lead();
            }
            let Some(crew) = queue.requests.front().and_then(|request| request.crew.clone()) else {
                queue.leader = Leader::Nobody;
                return;
            };
            (crew, queue.call())
        };
        self.summon(&crew, call);
    }

    /// Returns when somebody stands in the queue, or soon.
    fn look(&self) {
        let began = Instant::now();
        while lock(&self.queue).requests.is_empty() && began.elapsed() < LOOK {
            for _ in 0..32 {
                std::hint::spin_loop();
            }
        }
    }

    /// One transaction for what stands in the queue and for what comes meanwhile; how many tasks it was for. The lead, when
    /// it is given, is passed on before the callers hear.
    fn turn(&self, lent: Option<Lent<'_>>) -> usize {
        let mut turn = Turn::begin(self, lent);
        if turn.grow() {
            turn.results = self.writer().commit(&mut turn);
        }
        turn.tasks
    }
}

impl Leading for GroupCommit {
    fn lead(self: Arc<Self>) {
        {
            let mut queue = lock(&self.queue);
            if !matches!(queue.leader, Leader::Called(_)) {
                return;
            }
            queue.leader = Leader::AtWork;
        }
        let _passes_on = Lent(&self);
        // A thread that waits can lead as well as this one, and a thread that comes back brings itself.
        while self.turn(None) > 0 && !lock(&self.queue).requests.iter().any(|request| request.crew.is_none()) {}
    }

    fn decline(self: Arc<Self>, call: u64) {
        let rejected = {
            let mut queue = lock(&self.queue);
            if queue.leader != Leader::Called(call) {
                return;
            }
            queue.leader = Leader::Nobody;
            std::mem::take(&mut queue.requests)
        };
        let mut woken = Wakers::default();
        for request in rejected {
            let error = StoreError::new(Reason::Io).with_detail("the program ends before it has committed");
            woken.0.extend(request.caller.tell(Err(error)));
        }
    }
}

/// The lead, in the hands of one who passes it on when he has done, or has died.
struct Lent<'a>(&'a Arc<GroupCommit>);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.pass_on();
    }
}

/// A caller whose group is in the transaction, and who wakes him if he is a task.
struct Served {
    caller: Arc<Caller>,
    crew: Option<Arc<dyn Crew>>,
}

/// One commit's duty to its callers. It is done on drop, so that a panic leaves nobody waiting.
struct Turn<'a> {
    commit: &'a GroupCommit,
    lent: Option<Lent<'a>>,
    groups: Vec<Group>,
    callers: Vec<Served>,
    tasks: usize,
    results: Vec<Result<Committed, StoreError>>,
    /// How many have come or may still come, and how long it is worth waiting for them.
    expected: usize,
    patience: Duration,
    looks_first: bool,
    began: Instant,
}

impl<'a> Turn<'a> {
    fn begin(commit: &'a GroupCommit, lent: Option<Lent<'a>>) -> Self {
        let queue = lock(&commit.queue);
        let (released, patience) = queue.returning();
        let looks_first = queue.released_tasks >= GATHER_FROM;
        let expected = (queue.requests.len() + released).min(GROUPS_MAX);
        let (groups, callers) = (Vec::with_capacity(expected), Vec::with_capacity(expected));
        let began = Instant::now();
        Self { commit, lent, groups, callers, tasks: 0, results: Vec::new(), expected, patience, looks_first, began }
    }

    /// Takes what stands in the queue, but for those who have given up: they hear nothing, and nothing is done for them.
    fn take(&mut self, queue: &mut Queue) -> bool {
        let before = self.groups.len();
        while self.groups.len() < GROUPS_MAX
            && let Some(request) = queue.requests.pop_front()
        {
            if request.caller.is_there() {
                self.groups.push(request.group);
                self.tasks += usize::from(request.crew.is_some());
                self.callers.push(Served { caller: request.caller, crew: request.crew });
            }
        }
        self.groups.len() > before
    }
}

impl Batch for Turn<'_> {
    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn grow(&mut self) -> bool {
        let mut queue = lock(&self.commit.queue);
        loop {
            if self.take(&mut queue) {
                return true;
            }
            let missing = self.expected.saturating_sub(self.groups.len());
            if missing == 0 || self.expected < GATHER_FROM || self.patience.is_zero() {
                return false;
            }
            let began = Instant::now();
            if std::mem::take(&mut self.looks_first) {
                drop(queue);
                self.commit.look();
                queue = lock(&self.commit.queue);
                self.patience = self.patience.saturating_sub(began.elapsed());
                continue;
            }
            queue.wanted = missing.min(GATHER_STEP);
            let wait = self.commit.enough.wait_timeout_while(queue, self.patience, |queue| queue.wanted != 0);
            queue = wait.unwrap_or_else(PoisonError::into_inner).0;
            queue.wanted = 0;
            self.patience = self.patience.saturating_sub(began.elapsed());
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.callers.is_empty() {
            return;
        }
        {
            let mut queue = lock(&self.commit.queue);
            queue.released = self.callers.len();
            queue.released_tasks = self.tasks;
            queue.released_at = Some(Instant::now());
            queue.last_commit = self.began.elapsed();
        }
        self.lent = None;
        let mut woken: Vec<(Arc<dyn Crew>, Wakers)> = Vec::new();
        let mut results = self.results.drain(..);
        for Served { caller, crew } in self.callers.drain(..) {
            let result = results.next().unwrap_or_else(|| {
                // The leader died; whether its commit had begun nobody can say.
                let error = StoreError::new(Reason::Io).with_detail("the thread that committed has died");
                Err(error.with_outcome(Outcome::Unknown))
            });
            let (Some(waker), Some(crew)) = (caller.tell(result), crew) else { continue };
            match woken.iter_mut().find(|(other, _)| other.home() == crew.home()) {
                Some((_, wakers)) => wakers.0.push(waker),
                None => woken.push((crew, Wakers(vec![waker]))),
            }
        }
        for (crew, wakers) in woken {
            if wakers.0.len() >= WAKE_FROM {
                crew.wake(wakers);
            }
        }
    }
}
