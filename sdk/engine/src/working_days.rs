//! Counting days as the law counts them: by the State Council's arrangement, without holidays, with the weekend days that are
//! worked in their place (行政许可法 art. 82).
//!
//! The day on which something begins is not counted (民法典 art. 201); the count starts with the day after. In a year whose
//! arrangement has not been published only the weekends are known, and the count says that it is provisional.

use tongqiao_protocol::{CivilDate, WorkingCalendar};

/// A calendar to count by.
#[derive(Debug, Clone, Copy)]
pub struct WorkingDays<'a> {
    calendar: &'a WorkingCalendar,
}

/// Whether the arrangement of every year that a count touched has been published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CalendarStanding {
    /// It has.
    #[default]
    Published,
    /// It has not: holidays may still move the result.
    Provisional,
}

impl CalendarStanding {
    /// The lesser of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

/// What a count came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counted<T> {
    /// The result.
    pub value: T,
    /// What it rests on.
    pub calendar: CalendarStanding,
}

impl<'a> WorkingDays<'a> {
    /// Counts by this calendar.
    pub const fn by(calendar: &'a WorkingCalendar) -> Self {
        Self { calendar }
    }

    /// Whether a day is worked.
    pub fn is_worked(self, day: CivilDate) -> Counted<bool> {
        match self.calendar.year(day.year()) {
            Some(year) => Counted { value: year.is_worked(day), calendar: CalendarStanding::Published },
            None => Counted { value: !day.is_weekend(), calendar: CalendarStanding::Provisional },
        }
    }

    /// The first working day that is not before `day`.
    pub fn first_from(self, day: CivilDate) -> Counted<CivilDate> {
        let mut standing = CalendarStanding::Published;
        for day in days_from(day) {
            let worked = self.is_worked(day);
            standing = standing.and(worked.calendar);
            if worked.value {
                return Counted { value: day, calendar: standing };
            }
        }
        Counted { value: day, calendar: standing }
    }

    /// How many working days there are after `day`, up to and with `until`; 0 when `until` is not later.
    pub fn between(self, day: CivilDate, until: CivilDate) -> Counted<u32> {
        let mut counted = Counted { value: 0, calendar: CalendarStanding::Published };
        for day in days_from(day).skip(1).take_while(|day| *day <= until) {
            let worked = self.is_worked(day);
            counted.calendar = counted.calendar.and(worked.calendar);
            counted.value += u32::from(worked.value);
        }
        counted
    }
}

/// Every day from `day` on, to the last that can be written.
pub(crate) fn days_from(day: CivilDate) -> impl Iterator<Item = CivilDate> {
    core::iter::successors(Some(day), |day| Some(day.plus_days(1)).filter(|next| next > day))
}
