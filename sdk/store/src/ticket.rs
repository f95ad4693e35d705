//! Commits that are handed in by asynchronous code: a future for the outcome, and somebody who does the blocking work.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::{Committed, StoreError};

/// What becomes of changes that were [handed in](crate::Store::hand_in).
///
/// It is ready when the disk has confirmed them, or when it is known that nothing has changed. The work goes on whether or not
/// it is polled. When it is dropped before somebody has begun with its changes, they are never applied; when it is dropped
/// later, they may be: whole, or not at all.
///
/// After it was ready it says nothing more.
#[must_use = "the outcome is heard by awaiting it; dropped at once, the changes may never be applied"]
pub struct Ticket(Inner);

enum Inner {
    Known(Option<Result<Committed, StoreError>>),
    Waiting(Arc<Caller>),
}

impl Ticket {
    /// A ticket whose outcome is known: for stores that have no disk to wait for.
    pub const fn known(outcome: Result<Committed, StoreError>) -> Self {
        Self(Inner::Known(Some(outcome)))
    }

    pub(crate) const fn waiting(caller: Arc<Caller>) -> Self {
        Self(Inner::Waiting(caller))
    }
}

impl Future for Ticket {
    type Output = Result<Committed, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Inner::Known(outcome) => outcome.take().map_or(Poll::Pending, Poll::Ready),
            Inner::Waiting(caller) => caller.poll(context),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Inner::Waiting(caller) = &self.0 {
            caller.give_up();
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

/// Who does what tasks cannot do themselves: usually the runtime that they are tasks of.
///
/// Closures that take a [`Lead`] are crews.
pub trait Crew: Send + Sync {
    /// Brings the lead to a thread that may block, and returns at once.
    ///
    /// It must neither be kept nor forgotten: all who have handed in changes wait until it is [run](Lead::run) or dropped.
    fn lead(&self, lead: Lead);

    /// Wakes many tasks of its [home](Crew::home). A runtime does this faster from inside: from outside each of them may cost
    /// a system call.
    fn wake(&self, tasks: Wakers) {
        drop(tasks);
    }

    /// Whose tasks hand in with this crew: crews of one runtime have the same number, and wake each other's tasks. Of another
    /// runtime nobody can know whether it still runs what it is given.
    fn home(&self) -> u64 {
        0
    }
}

impl<F: Fn(Lead) + Send + Sync> Crew for F {
    fn lead(&self, lead: Lead) {
        self(lead);
    }
}

/// Tasks that are woken when this is dropped.
#[derive(Debug, Default)]
pub struct Wakers(pub(crate) Vec<Waker>);

impl Drop for Wakers {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}

/// The duty to commit what stands in a store's queue, until it is empty.
///
/// A lead that is dropped without having been run (by a runtime that shuts down) rejects what stands in the queue by then:
/// nothing of it has taken effect.
#[must_use = "those who wait in the queue are rejected when the lead is dropped"]
pub struct Lead {
    queue: Arc<dyn Leading>,
    call: u64,
    is_run: bool,
}

/// A queue that somebody has to lead.
pub(crate) trait Leading: Send + Sync {
    /// Commits until the queue is empty, unless somebody else does by now.
    fn lead(self: Arc<Self>);

    /// The lead that was offered by this call will not be taken.
    fn decline(self: Arc<Self>, call: u64);
}

impl Lead {
    pub(crate) fn new(queue: Arc<dyn Leading>, call: u64) -> Self {
        Self { queue, call, is_run: false }
    }

    /// Commits. Blocks for as long as there is work.
    pub fn run(mut self) {
        self.is_run = true;
        Arc::clone(&self.queue).lead();
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if !self.is_run {
            Arc::clone(&self.queue).decline(self.call);
        }
    }
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Where a caller waits for his turn and for the outcome: a thread asleep, or a task with a waker.
#[derive(Default)]
pub(crate) struct Caller {
    state: Mutex<State>,
    signalled: Condvar,
}

#[derive(Default)]
enum State {
    /// In the queue, or in the hands of a leader.
    #[default]
    Waiting,
    /// The same, and this task wants to be woken.
    Watched(Waker),
    /// This thread is to lead.
    Leads,
    Done(Result<Committed, StoreError>),
    /// The outcome was heard.
    Heard,
    /// Nobody waits any more.
    GivenUp,
}

/// What a sleeping thread wakes up for.
pub(crate) enum Signal {
    Lead,
    Done(Result<Committed, StoreError>),
}

impl Caller {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody still waits.
    pub(crate) fn is_there(&self) -> bool {
        !matches!(*self.state(), State::GivenUp)
    }

    /// Makes the sleeping thread the leader.
    pub(crate) fn call_to_lead(&self) {
        *self.state() = State::Leads;
        self.signalled.notify_one();
    }

    /// Tells the outcome, and gives the task that is to be woken for it.
    #[must_use]
    pub(crate) fn tell(&self, outcome: Result<Committed, StoreError>) -> Option<Waker> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Done(outcome)) {
            State::Watched(waker) => return Some(waker),
            State::GivenUp => *state = State::GivenUp,
            _ => self.signalled.notify_one(),
        }
        None
    }

    /// Puts the thread to sleep until it is signalled.
    pub(crate) fn sleep(&self) -> Signal {
        let mut state = self.state();
        loop {
            match std::mem::take(&mut *state) {
                State::Leads => return Signal::Lead,
                State::Done(outcome) => return Signal::Done(outcome),
                other => *state = other,
            }
            state = self.signalled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<Committed, StoreError>> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Heard) {
            State::Done(outcome) => return Poll::Ready(outcome),
            State::Watched(waker) if waker.will_wake(context.waker()) => *state = State::Watched(waker),
            State::Waiting | State::Watched(_) => *state = State::Watched(context.waker().clone()),
            other => *state = other,
        }
        Poll::Pending
    }

    fn give_up(&self) {
        let before = std::mem::replace(&mut *self.state(), State::GivenUp);
        // A waker runs foreign code when it is dropped: not under our lock.
        drop(before);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_the_last_task_that_asked_is_woken_and_the_outcome_is_heard_once() {
        let (first, second) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        let caller = Arc::new(Caller::default());
        let mut ticket = Ticket::waiting(Arc::clone(&caller));
        for woken in [&first, &first, &second] {
            let waker = Waker::from(Arc::clone(woken));
            assert!(Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        drop(Wakers(caller.tell(Ok(Committed::default())).into_iter().collect()));
        assert_eq!((first.0.load(Ordering::Relaxed), second.0.load(Ordering::Relaxed)), (0, 1));
        let mut poll = || Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll(), Poll::Ready(Ok(Committed::default())));
        assert_eq!(poll(), Poll::Pending);
    }

    #[test]
    fn who_has_given_up_is_not_there_and_may_be_told_all_the_same() {
        let caller = Arc::new(Caller::default());
        let ticket = Ticket::waiting(Arc::clone(&caller));
        assert!(caller.is_there());
        drop(ticket);
        assert!(!caller.is_there());
        assert!(caller.tell(Ok(Committed::default())).is_none());
        assert!(!caller.is_there());
    }
}
