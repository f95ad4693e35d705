//! Whose turn it is: strict priority with a floor for bulk, and what each lane knows of its own luck.

use tongqiao_protocol::Timestamp;

use super::retry::earlier;
use super::window::Loading;
use super::{Settings, budget::RetryBudget};
use crate::Lane;

/// One lane's reading position, failures and permits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LaneState {
    pub(super) budget: RetryBudget,
    pub(super) in_flight: u32,
    /// Failed requests in a row.
    pub(super) failures: u32,
    /// No request before.
    pub(super) not_before: Option<Timestamp>,
    /// Where the next page begins.
    cursor: u64,
    /// When the pass over the store began that the cursor belongs to.
    pass_began: Timestamp,
    exhausted: bool,
    loading: bool,
    /// Something before the cursor has changed.
    rescan: bool,
    load_not_before: Option<Timestamp>,
}

/// What a loaded page means for its lane.
pub(super) enum PageEnd {
    /// More may come.
    Open,
    /// The pass that began then is over.
    PassOver(Timestamp),
}

impl LaneState {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self {
            budget: RetryBudget::full(settings),
            in_flight: 0,
            failures: 0,
            not_before: None,
            cursor: 0,
            pass_began: Timestamp::from_millis(0),
            exhausted: false,
            loading: false,
            rescan: true,
            load_not_before: None,
        }
    }

    pub(super) const fn loading(&self) -> Loading {
        if self.loading { Loading::UnderWay } else { Loading::Idle }
    }

    /// New entries stand behind the cursor.
    pub(super) const fn more_appended(&mut self) {
        self.exhausted = false;
    }

    /// Entries before the cursor may be sendable now.
    pub(super) const fn read_again(&mut self) {
        self.rescan = true;
    }

    /// When the store is read again from the start without any other reason; not while a pass is under way.
    fn reread_at(&self, settings: &Settings) -> Option<Timestamp> {
        let interval = i64::try_from(settings.reread_ms).unwrap_or(i64::MAX);
        if self.exhausted && !self.loading { Some(self.pass_began.plus_millis(interval.max(1))) } else { None }
    }

    /// The place from which to load now, if there is reason to.
    pub(super) fn begin_load(&mut self, settings: &Settings, now: Timestamp) -> Option<u64> {
        // A clock that was set back must not put the next reading off.
        self.pass_began = self.pass_began.min(now);
        if self.reread_at(settings).is_some_and(|at| at <= now) {
            self.rescan = true;
        }
        if self.loading || self.load_not_before.is_some_and(|at| at > now) || (self.exhausted && !self.rescan) {
            return None;
        }
        if self.rescan {
            self.rescan = false;
            self.cursor = 0;
            self.pass_began = now;
        }
        // Taken back by the page if it is not the last one; set here so that a hint that comes meanwhile is not lost.
        self.exhausted = true;
        self.loading = true;
        self.load_not_before = None;
        Some(self.cursor)
    }

    /// Takes notice of a page whose last ordinal was `last`.
    pub(super) fn end_load(&mut self, last: Option<u64>, exhausted: bool, retry_at: Timestamp) -> PageEnd {
        self.loading = false;
        if let Some(last) = last {
            self.cursor = self.cursor.max(last);
        }
        if !exhausted {
            self.exhausted = false;
            if last.is_none() {
                // The store could not be read; the pass goes on where it stood.
                self.load_not_before = Some(retry_at);
            }
            return PageEnd::Open;
        }
        if self.rescan { PageEnd::Open } else { PageEnd::PassOver(self.pass_began) }
    }

    /// Whether the current pass over the store has seen (or will see) what was due by then.
    pub(super) fn pass_covers(&self, time: Timestamp) -> bool {
        !self.rescan && self.pass_began >= time
    }

    /// When the current pass over the store began; `None` if another one must follow anyway.
    pub(super) const fn pass_began(&self) -> Option<Timestamp> {
        if self.rescan { None } else { Some(self.pass_began) }
    }

    /// The machine's clock was set back by so much.
    pub(super) fn clock_set_back(&mut self, by_ms: i64) {
        earlier(&mut self.not_before, by_ms);
        earlier(&mut self.load_not_before, by_ms);
    }

    /// Whether another request may go out now, as far as this lane is concerned.
    pub(super) fn may_send(&self, settings: &Settings, lane: Lane, now: Timestamp) -> bool {
        // A lane that fails sends one request at a time, to find out.
        let permits = if self.failures > 0 { 1 } else { settings.concurrency[lane_index(lane)] };
        self.in_flight < permits && self.waits_until(settings).is_none_or(|at| at <= now)
    }

    /// Until when a failing lane waits.
    fn waits_until(&self, settings: &Settings) -> Option<Timestamp> {
        let budget = if self.failures > 0 { self.budget.empty_until(settings) } else { None };
        self.not_before.max(budget)
    }

    /// The times at which this lane can do more than before.
    pub(super) fn deadlines(&self, settings: &Settings) -> [Option<Timestamp>; 4] {
        [self.not_before, self.budget.empty_until(settings), self.load_not_before, self.reread_at(settings)]
    }
}

/// A lane's place in an array of lanes.
pub(super) const fn lane_index(lane: Lane) -> usize {
    match lane {
        Lane::Control => 0,
        Lane::Payment => 1,
        Lane::Case => 2,
        Lane::Bulk => 3,
    }
}

/// Who is asked first. After `bulk_floor` requests of others bulk goes first once.
pub(super) const fn turn_order(settings: &Settings, since_bulk: u32) -> [Lane; 4] {
    if since_bulk >= settings.bulk_floor { [Lane::Bulk, Lane::Control, Lane::Payment, Lane::Case] } else { Lane::ALL }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_lane_is_asked_first_until_bulk_has_waited_long_enough() {
        let settings = Settings { bulk_floor: 3, ..Settings::default() };
        let first = [0, 2, 3, 4].map(|since_bulk| turn_order(&settings, since_bulk)[0]);
        assert_eq!(first, [Lane::Control, Lane::Control, Lane::Bulk, Lane::Bulk]);
        assert_eq!(turn_order(&settings, 3)[1..], [Lane::Control, Lane::Payment, Lane::Case]);
    }
}
