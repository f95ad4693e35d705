//! The State Council's arrangement of holidays as data: `GET /v1/working-calendar`, signed by the platform.
//!
//! Every autumn a notice says which days of the next year are off and which weekend days are worked in their place. It
//! cannot be computed. A year that the calendar does not hold is not published yet: whoever counts in it knows the
//! weekends only, and says that the result is provisional.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::reading::{self, Reading};
use crate::{CivilDate, ErrorCode, Fault, Faults, Timestamp};

/// The most exceptional days of one year; the longest arrangement so far has 39.
pub const EXCEPTIONAL_DAYS_MAX: usize = 120;
/// The most years of one calendar.
pub const YEARS_MAX: usize = 100;

/// One year's arrangement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarYear {
    /// The year.
    pub year: u16,
    /// The notice that ordered it.
    pub source: String,
    /// 放假: every day that is off by the notice, weekend days within it included. In order.
    pub days_off: Vec<CivilDate>,
    /// 调休上班: the weekend days that are worked. In order.
    pub days_worked: Vec<CivilDate>,
}

/// All years that have been published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkingCalendar {
    /// When this edition was issued; a later one replaces it.
    pub issued: Timestamp,
    /// The years, in order. Between two years one may be missing; it is then as unpublished as the next.
    pub years: Vec<CalendarYear>,
}

impl WorkingCalendar {
    /// Reads a calendar and finds every fault: a day outside its year, twice, both off and worked, or a day that is to be
    /// worked and would be anyway.
    ///
    /// # Errors
    /// All faults, each with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        let object = reading::object(bytes).map_err(Faults::one)?;
        let mut reading = Reading::new(&object, "");
        let issued = reading.parsed("issued");
        let years = reading.list("years", 0, YEARS_MAX, CalendarYear::read);
        if let Some(years) = &years
            && !years.windows(2).all(|pair| matches!(pair, [before, after] if before.year < after.year))
        {
            reading.fault("years", ErrorCode::RequestInvalidValue);
        }
        match (issued, years, reading.is_clean()) {
            (Some(issued), Some(years), true) => Ok(Self { issued, years }),
            _ => Err(reading.into_faults()),
        }
    }

    /// The arrangement of a year, if it has been published.
    pub fn year(&self, year: i16) -> Option<&CalendarYear> {
        let year = u16::try_from(year).ok()?;
        self.years.binary_search_by_key(&year, |one| one.year).ok().and_then(|place| self.years.get(place))
    }
}

impl CalendarYear {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let year = reading.number("year", 1, 9_999).and_then(|year| u16::try_from(year).ok());
        let source = reading.short_text("source");
        let days_off = dates(reading, "days_off", year);
        let days_worked = dates(reading, "days_worked", year);
        if let (Some(off), Some(worked)) = (&days_off, &days_worked) {
            for (index, day) in worked.iter().enumerate() {
                if off.binary_search(day).is_ok() || !day.is_weekend() {
                    reading.push(wrong_day(reading, "days_worked", index, "a weekend day that is not off"));
                }
            }
        }
        Some(Self { year: year?, source: source?, days_off: days_off?, days_worked: days_worked? })
    }

    /// Whether a day of this year is worked.
    pub fn is_worked(&self, day: CivilDate) -> bool {
        self.days_worked.binary_search(&day).is_ok()
            || (!day.is_weekend() && self.days_off.binary_search(&day).is_err())
    }
}

fn wrong_day(reading: &Reading<'_>, name: &str, index: usize, expected: &str) -> Fault {
    let path = alloc::format!("{}/{index}", reading.path_of(name));
    Fault::new(&path, ErrorCode::RequestInvalidValue).with("expected", expected)
}

/// A list of dates of one year, each later than the one before.
fn dates(reading: &mut Reading<'_>, name: &str, year: Option<u16>) -> Option<Vec<CivilDate>> {
    let texts = reading.texts(name, EXCEPTIONAL_DAYS_MAX)?;
    let mut days: Vec<CivilDate> = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match text.parse::<CivilDate>() {
            Ok(day) if year.is_some_and(|year| i32::from(year) != i32::from(day.year())) => {
                reading.push(wrong_day(reading, name, index, "a day of that year"));
            }
            Ok(day) if days.last().is_some_and(|last| *last >= day) => {
                reading.push(wrong_day(reading, name, index, "a later day than the one before"));
            }
            Ok(day) => days.push(day),
            Err(error) => reading.push(wrong_day(reading, name, index, &alloc::string::ToString::to_string(&error))),
        }
    }
    (days.len() == texts.len()).then_some(days)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        WorkingCalendar::parse(text.as_bytes()).unwrap_err().0.into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn a_calendar_is_read_as_it_was_written() {
        let text = r#"{"issued":"2025-11-04T00:00:00.000+08:00","years":[{"year":2026,"source":"notice",
            "days_off":["2026-01-01","2026-01-02","2026-01-03"],"days_worked":["2026-01-04"]}]}"#;
        let calendar = WorkingCalendar::parse(text.as_bytes()).unwrap();
        let again = serde_json::to_vec(&calendar).unwrap();
        assert_eq!(WorkingCalendar::parse(&again).unwrap(), calendar);
        let year = calendar.year(2026).unwrap();
        let worked = |day: &str| year.is_worked(day.parse().unwrap());
        assert!(worked("2026-01-04"), "a Sunday that is worked");
        assert!(!worked("2026-01-02"), "a Friday that is off");
        assert!(!worked("2026-01-10") && worked("2026-01-09"), "an ordinary weekend");
        assert_eq!(calendar.year(2027), None);
    }

    #[test]
    fn every_wrong_day_is_told_with_its_place() {
        let text = r#"{"issued":"2025-11-04T00:00:00+08:00","years":[{"year":2026,"source":"notice",
            "days_off":["2025-12-31","2026-01-01","2026-01-01","nonsense"],"days_worked":["2026-01-05"]}]}"#;
        assert_eq!(paths(text), ["/years/0/days_off/0", "/years/0/days_off/2", "/years/0/days_off/3"]);
        let text = r#"{"issued":"2025-11-04T00:00:00+08:00","years":[{"year":2026,"source":"notice",
            "days_off":["2026-01-03"],"days_worked":["2026-01-03","2026-01-05"]}]}"#;
        assert_eq!(paths(text), ["/years/0/days_worked/0", "/years/0/days_worked/1"]);
    }

    #[test]
    fn years_stand_in_order_and_once() {
        let year = |year| alloc::format!(r#"{{"year":{year},"source":"s","days_off":[],"days_worked":[]}}"#);
        for (first, second) in [(2026, 2026), (2027, 2026)] {
            let text =
                alloc::format!(r#"{{"issued":"2025-11-04T00:00:00Z","years":[{},{}]}}"#, year(first), year(second));
            assert_eq!(paths(&text), ["/years"]);
        }
    }
}
