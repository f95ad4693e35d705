//! One clock: a beginning, a limit, extensions and suspensions.

use alloc::vec::Vec;

use tongqiao_protocol::CivilDate;

use super::limit::{LimitUnit, TimeLimit};
use crate::working_days::{CalendarStanding, Counted, WorkingDays, days_from};

/// A clock for one duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineClock {
    begun: CivilDate,
    limit: TimeLimit,
    extension_days: u32,
    suspensions: Vec<Suspension>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Suspension {
    begun: CivilDate,
    ended: Option<CivilDate>,
}

impl Suspension {
    fn covers(self, day: CivilDate) -> bool {
        self.begun < day && self.ended.is_none_or(|ended| day <= ended)
    }
}

/// When a duty is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Due {
    /// By midnight in China after this day.
    On(CivilDate),
    /// The clock stands and nobody knows for how long; so many days of the limit are left.
    Stopped {
        /// The day on which the suspension that still lasts began.
        since: CivilDate,
        /// Days of the limit, extensions included, that have not been used.
        days_left: u32,
    },
}

impl DeadlineClock {
    /// A clock that began on `begun`, which does not count.
    pub const fn new(begun: CivilDate, limit: TimeLimit) -> Self {
        Self { begun, limit, extension_days: 0, suspensions: Vec::new() }
    }

    /// When it began.
    pub const fn begun(&self) -> CivilDate {
        self.begun
    }

    /// The limit, without extensions.
    pub const fn limit(&self) -> TimeLimit {
        self.limit
    }

    /// All days of the limit, extensions included.
    pub const fn days(&self) -> u32 {
        self.limit.days().saturating_add(self.extension_days)
    }

    /// Gives so many more days, of the limit's kind.
    pub const fn extend(&mut self, days: u32) {
        let days = self.extension_days.saturating_add(days);
        self.extension_days = if days > TimeLimit::DAYS_MAX { TimeLimit::DAYS_MAX } else { days };
    }

    /// A suspension begins. While another lasts it changes nothing.
    pub fn suspend(&mut self, on: CivilDate) {
        if !self.is_suspended() {
            self.suspensions.push(Suspension { begun: on, ended: None });
        }
    }

    /// The suspension that lasts ends; without one nothing happens.
    pub fn resume(&mut self, on: CivilDate) {
        if let Some(last) = self.suspensions.last_mut().filter(|last| last.ended.is_none()) {
            last.ended = Some(on);
        }
    }

    /// Whether a suspension lasts.
    pub fn is_suspended(&self) -> bool {
        self.suspensions.last().is_some_and(|last| last.ended.is_none())
    }

    /// When it is due.
    pub fn due(&self, days: WorkingDays<'_>) -> Counted<Due> {
        let lasting = self.suspensions.last().filter(|last| last.ended.is_none()).map(|last| last.begun);
        let mut calendar = CalendarStanding::Published;
        let mut left = self.days();
        if left == 0 {
            let Counted { value: first, calendar } = days.first_from(self.begun);
            let value = match lasting.filter(|since| *since < first) {
                Some(since) => Due::Stopped { since, days_left: 0 },
                None => Due::On(first),
            };
            return Counted { value, calendar };
        }
        for day in days_from(self.begun).skip(1) {
            if let Some(since) = lasting.filter(|since| *since < day) {
                return Counted { value: Due::Stopped { since, days_left: left }, calendar };
            }
            let counts = self.counts(day, days);
            calendar = calendar.and(counts.calendar);
            left -= u32::from(counts.value);
            if left == 0 {
                let last = days.first_from(day);
                return Counted { value: Due::On(last.value), calendar: calendar.and(last.calendar) };
            }
        }
        Counted { value: Due::On(CivilDate::LAST), calendar: CalendarStanding::Provisional }
    }

    /// How many days of the limit have been used by the end of `day`.
    pub fn used(&self, until: CivilDate, days: WorkingDays<'_>) -> Counted<u32> {
        let mut used = Counted { value: 0, calendar: CalendarStanding::Published };
        for day in days_from(self.begun).skip(1).take_while(|day| *day <= until) {
            let counts = self.counts(day, days);
            used.calendar = used.calendar.and(counts.calendar);
            used.value += u32::from(counts.value);
        }
        used
    }

    fn counts(&self, day: CivilDate, days: WorkingDays<'_>) -> Counted<bool> {
        if self.suspensions.iter().any(|suspension| suspension.covers(day)) {
            return Counted { value: false, calendar: CalendarStanding::Published };
        }
        match self.limit.unit() {
            LimitUnit::WorkingDays => days.is_worked(day),
            LimitUnit::CalendarDays => Counted { value: true, calendar: CalendarStanding::Published },
        }
    }
}
