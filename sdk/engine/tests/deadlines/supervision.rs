//! Warnings and cards by rules that are data.

use tongqiao_engine::deadline::{CaseDeadlines, CaseLimits, Handling, TimeLimit};
use tongqiao_engine::supervision::{alerts, gravest};
use tongqiao_engine::working_days::WorkingDays;
use tongqiao_protocol::supervision_rule::{AlertLevel, SupervisionRules};

use crate::arrangement::calendar;
use crate::case::{accepted, at, decided, follow};

const RULES: &str = r#"{"issued":"2026-01-04T09:00:00+08:00","rules":[
    {"id":"W-1","level":"warning","duty":"decide","basis":"promised","measure":"days-left","value":1},
    {"id":"W-2","level":"warning","duty":"decide","basis":"statutory","measure":"percent-used","value":80},
    {"id":"Y-1","level":"yellow-card","duty":"decide","basis":"promised","measure":"days-over","value":1},
    {"id":"R-1","level":"red-card","duty":"decide","basis":"promised","measure":"days-over","value":5},
    {"id":"R-2","level":"red-card","duty":"decide","basis":"statutory","measure":"days-over","value":1}]}"#;

/// The ids of the rules that are met, gravest first.
fn met(deadlines: &CaseDeadlines, now: &str) -> (Vec<String>, Option<AlertLevel>) {
    let (calendar, rules) = (calendar(), SupervisionRules::parse(RULES.as_bytes()).unwrap());
    let days = WorkingDays::by(&calendar);
    let alerts = alerts(&rules.rules, &deadlines.read(at(now), days), days);
    (alerts.iter().map(|alert| alert.rule.id.clone()).collect(), gravest(&alerts))
}

fn case(events: &[tongqiao_protocol::case::CaseEventData]) -> CaseDeadlines {
    let limits = CaseLimits::of_the_law(Handling::Single).promising(TimeLimit::working_days(5));
    let mut deadlines = CaseDeadlines::new(limits);
    follow(&mut deadlines, events);
    deadlines
}

#[test]
fn a_case_climbs_from_warning_to_red_as_days_go_by() {
    let case = case(&[accepted("2026-01-05T09:00:00")]);
    for (now, ids, level) in [
        ("2026-01-08T23:59:59", vec![], None),
        ("2026-01-09T00:00:00", vec!["W-1"], Some(AlertLevel::Warning)),
        ("2026-01-12T23:59:59", vec!["W-1"], Some(AlertLevel::Warning)),
        ("2026-01-13T00:00:00", vec!["Y-1"], Some(AlertLevel::YellowCard)),
        ("2026-01-18T12:00:00", vec!["Y-1"], Some(AlertLevel::YellowCard)),
        ("2026-01-19T00:00:00", vec!["R-1", "Y-1"], Some(AlertLevel::RedCard)),
        ("2026-01-27T00:00:00", vec!["R-1", "Y-1", "W-2"], Some(AlertLevel::RedCard)),
        ("2026-02-03T00:00:00", vec!["R-1", "R-2", "Y-1"], Some(AlertLevel::RedCard)),
    ] {
        assert_eq!(met(&case, now), (ids.into_iter().map(str::to_owned).collect(), level), "{now}");
    }
}

#[test]
fn what_was_decided_late_keeps_its_card_and_is_not_warned_of() {
    let late = case(&[accepted("2026-01-05T09:00:00"), decided("2026-01-14T09:00:00")]);
    assert_eq!(met(&late, "2026-06-01T00:00:00").0, ["Y-1"]);
    let in_time = case(&[accepted("2026-01-05T09:00:00"), decided("2026-01-12T18:00:00")]);
    assert_eq!(met(&in_time, "2026-06-01T00:00:00").0, [""; 0]);
}
