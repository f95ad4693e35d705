//! The rule by which a late fee 滞纳金 grows.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::reading::Reading;
use crate::{CivilDate, ErrorCode};

/// Highest rate: the three hundredths a day of a surcharge on a fine 加处罚款 (行政处罚法 art. 72).
const RATE_MAX: u64 = 300;
/// The late fee never exceeds what was to be paid in the first place (行政强制法 art. 45).
const CAP_PERCENT_MAX: u64 = 100;

/// What becomes of a part of a fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateFeeRounding {
    /// Half a fen and more is a fen 四舍五入.
    HalfUp,
    /// It is dropped 舍去.
    Down,
}

impl LateFeeRounding {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::HalfUp, Self::Down];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HalfUp => "half-up",
            Self::Down => "down",
        }
    }
}

/// A rule: so many ten-thousandths a day from the day after `due` on, at most the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LateFeeRule {
    /// Ten-thousandths 万分之几 of the bill's amount for each day.
    pub rate: u16,
    /// The last day without a late fee. The day after it is the first that counts.
    pub due: CivilDate,
    /// The most that it can come to, in hundredths of the bill's amount.
    pub cap_percent: u8,
    /// What becomes of a part of a fen, once, after all days were counted.
    pub rounding: LateFeeRounding,
}

impl LateFeeRule {
    /// So many ten-thousandths a day after `due`, at most the bill's amount, half a fen counted as one.
    pub const fn new(rate: u16, due: CivilDate) -> Self {
        Self { rate, due, cap_percent: 100, rounding: LateFeeRounding::HalfUp }
    }

    pub(super) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let rate = reading.number("rate", 1, RATE_MAX);
        let due: Option<CivilDate> = reading.parsed("due");
        let cap_percent = reading.number("cap_percent", 1, CAP_PERCENT_MAX);
        let word: Option<String> = reading.short_text("rounding");
        let rounding = word.and_then(|word| {
            let known = LateFeeRounding::ALL.into_iter().find(|one| one.as_str() == word);
            if known.is_none() {
                reading.fault("rounding", ErrorCode::RequestInvalidValue);
            }
            known
        });
        Some(Self {
            rate: u16::try_from(rate?).ok()?,
            due: due?,
            cap_percent: u8::try_from(cap_percent?).ok()?,
            rounding: rounding?,
        })
    }
}
