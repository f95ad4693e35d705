//! Money comes in.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use tongqiao_protocol::bill::Paid;
use tongqiao_protocol::{Amount, BillId, Suite, Timestamp};

use crate::bill::{self, Seal};
use crate::database::DatabaseError;
use crate::inbox::{self, MoneyIn};
use crate::keys::PlatformKeys;
use crate::receipt::{Batch, Decision, Outcome};
use crate::refusal::Refusal;

/// One transaction of a payment channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    /// The channel's number; the same number again is the same money.
    pub(crate) transaction: String,
    pub(crate) amount: Amount,
    pub(crate) channel: String,
    pub(crate) at: Timestamp,
}

/// What the money did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentEffect {
    /// The bill is paid by it.
    Paid,
    /// It is owed back: the bill was void, paid before, or asked for another sum.
    RefundOwed,
}

impl PaymentEffect {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::RefundOwed => "refund_owed",
        }
    }
}

/// Where money comes in: with the keys that sign for it.
pub(crate) struct Till<'a> {
    pub(crate) keys: &'a PlatformKeys,
    /// In which a payment is signed whose bill names no key.
    pub(crate) suite: Suite,
    pub(crate) now: Timestamp,
}

impl Till<'_> {
    /// Takes a payment for `bill`, in the caller's transaction. Money that came in is never refused and never forgotten.
    pub(super) fn receive(
        &self,
        connection: &Connection,
        bill: BillId,
        payment: &Payment,
    ) -> Result<PaymentEffect, Refusal> {
        connection.execute(
            "INSERT OR IGNORE INTO bank_statement (transaction_id, bill, party, amount, channel, paid_at)
             SELECT ?1, bill, party, ?3, ?4, ?5 FROM bill WHERE bill = ?2",
            (&payment.transaction, bill.as_bytes(), payment.amount.as_fen(), &payment.channel, payment.at.as_millis()),
        )?;
        self.credit(connection, bill, payment)
    }

    /// Credits what the bank says has come in and the platform has forgotten: for one bill, or for every bill that is here.
    pub(crate) fn remember(&self, connection: &Connection, bill: Option<BillId>) -> Result<(), Refusal> {
        let forgotten = "SELECT s.transaction_id, s.bill, s.amount, s.channel, s.paid_at FROM bank_statement AS s
             JOIN bill ON bill.bill = s.bill
             WHERE (?1 IS NULL OR s.bill = ?1) AND s.transaction_id NOT IN (SELECT transaction_id FROM payment)
             ORDER BY s.paid_at, s.rowid";
        let mut statement = connection.prepare_cached(forgotten)?;
        let rows = statement.query_map([bill.map(|bill| *bill.as_bytes())], |row| {
            let (transaction, bill, fen) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((transaction, BillId::from_bytes(bill), fen, row.get(3)?, row.get(4)?))
        })?;
        let rows: Vec<(String, BillId, i64, String, i64)> = rows.collect::<Result<_, _>>()?;
        for (transaction, bill, fen, channel, at) in rows {
            let amount = Amount::from_fen(fen).ok_or(DatabaseError::Corrupt("amount"))?;
            self.credit(connection, bill, &Payment { transaction, amount, channel, at: Timestamp::from_millis(at) })?;
        }
        Ok(())
    }

    fn credit(&self, connection: &Connection, bill: BillId, payment: &Payment) -> Result<PaymentEffect, Refusal> {
        let known: Option<String> = connection
            .query_row("SELECT effect FROM payment WHERE transaction_id = ?1", [&payment.transaction], |row| row.get(0))
            .optional()?;
        match known.as_deref() {
            Some("paid") => return Ok(PaymentEffect::Paid),
            Some(_) => return Ok(PaymentEffect::RefundOwed),
            None => {}
        }
        // What was due on the day on which the money came, also when the platform hears of it later. A late fee that grows by a
        // rule is fixed by it.
        let due = bill::due_of(connection, bill, payment.at)?;
        let paid = match due.filter(|due| due.total() == payment.amount) {
            Some(due) => connection.execute(
                "UPDATE bill SET state = 'paid', paid_amount = ?2, paid_at = ?3, paid_channel = ?4, paid_transaction = ?5,
                    late_fee = ?6
                 WHERE bill = ?1 AND state = 'open'",
                rusqlite::params![
                    bill.as_bytes(),
                    payment.amount.as_fen(),
                    payment.at.as_millis(),
                    payment.channel,
                    payment.transaction,
                    due.late_fee.as_fen(),
                ],
            )?,
            None => 0,
        };
        let (effect, position) = if paid == 1 {
            (PaymentEffect::Paid, Some(self.sign(connection, bill, payment)?))
        } else {
            connection.execute(
                "UPDATE bill SET refund_owed = refund_owed + ?2 WHERE bill = ?1",
                (bill.as_bytes(), payment.amount.as_fen()),
            )?;
            (PaymentEffect::RefundOwed, None)
        };
        connection.execute(
            "INSERT INTO payment (transaction_id, bill, amount, channel, paid_at, effect, position)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            rusqlite::params![
                payment.transaction,
                bill.as_bytes(),
                payment.amount.as_fen(),
                payment.channel,
                payment.at.as_millis(),
                effect.as_str(),
                position,
            ],
        )?;
        self.seal().money(connection, bill)?;
        let party: String =
            connection.query_row("SELECT party FROM bill WHERE bill = ?1", [bill.as_bytes()], |row| row.get(0))?;
        let money = MoneyIn {
            bill,
            party: &party,
            amount: payment.amount,
            transaction: &payment.transaction,
            channel: &payment.channel,
            at: payment.at,
        };
        match effect {
            PaymentEffect::Paid => inbox::bill_paid(connection, &money)?,
            PaymentEffect::RefundOwed => inbox::refund_owed(connection, &money)?,
        }
        Ok(effect)
    }

    const fn seal(&self) -> Seal<'_> {
        Seal { keys: self.keys, suite: self.suite, now: self.now }
    }

    /// Writes the payment into the log, so that "paid" is the platform's signed word; gives the position.
    fn sign(&self, connection: &Connection, bill: BillId, payment: &Payment) -> Result<i64, Refusal> {
        let (digest, late_fee): (String, Option<i64>) = connection.query_row(
            "SELECT digest, iif(json_extract(CAST(record AS TEXT), '$.late_fee_rule') IS NULL, NULL, late_fee)
             FROM bill WHERE bill = ?1",
            [bill.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let suite = self.seal().suite_for(connection, bill)?;
        let mut batch = Batch::begin(connection, self.now)?;
        let decision = Decision {
            record: bill.into(),
            kind: "payment",
            digest: digest.parse().map_err(|_| DatabaseError::Corrupt("digest"))?,
            outcome: Outcome::Settled,
            case: None,
            problem: None,
        };
        let paid = Paid {
            amount: payment.amount,
            at: payment.at,
            channel: payment.channel.clone(),
            transaction: payment.transaction.clone(),
            late_fee: late_fee.and_then(Amount::from_fen),
        };
        let position = batch.add_with(decision, "payment", json!(paid));
        batch.seal(connection, self.keys, suite)?;
        Ok(position)
    }
}
