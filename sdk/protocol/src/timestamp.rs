//! An instant on the wire: RFC 3339 with offset, to the millisecond.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant, kept as milliseconds since 1970-01-01T00:00:00Z.
///
/// It is written in China Standard Time (`2026-11-23T14:00:00.000+08:00`) and read with any offset. Finer fractions (nine
/// digits at most) are cut to the millisecond. Years 0001 to 9999.
///
/// Of what RFC 3339 leaves to its users, three things are decided: `T` and `Z` stand in upper case, a full stop begins the
/// fraction, and a leap second (`:60`) is refused, because no instant of this type is one and every reader would move it
/// to another.
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
        // jiff also reads what RFC 3339 does not have: times without minutes, basic format, bracketed zones and more.
        if !has_rfc_3339_shape(text.as_bytes()) {
            return Err(InvalidTimestamp);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        let millis = instant.as_millisecond();
        if (EARLIEST_MILLIS..=LATEST_MILLIS).contains(&millis) { Ok(Self(millis)) } else { Err(InvalidTimestamp) }
    }
}

/// Whether `text` is `YYYY-MM-DDThh:mm:ss`, a fraction or none, and `Z` or `±hh:mm`; no leap second. Whether the calendar
/// has that day is asked later.
fn has_rfc_3339_shape(text: &[u8]) -> bool {
    const PATTERN: &[u8; 19] = b"dddd-dd-ddTdd:dd:dd";
    let fits = |text: &[u8], pattern: &[u8]| {
        text.len() == pattern.len()
            && text
                .iter()
                .zip(pattern)
                .all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form })
    };
    let Some((second, rest)) = text.split_at_checked(PATTERN.len()) else { return false };
    let fraction = match rest {
        [b'.', digits @ ..] => digits.iter().take_while(|byte| byte.is_ascii_digit()).count() + 1,
        _ => 0,
    };
    let offset = &rest[fraction..];
    let has_offset = match offset {
        b"Z" => true,
        [b'+' | b'-', hours_minutes @ ..] => {
            fits(hours_minutes, b"dd:dd") && hours_minutes < b"24" && hours_minutes[3] < b'6'
        }
        _ => false,
    };
    fits(second, PATTERN) && &second[17..] < b"60" && fraction != 1 && fraction <= 10 && has_offset
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
        let offsets =
            ["2026-11-23T06:00:00-00:00", "2026-11-24T05:59:00.999999999+23:59", "2026-11-22T06:01:00.0-23:59"];
        for right in offsets {
            assert!(right.parse::<Timestamp>().is_ok_and(|time| time.millis_since(utc) < 1_000), "{right}");
        }
        for wrong in ["2026-11-23T14:00:00", "2026-11-23", "", "2026-11-23 14:00:00Z", "2026-13-01T00:00:00Z"] {
            assert_eq!(wrong.parse::<Timestamp>(), Err(InvalidTimestamp), "{wrong}");
        }
    }

    #[test]
    fn what_rfc_3339_does_not_have_is_refused() {
        for wrong in [
            "2026-11-23T14+08",
            "2026-11-23T14:00+08:00",
            "2026-11-23T1400+0800",
            "2026-11-23T140000Z",
            "20261123T140000Z",
            "2026-11-23T14:00:00+0800",
            "2026-11-23T14:00:00+08",
            "2026-11-23T14:00:00+08:00:01",
            "2026-11-23T14:00:00+24:00",
            "2026-11-23T14:00:00+08:60",
            "2026-11-23T14:00:00,5+08:00",
            "2026-11-23T14:00:00.+08:00",
            "2026-11-23T14:00:00.0123456789Z",
            "2026-11-23t14:00:00z",
            "2026-11-23T14:00:00z",
            "2026-11-23T14:00:00Z[Asia/Shanghai]",
            "2026-11-23T14:00:00+08:00[Asia/Shanghai]",
            "2026-11-23T24:00:00Z",
            "2026-06-30T23:59:60Z",
            "2026-11-23T14:00:60+08:00",
            "2026-02-29T00:00:00Z",
            "+002026-11-23T14:00:00Z",
            "-000001-11-23T14:00:00Z",
            " 2026-11-23T14:00:00Z",
            "2026-11-23T14:00:00Z ",
            "2026-11-23T14:00:00−08:00",
            "２０２６-11-23T14:00:00Z",
        ] {
            assert_eq!(wrong.parse::<Timestamp>(), Err(InvalidTimestamp), "{wrong}");
        }
    }
}
