//! Money, to the fen: published prices, the plan, bills, what citizens paid, what the platform booked, what went back.

use std::collections::BTreeSet;

use super::super::store_side::{Kind, Row};
use super::super::{Id, Journal, PlatformSide};
use super::{Audit, hex, same_digest};
use crate::plan::{BillEnding, PlannedBill, PlannedCase};

pub(super) fn compare(
    audit: &mut Audit,
    platform: &PlatformSide,
    rows: &[&Row],
    planned: &[&PlannedCase],
    journal: &Journal,
) {
    for case in planned {
        let item = (case.item.code.clone(), i64::from(case.item.version));
        let published = platform.usual_fen.get(&item).copied().unwrap_or_default();
        let due = case.bill.as_ref().map_or(0, |bill| bill.total_fen);
        if published != due {
            audit.fen_wrong += (published - due).abs();
            audit.find(
                format!("办件 {} 应收 {published} 分（平台目录），计划收 {due} 分", hex(&case.id)),
                format!("case {}: the catalogue charges {published} fen, the plan {due}", hex(&case.id)),
            );
        }
    }
    let bills: Vec<&PlannedBill> = planned.iter().filter_map(|case| case.bill.as_ref()).collect();
    for bill in &bills {
        one(audit, platform, rows, bill, journal);
    }
    let known: BTreeSet<Id> = bills.iter().map(|bill| bill.id).collect();
    for id in platform.bills.keys().chain(platform.payments.keys()).filter(|id| !known.contains(*id)) {
        audit.doubled(format!("无人计划的缴款单 {}", hex(id)), format!("a bill that nobody planned: {}", hex(id)));
    }
    let due: BTreeSet<Id> = bills
        .iter()
        .filter(|bill| matches!(bill.ending, BillEnding::Refunded { .. }))
        .map(|bill| bill.refund)
        .collect();
    for id in platform.refunds.keys().filter(|id| !due.contains(*id)) {
        audit.doubled(format!("无人计划的退款 {}", hex(id)), format!("a refund that nobody planned: {}", hex(id)));
    }
}

fn one(audit: &mut Audit, platform: &PlatformSide, rows: &[&Row], plan: &PlannedBill, journal: &Journal) {
    let name = hex(&plan.id);
    let Some(bill) = platform.bills.get(&plan.id) else {
        return audit.lost(format!("计划的缴款单不在平台：{name}"), format!("planned and never billed: bill {name}"));
    };
    let (state, due_paid, due_refunded) = match plan.ending {
        BillEnding::Paid => ("paid", plan.total_fen, 0),
        BillEnding::Voided => ("void", 0, 0),
        BillEnding::Refunded { fen } => ("paid", plan.total_fen, fen),
    };
    if bill.state != state {
        audit.find(
            format!("缴款单 {name} 的状态为 {}，应为 {state}", bill.state),
            format!("bill {name} is {} and not {state}", bill.state),
        );
    }
    let payments = platform.payments.get(&plan.id).map(Vec::as_slice).unwrap_or_default();
    if payments.len() > 1 {
        audit.doubled(
            format!("缴款单 {name} 入账 {} 笔", payments.len()),
            format!("bill {name} was paid {} times", payments.len()),
        );
    }
    let pressed = journal.paid_fen.get(&plan.id).copied().unwrap_or_default();
    let refunded: i64 =
        platform.refunds.values().filter(|refund| refund.bill == plan.id).map(|refund| refund.fen).sum();
    fen(audit, ("开单", "billed"), plan, plan.total_fen, bill.total_fen);
    fen(audit, ("申请人支付", "paid by the citizen"), plan, due_paid, pressed);
    fen(audit, ("平台入账", "booked"), plan, due_paid, payments.iter().sum());
    fen(audit, ("退款", "refunded"), plan, due_refunded, refunded);
    fen(audit, ("缴款单记载的退款", "marked as refunded"), plan, due_refunded, bill.refunded_fen);
    fen(audit, ("应退未退", "owed back"), plan, 0, bill.owed_fen);
    same_bytes(audit, rows, Kind::Bill, &plan.id, &bill.digest);
    if plan.ending == BillEnding::Voided {
        let none = BTreeSet::from([String::new()]);
        for digest in platform.voids.get(&plan.id).unwrap_or(&none) {
            same_bytes(audit, rows, Kind::Void, &plan.id, digest);
        }
    }
    if let BillEnding::Refunded { .. } = plan.ending {
        let refund = platform.refunds.get(&plan.refund);
        let state = refund.map_or("absent", |refund| refund.state.as_str());
        if state != "done" {
            audit.find(
                format!("退款 {} 的状态为 {state}，应为 done", hex(&plan.refund)),
                format!("refund {} is {state} and not done", hex(&plan.refund)),
            );
        }
        same_bytes(audit, rows, Kind::Refund, &plan.refund, refund.map_or("", |refund| &refund.digest));
    }
}

/// A store has the record, and the platform holds the very bytes of it.
fn same_bytes(audit: &mut Audit, rows: &[&Row], kind: Kind, record: &Id, digest: &str) {
    let is_of = |row: &&&Row| row.kind == kind && (if kind == Kind::Void { row.subject } else { row.id }) == *record;
    let mut stored = rows.iter().filter(is_of).peekable();
    let name = format!("{} {}", kind.as_logged(), hex(record));
    if stored.peek().is_none() {
        audit.lost(format!("发件箱中没有记录 {}", hex(record)), format!("no store has {name}"));
    } else if !stored.any(|row| same_digest(digest, &row.digest)) {
        audit.find(
            format!("平台所存与发件箱不一致：记录 {}", hex(record)),
            format!("the platform holds other bytes than the store: {name}"),
        );
    }
}

fn fen(audit: &mut Audit, (zh, en): (&str, &str), plan: &PlannedBill, due: i64, found: i64) {
    if due != found {
        audit.fen_wrong += (due - found).abs();
        audit.find(
            format!("缴款单 {}：{zh} {found} 分，应为 {due} 分", hex(&plan.id)),
            format!("bill {}: {en} {found} fen where {due} were due", hex(&plan.id)),
        );
    }
}
