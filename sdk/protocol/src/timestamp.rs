//! An instant on the wire: RFC 3339 with offset, to the millisecond.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant, kept as milliseconds since 1970-01-01T00:00:00Z.
///
/// It is written in China Standard Time (`2026-11-23T14:00:00.000+08:00`) and read with any offset. Finer fractions are
/// cut to the millisecond. Years 0001 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant with offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with offset, such as 2026-11-23T14:00:00.000+08:00")]
pub struct InvalidTimestamp;

const EARLIEST_MILLIS: i64 = -62_135_596_800_000;
const LATEST_MILLIS: i64 = 253_402_214_400_000;

impl Timestamp {
    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z, clamped to the years that can be written.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < EARLIEST_MILLIS {
            Self(EARLIEST_MILLIS)
        } else if millis > LATEST_MILLIS {
            Self(LATEST_MILLIS)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The instant `millis` milliseconds later (earlier when negative), clamped.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is in fact later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(instant) = jiff::Timestamp::from_millisecond(self.0) else {
            return Err(fmt::Error);
        };
        let civil = jiff::tz::Offset::constant(8).to_datetime(instant);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+08:00",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
            civil.millisecond()
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        // jiff also reads bracketed zones and blanks between date and time, which RFC 3339 on the wire does not allow.
        let shape = text.len() <= 35 && text.as_bytes().get(10).is_some_and(|b| *b == b'T') && !text.contains('[');
        if !shape {
            return Err(InvalidTimestamp);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        let millis = instant.as_millisecond();
        if (EARLIEST_MILLIS..=LATEST_MILLIS).contains(&millis) { Ok(Self(millis)) } else { Err(InvalidTimestamp) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
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
    fn an_instant_is_written_in_china_standard_time() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T08:00:00.000+08:00");
    }

    #[test]
    fn any_offset_is_read_and_a_missing_one_is_refused() {
        let utc: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        let china: Timestamp = "2026-11-23T14:00:00.000+08:00".parse().unwrap();
        assert_eq!(utc, china);
        for wrong in ["2026-11-23T14:00:00", "2026-11-23", "", "2026-11-23 14:00:00Z", "2026-13-01T00:00:00Z"] {
            assert_eq!(wrong.parse::<Timestamp>(), Err(InvalidTimestamp), "{wrong}");
        }
    }
}
