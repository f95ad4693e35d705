//! Money: integer fen in code, a decimal string in yuan with exactly two places on the wire.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of money in fen, zero or more, at most 99,999,999,999,999.99 yuan (GB/T 39046-2020: n..16,2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// The text is not an amount such as `12.00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is yuan with exactly two places, such as 12.00, at most 99999999999999.99")]
pub struct InvalidAmount;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount that can be written.
    pub const MAX: Self = Self(9_999_999_999_999_999);

    /// An amount of `fen` fen; `None` when negative or above [`Amount::MAX`].
    pub const fn from_fen(fen: i64) -> Option<Self> {
        if fen < 0 || fen > Self::MAX.0 { None } else { Some(Self(fen)) }
    }

    /// The amount in fen.
    pub const fn as_fen(self) -> i64 {
        self.0
    }

    /// The sum, `None` above [`Amount::MAX`].
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_fen(self.0 + other.0)
    }

    /// The difference, `None` when `other` is larger.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        Self::from_fen(self.0 - other.0)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let (yuan, fen) = text.split_once('.').ok_or(InvalidAmount)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = yuan.len() > 1 && yuan.starts_with('0');
        if !digits(yuan) || !digits(fen) || fen.len() != 2 || yuan.len() > 14 || leading_zero {
            return Err(InvalidAmount);
        }
        let yuan: i64 = yuan.parse().map_err(|_| InvalidAmount)?;
        let fen: i64 = fen.parse().map_err(|_| InvalidAmount)?;
        Self::from_fen(yuan * 100 + fen).ok_or(InvalidAmount)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
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
    fn two_places_exactly_and_no_sign() {
        assert_eq!("12.00".parse::<Amount>().unwrap().as_fen(), 1200);
        assert_eq!(Amount::MAX.to_string().parse::<Amount>().unwrap(), Amount::MAX);
        for wrong in [
            "12",
            "12.0",
            "12.000",
            "-1.00",
            "+1.00",
            "01.00",
            ".50",
            "1,000.00",
            "１２.00",
            "100000000000000.00",
            "1e3.00",
        ] {
            assert_eq!(wrong.parse::<Amount>(), Err(InvalidAmount), "{wrong}");
        }
    }

    #[test]
    fn sums_and_differences_stay_within_bounds() {
        let one = Amount::from_fen(1).unwrap();
        assert_eq!(Amount::MAX.checked_add(one), None);
        assert_eq!(Amount::ZERO.checked_sub(one), None);
    }
}
