//! The outbox on its way to the platform: what is sent when, and what an answer means.
//!
//! # How to drive it
//! 1. Read the document ("epoch", [`EpochBook::KEY`](crate::EpochBook::KEY)) and make a [`Delivery`].
//! 2. Call [`Delivery::handle`] with whatever happens (begin with [`Input::Timer`]), then [`Delivery::poll`] until `None`.
//! 3. Do each [`Output`] and hand its answer back by [`Delivery::handle`]; answers may come in any order.
//! 4. When [`Delivery::next_deadline`] has come, hand in [`Input::Timer`].
//! 5. To stop or crash, drop it. Nothing needs to be saved: what matters is in the store.
//!
//! # What it promises
//! * Only entries read from the store are sent; so nothing is sent before it is durable.
//! * Records of one stream go out in sequence, one request at a time. Of several incarnations of a producer, the pending
//!   records of the earlier one go first for the same case, as far as this machine has met them: after a restart a record
//!   of the later one may overtake one that still waits out its delay, and the platform judges by revisions.
//! * A record leaves `Pending` only by a verified terminal receipt of the running epoch (or of a part that the running
//!   epoch kept), by its `not_after`, or as a dead letter.
//! * What a notice tells is durable.
//! * Memory is bounded by [`Settings::window_entries`] per lane, however long the outbox is.
//!
//! ```
//! use tongqiao_engine::{Delivery, EpochBook, Input, Output, Settings};
//! use tongqiao_protocol::Timestamp;
//!
//! let mut delivery = Delivery::new(Settings::default(), EpochBook::default());
//! delivery.handle(Input::Timer, Timestamp::from_millis(0), 4);
//! // The very first thing is to learn which epoch the platform is in.
//! assert_eq!(delivery.poll(), Some(Output::FetchEpoch));
//! ```

mod answers;
mod batch;
mod budget;
mod epoch;
mod input;
mod invariant;
mod lanes;
mod output;
mod retry;
mod saving;
mod settings;
mod window;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use batch::Retries;
use epoch::{EpochStep, Epochs};
pub use input::{
    BatchId, EpochNotice, Input, KeptPart, Missing, RecordAnswer, RequestNumber, TerminalReceipt, Verdict,
};
pub use invariant::{Broken, check};
use lanes::{LaneState, PageEnd, lane_index, turn_order};
pub use output::{Notice, Output};
pub use retry::{RETRY_AFTER_LIMIT_MS, retry_at};
use retry::{Spinner, next_attempt};
use saving::{Effect, Savings, Work};
pub use settings::Settings;
use tongqiao_protocol::{EpochId, RecordId, Timestamp};
use window::{Loading, Phase, Window};

use crate::{Change, Entry, EpochBook, Lane};

/// Bugs that the model checker must find.
#[cfg(feature = "planted")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// Hands new entries to the machine before their commit is durable.
    TransmitBeforeDurable,
    /// Takes "something earlier is missing" for an answer.
    DeferredAsSettled,
    /// Takes a receipt that proves nothing for an answer.
    UnverifiableAsSettled,
    /// Notes the new epoch, but offers nothing again.
    ForgetAtEpochChange,
}

/// A clock that goes back by no more than this is no news.
const CLOCK_NOISE_MS: i64 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Request {
    lane: Lane,
    ids: Vec<RecordId>,
}

/// The delivery of one store's outbox. See the [module](self) for how to drive it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delivery {
    settings: Settings,
    window: Window,
    lanes: [LaneState; 4],
    epochs: Epochs,
    savings: Savings,
    requests: BTreeMap<RequestNumber, Request>,
    next_request: u64,
    /// Requests of other lanes since the last one of bulk.
    since_bulk: u32,
    deadline: Option<Timestamp>,
    /// When something was last heard, to notice a clock that is set back.
    latest: Option<Timestamp>,
    outputs: VecDeque<Output>,
    #[cfg(feature = "planted")]
    bug: Option<Bug>,
}

impl Delivery {
    /// Starts over an existing store; `book` is what the document ("epoch", [`EpochBook::KEY`]) holds, or the default.
    pub fn new(settings: Settings, book: EpochBook) -> Self {
        Self {
            settings,
            window: Window::default(),
            lanes: core::array::from_fn(|_| LaneState::new(&settings)),
            epochs: Epochs::new(book),
            savings: Savings::new(),
            requests: BTreeMap::new(),
            next_request: 1,
            since_bulk: 0,
            deadline: None,
            latest: None,
            outputs: VecDeque::new(),
            #[cfg(feature = "planted")]
            bug: None,
        }
    }

    /// The same with a bug.
    #[cfg(feature = "planted")]
    #[must_use]
    pub fn with_bug(mut self, bug: Bug) -> Self {
        self.bug = Some(bug);
        self
    }

