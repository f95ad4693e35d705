//! Whether the run was one that proves anything: what was promised to callers, who was killed, who signed in.

use std::collections::BTreeSet;

use super::super::store_side::Row;
use super::super::{Id, Journal};
use super::{Audit, hex};
use crate::plan::PlannedCase;

/// How often the platform must have been killed, and how often a department.
const PLATFORM_KILLS: u32 = 2;
const DEPARTMENT_KILLS: u32 = 1;
/// From so many cases on somebody applies online, whatever the seed.
const SOMEBODY_SIGNS_IN_FROM: usize = 50;

pub(super) fn compare(audit: &mut Audit, rows: &[&Row], planned: &[&PlannedCase], journal: &Journal) {
    let stored: BTreeSet<Id> = rows.iter().map(|row| row.id).collect();
    for id in journal.acknowledged.iter().filter(|id| !stored.contains(*id)) {
        audit.lost(
            format!("告知已受理而发件箱中没有：记录 {}", hex(id)),
            format!("acknowledged and not in the store: record {}", hex(id)),
        );
    }
    if journal.platform_kills < PLATFORM_KILLS {
        audit.find(
            format!("平台只被强杀 {} 次，应为 {PLATFORM_KILLS} 次", journal.platform_kills),
            format!("the platform was killed {} times where {PLATFORM_KILLS} were due", journal.platform_kills),
        );
    }
    if journal.department_kills < DEPARTMENT_KILLS {
        audit.find(
            format!("部门系统只被强杀 {} 次，应为 {DEPARTMENT_KILLS} 次", journal.department_kills),
            format!("a department was killed {} times where {DEPARTMENT_KILLS} were due", journal.department_kills),
        );
    }
    let due: BTreeSet<(Id, &str)> =
        planned.iter().filter_map(|case| Some((case.id, case.applicant.user.as_deref()?))).collect();
    let signed_in: BTreeSet<(Id, &str)> = journal.signed_in.iter().map(|(case, user)| (*case, user.as_str())).collect();
    for (case, user) in due.symmetric_difference(&signed_in) {
        audit.find(
            format!("办件 {} 的申请人登录与计划不一致：{user}", hex(case)),
            format!("case {}: {user} signed in and was not due, or the other way round", hex(case)),
        );
    }
    if signed_in.is_empty() && planned.len() >= SOMEBODY_SIGNS_IN_FROM {
        audit.find("没有申请人登录".to_owned(), "nobody signed in".to_owned());
    }
}
