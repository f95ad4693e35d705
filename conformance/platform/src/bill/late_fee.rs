//! What a bill comes to on a day: its lines, and the late fee apart from them.
//!
//! Written from 7.9 of the specification and not from the client's code: both are held against the same vectors.

use rusqlite::Connection;
use tongqiao_protocol::bill::{BillRecord, LateFeeRounding, LateFeeRule};
use tongqiao_protocol::{Amount, BillId, CivilDate, Timestamp};

use crate::database::DatabaseError;

/// What is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmountDue {
    pub(crate) amount: Amount,
    pub(crate) late_fee: Amount,
}

impl AmountDue {
    pub(crate) fn total(self) -> Amount {
        self.amount.checked_add(self.late_fee).unwrap_or(Amount::MAX)
    }
}

/// What a bill comes to when it is paid at this instant, by the day in China.
pub(crate) fn due_at(bill: &BillRecord, at: Timestamp) -> AmountDue {
    let late_fee = bill.late_fee_rule.map_or(bill.late_fee, |rule| grown(bill.amount, rule, CivilDate::of(at)));
    AmountDue { amount: bill.amount, late_fee }
}

/// As [`due_at`], for a bill in the database; `None` for one that was fenced before it came.
pub(crate) fn due_of(connection: &Connection, bill: BillId, at: Timestamp) -> Result<Option<AmountDue>, DatabaseError> {
    let record: Option<Vec<u8>> = connection
        .prepare_cached("SELECT record FROM bill WHERE bill = ?1")?
        .query_row([bill.as_bytes()], |row| row.get(0))?;
    let Some(record) = record else { return Ok(None) };
    let record = BillRecord::parse(&record).map_err(|_| DatabaseError::Corrupt("bill"))?;
    Ok(Some(due_at(&record, at)))
}

/// The late fee on a day. The days are counted first; what a day adds is never rounded by itself.
fn grown(principal: Amount, rule: LateFeeRule, on: CivilDate) -> Amount {
    if on <= rule.due {
        return Amount::ZERO;
    }
    let days = u128::from(on.days_since(rule.due).unsigned_abs());
    let principal = u128::from(principal.as_fen().unsigned_abs());
    let parts = principal * u128::from(rule.rate) * days;
    let (whole, rest) = (parts / 10_000, parts % 10_000);
    let rounded = match rule.rounding {
        LateFeeRounding::HalfUp if rest >= 5_000 => whole + 1,
        LateFeeRounding::HalfUp | LateFeeRounding::Down => whole,
    };
    let most = principal * u128::from(rule.cap_percent) / 100;
    i64::try_from(rounded.min(most)).ok().and_then(Amount::from_fen).unwrap_or(Amount::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    const VECTORS: &str = include_str!("../../../vectors/late-fees.tsv");

    #[test]
    fn every_vector_comes_to_the_fen() {
        for line in VECTORS.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let rule = LateFeeRule {
                rate: cells[1].parse().unwrap(),
                due: cells[2].parse().unwrap(),
                cap_percent: cells[3].parse().unwrap(),
                rounding: serde_json::from_value(cells[4].into()).unwrap(),
            };
            let fee = grown(cells[0].parse().unwrap(), rule, cells[5].parse().unwrap());
            assert_eq!(fee.to_string(), cells[7], "{line}");
        }
    }
}
