//! Cases and their events: exactly the planned ones, in the planned order, with one effect each, and where they end.

use std::collections::{BTreeMap, BTreeSet};

use super::super::platform_side::{Event, LogLine};
use super::super::store_side::{Kind, Row};
use super::super::{Id, Journal, PlatformSide};
use super::{Audit, hex, same_digest};
use crate::plan::{PlannedCase, end_of};

pub(super) fn compare(
    audit: &mut Audit,
    platform: &PlatformSide,
    rows: &[&Row],
    planned: &[&PlannedCase],
    journal: &Journal,
) {
    events(audit, platform, rows);
    order(audit, &platform.events);
    let mut by_case = BTreeMap::<Id, Vec<&Event>>::new();
    for event in &platform.events {
        by_case.entry(event.case).or_default().push(event);
    }
    for case in planned {
        let events = by_case.remove(&case.id).unwrap_or_default();
        course(audit, case, &events);
        file(audit, platform, case, &events, journal);
    }
    let known: BTreeSet<Id> = planned.iter().map(|case| case.id).collect();
    for id in by_case.keys().chain(platform.cases.keys().filter(|id| !known.contains(*id))) {
        audit.doubled(format!("无人计划的办件 {}", hex(id)), format!("a case that nobody planned: {}", hex(id)));
    }
    numbers(audit, platform);
}

/// Every accepted event has exactly one row at the platform, with its very bytes and one effect; no other event has one.
fn events(audit: &mut Audit, platform: &PlatformSide, rows: &[&Row]) {
    let log: BTreeMap<i64, &LogLine> = platform.log.iter().map(|line| (line.position, line)).collect();
    let mut applied = BTreeMap::<Id, Vec<&Event>>::new();
    for event in &platform.events {
        applied.entry(event.id).or_default().push(event);
    }
    for row in rows.iter().filter(|row| row.kind == Kind::CaseEvent) {
        let name = format!("event {}", hex(&row.id));
        match applied.remove(&row.id).unwrap_or_default().as_slice() {
            [] => audit
                .lost(format!("已受理而未生效：事件 {}", hex(&row.id)), format!("accepted and never applied: {name}")),
            [once] => same_event(audit, &log, row, once),
            many => audit.doubled(
                format!("生效 {} 次：事件 {}", many.len(), hex(&row.id)),
                format!("applied {} times: {name}", many.len()),
            ),
        }
    }
    for id in applied.keys() {
        audit.doubled(
            format!("发件箱中没有却已生效：事件 {}", hex(id)),
            format!("applied though no store has it: event {}", hex(id)),
        );
    }
}

fn same_event(audit: &mut Audit, log: &BTreeMap<i64, &LogLine>, row: &Row, event: &Event) {
    if event.outcome != "settled" || event.effect != 1 {
        audit.find(
            format!("未生效的事件 {}：{}", hex(&row.id), event.outcome),
            format!("event {} is {} with {} effects where 1 was due", hex(&row.id), event.outcome, event.effect),
        );
    }
    let is_in_log = log.get(&event.position).is_some_and(|line| line.record == event.id && line.digest == event.digest);
    let is_same = same_digest(&event.digest, &row.digest)
        && event.case == row.subject
        && event.owner == row.owner
        && event.sequence == row.sequence;
    if !is_in_log || !is_same {
        audit.find(
            format!("生效的内容与受理的不一致：事件 {}", hex(&row.id)),
            format!("applied with other bytes than accepted: event {}", hex(&row.id)),
        );
    }
}

/// Within a stream the log shows 1, 2, 3 …
fn order(audit: &mut Audit, events: &[Event]) {
    let mut next = BTreeMap::<(Id, (Id, Id)), i64>::new();
    let mut last_position = -1;
    for event in events {
        let due = next.entry((event.case, event.owner)).or_insert(1);
        if event.sequence != *due || event.position <= last_position {
            audit.out_of_order += 1;
            audit.find(
                format!("乱序：事件 {} 的序号为 {}，应为 {due}", hex(&event.id), event.sequence),
                format!("out of order: event {} has sequence {} where {due} was due", hex(&event.id), event.sequence),
            );
        }
        *due = event.sequence + 1;
        last_position = event.position;
    }
}

fn course(audit: &mut Audit, case: &PlannedCase, events: &[&Event]) {
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let due = case.kinds();
    if kinds != due {
        audit.find(
            format!("办件 {} 的经过与计划不一致：{}", hex(&case.id), kinds.join("、")),
            format!("case {} went {} where {} was planned", hex(&case.id), kinds.join(" "), due.join(" ")),
        );
    }
    let user = events.first().and_then(|event| event.user.as_ref());
    if user != case.applicant.user.as_ref() {
        audit.find(
            format!("办件 {} 绑定的账号不是申请人", hex(&case.id)),
            format!("case {} is bound to {user:?} where {:?} applied", hex(&case.id), case.applicant.user),
        );
    }
}

fn file(audit: &mut Audit, platform: &PlatformSide, case: &PlannedCase, events: &[&Event], journal: &Journal) {
    let name = hex(&case.id);
    let Some(file) = platform.cases.get(&case.id) else {
        return audit
            .lost(format!("计划的办件不在平台：{name}"), format!("planned and not at the platform: case {name}"));
    };
    let effects = events.iter().filter(|event| event.effect == 1).count() as i64;
    if file.revision != effects {
        audit.find(
            format!("办件 {name} 的修订号为 {}，生效事件为 {effects} 个", file.revision),
            format!("case {name} has revision {} and {effects} effects", file.revision),
        );
    }
    let end = end_of(&case.steps);
    if file.state != end {
        audit.find(
            format!("办件 {name} 的状态为 {}，应为 {end}", file.state),
            format!("case {name} is {} and not {end}", file.state),
        );
    }
    if file.division != case.division || file.item != (case.item.code.clone(), i64::from(case.item.version)) {
        audit.find(
            format!("办件 {name} 的区划或事项与计划不一致"),
            format!("case {name} has another division or item than was planned"),
        );
    }
    let told = journal.numbers.get(&case.id);
    if !told.is_some_and(|told| told.len() == 1 && told.contains(&file.number)) {
        audit.find(
            format!("办件 {name} 的编号 {} 与告知申请人的不一致", file.number),
            format!("case {name} has number {} where the applicant was told {told:?}", file.number),
        );
    }
}

fn numbers(audit: &mut Audit, platform: &PlatformSide) {
    let mut given = BTreeSet::new();
    for (id, case) in &platform.cases {
        if case.number.is_empty() || !given.insert(&case.number) {
            audit.doubled(
                format!("编号 {} 给了两个办件，其一为 {}", case.number, hex(id)),
                format!("number {} was given twice, once to case {}", case.number, hex(id)),
            );
        }
    }
}
