//! The clock against a model that strikes days from a list, on random calendars, limits and suspensions.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tongqiao_engine::deadline::{DeadlineClock, Due, LimitUnit, TimeLimit};
use tongqiao_engine::working_days::WorkingDays;
use tongqiao_protocol::working_calendar::{CalendarYear, WorkingCalendar};
use tongqiao_protocol::{CivilDate, Timestamp};

use crate::arrangement::day;

/// How many days the model knows; more than any limit with its suspensions can need.
const HORIZON: i32 = 500;

#[derive(Debug, Clone)]
struct Setting {
    calendar: WorkingCalendar,
    begun: CivilDate,
    days: u32,
    unit: LimitUnit,
    extension: u32,
    /// Days from the beginning to the begin and the end of each suspension; in order, perhaps overlapping.
    suspensions: Vec<(i32, i32)>,
    still_suspended: bool,
}

fn a_calendar() -> impl Strategy<Value = WorkingCalendar> {
    let year = |year: u16| {
        let flips = proptest::collection::btree_set(0..365_i32, 0..40);
        (flips, any::<bool>()).prop_map(move |(flips, is_published)| {
            let first = day(&format!("{year}-01-01"));
            let flipped: Vec<CivilDate> = flips.into_iter().map(|index| first.plus_days(index)).collect();
            let (days_worked, days_off) = flipped.into_iter().partition(|day| day.is_weekend());
            is_published.then(|| CalendarYear { year, source: "random".to_owned(), days_off, days_worked })
        })
    };
    (year(2025), year(2026), year(2027)).prop_map(|(first, second, third)| WorkingCalendar {
        issued: Timestamp::from_millis(0),
        years: [first, second, third].into_iter().flatten().collect(),
    })
}

fn a_setting() -> impl Strategy<Value = Setting> {
    let unit = prop_oneof![Just(LimitUnit::WorkingDays), Just(LimitUnit::CalendarDays)];
    let gaps = proptest::collection::vec((0..12_i32, 0..20_i32), 0..4);
    (a_calendar(), 0..360_i32, 0..60_u32, unit, 0..16_u32, gaps, any::<bool>()).prop_map(
        |(calendar, offset, days, unit, extension, gaps, still_suspended)| {
            let mut at = 0;
            let suspensions = gaps
                .into_iter()
                .map(|(gap, length)| {
                    let begun = at + gap;
                    at = begun + length;
                    (begun, at)
                })
                .collect();
            let begun = day("2025-01-01").plus_days(offset);
            Setting { calendar, begun, days, unit, extension, suspensions, still_suspended }
        },
    )
}

impl Setting {
    fn clock(&self) -> DeadlineClock {
        let limit = match self.unit {
            LimitUnit::WorkingDays => TimeLimit::working_days(self.days),
            LimitUnit::CalendarDays => TimeLimit::calendar_days(self.days),
        };
        let mut clock = DeadlineClock::new(self.begun, limit);
        clock.extend(self.extension);
        for (index, (begun, ended)) in self.suspensions.iter().enumerate() {
            clock.suspend(self.begun.plus_days(*begun));
            if !(self.still_suspended && index + 1 == self.suspensions.len()) {
                clock.resume(self.begun.plus_days(*ended));
            }
        }
        clock
    }

    fn is_worked(&self, day: CivilDate) -> bool {
        match self.calendar.years.iter().find(|year| i16::try_from(year.year).unwrap() == day.year()) {
            Some(year) if year.days_worked.contains(&day) => true,
            Some(year) if year.days_off.contains(&day) => false,
            _ => !day.is_weekend(),
        }
    }

    /// The model: every day but those struck out.
    fn due(&self) -> Due {
        let mut struck = BTreeSet::new();
        let mut open = None;
        for (index, (begun, ended)) in self.suspensions.iter().enumerate() {
            let lasts = self.still_suspended && index + 1 == self.suspensions.len();
            if lasts {
                open = Some(*begun);
            }
            struck.extend(begun + 1..=if lasts { HORIZON } else { *ended });
        }
        let counts = |index: &i32| {
            !struck.contains(index)
                && (self.unit == LimitUnit::CalendarDays || self.is_worked(self.begun.plus_days(*index)))
        };
        let days: Vec<i32> = (1..=HORIZON).filter(counts).collect();
        let needed = usize::try_from(self.days + self.extension).unwrap();
        let last = if needed == 0 { Some(0) } else { days.get(needed - 1).copied() };
        let worked = |last: i32| (last..).find(|index| self.is_worked(self.begun.plus_days(*index))).unwrap();
        match (last, open) {
            (Some(0), Some(since)) if since < worked(0) => {
                Due::Stopped { since: self.begun.plus_days(since), days_left: 0 }
            }
            (Some(last), _) => Due::On(self.begun.plus_days(worked(last))),
            (None, since) => Due::Stopped {
                since: self.begun.plus_days(since.expect("a limit that never ends is suspended")),
                days_left: u32::try_from(needed - days.len()).unwrap(),
            },
        }
    }
}

proptest! {
    #[test]
    fn the_clock_says_what_the_model_says(setting in a_setting()) {
        let due = setting.clock().due(WorkingDays::by(&setting.calendar));
        prop_assert_eq!(due.value, setting.due());
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(setting in a_setting(), more in 1..20_u32) {
        let mut setting = setting;
        setting.still_suspended = false;
        let days = setting.calendar.clone();
        let before = setting.clock().due(WorkingDays::by(&days)).value;
        setting.extension += more;
        let after = setting.clock().due(WorkingDays::by(&days)).value;
        match (before, after) {
            (Due::On(before), Due::On(after)) => prop_assert!(after >= before),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn what_is_used_by_the_last_day_is_the_whole_limit(setting in a_setting()) {
        let mut setting = setting;
        setting.still_suspended = false;
        let days = WorkingDays::by(&setting.calendar);
        let clock = setting.clock();
        let Due::On(last) = clock.due(days).value else { unreachable!("nothing suspends it") };
        let used = clock.used(last, days).value;
        prop_assert!(used >= clock.days(), "{} of {}", used, clock.days());
        if clock.days() > 0 {
            // Only days off at the end of a limit in calendar days come after the last day that counts.
            prop_assert!(used == clock.days() || setting.unit == LimitUnit::CalendarDays);
        }
    }
}
