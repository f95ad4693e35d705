//! Late fees 滞纳金 by rule, in whole fen, without a link and without a clock.
//!
//! ```
//! use tongqiao_engine::late_fee::{days_late, late_fee};
//! use tongqiao_protocol::Amount;
//! use tongqiao_protocol::bill::LateFeeRule;
//!
//! let rule = LateFeeRule::new(5, "2026-11-30".parse().unwrap());
//! let (principal, on) = (Amount::from_fen(100_000).unwrap(), "2026-12-03".parse().unwrap());
//! // Three days at five ten-thousandths of 1000.00.
//! assert_eq!((days_late(&rule, on), late_fee(principal, &rule, on).as_fen()), (3, 150));
//! ```

use tongqiao_protocol::bill::{LateFeeRounding, LateFeeRule};
use tongqiao_protocol::{Amount, CivilDate};

/// What a rate is counted in.
const TEN_THOUSAND: i128 = 10_000;

/// How many days count on a day: none on the last day to pay, one on the day after it.
pub fn days_late(rule: &LateFeeRule, on: CivilDate) -> u32 {
    u32::try_from(on.days_since(rule.due)).unwrap_or_default()
}

/// The late fee of a bill that is paid on a day. Rounded once, after all days were counted, and never above the cap, whose own part
/// of a fen is dropped.
pub fn late_fee(principal: Amount, rule: &LateFeeRule, on: CivilDate) -> Amount {
    let principal = i128::from(principal.as_fen());
    let grown = principal * i128::from(rule.rate) * i128::from(days_late(rule, on));
    let half = match rule.rounding {
        LateFeeRounding::HalfUp => TEN_THOUSAND / 2,
        LateFeeRounding::Down => 0,
    };
    let cap = principal * i128::from(rule.cap_percent) / 100;
    let fen = ((grown + half) / TEN_THOUSAND).min(cap);
    // The cap is at most the principal, which is an amount.
    i64::try_from(fen).ok().and_then(Amount::from_fen).unwrap_or(Amount::MAX)
}
