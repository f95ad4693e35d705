//! 电子监察 rules as data: when a duty of a case deserves a warning 预警, a yellow card 黄牌 or a red card 红牌.
//!
//! No national thresholds exist; every city sets its own, and the platform publishes them signed (`GET /v1/supervision-rules`), so
//! that a counter without a link warns by the same rules as the city.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::case::words;
use crate::reading::{self, Reading};
use crate::{ErrorCode, Faults, Timestamp, limits};

/// The most rules of one edition.
pub const RULES_MAX: usize = 200;
/// The most limits of one edition.
const SUPERVISION_LIMITS_MAX: usize = 8;

words! {
    /// How grave it is.
    AlertLevel {
        /// 预警
        Warning = "warning",
        /// 黄牌
        YellowCard = "yellow-card",
        /// 红牌
        RedCard = "red-card",
    }
}

words! {
    /// What must be done in time.
    SupervisedDuty {
        /// Answer an application: say what is missing, accept or refuse (行政许可法 art. 32).
        Answer = "answer",
        /// Decide (art. 42).
        Decide = "decide",
        /// Hand the result over (art. 44).
        Deliver = "deliver",
        /// Answer a complaint.
        AnswerComplaint = "answer-complaint",
        /// Look into a bad grade.
        FollowUp = "follow-up",
        /// Answer an order of the supervisor.
        AnswerOrder = "answer-order",
    }
}

words! {
    /// Whose limit counts.
    SupervisedBasis {
        /// 承诺时限
        Promised = "promised",
        /// 法定时限
        Statutory = "statutory",
        /// 监督时限: the limit that this edition publishes, or that an order states.
        Supervision = "supervision",
    }
}

words! {
    /// What is measured against the rule's value.
    Measure {
        /// At most so many days of the limit are left, and it is not over.
        DaysLeft = "days-left",
        /// At least so many per cent of the limit have been used, and it is not over.
        PercentUsed = "percent-used",
        /// It is over by at least so many working days.
        DaysOver = "days-over",
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupervisionRule {
    /// 监察规则编号
    pub id: String,
    /// How grave a match is.
    pub level: AlertLevel,
    /// Which duty it watches.
    pub duty: SupervisedDuty,
    /// Whose limit.
    pub basis: SupervisedBasis,
    /// What is measured.
    pub measure: Measure,
    /// The threshold: days, or per cent.
    pub value: u32,
}

impl SupervisionRule {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (id, level, duty) = (reading.short_text("id"), reading.parsed("level"), reading.parsed("duty"));
        let (basis, measure) = (reading.parsed("basis"), reading.parsed("measure"));
        let most = if matches!(measure, Some(Measure::PercentUsed)) { 100 } else { 3_650 };
        let value = reading.number("value", u64::from(matches!(measure, Some(Measure::DaysOver))), most);
        let value = u32::try_from(value?).ok()?;
        Some(Self { id: id?, level: level?, duty: duty?, basis: basis?, measure: measure?, value })
    }
}

/// How long something may take that neither a guide nor a law limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SupervisionLimit {
    /// What must be done: `answer-complaint` or `follow-up`.
    pub duty: SupervisedDuty,
    /// Within how many working days, 1 to `SUPERVISION_ANSWER_DAYS_MAX`.
    pub working_days: u32,
}

impl SupervisionLimit {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let duty = reading.parsed("duty");
        if duty.is_some_and(|duty| !matches!(duty, SupervisedDuty::AnswerComplaint | SupervisedDuty::FollowUp)) {
            reading.fault("duty", ErrorCode::RequestInvalidValue);
        }
        let days = reading.number("working_days", 1, limits::SUPERVISION_ANSWER_DAYS_MAX);
        Some(Self { duty: duty?, working_days: u32::try_from(days?).ok()? })
    }
}

/// An edition of a city's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupervisionRules {
    /// When it was issued; a later one replaces it.
    pub issued: Timestamp,
    /// The rules; each id once.
    pub rules: Vec<SupervisionRule>,
    /// The city's limits for complaints and bad grades; each duty at most once. Without one no clock runs for the duty.
    pub limits: Vec<SupervisionLimit>,
}

