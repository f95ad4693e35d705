//! 电子监察: which of a city's rules a case's clocks meet.
//!
//! The rules are data (`tongqiao_protocol::supervision_rule`); this says which of them hold. A duty that has been done is not warned
//! of any more, but one that was done too late still meets the rules about lateness.

use alloc::vec::Vec;

use tongqiao_protocol::CivilDate;
use tongqiao_protocol::supervision_rule::{AlertLevel, Measure, SupervisedBasis, SupervisedDuty, SupervisionRule};

use crate::WorkingDays;
use crate::deadline::{Basis, Due, Duty, DutyReading, DutyStanding};

/// A rule that a clock meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert<'a> {
    /// The rule.
    pub rule: &'a SupervisionRule,
    /// The clock that meets it.
    pub reading: DutyReading,
}

/// Every rule that some clock meets, gravest first; among equals in the order of the rules.
pub fn alerts<'a>(rules: &'a [SupervisionRule], readings: &[DutyReading], days: WorkingDays<'_>) -> Vec<Alert<'a>> {
    let mut alerts: Vec<Alert<'a>> = Vec::new();
    for rule in rules {
        let met = readings.iter().filter(|reading| concerns(rule, reading) && is_met(rule, reading, days));
        alerts.extend(met.map(|reading| Alert { rule, reading: *reading }));
    }
    alerts.sort_by_key(|alert| core::cmp::Reverse(alert.rule.level));
    alerts
}

/// The gravest level among `alerts`.
pub fn gravest(alerts: &[Alert<'_>]) -> Option<AlertLevel> {
    alerts.iter().map(|alert| alert.rule.level).max()
}

fn concerns(rule: &SupervisionRule, reading: &DutyReading) -> bool {
    let duty = match reading.duty {
        Duty::Answer => SupervisedDuty::Answer,
        Duty::Decide => SupervisedDuty::Decide,
        Duty::Deliver => SupervisedDuty::Deliver,
        Duty::AnswerComplaint => SupervisedDuty::AnswerComplaint,
        Duty::FollowUp => SupervisedDuty::FollowUp,
        Duty::AnswerOrder => SupervisedDuty::AnswerOrder,
    };
    let basis = match reading.basis {
        Basis::Promised => SupervisedBasis::Promised,
        Basis::Statutory => SupervisedBasis::Statutory,
        Basis::Supervision => SupervisedBasis::Supervision,
    };
    (rule.duty, rule.basis) == (duty, basis)
}

fn is_met(rule: &SupervisionRule, reading: &DutyReading, days: WorkingDays<'_>) -> bool {
    match (rule.measure, reading.standing) {
        (Measure::DaysLeft, DutyStanding::Running { days_left }) => days_left <= rule.value,
        (Measure::PercentUsed, DutyStanding::Running { days_left }) => {
            let (all, left) = (u64::from(reading.limit.days()), u64::from(days_left));
            (all - left.min(all)) * 100 >= all * u64::from(rule.value)
        }
        (Measure::DaysOver, DutyStanding::Overdue { days_over }) => days_over >= rule.value,
        (Measure::DaysOver, DutyStanding::Broken { on }) => over(reading, on, days) >= rule.value,
        _ => false,
    }
}

/// By how many working days something was late.
fn over(reading: &DutyReading, on: CivilDate, days: WorkingDays<'_>) -> u32 {
    match reading.due {
        Due::On(last) => days.between(last, on).value,
        Due::Stopped { .. } => 0,
    }
}
