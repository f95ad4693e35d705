//! The sandbox's bank, which pays refunds back.

use std::sync::atomic::{AtomicU8, Ordering};

use rusqlite::Connection;
use tongqiao_protocol::{RefundId, Timestamp};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::inbox;

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
        let now = app.clock.now();
        let done = app.database.write(move |connection| work(connection, mode, now)).await;
        if let Err(error) = done {
            // The refunds stay pending, and the next order or start wakes the bank again.
            tracing::warn!(%error, "the bank could not work");
        }
    });
}

fn work(connection: &Connection, mode: BankMode, now: Timestamp) -> Result<(), DatabaseError> {
    let mut statement = connection.prepare_cached("SELECT refund FROM refund WHERE state = 'pending'")?;
    let pending = statement.query_map([], |row| row.get(0).map(RefundId::from_bytes))?;
    let pending: Vec<RefundId> = pending.collect::<Result<_, _>>()?;
    if mode == BankMode::Failing {
        connection.execute_batch(
            "UPDATE bill SET
                 refunded = refunded - (SELECT sum(amount) FROM refund WHERE refund.bill = bill.bill AND state = 'pending'),
                 refund_owed = refund_owed
                     + (SELECT sum(owed_part) FROM refund WHERE refund.bill = bill.bill AND state = 'pending')
             WHERE bill IN (SELECT bill FROM refund WHERE state = 'pending');
             UPDATE refund SET state = 'failed' WHERE state = 'pending';",
        )?;
    } else {
        connection.execute("UPDATE refund SET state = 'done' WHERE state = 'pending'", [])?;
    }
    let state = if mode == BankMode::Failing { "failed" } else { "done" };
    for refund in pending {
        inbox::refund_ended(connection, refund, state, now)?;
    }
    Ok(())
}
