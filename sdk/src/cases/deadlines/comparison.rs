//! Where two readings of the same clocks differ.

use std::collections::BTreeMap;

use serde_json::Value;

use super::statement::{AlertStatement, DeadlineStatement, DutyStatement};

/// The platform's word, verified, and how it differs from ours; see
/// [`Cases::deadlines_of_platform`](crate::Cases::deadlines_of_platform).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformDeadlines {
    /// What the platform signed.
    pub statement: DeadlineStatement,
    /// Every value that differs from what is read here for the same moment; `None` when this store does not have the case.
    pub differences: Option<Vec<DeadlineDifference>>,
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineDifference {
    /// Which, such as `decide/promised/due` or `alert PROMISE-OVER-1`.
    pub what: String,
    /// What is read here.
    pub here: Option<String>,
    /// What the platform says.
    pub platform: Option<String>,
}

pub(super) fn differences(here: &DeadlineStatement, platform: &DeadlineStatement) -> Vec<DeadlineDifference> {
    let (ours, theirs) = (values(here), values(platform));
    let names = ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
    let differing = names.filter(|name| ours.get(*name) != theirs.get(*name));
    differing
        .map(|name| DeadlineDifference {
            what: name.clone(),
            here: ours.get(name).cloned(),
            platform: theirs.get(name).cloned(),
        })
        .collect()
}

/// Every value by its name.
fn values(statement: &DeadlineStatement) -> BTreeMap<String, String> {
    let duties = statement.duties.iter().flat_map(of_duty);
    let alert = |alert: &AlertStatement| {
        let about = alert.about.map(|about| format!(" {about}")).unwrap_or_default();
        (format!("alert {} {}{about}", alert.rule, alert.duty), alert.level.clone())
    };
    duties.chain(statement.alerts.iter().map(alert)).collect()
}

fn of_duty(duty: &DutyStatement) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::to_value(duty) else { return Vec::new() };
    let about = duty.about.map(|about| format!("{about}/")).unwrap_or_default();
    let name = |member: &str| format!("{}/{}/{about}{member}", duty.duty, duty.basis);
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let told = members.into_iter().filter(|(member, _)| !["duty", "basis", "about"].contains(&member.as_str()));
    told.map(|(member, value)| (name(&member), text(value))).collect()
}
