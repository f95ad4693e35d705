//! Money comes in.

use rusqlite::{Connection, OptionalExtension as _};
use tongqiao_protocol::{Amount, BillId, Timestamp};

use crate::database::DatabaseError;

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

/// Takes a payment for `bill`, in the caller's transaction. Money that came in is never refused and never forgotten.
pub(crate) fn receive(
    connection: &Connection,
    bill: BillId,
    payment: &Payment,
) -> Result<PaymentEffect, DatabaseError> {
    let known: Option<String> = connection
        .query_row("SELECT effect FROM payment WHERE transaction_id = ?1", [&payment.transaction], |row| row.get(0))
        .optional()?;
    match known.as_deref() {
        Some("paid") => return Ok(PaymentEffect::Paid),
        Some(_) => return Ok(PaymentEffect::RefundOwed),
        None => {}
    }
    let paid = connection.execute(
        "UPDATE bill SET state = 'paid', paid_amount = ?2, paid_at = ?3, paid_channel = ?4, paid_transaction = ?5
         WHERE bill = ?1 AND state = 'open' AND amount + late_fee = ?2",
        (bill.as_bytes(), payment.amount.as_fen(), payment.at.as_millis(), &payment.channel, &payment.transaction),
    )?;
    let effect = if paid == 1 { PaymentEffect::Paid } else { PaymentEffect::RefundOwed };
    if effect == PaymentEffect::RefundOwed {
        connection.execute(
            "UPDATE bill SET refund_owed = refund_owed + ?2 WHERE bill = ?1",
            (bill.as_bytes(), payment.amount.as_fen()),
        )?;
    }
    connection.execute(
        "INSERT INTO payment (transaction_id, bill, amount, channel, paid_at, effect) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            &payment.transaction,
            bill.as_bytes(),
            payment.amount.as_fen(),
            &payment.channel,
            payment.at.as_millis(),
            effect.as_str(),
        ),
    )?;
    Ok(effect)
}
