//! Late fees as the vectors have them, which the platform computes in its own way.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use tongqiao_engine::late_fee::{days_late, late_fee};
use tongqiao_protocol::bill::{LateFeeRounding, LateFeeRule};
use tongqiao_protocol::{Amount, CivilDate};

const VECTORS: &str = include_str!("../../../conformance/vectors/late-fees.tsv");

#[test]
fn every_vector_comes_to_the_fen() {
    for line in VECTORS.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [principal, rate, due, cap_percent, rounding, on, days, fee, _why] = cells[..] else { panic!("{line}") };
        let rounding = LateFeeRounding::ALL.into_iter().find(|one| one.as_str() == rounding).unwrap();
        let (due, on): (CivilDate, CivilDate) = (due.parse().unwrap(), on.parse().unwrap());
        let rule =
            LateFeeRule { rate: rate.parse().unwrap(), due, cap_percent: cap_percent.parse().unwrap(), rounding };
        let principal: Amount = principal.parse().unwrap();
        assert_eq!(days_late(&rule, on).to_string(), days, "{line}");
        assert_eq!(late_fee(principal, &rule, on).to_string(), fee, "{line}");
    }
    assert!(VECTORS.lines().count() > 15, "the vectors were read");
}

proptest! {
    /// It never shrinks from one day to the next, and never exceeds what was to be paid.
    #[test]
    fn a_late_fee_only_grows_and_stays_within_the_principal(
        fen in 0_i64..=100_000_000_000,
        rate in 1_u16..=300,
        cap_percent in 1_u8..=100,
        days in 0_i32..100_000,
    ) {
        let due: CivilDate = "2026-11-30".parse().unwrap();
        let principal = Amount::from_fen(fen).unwrap();
        for rounding in LateFeeRounding::ALL {
            let rule = LateFeeRule { rate, due, cap_percent, rounding };
            let on = |days: i32| late_fee(principal, &rule, due.plus_days(days));
            prop_assert!(on(days) <= on(days + 1));
            prop_assert!(on(days) <= principal);
            prop_assert_eq!(on(0), Amount::ZERO);
        }
    }
}
