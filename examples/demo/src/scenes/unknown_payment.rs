//! Nobody knows whether a bill exists: the platform took it, and every answer was lost. It is asked for by fencing until that is known,
//! and paid once.

use std::time::{Duration, Instant};

use tongqiao::BillDraft;
use tongqiao::protocol::bill::PaymentOutcome;
use tongqiao::protocol::{BillId, CivilDate};

use super::Act;
use super::stage::Stage;
use crate::error::DemoError;

/// What the bill comes to.
const FEN: i64 = 1_000;
const LOOK_EVERY: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn play(stage: &Stage, act: &mut Act) -> Result<(), DemoError> {
    let payments = stage.client.payments();
    stage.order("/sandbox/faults", &serde_json::json!({ "seed": 1, "drop_after_apply": 1.0 })).await?;
    let draft = BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 2, "5.00");
    let bill = payments.create(&draft).await.map_err(DemoError::broken)?;
    until_the_platform_has_one(stage).await?;
    let asked = payments.resolve(bill).await.map_err(DemoError::broken)?;
    let unknown = asked.outcome == PaymentOutcome::Unknown && !asked.may_be_replaced;
    act.must(unknown, "答复全部丢失时仍给出了结果", "an outcome was told although every answer was lost");
    stage.order("/sandbox/faults", &serde_json::json!({ "seed": 1 })).await?;
    let known = payments.resolve(bill).await.map_err(DemoError::broken)?;
    act.must(known.outcome == PaymentOutcome::Confirmed, "查明结果有误", "the bill exists and was not found");
    let view = payments.registered(bill).await.map_err(DemoError::broken)?;
    let cashier = view.cashier_url.ok_or_else(|| DemoError::broken("an open bill without a page"))?;
    stage.pay(&cashier).await;
    payments.await_paid(bill).await.map_err(DemoError::broken)?;
    let today = CivilDate::of(stage.client.platform_time());
    let day = payments.reconcile(today).await.map_err(DemoError::broken)?;
    let differences = day.comparison.differences.len();
    act.must(differences == 0, "对账有差异", "the day's reconciliation has differences");
    judge(stage, act, bill)
}

/// The first attempt may take its time, and what was not sent is not lost.
async fn until_the_platform_has_one(stage: &Stage) -> Result<(), DemoError> {
    let begun = Instant::now();
    while bills(stage)? == 0 {
        if begun.elapsed() > PATIENCE {
            return Err(DemoError::broken("the bill never came to the platform"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn bills(stage: &Stage) -> Result<i64, DemoError> {
    stage.books()?.query_row("SELECT count(*) FROM bill", [], |row| row.get(0)).map_err(DemoError::broken)
}

fn judge(stage: &Stage, act: &mut Act, bill: BillId) -> Result<(), DemoError> {
    let books = stage.books()?;
    act.must(bills(stage)? == 1, "缴款单不止一张", "more than one bill was made");
    let query = "SELECT count(*), coalesce(sum(amount), 0) FROM payment WHERE bill = ?1";
    let (count, fen): (i64, i64) =
        books.query_row(query, [bill.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).map_err(DemoError::broken)?;
    act.must((count, fen) == (1, FEN), "缴款次数或金额有误", "not paid once, or not right to the fen");
    act.came_to("结果不明的缴款，查明后缴清（笔）", "bills of unknown fate, found and paid once", count);
    Ok(())
}
