//! The State Council's arrangement of 2024 to 2026, as the reference platform publishes it.

use std::collections::BTreeMap;

use tongqiao_engine::working_days::{CalendarStanding, WorkingDays};
use tongqiao_protocol::working_calendar::{CalendarYear, WorkingCalendar};
use tongqiao_protocol::{CivilDate, Timestamp};

const TABLE: &str = include_str!("../../../../conformance/platform/data/working-calendar.tsv");

/// The calendar of the table.
pub(crate) fn calendar() -> WorkingCalendar {
    let mut years: BTreeMap<u16, CalendarYear> = BTreeMap::new();
    for line in TABLE.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let day: CivilDate = cells[0].parse().unwrap();
        let number = u16::try_from(day.year()).unwrap();
        let year = years.entry(number).or_insert_with(|| CalendarYear {
            year: number,
            source: "test".to_owned(),
            days_off: Vec::new(),
            days_worked: Vec::new(),
        });
        match cells[1] {
            "off" => year.days_off.push(day),
            "work" => year.days_worked.push(day),
            other => panic!("{other}"),
        }
    }
    WorkingCalendar { issued: Timestamp::from_millis(0), years: years.into_values().collect() }
}

pub(crate) fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

#[test]
fn the_table_is_a_calendar_without_faults() {
    let calendar = calendar();
    let bytes = serde_json::to_vec(&calendar).unwrap();
    assert_eq!(WorkingCalendar::parse(&bytes).unwrap(), calendar);
    assert_eq!(calendar.years.iter().map(|year| year.year).collect::<Vec<_>>(), [2024, 2025, 2026]);
}

#[test]
fn a_year_that_is_not_published_counts_weekends_only_and_says_so() {
    let calendar = calendar();
    let days = WorkingDays::by(&calendar);
    let new_year = days.is_worked(day("2027-01-01"));
    assert!(new_year.value, "a Friday of which nothing is known");
    assert_eq!(new_year.calendar, CalendarStanding::Provisional);
    assert_eq!(days.is_worked(day("2026-12-31")).calendar, CalendarStanding::Published);
    assert_eq!(days.between(day("2026-12-30"), day("2026-12-31")).calendar, CalendarStanding::Published);
    assert_eq!(days.between(day("2026-12-30"), day("2027-01-04")).calendar, CalendarStanding::Provisional);
}
