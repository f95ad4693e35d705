//! The platform's signed word on the clocks of a case, and ours in the same form.

use serde::{Deserialize, Serialize};
use tongqiao_engine::WorkingDays;
use tongqiao_engine::deadline::{Due, DutyReading, DutyStanding};
use tongqiao_engine::working_days::CalendarStanding;
use tongqiao_protocol::{CaseId, CivilDate, EventId, Timestamp};

use super::DeadlineReport;

/// The record of `GET /v1/cases/{case}/deadlines`. Words are those of the wire: a platform may know more of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeadlineStatement {
    /// The case.
    pub case: CaseId,
    /// The revision at which it stands there.
    pub revision: u64,
    /// For which moment.
    pub time: Timestamp,
    /// What every clock says.
    pub duties: Vec<DutyStatement>,
    /// The rules of supervision that are met.
    pub alerts: Vec<AlertStatement>,
}

/// What one clock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyStatement {
    /// `answer`, `decide`, `deliver`, `answer-complaint`, `follow-up`, `answer-order`.
    pub duty: String,
    /// `promised`, `statutory`, `supervision`.
    pub basis: String,
    /// Which complaint, evaluation or order it is about; `None` for the duties of the case itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<EventId>,
    /// The day on which the clock began.
    pub begun: CivilDate,
    /// All days of the limit, extensions included.
    pub limit_days: u32,
    /// `running`, `stopped`, `overdue`, `kept`, `broken`.
    pub standing: String,
    /// Whether holidays that are not published yet may move it.
    pub provisional: bool,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<CivilDate>,
    /// Since when the clock stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_since: Option<CivilDate>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<CivilDate>,
    /// Days that are left after today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<u32>,
    /// Working days since it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_over: Option<u32>,
}

/// A rule that a clock meets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct AlertStatement {
    /// The rule's id.
    pub rule: String,
    /// `warning`, `yellow-card`, `red-card`.
    pub level: String,
    /// The duty.
    pub duty: String,
    /// Which complaint, evaluation or order it is about.
    #[serde(default)]
    pub about: Option<EventId>,
}

impl DeadlineStatement {
    /// What is known here, in the platform's form.
    pub(super) fn of(report: &DeadlineReport, days: WorkingDays<'_>) -> Self {
        let alerts = report.alerts.iter().map(|alert| AlertStatement {
            rule: alert.rule.id.clone(),
            level: alert.rule.level.as_str().to_owned(),
            duty: alert.duty.as_str().to_owned(),
            about: alert.about,
        });
        Self {
            case: report.case,
            revision: 0,
            time: report.at,
            duties: report.duties.iter().map(|reading| DutyStatement::of(reading, days)).collect(),
            alerts: alerts.collect(),
        }
    }
}

impl DutyStatement {
    fn of(reading: &DutyReading, days: WorkingDays<'_>) -> Self {
        let (due, stopped_since) = match reading.due {
            Due::On(day) => (Some(day), None),
            Due::Stopped { since, .. } => (None, Some(since)),
        };
        let late = |on: CivilDate| due.map(|due| days.between(due, on).value);
        let (standing, done, days_left, days_over) = match reading.standing {
            DutyStanding::Running { days_left } => ("running", None, Some(days_left), None),
            DutyStanding::Stopped => ("stopped", None, None, None),
            DutyStanding::Overdue { days_over } => ("overdue", None, None, Some(days_over)),
            DutyStanding::Kept { on } => ("kept", Some(on), None, None),
            DutyStanding::Broken { on } => ("broken", Some(on), None, late(on)),
        };
        Self {
            duty: reading.duty.as_str().to_owned(),
            basis: reading.basis.as_str().to_owned(),
            about: reading.about,
            begun: reading.begun,
            limit_days: reading.limit.days(),
            standing: standing.to_owned(),
            provisional: reading.calendar == CalendarStanding::Provisional,
            due,
            stopped_since,
            done,
            days_left,
            days_over,
        }
    }
}
