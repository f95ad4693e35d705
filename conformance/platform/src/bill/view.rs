//! A bill's row and what is said of it.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::bill::{BillState, BillView, LateFeeNow, Paid, PaymentOutcome};
use tongqiao_protocol::{Amount, BillId, CivilDate, ErrorCode, PayCode, Timestamp};

use super::{booking, late_fee};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::receipt;
use crate::refusal::Refusal;

/// A bill as the database holds it.
#[derive(Debug, Clone)]
pub(super) struct BillRow {
    pub(super) bill: BillId,
    pub(super) party: String,
    pub(super) state: BillState,
    pub(super) digest: Option<String>,
    pay_code: Option<PayCode>,
    pub(super) paid: Option<Paid>,
    pub(super) refund_owed: Amount,
    late_fee_grows: bool,
    position: Option<i64>,
}

impl BillRow {
    pub(super) fn find(connection: &Connection, bill: BillId) -> Result<Option<Self>, DatabaseError> {
        let row = connection
            .prepare_cached(
                "SELECT party, state, digest, pay_code, paid_amount, paid_at, paid_channel, paid_transaction, refunded,
                    refund_owed, position, late_fee, json_extract(CAST(record AS TEXT), '$.late_fee_rule') IS NOT NULL
                 FROM bill WHERE bill = ?1",
            )?
            .query_row([bill.as_bytes()], |row| {
                let paid: Option<i64> = row.get(4)?;
                Ok(Raw {
                    party: row.get(0)?,
                    state: row.get(1)?,
                    digest: row.get(2)?,
                    pay_code: row.get(3)?,
                    paid: match paid {
                        Some(amount) => Some((amount, row.get(5)?, row.get(6)?, row.get(7)?)),
                        None => None,
                    },
                    refund_owed: row.get(9)?,
                    position: row.get(10)?,
                    late_fee: row.get(11)?,
                    late_fee_grows: row.get(12)?,
                })
            })
            .optional()?;
        row.map(|raw| raw.checked(bill)).transpose()
    }

    /// Only its author may act on a bill, and with his own signature: whoever carries his records must not move his money.
    pub(super) fn written_by(self, author: &Party) -> Result<Self, Refusal> {
        if author.id == self.party { Ok(self) } else { Err(Refusal::new(ErrorCode::BillWrongParty)) }
    }

    /// Its author may ask about a bill, and whoever carries his records.
    pub(super) fn owned_by(self, party: &Party) -> Result<Self, Refusal> {
        if party.may_carry(&self.party) { Ok(self) } else { Err(Refusal::new(ErrorCode::BillWrongParty)) }
    }

    /// The view, with a receipt for everything that it says.
    pub(super) fn view(&self, connection: &Connection, app: &AppState) -> Result<Value, Refusal> {
        let outcome = if self.state == BillState::Fenced { PaymentOutcome::Absent } else { PaymentOutcome::Confirmed };
        let digest = match &self.digest {
            Some(text) => Some(text.parse().map_err(|_| DatabaseError::Corrupt("digest"))?),
            None => None,
        };
        let cashier_url = self.pay_code.as_ref().map(|code| format!("{}/cashier/{code}", app.settings.base_url));
        let (_, booked) = booking::booked(connection, self.bill)?;
        let view = BillView {
            bill: self.bill,
            digest,
            state: self.state,
            outcome,
            pay_code: self.pay_code,
            cashier_url,
            late_fee: self.late_fee_now(connection, app)?,
            paid: self.paid.clone(),
            received: booked.received,
            refunded: booked.refunded,
            refund_owed: booked.refund_owed,
            epoch: app.epoch().epoch,
            receipt: None,
            void_receipt: None,
            fence_receipt: None,
            paid_receipt: None,
            money_receipt: None,
        };
        let mut view = json!(view);
        if let Some(money) = receipt::newest(connection, self.bill.into(), "money")? {
            view["money_receipt"] = money;
        }
        if let Some(position) = self.position {
            view["receipt"] = receipt::at(connection, position)?;
        }
        for (kind, member) in [("void", "void_receipt"), ("fence", "fence_receipt")] {
            if let Some(position) = self.first_order(connection, kind)? {
                view[member] = receipt::at(connection, position)?;
            }
        }
        if let Some(paid) = &self.paid {
            let position: Option<i64> = connection
                .prepare_cached("SELECT position FROM payment WHERE transaction_id = ?1")?
                .query_row([&paid.transaction], |row| row.get(0))?;
            let position = position.ok_or(DatabaseError::Corrupt("receipt of a payment"))?;
            view["paid_receipt"] = receipt::at(connection, position)?;
        }
        Ok(view)
    }

    /// The late fee on the present day, while the bill is open and a rule makes it grow.
    fn late_fee_now(&self, connection: &Connection, app: &AppState) -> Result<Option<LateFeeNow>, DatabaseError> {
        if self.state != BillState::Open || !self.late_fee_grows {
            return Ok(None);
        }
        let now = app.clock.now();
        let due = late_fee::due_of(connection, self.bill, now)?;
        Ok(due.map(|due| LateFeeNow { amount: due.late_fee, on: CivilDate::of(now) }))
    }

    /// The position of the receipt of the first void or fence.
    fn first_order(&self, connection: &Connection, kind: &str) -> Result<Option<i64>, DatabaseError> {
        let sql = "SELECT min(position) FROM bill_order WHERE bill = ?1 AND kind = ?2";
        Ok(connection.prepare_cached(sql)?.query_row((self.bill.as_bytes(), kind), |row| row.get(0))?)
    }
}

struct Raw {
    party: String,
    state: String,
    digest: Option<String>,
    pay_code: Option<String>,
    paid: Option<(i64, i64, String, String)>,
    refund_owed: i64,
    position: Option<i64>,
    late_fee: i64,
    late_fee_grows: bool,
}

impl Raw {
    fn checked(self, bill: BillId) -> Result<BillRow, DatabaseError> {
        let state = match self.state.as_str() {
            "open" => BillState::Open,
            "paid" => BillState::Paid,
            "void" => BillState::Void,
            "fenced" => BillState::Fenced,
            _ => return Err(DatabaseError::Corrupt("state of a bill")),
        };
        let paid = match self.paid {
            Some((amount, at, channel, transaction)) => {
                let late_fee = if self.late_fee_grows { Some(fen(self.late_fee)?) } else { None };
                Some(Paid { amount: fen(amount)?, at: Timestamp::from_millis(at), channel, transaction, late_fee })
            }
            None => None,
        };
        let pay_code = match self.pay_code {
            Some(text) => Some(text.parse().map_err(|_| DatabaseError::Corrupt("pay code"))?),
            None => None,
        };
        Ok(BillRow {
            bill,
            party: self.party,
            state,
            digest: self.digest,
            pay_code,
            paid,
            // The payments are the truth; a sum beyond what can be written is shown as the most that can.
            refund_owed: Amount::from_fen(self.refund_owed).unwrap_or(Amount::MAX),
            late_fee_grows: self.late_fee_grows,
            position: self.position,
        })
    }
}

/// An amount that this program wrote.
pub(super) fn fen(fen: i64) -> Result<Amount, DatabaseError> {
    Amount::from_fen(fen).ok_or(DatabaseError::Corrupt("amount"))
}
