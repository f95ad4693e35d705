//! The bill of one case: made, paid by a citizen, voided or refunded as planned.

use std::collections::BTreeSet;
use std::time::Duration;

use tongqiao::protocol::bill::{BillState, RefundState};
use tongqiao::protocol::{Amount, BillId, CaseId, CivilDate, RefundId};
use tongqiao::{BillDraft, Client};

use crate::error::DemoError;
use crate::plan::{BillEnding, PlannedBill, PlannedCase};
use crate::process::{Report, report};

/// How long before a bill that is not there yet is asked for again.
const PATIENCE: Duration = Duration::from_millis(50);

/// Collects what the case costs; goes on where an earlier life of this process was killed.
pub(super) async fn collect(client: &Client, case: &PlannedCase) -> Result<(), DemoError> {
    let Some(bill) = &case.bill else { return Ok(()) };
    let payments = client.payments();
    let id = payments.create(&draft(case, bill)).await.map_err(DemoError::broken)?;
    report(&Report::Accepted { record: id.to_string() });
    match bill.ending {
        BillEnding::Voided => payments.void(id, "开错").await.map_err(DemoError::broken),
        BillEnding::Paid => paid(client, id).await,
        BillEnding::Refunded { fen } => {
            paid(client, id).await?;
            let refund = RefundId::from_bytes(bill.refund);
            let amount = Amount::from_fen(fen).ok_or_else(|| DemoError::broken("a refund is no amount"))?;
            let refund = payments.refund_as(refund, id, amount, "多缴").await.map_err(DemoError::broken)?;
            report(&Report::Accepted { record: refund.to_string() });
            returned(client, refund).await
        }
    }
}

async fn paid(client: &Client, id: BillId) -> Result<(), DemoError> {
    let payments = client.payments();
    // The platform may be dead just now; a bill is asked for until it is there.
    let view = loop {
        match payments.registered(id).await {
            Ok(view) => break view,
            Err(error) if error.retry() != tongqiao::Retry::Never => tokio::time::sleep(PATIENCE).await,
            Err(error) => return Err(DemoError::broken(error)),
        }
    };
    if view.state == BillState::Open {
        let cashier_url = view.cashier_url.ok_or_else(|| DemoError::broken("an open bill without a cashier"))?;
        report(&Report::BillOpen { bill: id.to_string(), cashier_url });
    }
    payments.await_paid(id).await.map_err(DemoError::broken)?;
    report(&Report::BillPaid { bill: id.to_string() });
    Ok(())
}

/// The money of a refund is back with whoever paid.
async fn returned(client: &Client, refund: RefundId) -> Result<(), DemoError> {
    loop {
        match client.payments().refund_status(refund).await {
            Ok(view) if view.state == RefundState::Done => return Ok(()),
            Ok(view) if view.state == RefundState::Pending => {}
            Ok(view) => return Err(DemoError::broken(format!("refund {refund} is {:?}", view.state))),
            // It may still be on its way, or the platform be dead just now.
            Err(error) if error.retry() != tongqiao::Retry::Never => {}
            Err(error) => return Err(DemoError::broken(error)),
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

fn draft(case: &PlannedCase, bill: &PlannedBill) -> BillDraft {
    let yuan = |fen: i64| Amount::from_fen(fen).unwrap_or_default().to_string();
    let mut draft = BillDraft::new(&case.division, &case.applicant.name)
        .bill_id(BillId::from_bytes(bill.id))
        .case(CaseId::from_bytes(case.id))
        .item(&case.item.code, case.item.version);
    if let Some(user) = &case.applicant.user {
        draft = draft.user(user);
    }
    for line in &bill.lines {
        draft = draft.line(&line.code, &line.name, line.quantity, &yuan(line.unit_fen));
    }
    draft
}

/// A run that is longer than this was begun on another day at most by midnight.
const RUN_MS: i64 = 30 * 60_000;

/// Compares own books, the platform's and the bank's for every day of this run.
pub(super) async fn reconcile(client: &Client) -> Result<(), DemoError> {
    let now = client.platform_time();
    let days = BTreeSet::from([CivilDate::of(now.plus_millis(-RUN_MS)), CivilDate::of(now)]);
    let (mut paid_fen, mut refunded_fen, mut differences) = (0, 0, 0);
    for day in days {
        let day = loop {
            match client.payments().reconcile(day).await {
                Ok(day) => break day,
                Err(error) if error.retry() != tongqiao::Retry::Never => tokio::time::sleep(PATIENCE).await,
                Err(error) => return Err(DemoError::broken(error)),
            }
        };
        paid_fen += day.comparison.matched_paid_fen;
        refunded_fen += day.comparison.matched_refunded_fen;
        differences += day.comparison.differences.len();
    }
    report(&Report::Reconciled { paid_fen, refunded_fen, differences });
    Ok(())
}
