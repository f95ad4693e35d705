//! The sandbox's bank, which pays refunds back.

use std::sync::atomic::{AtomicU8, Ordering};

use rusqlite::Connection;
use tongqiao_protocol::{Amount, BillId, RefundId, Timestamp};

use super::booking::Seal;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::inbox;
use crate::refusal::Refusal;

/// What the bank does with pending refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BankMode {
    /// Pays back at once.
    Prompt,
    /// Leaves them pending.
    Held,
    /// Cannot pay back: closed accounts.
    Failing,
}

/// The bank's mood.
#[derive(Debug, Default)]
pub(crate) struct Bank(AtomicU8);

impl Bank {
    pub(crate) fn set(&self, mode: BankMode) {
        self.0.store(mode as u8, Ordering::SeqCst);
    }

    fn mode(&self) -> BankMode {
        match self.0.load(Ordering::SeqCst) {
            1 => BankMode::Held,
            2 => BankMode::Failing,
            _ => BankMode::Prompt,
        }
    }
}

/// Lets the bank look at its pending refunds, after the order is on disk and apart from its answer.
pub(crate) fn wake(app: &AppState) {
    let mode = app.bank.mode();
    if mode == BankMode::Held {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        let (now, keys, suite) = (app.clock.now(), app.keys(), app.settings.suite);
        let work = move |connection: &Connection| work(connection, mode, &Seal { keys: &keys, suite, now });
        let done = app.database.write(work).await;
        if let Err(error) = done {
            // The refunds stay pending, and the next order or start wakes the bank again.
            tracing::warn!(?error, "the bank could not work");
        }
    });
}

fn work(connection: &Connection, mode: BankMode, seal: &Seal<'_>) -> Result<(), Refusal> {
    let now = seal.now;
    let mut statement = connection.prepare_cached("SELECT refund, bill FROM refund WHERE state = 'pending'")?;
    let pending =
        statement.query_map([], |row| Ok((RefundId::from_bytes(row.get(0)?), BillId::from_bytes(row.get(1)?))))?;
    let pending: Vec<(RefundId, BillId)> = pending.collect::<Result<_, _>>()?;
    if mode == BankMode::Failing {
        connection.execute_batch(
            "UPDATE bill SET
                 refunded = refunded - (SELECT sum(amount) FROM refund WHERE refund.bill = bill.bill AND state = 'pending'),
                 refund_owed = refund_owed
                     + (SELECT sum(owed_part) FROM refund WHERE refund.bill = bill.bill AND state = 'pending')
             WHERE bill IN (SELECT bill FROM refund WHERE state = 'pending')",
        )?;
        connection
            .execute("UPDATE refund SET state = 'failed', ended = ?1 WHERE state = 'pending'", [now.as_millis()])?;
    } else {
        // What was paid back before a restore is not paid twice; it was done when it was done.
        connection.execute(
            "INSERT OR IGNORE INTO bank_payout (refund, bill, party, amount, paid_at)
             SELECT refund, bill, party, amount, ?1 FROM refund WHERE state = 'pending'",
            [now.as_millis()],
        )?;
        connection.execute(
            "UPDATE refund SET state = 'done',
                ended = (SELECT paid_at FROM bank_payout WHERE bank_payout.refund = refund.refund)
             WHERE state = 'pending'",
            [],
        )?;
    }
    let state = if mode == BankMode::Failing { "failed" } else { "done" };
    for (refund, bill) in pending {
        seal.payout(connection, refund)?;
        if mode == BankMode::Failing {
            // Its amount is no longer refunded.
            seal.money(connection, bill)?;
        }
        inbox::refund_ended(connection, refund, state, now)?;
    }
    Ok(())
}

/// Makes the bank's statement say something else of a transaction, as a bank's mistake would: another sum, another time, or nothing
/// at all.
pub(crate) fn falsify(
    connection: &Connection,
    transaction: &str,
    amount: Option<Amount>,
    at: Option<Timestamp>,
) -> Result<bool, DatabaseError> {
    let changed = if amount.is_none() && at.is_none() {
        connection.execute("DELETE FROM bank_statement WHERE transaction_id = ?1", [transaction])?
    } else {
        connection.execute(
            "UPDATE bank_statement SET amount = coalesce(?2, amount), paid_at = coalesce(?3, paid_at)
             WHERE transaction_id = ?1",
            (transaction, amount.map(Amount::as_fen), at.map(Timestamp::as_millis)),
        )?
    };
    Ok(changed > 0)
}
