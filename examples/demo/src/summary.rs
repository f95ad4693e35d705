//! The ledger for people and for programs, and what `--keep` prints.

use std::path::Path;

use crate::error::DemoError;
use crate::ledger::Ledger;

/// Prints the ledger: a table, or one JSON object.
pub(crate) fn print(ledger: &Ledger, json: bool, seed: u64) -> Result<(), DemoError> {
    if json {
        let mut object = serde_json::to_value(ledger).map_err(DemoError::broken)?;
        object["seed"] = seed.into();
        object["balanced"] = ledger.is_balanced().into();
        println!("{object}");
        return Ok(());
    }
    let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
    println!("\nLedger 总账 (seed {seed}), read from the platform's and the departments' files");
    for (zh, en, value) in [
        ("公民登录", "citizens signed in", ledger.signed_in.to_string()),
        ("办件", "cases", ledger.cases.to_string()),
        ("已受理事件", "events accepted by the departments' stores", ledger.events_accepted.to_string()),
        ("已生效事件", "events applied by the platform", ledger.events_applied.to_string()),
        ("回执", "terminal receipts in the stores", ledger.receipts.to_string()),
        ("缴款单", "bills", format!("{} ({} paid, {} void)", ledger.bills, ledger.bills_paid, ledger.bills_void)),
        ("应缴", "billed, yuan", yuan(ledger.fen_billed)),
        ("实缴", "paid, yuan", yuan(ledger.fen_paid)),
        ("退款", "refunded, yuan", format!("{} in {} refunds", yuan(ledger.fen_refunded), ledger.refunds)),
        ("平台被强杀", "times the platform was killed", ledger.platform_kills.to_string()),
        ("部门系统被强杀", "times a department was killed", ledger.department_kills.to_string()),
        ("丢失", "lost", ledger.lost.to_string()),
        ("重复", "doubled", ledger.doubled.to_string()),
        ("乱序", "out of order", ledger.out_of_order.to_string()),
        ("差错(分)", "fen wrong", ledger.fen_wrong.to_string()),
    ] {
        println!("  {en:45} {value:>30}   {zh}");
    }
    for finding in &ledger.findings {
        println!("  ! {finding}");
    }
    println!("{}", if ledger.is_balanced() { "balanced 账平" } else { "NOT balanced 账不平" });
    Ok(())
}

/// Leaves the platform running until Enter or Ctrl-C.
pub(crate) async fn keep(listen: &str, data: &Path) -> Result<(), DemoError> {
    println!("\nThe platform stays at http://{listen} (databases in {}).", data.display());
    println!("沙箱登录 Sandbox login: http://{listen}/sandbox/people lists synthetic people who may sign in.");
    println!("Ctrl-C ends it. 按 Ctrl-C 结束。");
    tokio::signal::ctrl_c().await.map_err(|source| DemoError::io("wait for Ctrl-C", source))
}
