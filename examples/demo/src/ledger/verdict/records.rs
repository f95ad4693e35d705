//! The stores' outboxes against the platform's log: row for row, by position, epoch, digest and the signed receipt.

use std::collections::{BTreeMap, BTreeSet};

use super::super::platform_side::LogLine;
use super::super::store_side::{Kind, Row};
use super::super::{Id, PlatformSide};
use super::{Audit, hex, same_digest};

const SETTLED: i64 = 1;
/// The platform's own line about money that came in; no store has a record of it.
const PAYMENT: &str = "payment";
/// Its signed word on what is booked under a bill, said once for each payment.
const MONEY: &str = "money";
/// Its signed word on how a refund has ended, said once.
const PAYOUT: &str = "payout";

pub(super) fn compare(audit: &mut Audit, platform: &PlatformSide, rows: &[&Row]) {
    if platform.epochs.len() != 1 {
        audit.find(
            format!("平台有 {} 个纪元，应只有 1 个", platform.epochs.len()),
            format!("the platform has {} epochs where 1 was due", platform.epochs.len()),
        );
    }
    let mut log = BTreeMap::<(Id, &str), Vec<&LogLine>>::new();
    for line in &platform.log {
        log.entry((line.record, &line.kind)).or_default().push(line);
        if line.outcome != "settled" {
            audit.find(
                format!("平台拒绝了记录 {}", hex(&line.record)),
                format!("{} is {} and not settled", what(&line.kind, &line.record), line.outcome),
            );
        }
    }
    let mut known = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for row in rows {
        let kind = row.kind.as_logged();
        // A void is logged under its bill's id; a department that was killed may have asked for it twice, in other bytes.
        let record = if row.kind == Kind::Void { row.subject } else { row.id };
        if !seen.insert(row.id) {
            audit.doubled(
                format!("发件箱中有两条相同编号的记录 {}", hex(&row.id)),
                format!("two rows of a store have one id: {}", what(kind, &row.id)),
            );
        }
        known.insert((record, kind));
        let lines = log.get(&(record, kind)).into_iter().flatten().copied();
        let is_of_row = |line: &&LogLine| row.kind != Kind::Void || same_digest(&line.digest, &row.digest);
        let lines: Vec<&LogLine> = lines.filter(is_of_row).collect();
        settled(audit, row, kind);
        match lines.as_slice() {
            [] => audit.lost(
                format!("已受理而平台日志中没有：记录 {}", hex(&record)),
                format!("accepted and not in the platform's log: {}", what(kind, &record)),
            ),
            [line] => same_answer(audit, platform, row, line),
            lines => audit.doubled(
                format!("平台日志中出现 {} 次：记录 {}", lines.len(), hex(&record)),
                format!("{} stands {} times in the platform's log", what(kind, &record), lines.len()),
            ),
        }
    }
    payments(audit, platform, &log);
    payouts(audit, platform, &log);
    let is_own_word = |kind: &str| [PAYMENT, MONEY, PAYOUT].contains(&kind);
    for ((record, kind), _) in log.iter().filter(|(key, _)| !is_own_word(key.1) && !known.contains(*key)) {
        audit.doubled(
            format!("平台日志中有、发件箱中没有：记录 {}", hex(record)),
            format!("in the platform's log though no store has it: {}", what(kind, record)),
        );
    }
}

fn settled(audit: &mut Audit, row: &Row, kind: &str) {
    if row.state != SETTLED || row.receipt.is_none() {
        audit.find(
            format!("发件箱中没有回执：记录 {}", hex(&row.id)),
            format!("its store has no receipt: {} is in state {}", what(kind, &row.id), row.state),
        );
    }
}

/// What the store keeps of the answer is what the platform says that it answered.
fn same_answer(audit: &mut Audit, platform: &PlatformSide, row: &Row, line: &LogLine) {
    let name = what(&line.kind, &line.record);
    let mut differs = |zh: &str, en: &str| {
        audit.find(
            format!("记录 {} 的{zh}与平台不一致", hex(&row.id)),
            format!("{name}: {en} differ between store and log"),
        );
    };
    if !same_digest(&line.digest, &row.digest) {
        differs("摘要", "digests");
    }
    if row.epoch.as_deref() != platform.epochs.last().map(<[u8; 16]>::as_slice) {
        differs("纪元", "epochs");
    }
    if row.position != Some(line.position) {
        differs("位置", "positions");
    }
    if row.receipt.as_ref().is_some_and(|receipt| *receipt != line.receipt) {
        differs("回执", "receipts");
    }
}

/// How often the log has a line of a kind, by record.
fn counted(log: &BTreeMap<(Id, &str), Vec<&LogLine>>, wanted: &str) -> BTreeMap<Id, usize> {
    log.iter().filter(|((_, kind), _)| *kind == wanted).map(|((record, _), lines)| (*record, lines.len())).collect()
}

/// Every payment that the platform booked is a line of the log, and every such line a payment; and so is its word on the sum.
fn payments(audit: &mut Audit, platform: &PlatformSide, log: &BTreeMap<(Id, &str), Vec<&LogLine>>) {
    let booked: BTreeMap<Id, usize> =
        platform.payments.iter().map(|(bill, payments)| (*bill, payments.len())).collect();
    for (kind, zh, en) in [(PAYMENT, "", ""), (MONEY, "款额声明", " sums")] {
        let logged = counted(log, kind);
        let bills: BTreeSet<&Id> = logged.keys().chain(booked.keys()).collect();
        for bill in bills {
            let (in_log, in_book) = (logged.get(bill).copied().unwrap_or(0), booked.get(bill).copied().unwrap_or(0));
            if in_log != in_book {
                audit.find(
                    format!("缴款单 {} 入账 {in_book} 笔，日志中有 {in_log} 笔{zh}", hex(bill)),
                    format!("bill {}: {in_book} payments are booked and {in_log}{en} stand in the log", hex(bill)),
                );
            }
        }
    }
}

/// How a refund has ended is said once, and of nothing that is no refund.
fn payouts(audit: &mut Audit, platform: &PlatformSide, log: &BTreeMap<(Id, &str), Vec<&LogLine>>) {
    let said = counted(log, PAYOUT);
    let refunds: BTreeSet<&Id> = said.keys().chain(platform.refunds.keys()).collect();
    for refund in refunds {
        let times = said.get(refund).copied().unwrap_or(0);
        let due = usize::from(platform.refunds.contains_key(refund));
        if times != due {
            audit.find(
                format!("退款 {} 的办结声明应有 {due} 次，实有 {times} 次", hex(refund)),
                format!("the end of refund {} is said {times} times where {due} was due", hex(refund)),
            );
        }
    }
}

fn what(kind: &str, record: &Id) -> String {
    format!("{kind} {}", hex(record))
}