impl SupervisionRules {
    /// Reads an edition and finds every fault.
    ///
    /// # Errors
    /// All faults, each with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        let object = reading::object(bytes).map_err(Faults::one)?;
        let mut reading = Reading::new(&object, "");
        let issued = reading.parsed("issued");
        let rules: Option<Vec<SupervisionRule>> = reading.list("rules", 0, RULES_MAX, SupervisionRule::read);
        for (index, rule) in rules.iter().flatten().enumerate() {
            if rules.iter().flatten().take(index).any(|earlier| earlier.id == rule.id) {
                reading.push(crate::Fault::new(&alloc::format!("/rules/{index}/id"), ErrorCode::RequestInvalidValue));
            }
        }
        let limits: Option<Vec<SupervisionLimit>> =
            reading.optional_list("limits", SUPERVISION_LIMITS_MAX, SupervisionLimit::read);
        for (index, limit) in limits.iter().flatten().enumerate() {
            if limits.iter().flatten().take(index).any(|earlier| earlier.duty == limit.duty) {
                reading
                    .push(crate::Fault::new(&alloc::format!("/limits/{index}/duty"), ErrorCode::RequestInvalidValue));
            }
        }
        match (issued, rules, limits, reading.is_clean()) {
            (Some(issued), Some(rules), Some(limits), true) => Ok(Self { issued, rules, limits }),
            _ => Err(reading.into_faults()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    const RULES: &str = r#"{"issued":"2026-01-04T09:00:00.000+08:00","rules":[
        {"id":"W1","level":"warning","duty":"decide","basis":"promised","measure":"days-left","value":1},
        {"id":"R1","level":"red-card","duty":"decide","basis":"statutory","measure":"days-over","value":1}]}"#;

    #[test]
    fn rules_are_read_as_they_were_written() {
        let rules = SupervisionRules::parse(RULES.as_bytes()).unwrap();
        assert_eq!(rules.rules.len(), 2);
        assert_eq!(SupervisionRules::parse(&serde_json::to_vec(&rules).unwrap()).unwrap(), rules);
    }

    #[test]
    fn every_fault_of_every_rule_is_told() {
        let wrong =
            RULES.replace("R1", "W1").replace("\"warning\"", "\"purple\"").replace("\"value\":1}]", "\"value\":0}]");
        let paths: Vec<String> =
            SupervisionRules::parse(wrong.as_bytes()).unwrap_err().0.into_iter().map(|fault| fault.path).collect();
        assert_eq!(paths, ["/rules/0/level", "/rules/1/value"]);
        let twice = RULES.replace("R1", "W1");
        let faults = SupervisionRules::parse(twice.as_bytes()).unwrap_err();
        assert_eq!(faults.0.first().unwrap().path, "/rules/1/id");
    }

    #[test]
    fn a_city_limits_complaints_and_bad_grades_and_nothing_else_each_once() {
        let limits = |text: &str| RULES.replace("\"rules\"", &alloc::format!("\"limits\":[{text}],\"rules\""));
        let limit = |duty: &str, days: u64| alloc::format!(r#"{{"duty":"{duty}","working_days":{days}}}"#);
        let faults = |text: &str| match SupervisionRules::parse(limits(text).as_bytes()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.0.into_iter().map(|fault| fault.path).collect::<Vec<String>>(),
        };
        let most = limits::SUPERVISION_ANSWER_DAYS_MAX;
        let good = [limit("answer-complaint", 1), limit("follow-up", most)].join(",");
        assert_eq!(faults(&good), [""; 0]);
        let rules = SupervisionRules::parse(limits(&good).as_bytes()).unwrap();
        assert_eq!(SupervisionRules::parse(&serde_json::to_vec(&rules).unwrap()).unwrap(), rules);
        for days in [0, most + 1] {
            assert_eq!(faults(&limit("follow-up", days)), ["/limits/0/working_days"], "{days}");
        }
        assert_eq!(faults(&limit("decide", 5)), ["/limits/0/duty"]);
        assert_eq!(faults(&[limit("follow-up", 5), limit("follow-up", 6)].join(",")), ["/limits/1/duty"]);
    }

    #[test]
    fn a_share_of_the_limit_is_at_most_all_of_it() {
        let share = |value: u32| {
            RULES.replace("\"days-left\",\"value\":1", &alloc::format!("\"percent-used\",\"value\":{value}"))
        };
        assert!(SupervisionRules::parse(share(100).as_bytes()).is_ok());
        assert!(SupervisionRules::parse(share(101).as_bytes()).is_err());
    }
}
