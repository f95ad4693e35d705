//! The stores' outboxes against the platform's log: row for row, by position, epoch, digest and the signed receipt.

use std::collections::{BTreeMap, BTreeSet};

use super::super::platform_side::LogLine;
use super::super::store_side::{Kind, Row};
use super::super::{Id, PlatformSide};
use super::{Audit, hex, same_digest};

const SETTLED: i64 = 1;
/// The platform's own line about money that came in; no store has a record of it.
const PAYMENT: &str = "payment";
/// Its signed word on what is booked under a bill, said after each payment and each refund.
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

/// Every payment that the platform booked is a line of the log, and every such line a payment.
fn payments(audit: &mut Audit, platform: &PlatformSide, log: &BTreeMap<(Id, &str), Vec<&LogLine>>) {
    let booked: BTreeMap<Id, usize> =
        platform.payments.iter().map(|(bill, payments)| (*bill, payments.len())).collect();
    for (bill, in_log, in_book) in unequal(&counted(log, PAYMENT), &booked) {
        audit.find(
            format!("缴款单 {} 入账 {in_book} 笔，日志中有 {in_log} 笔", hex(&bill)),
            format!("bill {}: {in_book} payments are booked and {in_log} stand in the log", hex(&bill)),
        );
    }
    // The sum changes with each payment and each refund, and is said each time.
    let mut changes = booked;
    for refund in platform.refunds.values() {
        *changes.entry(refund.bill).or_default() += 1;
    }
    for (bill, said, due) in unequal(&counted(log, MONEY), &changes) {
        audit.find(
            format!("缴款单 {} 的款额变动 {due} 次，日志中声明 {said} 次", hex(&bill)),
            format!("bill {}: its sum changed {due} times and is said {said} times in the log", hex(&bill)),
        );
    }
}

/// Where two counts differ: whose, the first and the second.
fn unequal(first: &BTreeMap<Id, usize>, second: &BTreeMap<Id, usize>) -> Vec<(Id, usize, usize)> {
    let all: BTreeSet<&Id> = first.keys().chain(second.keys()).collect();
    let of = |counts: &BTreeMap<Id, usize>, id: &Id| counts.get(id).copied().unwrap_or(0);
    let both = all.into_iter().map(|id| (*id, of(first, id), of(second, id)));
    both.filter(|(_, first, second)| first != second).collect()
}

/// How a refund has ended is said once, and of nothing that is no refund.
fn payouts(audit: &mut Audit, platform: &PlatformSide, log: &BTreeMap<(Id, &str), Vec<&LogLine>>) {
    let due: BTreeMap<Id, usize> = platform.refunds.keys().map(|refund| (*refund, 1)).collect();
    for (refund, said, due) in unequal(&counted(log, PAYOUT), &due) {
        audit.find(
            format!("退款 {} 的办结声明应有 {due} 次，实有 {said} 次", hex(&refund)),
            format!("the end of refund {} is said {said} times where {due} was due", hex(&refund)),
        );
    }
}

fn what(kind: &str, record: &Id) -> String {
    format!("{kind} {}", hex(record))
}