    #[cfg(feature = "planted")]
    fn has_bug(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Takes notice of something. `random` must be unpredictable to others; it spreads retries.
    pub fn handle(&mut self, input: Input, now: Timestamp, random: u64) {
        let spin = &mut Spinner(random);
        self.notice_clock(now);
        match input {
            Input::Loaded { lane, entries, exhausted } => self.loaded(lane, entries, exhausted, now, spin),
            Input::Appended { lane } => {
                self.lane_mut(lane).more_appended();
                if self.window.len(lane) >= self.capacity() {
                    // Nothing can be read now; a busy application gives many hints.
                    return;
                }
            }
            Input::Durable(batch) => {
                let works = self.savings.succeeded(batch);
                self.durable(works);
            }
            Input::PersistFailed(batch) => self.persist_failed(batch, now, spin),
            Input::PersistRefused(batch) => self.persist_refused(batch, now, spin),
            Input::Answered { request, results } => self.answered(request, results, now, spin),
            Input::Failed { request, failure } => self.failed(request, failure, now, spin),
            Input::EpochSeen(notice) => self.epochs.seen(notice),
            Input::EpochHeard(epoch) => self.epochs.heard(epoch),
            Input::EpochUnavailable => {
                let failures = self.epochs.failures.saturating_add(1);
                self.epochs.unavailable(next_attempt(&self.settings, failures, None, now, spin));
            }
            Input::Retained { epoch, entries, exhausted } => {
                let retry_at = next_attempt(&self.settings, 1, None, now, spin);
                let works = self.epochs.retained(epoch, &entries, exhausted, retry_at);
                works.into_iter().for_each(|work| self.savings.push(work));
            }
            Input::Timer => {}
            Input::Nudged => {
                self.lanes.iter_mut().for_each(|lane| lane.not_before = None);
                self.epochs.ask_not_before = None;
            }
            #[cfg(feature = "planted")]
            Input::Offered(entry) => {
                if self.has_bug(Bug::TransmitBeforeDurable) {
                    self.window.admit(entry, Some(now));
                }
            }
        }
        self.advance(now);
    }

    /// The next thing to do, or `None` until the next [`Delivery::handle`].
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timer`] is due, at the latest; `None` when nothing waits for time.
    pub const fn next_deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// The epoch of the platform that this delivery believes in; a driver that hears of another one (by the `tongqiao-epoch`
    /// header of any answer) hands in [`Input::EpochHeard`].
    pub const fn epoch(&self) -> Option<EpochId> {
        self.epochs.judge().current()
    }

    /// How many entries of a lane are in memory; never more than [`Settings::window_entries`].
    pub const fn in_memory(&self, lane: Lane) -> usize {
        self.window.len(lane)
    }

    fn lane_mut(&mut self, lane: Lane) -> &mut LaneState {
        &mut self.lanes[lane_index(lane)]
    }

    fn loading_of(&self, id: &RecordId) -> Loading {
        self.window.slot(id).map_or(Loading::Idle, |slot| self.lanes[lane_index(slot.entry.lane)].loading())
    }

    fn tell(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Notify(notice));
    }

    fn loaded(&mut self, lane: Lane, entries: Vec<Entry>, exhausted: bool, now: Timestamp, spin: &mut Spinner) {
        let retry_at = next_attempt(&self.settings, 1, None, now, spin);
        let last = entries.iter().map(|entry| entry.ordinal).max();
        let pass_began = self.lane_mut(lane).pass_began();
        let mut unfit = false;
        for entry in entries {
            unfit |= entry.lane != lane;
            if entry.lane == lane && self.window.len(lane) < self.capacity() {
                self.window.admit(entry, pass_began);
            } else {
                unfit = true;
            }
        }
        if unfit {
            // The driver gave more than was asked for; read the rest again.
            self.lane_mut(lane).read_again();
        }
        self.window.forget_departed(lane);
        if let PageEnd::PassOver(began) = self.lane_mut(lane).end_load(last, exhausted, retry_at) {
            self.window.unpark_due(lane, began);
        }
    }

    fn persist_failed(&mut self, batch: BatchId, now: Timestamp, spin: &mut Spinner) {
        if self.savings.failed(batch) {
            let at = next_attempt(&self.settings, self.savings.failures, None, now, spin);
            self.savings.not_before = Some(at);
            self.tell(Notice::StoreWaits { next_attempt_at: at });
        }
    }

    /// The store will never take this commit. A piece of work that is to blame alone is left; its record is read again later,
    /// if the store still gives it out.
    fn persist_refused(&mut self, batch: BatchId, now: Timestamp, spin: &mut Spinner) {
        let Some(work) = self.savings.refused(batch) else { return };
        let Some(id) = work.effect.record() else { return };
        self.tell(Notice::StoreRefuses { id });
        if matches!(work.effect, Effect::Reoffered(_)) {
            self.epochs.one_less();
            return;
        }
        let attempts = self.window.slot(&id).map_or(1, |slot| slot.entry.attempts.saturating_add(1));
        let until = next_attempt(&self.settings, attempts, None, now, spin);
        if let Some(slot) = self.window.slot_mut(&id) {
            slot.entry.attempts = attempts;
            slot.entry.next_attempt_at = until;
        }
        self.parked(id, until);
    }

    /// A clock that is set back takes all that waits with it; otherwise a machine that was a year ahead would wait that year.
    fn notice_clock(&mut self, now: Timestamp) {
        let by_ms = self.latest.map_or(0, |latest| latest.millis_since(now));
        self.latest = Some(now);
        // Clocks that are merely slewed go back by less.
        if by_ms <= CLOCK_NOISE_MS {
            return;
        }
        self.lanes.iter_mut().for_each(|lane| lane.clock_set_back(by_ms));
        self.window.clock_set_back(by_ms);
        self.epochs.clock_set_back(by_ms);
        retry::earlier(&mut self.savings.not_before, by_ms);
    }

    fn capacity(&self) -> usize {
        usize::try_from(self.settings.window_entries.max(1)).unwrap_or(usize::MAX)
    }

    /// Does everything that can be done now.
    fn advance(&mut self, now: Timestamp) {
        self.expire(now);
        self.turn_book(now);
        self.load(now);
        if self.epochs.may_send() {
            while self.transmit(now) {}
        }
        if let Some((batch, changes)) = self.savings.begin(now) {
            self.outputs.push_back(Output::Persist { batch, changes });
        }
        self.deadline = self.find_deadline(now);
    }

    fn expire(&mut self, now: Timestamp) {
        let expired: Vec<RecordId> = self
            .window
            .slots()
            .filter(|slot| slot.phase == Phase::Ready && slot.entry.not_after.is_some_and(|limit| limit <= now))
            .map(|slot| slot.entry.id)
            .collect();
        for id in expired {
            if let Some(slot) = self.window.slot_mut(&id) {
                slot.phase = Phase::Saving;
                let stream = slot.entry.stream;
                self.savings.push(Work {
                    changes: vec![Change::Expire { id, at: now }],
                    notices: vec![Notice::Expired { id, stream }],
                    effect: Effect::Blocked(id),
                });
            }
        }
    }

    fn turn_book(&mut self, now: Timestamp) {
        loop {
            let was_draining = self.epochs.is_draining();
            match self.epochs.step(self.savings.is_idle(), now) {
                EpochStep::Output(output) => self.outputs.push_back(output),
                EpochStep::Work(work) => self.savings.push(work),
                EpochStep::Nothing if was_draining && !self.epochs.is_draining() => {
                    #[cfg(feature = "planted")]
                    if self.has_bug(Bug::ForgetAtEpochChange) {
                        self.epochs.skip_scan();
                    }
                }
                EpochStep::Nothing => break,
            }
        }
    }

    fn load(&mut self, now: Timestamp) {
        for lane in Lane::ALL {
            let free = self.capacity().saturating_sub(self.window.len(lane));
            let state = &mut self.lanes[lane_index(lane)];
            let due = self
                .window
                .all_parked()
                .any(|parked| parked.lane == lane && parked.until <= now && !state.pass_covers(parked.until));
            if due {
                state.read_again();
            }
            if free > 0
                && let Some(after_ordinal) = state.begin_load(&self.settings, now)
            {
                let limit = u32::try_from(free).unwrap_or(u32::MAX);
                self.outputs.push_back(Output::Load { lane, after_ordinal, limit });
            }
        }
    }

    /// Sends one request if one may go out. Says whether it did.
    fn transmit(&mut self, now: Timestamp) -> bool {
        if self.requests.len() >= usize::try_from(self.settings.requests_under_way.max(1)).unwrap_or(usize::MAX) {
            return false;
        }
        for lane in turn_order(&self.settings, self.since_bulk) {
            let settings = self.settings;
            let state = self.lane_mut(lane);
            state.budget.refill(&settings, now);
            if !state.may_send(&settings, lane, now) {
                continue;
            }
            let retries = if state.budget.empty_until(&settings).is_none() { Retries::Allowed } else { Retries::Spent };
            let Some(batch) = batch::choose(&self.window, lane, &settings, retries, now) else { continue };
            let state = self.lane_mut(lane);
            if batch.is_retry || state.failures > 0 {
                state.budget.spend(now);
            }
            state.in_flight += 1;
            let request = RequestNumber(self.next_request);
            self.next_request += 1;
            for id in &batch.ids {
                if let Some(slot) = self.window.slot_mut(id) {
                    slot.phase = Phase::InFlight(request);
                }
            }
            self.since_bulk = if lane == Lane::Bulk { 0 } else { self.since_bulk.saturating_add(1) };
            self.requests.insert(request, Request { lane, ids: batch.ids.clone() });
            self.outputs.push_back(Output::Transmit { request, lane, kind: batch.kind, ids: batch.ids });
            return true;
        }
        false
    }

    /// The earliest time after `now` at which something becomes possible that is not possible now.
    fn find_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let ready = self.window.slots().filter(|slot| slot.phase == Phase::Ready);
        let of_slots = ready.flat_map(|slot| [Some(slot.entry.next_attempt_at), slot.entry.not_after]);
        let of_lanes = self.lanes.iter().flat_map(|lane| lane.deadlines(&self.settings));
        let of_parked = self.window.all_parked().map(|parked| Some(parked.until));
        let of_savings = if self.savings.is_waiting() { self.savings.not_before } else { None };
        let all = of_slots.chain(of_lanes).chain(of_parked).chain([of_savings, self.epochs.waits_until()]);
        all.flatten().filter(|at| *at > now).min()
    }
}
