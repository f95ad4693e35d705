//! A bill as its payer sees it.

use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::bill::BillRecord;
use tongqiao_protocol::{Amount, BillId, Timestamp};

use crate::bill::due_at;
use crate::database::DatabaseError;

/// A bill that has a pay code.
#[derive(Debug, Clone)]
pub(crate) struct PayableBill {
    pub(crate) bill: BillId,
    pub(crate) pay_code: String,
    pub(crate) payee: String,
    pub(crate) division: String,
    state: String,
    pub(crate) amount: Amount,
    pub(crate) late_fee: Amount,
    pub(crate) paid: Option<(Amount, Timestamp, String)>,
    pub(crate) refunded: Amount,
    pub(crate) refund_owed: Amount,
    /// The signed record, by the reader that let it in.
    pub(crate) content: BillRecord,
}

impl PayableBill {
    pub(crate) fn is_open(&self) -> bool {
        self.state == "open"
    }

    pub(crate) fn is_paid(&self) -> bool {
        self.state == "paid"
    }

    /// What is to be paid: the lines and the late fee.
    pub(crate) fn total(&self) -> Amount {
        self.amount.checked_add(self.late_fee).unwrap_or(Amount::MAX)
    }
}

/// The bill with this pay code, with what it comes to now.
pub(crate) fn find(
    connection: &Connection,
    pay_code: &str,
    now: Timestamp,
) -> Result<Option<PayableBill>, DatabaseError> {
    let row = connection
        .query_row(
            "SELECT bill, coalesce(party.name, bill.party), coalesce(division, ''), state, amount, late_fee,
                    paid_amount, paid_at, paid_transaction, refunded, refund_owed, record
             FROM bill LEFT JOIN party USING (party) WHERE pay_code = ?1",
            [pay_code],
            |row| {
                let paid: Option<i64> = row.get(6)?;
                let paid = match paid {
                    Some(fen) => Some((fen, row.get(7)?, row.get(8)?)),
                    None => None,
                };
                Ok(Row {
                    bill: BillId::from_bytes(row.get(0)?),
                    payee: row.get(1)?,
                    division: row.get(2)?,
                    state: row.get(3)?,
                    money: [row.get(4)?, row.get(5)?, row.get(9)?, row.get(10)?],
                    paid,
                    record: row.get(11)?,
                })
            },
        )
        .optional()?;
    row.map(|row| row.judged(pay_code, now)).transpose()
}

struct Row {
    bill: BillId,
    payee: String,
    division: String,
    state: String,
    money: [i64; 4],
    paid: Option<(i64, i64, String)>,
    record: Vec<u8>,
}

impl Row {
    fn judged(self, pay_code: &str, now: Timestamp) -> Result<PayableBill, DatabaseError> {
        let money = |fen: i64| Amount::from_fen(fen).ok_or(DatabaseError::Corrupt("amount"));
        let [amount, late_fee, refunded, refund_owed] = self.money;
        let content = BillRecord::parse(&self.record).map_err(|_| DatabaseError::Corrupt("bill"))?;
        // The last word on a bill that was paid is what was paid; one that is open grows.
        let late_fee = if self.paid.is_some() { money(late_fee)? } else { due_at(&content, now).late_fee };
        let paid = match self.paid {
            Some((fen, at, transaction)) => Some((money(fen)?, Timestamp::from_millis(at), transaction)),
            None => None,
        };
        Ok(PayableBill {
            bill: self.bill,
            pay_code: pay_code.to_owned(),
            payee: self.payee,
            division: self.division,
            state: self.state,
            amount: money(amount)?,
            late_fee,
            paid,
            refunded: money(refunded)?,
            refund_owed: Amount::from_fen(refund_owed).unwrap_or(Amount::MAX),
            content,
        })
    }
}
