//! A day as the law counts it: a date in China, without a time.
//!
//! China has one zone, eight hours ahead of UTC, and no daylight saving since 1991; dates before that year are of no
//! concern here. A day ends at midnight there, whatever zone the machine that asks is set to.
//!
//! ```
//! use tongqiao_protocol::{CivilDate, Timestamp};
//! let last_second: Timestamp = "2026-02-28T23:59:59+08:00".parse()?;
//! assert_eq!(CivilDate::of(last_second).to_string(), "2026-02-28");
//! assert_eq!(CivilDate::of(last_second.plus_millis(1_000)).to_string(), "2026-03-01");
//! # Ok::<(), tongqiao_protocol::timestamp::InvalidTimestamp>(())
//! ```

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

/// A date from 0001-01-01 to 9999-12-31, written `2026-02-28`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(Date);

/// The text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date, such as 2026-02-28")]
pub struct InvalidCivilDate;

impl CivilDate {
    /// The first date that can be written.
    pub const FIRST: Self = Self(Date::constant(1, 1, 1));
    /// The last date that can be written.
    pub const LAST: Self = Self(Date::constant(9999, 12, 31));

    /// The date in China at an instant.
    pub fn of(instant: Timestamp) -> Self {
        // A timestamp is within the years that can be written, and so is its date; the ends stand in for the impossible.
        jiff::Timestamp::from_millisecond(instant.as_millis()).map_or(Self::LAST, |instant| {
            Self(jiff::tz::Offset::constant(8).to_datetime(instant).date()).clamp(Self::FIRST, Self::LAST)
        })
    }

    /// The date of that year, month and day; `None` when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self).filter(|date| (Self::FIRST..=Self::LAST).contains(date))
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Whether it is a Saturday or a Sunday.
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    /// The date so many days later (earlier when negative), held at the ends of what can be written.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        // `try_days`, because more days than there are in all years is no span.
        let span = jiff::Span::new().try_days(days);
        let there = span.and_then(|span| self.0.checked_add(span));
        there.map_or(if days < 0 { Self::FIRST } else { Self::LAST }, |date| Self(date).clamp(Self::FIRST, Self::LAST))
    }

    /// Days from `earlier` to `self`; negative when `earlier` is in fact later.
    pub fn days_since(self, earlier: Self) -> i32 {
        earlier.0.until(self.0).map_or(0, |span| span.get_days())
    }

    /// The first instant of the day.
    pub fn begins(self) -> Timestamp {
        let days = i64::from(self.days_since(Self(Date::constant(1970, 1, 1))));
        Timestamp::from_millis(days * 86_400_000 - 8 * 3_600_000)
    }

    /// The first instant after the day: until then something is still done on it (民法典 art. 203).
    pub fn ends(self) -> Timestamp {
        self.begins().plus_millis(86_400_000)
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CivilDate {
    type Err = InvalidCivilDate;

    fn from_str(text: &str) -> Result<Self, InvalidCivilDate> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
        if !shape {
            return Err(InvalidCivilDate);
        }
        let part = |from: usize, to: usize| text.get(from..to).ok_or(InvalidCivilDate);
        let year = part(0, 4)?.parse().map_err(|_| InvalidCivilDate)?;
        let month = part(5, 7)?.parse().map_err(|_| InvalidCivilDate)?;
        let day = part(8, 10)?.parse().map_err(|_| InvalidCivilDate)?;
        Self::new(year, month, day).ok_or(InvalidCivilDate)
    }
}

impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn only_ten_characters_that_name_a_day_are_a_date() {
        assert_eq!("2024-02-29".parse::<CivilDate>().unwrap().to_string(), "2024-02-29");
        for wrong in
            ["2025-02-29", "2025-2-28", "20250228", "2025-02-28T00", "２０２５-02-28", "0000-01-01", "", "-001-01-01"]
        {
            assert_eq!(wrong.parse::<CivilDate>(), Err(InvalidCivilDate), "{wrong}");
        }
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_in_china() {
        let day: CivilDate = "2026-02-28".parse().unwrap();
        assert_eq!(day.begins().to_string(), "2026-02-28T00:00:00.000+08:00");
        assert_eq!(CivilDate::of(day.begins()), day);
        assert_eq!(CivilDate::of(day.ends().plus_millis(-1)), day);
        assert_eq!(CivilDate::of(day.ends()), day.plus_days(1));
        assert_eq!(CivilDate::of(day.begins().plus_millis(-1)), day.plus_days(-1));
    }

    #[test]
    fn days_are_counted_over_years_and_stop_at_the_ends() {
        let day: CivilDate = "2023-12-31".parse().unwrap();
        assert_eq!(day.plus_days(366).to_string(), "2024-12-31");
        assert_eq!(day.plus_days(366).days_since(day), 366);
        assert_eq!(day.plus_days(i32::MAX).to_string(), "9999-12-31");
        assert_eq!(day.plus_days(i32::MIN).to_string(), "0001-01-01");
        assert_eq!(CivilDate::of(Timestamp::from_millis(i64::MAX)).to_string(), "9999-12-31");
        assert_eq!(CivilDate::of(Timestamp::from_millis(i64::MIN)).to_string(), "0001-01-01");
    }
}
