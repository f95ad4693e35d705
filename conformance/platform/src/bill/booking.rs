//! The platform's signed word on money that was booked: what came in, was refunded and is owed back, and how a refund ended.
//!
//! Each change is a receipt in the log like any other, in the transaction that makes it.

use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::bill::{MoneyBooked, Payout, RefundState};
use tongqiao_protocol::{Amount, BillId, RefundId, Suite, Timestamp};

use super::view::fen;
use crate::database::DatabaseError;
use crate::keys::PlatformKeys;
use crate::receipt::{Batch, Decision, Outcome};
use crate::refusal::Refusal;

/// With which keys, in which suite where a bill names no key, and when.
pub(crate) struct Seal<'a> {
    pub(crate) keys: &'a PlatformKeys,
    pub(crate) suite: Suite,
    pub(crate) now: Timestamp,
}

impl Seal<'_> {
    /// The suite of the key with which the bill's author signed it.
    pub(crate) fn suite_for(&self, connection: &Connection, bill: BillId) -> Result<Suite, DatabaseError> {
        let suite: Option<String> = connection
            .prepare_cached("SELECT suite FROM bill LEFT JOIN party_key USING (keyid) WHERE bill = ?1")?
            .query_row([bill.as_bytes()], |row| row.get(0))?;
        let named = [Suite::International, Suite::ShangMi].into_iter();
        Ok(named.into_iter().find(|one| suite.as_deref() == Some(one.as_str())).unwrap_or(self.suite))
    }

    /// States all the money of a bill, after it has changed.
    pub(crate) fn money(&self, connection: &Connection, bill: BillId) -> Result<(), Refusal> {
        let (digest, booked) = booked(connection, bill)?;
        let Some(digest) = digest else { return Ok(()) };
        let decision = Decision {
            record: bill.into(),
            kind: "money",
            digest: digest.parse().map_err(|_| DatabaseError::Corrupt("digest"))?,
            outcome: Outcome::Settled,
            case: None,
            problem: None,
        };
        let mut batch = Batch::begin(connection, self.now)?;
        batch.add_with(decision, "money", json!(booked));
        batch.seal(connection, self.keys, self.suite_for(connection, bill)?)?;
        Ok(())
    }

    /// States how the bank ended a refund.
    pub(crate) fn payout(&self, connection: &Connection, refund: RefundId) -> Result<(), Refusal> {
        let (bill, digest, state, amount, at): ([u8; 16], String, String, i64, i64) = connection
            .prepare_cached("SELECT bill, digest, state, amount, ended FROM refund WHERE refund = ?1")?
            .query_row([refund.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        let state = if state == "failed" { RefundState::Failed } else { RefundState::Done };
        let payout = Payout { state, amount: fen(amount)?, at: Timestamp::from_millis(at) };
        let decision = Decision {
            record: refund.into(),
            kind: "payout",
            digest: digest.parse().map_err(|_| DatabaseError::Corrupt("digest"))?,
            outcome: Outcome::Settled,
            case: None,
            problem: None,
        };
        let mut batch = Batch::begin(connection, self.now)?;
        batch.add_with(decision, "payout", json!(payout));
        batch.seal(connection, self.keys, self.suite_for(connection, BillId::from_bytes(bill))?)?;
        Ok(())
    }
}

/// What is booked of a bill now, and the digest of its record.
pub(super) fn booked(connection: &Connection, bill: BillId) -> Result<(Option<String>, MoneyBooked), DatabaseError> {
    let (digest, received, refunded, owed): (Option<String>, i64, i64, i64) = connection
        .prepare_cached(
            "SELECT digest, (SELECT coalesce(sum(amount), 0) FROM payment WHERE payment.bill = bill.bill), refunded,
                refund_owed FROM bill WHERE bill = ?1",
        )?
        .query_row([bill.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    // The payments are the truth; a sum beyond what can be written is shown as the most that can.
    let amount = |fen: i64| Amount::from_fen(fen).unwrap_or(Amount::MAX);
    let booked = MoneyBooked { received: amount(received), refunded: fen(refunded)?, refund_owed: amount(owed) };
    Ok((digest, booked))
}
