//! The ledger for people and for programs, and what `--keep` prints.

use std::io::BufRead as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;

use crate::Arguments;
use crate::error::DemoError;
use crate::ledger::{Finding, Ledger, Line};

/// The platform that stays.
pub(crate) struct Kept {
    /// Its address.
    pub(crate) address: String,
    /// A whole authorization request, to be opened with a browser.
    pub(crate) sign_in: String,
    /// Somebody who may be chosen there.
    pub(crate) user: String,
}

/// One cause can make thousands of findings; the first ones lead to it.
const FINDINGS_TOLD: usize = 40;

fn told(ledger: &Ledger) -> &[Finding] {
    &ledger.findings[..ledger.findings.len().min(FINDINGS_TOLD)]
}

/// Prints the ledger: a table, or one JSON object.
pub(crate) fn print(
    ledger: &Ledger,
    arguments: &Arguments,
    took: Duration,
    kept: Option<&Kept>,
) -> Result<(), DemoError> {
    let seed = arguments.seed;
    if arguments.json {
        let mut object = serde_json::to_value(ledger).map_err(DemoError::broken)?;
        object["seed"] = seed.into();
        object["seconds"] = json!((took.as_secs_f64() * 10.0).round() / 10.0);
        object["balanced"] = ledger.is_balanced().into();
        object["findings"] = json!(told(ledger));
        object["findings_total"] = ledger.findings.len().into();
        if let Some(kept) = kept {
            object["kept"] = json!({ "address": kept.address, "sign_in": kept.sign_in, "user": kept.user });
        }
        println!("{object}");
        return Ok(());
    }
    let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
    println!(
        "\n总账 Ledger (seed {seed})：由平台与各部门的数据文件核出 read from the platform's and the departments' files"
    );
    for (zh, en, value) in [
        ("申请人登录", "applicants signed in", ledger.signed_in.to_string()),
        ("办件", "cases", ledger.cases.to_string()),
        ("涉及乡镇街道", "townships they came in at", ledger.divisions.to_string()),
        ("已受理事件", "events accepted by the departments' stores", ledger.events_accepted.to_string()),
        ("已生效事件", "events applied by the platform", ledger.events_applied.to_string()),
        ("回执", "terminal receipts in the stores", ledger.receipts.to_string()),
        ("缴款单", "bills", ledger.bills.to_string()),
        ("其中已缴", "of these paid", ledger.bills_paid.to_string()),
        ("其中作废", "of these void", ledger.bills_void.to_string()),
        ("应缴（元）", "billed, yuan", yuan(ledger.fen_billed)),
        ("实缴（元）", "paid, yuan", yuan(ledger.fen_paid)),
        ("退款（笔）", "refunds", ledger.refunds.to_string()),
        ("退款（元）", "refunded, yuan", yuan(ledger.fen_refunded)),
        ("三方对平（元）", "reconciled with platform and bank, yuan", yuan(ledger.fen_reconciled)),
        ("平台被强杀", "times the platform was killed", ledger.platform_kills.to_string()),
        ("部门系统被强杀", "times a department was killed", ledger.department_kills.to_string()),
        ("汇聚节点被强杀", "times a hub was killed", ledger.hub_kills.to_string()),
        ("乡镇节点被强杀", "times a node was killed", ledger.node_kills.to_string()),
        ("丢失", "lost", ledger.lost.to_string()),
        ("重复", "doubled", ledger.doubled.to_string()),
        ("乱序", "out of order", ledger.out_of_order.to_string()),
        ("差错（分）", "fen wrong", ledger.fen_wrong.to_string()),
        ("用时（秒）", "seconds", format!("{:.1}", took.as_secs_f64())),
    ] {
        println!("  {en:45} {value:>12}   {zh}");
    }
    ledger.nodes.iter().for_each(print_node);
    for scene in &ledger.scenes {
        println!("  {:66} {:>12}   {}", scene.en, scene.value, scene.zh);
    }
    for finding in told(ledger) {
        println!("  ! {finding}");
    }
    if let Some(more) = ledger.findings.len().checked_sub(FINDINGS_TOLD).filter(|more| *more > 0) {
        println!("  ! 另有 {more} 处 and {more} more");
    }
    println!("{}", if ledger.is_balanced() { "账平 balanced" } else { "账不平 NOT balanced" });
    Ok(())
}

/// What one node did.
fn print_node(node: &Line) {
    println!("  {}节点（{}）node of {}:", node.zh, node.division, node.en);
    for (zh, en, value) in [
        ("保管的事件", "events in custody", node.in_custody.to_string()),
        ("上行字节", "bytes up", node.bytes_up.to_string()),
        ("下行字节", "bytes down", node.bytes_down.to_string()),
        ("积压最多（条）", "most records waiting", node.most_waiting.to_string()),
        ("最长排空时间（秒）", "longest time to drain, seconds", format!("{:.1}", node.drain_seconds)),
        ("缴款超越业务数据（笔）", "bills that overtook earlier events", node.overtakes.to_string()),
    ] {
        println!("    {en:43} {value:>12}   {zh}");
    }
}

/// Leaves the platform, the hub and the nodes running until Enter or Ctrl-C.
pub(crate) async fn keep(kept: &Kept, nodes: &[Line], data: &Path, json: bool) -> Result<(), DemoError> {
    let halls = nodes.iter().map(|node| format!("  {}节点 node of {}: {}\n", node.zh, node.en, node.address));
    let halls: String = halls.collect();
    let text = format!(
        "\n平台仍在运行 The platform stays: {}\n{halls}数据目录 Databases: {}\n\
         沙箱登录 Sandbox login: 以 {} 登录 choose {} at\n  {}\n按回车或 Ctrl-C 结束 Enter or Ctrl-C ends it.",
        kept.address,
        data.display(),
        kept.user,
        kept.user,
        kept.sign_in
    );
    // The JSON object has standard output to itself.
    if json {
        eprintln!("{text}")
    } else {
        println!("{text}")
    }
    let enter = enter();
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|source| DemoError::io("wait for Ctrl-C", source)),
        () = enter => Ok(()),
    }
}

/// A line on standard input. Its end is no Enter: a program that was started without input is kept until Ctrl-C.
async fn enter() {
    let (pressed, wait) = oneshot::channel();
    // A thread of its own, because a read of a terminal cannot be given up, and must not hold the runtime at the end.
    std::thread::spawn(move || {
        let mut line = String::new();
        if matches!(std::io::stdin().lock().read_line(&mut line), Ok(bytes) if bytes > 0) {
            // Nobody listens any more when Ctrl-C came first.
            let _nobody_listens = pressed.send(());
        } else {
            loop {
                std::thread::park();
            }
        }
    });
    if wait.await.is_err() {
        std::future::pending().await
    }
}
