//! The clocks of a case, event by event.

use serde_json::json;
use tongqiao_engine::deadline::{Basis, CaseDeadlines, CaseLimits, Due, Duty, DutyReading, DutyStanding, Handling};
use tongqiao_engine::deadline::{Moment, TimeLimit};
use tongqiao_engine::working_days::{CalendarStanding, WorkingDays};
use tongqiao_protocol::case::{
    Acceptance, CaseEvent, CaseEventData, Complaint, ComplaintAnswer, ComplaintChannel, CorrectionNotice, Decision,
    DecisionResult, Delivery, DeliveryMethod, Evaluation, EvaluationChannel, EvaluationFollowUp, Finding, Grievance,
    OpenValue, Procedure, Promise, SpecialBegin, SpecialEnd, SupervisionAnswer, SupervisionOrder, Withdrawal,
};
use tongqiao_protocol::supervision_rule::SupervisionRules;
use tongqiao_protocol::{CaseNumber, EventId, Timestamp};

use crate::arrangement::{calendar, day};

/// An event's id where nothing else speaks of it.
fn event(number: u8) -> EventId {
    EventId::from_bytes([number; 16])
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

pub(crate) fn accepted(on: &str) -> CaseEventData {
    CaseEventData::Accepted(Acceptance {
        accepted_on: at(on),
        handler: "测试".to_owned(),
        document_number: None,
        promise: Promise { working_days: 5, due: at(on) },
    })
}

fn begun(procedure: Procedure, on: &str, extended_by_days: Option<u64>) -> CaseEventData {
    let reason = "专家评审".to_owned();
    CaseEventData::SpecialBegun(SpecialBegin {
        procedure,
        begun: at(on),
        reason,
        expected_working_days: None,
        extended_by_days,
        approved_by: None,
    })
}

fn ended(on: &str) -> CaseEventData {
    let (procedure, result) = (Procedure::Suspension, "完成".to_owned());
    CaseEventData::SpecialEnded(SpecialEnd { procedure, ended: at(on), result })
}

pub(crate) fn decided(on: &str) -> CaseEventData {
    CaseEventData::Decided(Decision {
        result: OpenValue::Known(DecisionResult::Granted),
        decided_on: at(on),
        handler: "测试".to_owned(),
        explanation: None,
        licence: None,
        partners: Vec::new(),
    })
}

fn delivered(on: &str) -> CaseEventData {
    let method = OpenValue::Known(DeliveryMethod::Window);
    CaseEventData::Delivered(Delivery { method, delivered_on: at(on), logistics_number: None })
}

pub(crate) fn follow(deadlines: &mut CaseDeadlines, events: &[CaseEventData]) {
    for event in events {
        deadlines.follow(Moment::exact(at("2026-01-05T09:00:00")), crate::case::event(0), event);
    }
}

fn limits() -> CaseLimits {
    CaseLimits::of_the_law(Handling::Single).promising(TimeLimit::working_days(5))
}

fn read(deadlines: &CaseDeadlines, now: &str) -> Vec<DutyReading> {
    let calendar = calendar();
    deadlines.read(at(now), WorkingDays::by(&calendar))
}

fn one(deadlines: &CaseDeadlines, now: &str, duty: Duty, basis: Basis) -> DutyReading {
    *read(deadlines, now).iter().find(|reading| (reading.duty, reading.basis) == (duty, basis)).unwrap()
}

#[test]
fn promise_and_law_run_side_by_side_and_the_promise_is_broken_first() {
    let mut deadlines = CaseDeadlines::new(limits());
    follow(&mut deadlines, &[accepted("2026-01-05T23:59:59")]);
    let promised = one(&deadlines, "2026-01-06T00:00:00", Duty::Decide, Basis::Promised);
    assert_eq!(promised.due, Due::On(day("2026-01-12")));
    assert_eq!(promised.standing, DutyStanding::Running { days_left: 4 });
    let statutory = one(&deadlines, "2026-01-06T00:00:00", Duty::Decide, Basis::Statutory);
    assert_eq!(statutory.due, Due::On(day("2026-02-02")));
    let standing = |now, basis| one(&deadlines, now, Duty::Decide, basis).standing;
    assert_eq!(standing("2026-01-12T23:59:59", Basis::Promised), DutyStanding::Running { days_left: 0 });
    assert_eq!(standing("2026-01-13T00:00:00", Basis::Promised), DutyStanding::Overdue { days_over: 1 });
    assert_eq!(standing("2026-01-13T00:00:00", Basis::Statutory), DutyStanding::Running { days_left: 14 });
}

#[test]
fn a_second_before_and_after_midnight_are_two_days_whatever_the_zone_of_the_machine() {
    let due = |on: &str| {
        let mut deadlines = CaseDeadlines::new(limits());
        let mut event = accepted("2026-01-05T00:00:00");
        if let CaseEventData::Accepted(acceptance) = &mut event {
            acceptance.accepted_on = on.parse().unwrap();
        }
        follow(&mut deadlines, &[event]);
        one(&deadlines, "2026-01-06T00:00:00", Duty::Decide, Basis::Promised).due
    };
    // The same second, written in three zones.
    for on in ["2026-01-05T23:59:59+08:00", "2026-01-05T15:59:59Z", "2026-01-05T10:59:59-05:00"] {
        assert_eq!(due(on), Due::On(day("2026-01-12")), "{on}");
    }
    assert_eq!(due("2026-01-05T16:00:00Z"), Due::On(day("2026-01-13")));
}

#[test]
fn a_suspension_over_a_saturday_that_is_worked_stops_that_saturday_too() {
    let mut deadlines = CaseDeadlines::new(limits());
    // Saturday 14 February 2026 is worked; 15 to 23 February are off.
    follow(
        &mut deadlines,
        &[accepted("2026-02-11T09:00:00"), begun(Procedure::Suspension, "2026-02-13T09:00:00", None)],
    );
    let stopped = one(&deadlines, "2026-02-14T12:00:00", Duty::Decide, Basis::Promised);
    assert_eq!(stopped.due, Due::Stopped { since: day("2026-02-13"), days_left: 3 });
    assert_eq!(stopped.standing, DutyStanding::Stopped);
    follow(&mut deadlines, &[ended("2026-02-24T16:00:00")]);
    let running = one(&deadlines, "2026-02-25T12:00:00", Duty::Decide, Basis::Promised);
    assert_eq!(running.due, Due::On(day("2026-02-27")));
}

#[test]
fn an_extension_moves_the_deadline_by_what_was_granted_or_by_what_the_law_allows() {
    for (granted, due) in [(Some(3), "2026-02-05"), (None, "2026-02-14")] {
        let mut deadlines = CaseDeadlines::new(CaseLimits::of_the_law(Handling::Single));
        let extension = begun(Procedure::Extension, "2026-01-20T09:00:00", granted);
        follow(&mut deadlines, &[accepted("2026-01-05T09:00:00"), extension]);
        let reading = one(&deadlines, "2026-01-21T09:00:00", Duty::Decide, Basis::Statutory);
        assert_eq!(reading.due, Due::On(day(due)));
    }
}

#[test]
fn joint_handling_has_forty_five_days() {
    let mut deadlines = CaseDeadlines::new(CaseLimits::of_the_law(Handling::Joint));
    follow(&mut deadlines, &[accepted("2026-01-05T09:00:00")]);
    let reading = one(&deadlines, "2026-01-06T09:00:00", Duty::Decide, Basis::Statutory);
    assert_eq!((reading.limit, reading.due), (TimeLimit::JOINT_DECISION, Due::On(day("2026-03-13"))));
}

#[test]
fn delivery_has_ten_days_from_the_decision_and_what_is_done_stays_judged() {
    let mut deadlines = CaseDeadlines::new(limits());
    follow(&mut deadlines, &[accepted("2026-01-05T09:00:00"), decided("2026-01-13T09:00:00")]);
    let standing = |deadlines: &CaseDeadlines, duty, basis| one(deadlines, "2026-03-30T09:00:00", duty, basis).standing;
    let broken = DutyStanding::Broken { on: day("2026-01-13") };
    assert_eq!(standing(&deadlines, Duty::Decide, Basis::Promised), broken);
    assert_eq!(standing(&deadlines, Duty::Decide, Basis::Statutory), DutyStanding::Kept { on: day("2026-01-13") });
    assert_eq!(one(&deadlines, "2026-01-14T09:00:00", Duty::Deliver, Basis::Statutory).due, Due::On(day("2026-01-27")));
    follow(&mut deadlines, &[delivered("2026-01-27T20:00:00")]);
    assert_eq!(standing(&deadlines, Duty::Deliver, Basis::Statutory), DutyStanding::Kept { on: day("2026-01-27") });
}

fn applied() -> CaseEventData {
    let number = CaseNumber::build(&"340705".parse().unwrap(), 2026, 1).unwrap().to_string();
    let event = json!({
        "specversion": "1.0",
        "id": "01936b2e-7f5a-7c3e-9f10-000000000001",
        "source": "urn:tongqiao:party:civil-affairs",
        "type": "cn.tongqiao.case.applied.v1",
        "subject": "01936b2e-7f5a-7c3e-9f10-000000000002",
        "time": "2026-02-11T16:00:00.000+08:00",
        "datacontenttype": "application/json",
        "producer": "01936b2e-7f5a-7c3e-9f10-000000000003",
        "incarnation": "01936b2e-7f5a-7c3e-9f10-000000000004",
        "sequence": 1,
        "revision": 0,
        "number": number,
        "dataclass": "personal",
        "clock": "attested",
        "data": {
            "item": {"code": "11320900014355232Q300071500101701", "version": 1},
            "division": "340705000000",
            "applicant": {
                "kind": "person",
                "name": "测试甲",
                "identity": {
                    "kind": {"set": "id_type", "generation": "ga2000.156", "code": "111"},
                    "number": "340705199001010016"
                }
            },
            "form": {},
            "materials": [],
            "channel": {"set": "handle_form", "generation": "gb39046-2020", "code": "1"}
        }
    });
    CaseEvent::parse(event.to_string().as_bytes()).unwrap().data
}

#[test]
fn nobody_answers_within_five_days_and_the_case_counts_as_accepted_from_the_first() {
    let calendar = calendar();
    let days = WorkingDays::by(&calendar);
    let mut deadlines = CaseDeadlines::new(limits());
    deadlines.follow(Moment::exact(at("2026-02-11T16:00:00")), event(0), &applied());
    // Thursday, Friday, the Saturday that is worked, and after nine days off Tuesday and Wednesday.
    assert_eq!(one(&deadlines, "2026-02-12T00:00:00", Duty::Answer, Basis::Statutory).due, Due::On(day("2026-02-25")));
    assert_eq!(deadlines.counts_as_accepted_since(at("2026-02-25T23:59:59"), days), None);
    assert_eq!(deadlines.counts_as_accepted_since(at("2026-02-26T00:00:00"), days), Some(day("2026-02-11")));
    let notice = CorrectionNotice { lines: Vec::new(), handler: "测试".to_owned(), due: None };
    deadlines.follow(Moment::exact(at("2026-02-25T17:00:00")), event(0), &CaseEventData::CorrectionRequested(notice));
    assert_eq!(deadlines.counts_as_accepted_since(at("2026-03-30T00:00:00"), days), None);
}

#[test]
fn an_uncertain_clock_near_midnight_counts_from_the_earlier_day_and_says_so() {
    let mut deadlines = CaseDeadlines::new(limits());
    let moment = Moment { at: at("2026-01-06T00:01:00"), uncertainty_ms: 120_000 };
    deadlines.follow(moment, event(0), &accepted("2026-01-06T00:01:00"));
    let reading = one(&deadlines, "2026-01-06T09:00:00", Duty::Decide, Basis::Promised);
    assert_eq!((reading.due, reading.is_certain), (Due::On(day("2026-01-12")), false));
}

#[test]
fn an_uncertain_clock_never_makes_in_time_what_may_have_been_late() {
    // Due on 12 January; decided a minute before or after the midnight that follows.
    for (minute, uncertainty_ms, standing, is_certain) in [
        ("23:59:00", 0, DutyStanding::Kept { on: day("2026-01-12") }, true),
        ("23:59:00", 59_999, DutyStanding::Kept { on: day("2026-01-12") }, true),
        ("23:59:00", 60_000, DutyStanding::Broken { on: day("2026-01-13") }, false),
    ] {
        let mut deadlines = CaseDeadlines::new(limits());
        follow(&mut deadlines, &[accepted("2026-01-05T09:00:00")]);
        let at = format!("2026-01-12T{minute}");
        deadlines.follow(Moment { at: crate::case::at(&at), uncertainty_ms }, event(0), &decided(&at));
        let reading = one(&deadlines, "2026-01-14T09:00:00", Duty::Decide, Basis::Promised);
        assert_eq!((reading.standing, reading.is_certain), (standing, is_certain), "{uncertainty_ms}");
    }
}

#[test]
fn a_deadline_in_a_year_without_a_calendar_is_provisional() {
    let mut deadlines = CaseDeadlines::new(limits());
    follow(&mut deadlines, &[accepted("2026-12-29T09:00:00")]);
    let reading = one(&deadlines, "2026-12-30T09:00:00", Duty::Decide, Basis::Promised);
    assert_eq!((reading.due, reading.calendar), (Due::On(day("2027-01-05")), CalendarStanding::Provisional));
}

#[test]
fn a_withdrawn_case_has_no_clock_that_runs() {
    let mut deadlines = CaseDeadlines::new(limits());
    let withdrawal = CaseEventData::Withdrawn(Withdrawal { reason: "不再办理".to_owned() });
    follow(&mut deadlines, &[accepted("2026-01-05T09:00:00"), withdrawal]);
    assert!(read(&deadlines, "2026-05-05T09:00:00").is_empty());
}

/// A city that wants complaints answered within five working days, and bad grades looked into within seven.
fn supervised() -> CaseLimits {
    let rules = r#"{"issued":"2026-01-04T09:00:00+08:00","rules":[],"limits":[
        {"duty":"answer-complaint","working_days":5},{"duty":"follow-up","working_days":7}]}"#;
    limits().supervised_by(&SupervisionRules::parse(rules.as_bytes()).unwrap())
}

fn complained() -> CaseEventData {
    let (grounds, channel) = (Grievance::Overdue.into(), ComplaintChannel::Hotline.into());
    CaseEventData::Complained(Complaint { grounds, text: "三个月没有消息".to_owned(), channel })
}

fn answered(complaint: EventId) -> CaseEventData {
    let (finding, answer) = (Finding::Founded.into(), "已致歉并办结".to_owned());
    CaseEventData::ComplaintAnswered(ComplaintAnswer { complaint, finding, answer, handler: "测试".to_owned() })
}

fn evaluated(score: u8) -> CaseEventData {
    let channel = EvaluationChannel::Online.into();
    CaseEventData::Evaluated(Evaluation { score, channel, comment: None })
}

fn ordered(working_days: u32) -> CaseEventData {
    let (grounds, content) = (Grievance::Overdue.into(), "立即办理并说明原因".to_owned());
    CaseEventData::SupervisionOrdered(SupervisionOrder { grounds, content, working_days, rule: None })
}

/// What is said about the handling: duty, what it is about, due, standing.
fn asides(deadlines: &CaseDeadlines, now: &str) -> Vec<(Duty, Option<EventId>, Due, DutyStanding)> {
    let readings = read(deadlines, now).into_iter().filter(|reading| reading.basis == Basis::Supervision);
    readings.map(|reading| (reading.duty, reading.about, reading.due, reading.standing)).collect()
}

#[test]
fn each_complaint_has_a_clock_of_its_own_that_only_its_own_answer_ends() {
    let mut deadlines = CaseDeadlines::new(supervised());
    let mut happens = |on: &str, number, data: &CaseEventData| {
        deadlines.follow(Moment::exact(at(on)), event(number), data);
    };
    happens("2026-01-05T09:00:00", 1, &complained());
    happens("2026-01-06T09:00:00", 2, &complained());
    happens("2026-01-12T09:00:00", 3, &answered(event(2)));
    let (first, second) = (Due::On(day("2026-01-12")), Due::On(day("2026-01-13")));
    let kept = DutyStanding::Kept { on: day("2026-01-12") };
    let complaint = Duty::AnswerComplaint;
    assert_eq!(
        asides(&deadlines, "2026-01-14T09:00:00"),
        [
            (complaint, Some(event(1)), first, DutyStanding::Overdue { days_over: 2 }),
            (complaint, Some(event(2)), second, kept),
        ]
    );
    deadlines.follow(Moment::exact(at("2026-01-14T10:00:00")), event(4), &answered(event(1)));
    let late = asides(&deadlines, "2026-01-14T11:00:00");
    assert_eq!(late[0], (complaint, Some(event(1)), first, DutyStanding::Broken { on: day("2026-01-14") }));
}

#[test]
fn only_a_bad_grade_calls_for_a_follow_up() {
    for (score, clocks) in [(1, 0), (3, 0), (4, 1), (5, 1)] {
        let mut deadlines = CaseDeadlines::new(supervised());
        deadlines.follow(Moment::exact(at("2026-01-05T09:00:00")), event(1), &evaluated(score));
        let asides = asides(&deadlines, "2026-01-05T09:00:00");
        assert_eq!(asides.len(), clocks, "{score}");
        assert!(asides.iter().all(|aside| aside.0 == Duty::FollowUp && aside.2 == Due::On(day("2026-01-14"))));
    }
    let mut deadlines = CaseDeadlines::new(supervised());
    deadlines.follow(Moment::exact(at("2026-01-05T09:00:00")), event(1), &evaluated(5));
    let follow_up = EvaluationFollowUp {
        evaluation: event(1),
        finding: Finding::Unfounded.into(),
        measures: "已回访".to_owned(),
        handler: "测试".to_owned(),
    };
    let follow_up = CaseEventData::EvaluationFollowedUp(follow_up);
    deadlines.follow(Moment::exact(at("2026-01-06T09:00:00")), event(2), &follow_up);
    assert_eq!(asides(&deadlines, "2026-03-01T09:00:00")[0].3, DutyStanding::Kept { on: day("2026-01-06") });
}

#[test]
fn an_order_says_itself_by_when_and_outlives_a_withdrawal() {
    let mut deadlines = CaseDeadlines::new(limits());
    let monday = Moment::exact(at("2026-01-05T09:00:00"));
    deadlines.follow(monday, event(1), &accepted("2026-01-05T09:00:00"));
    deadlines.follow(monday, event(2), &ordered(3));
    // A city that publishes no limit for complaints has no clock for them.
    deadlines.follow(monday, event(3), &complained());
    let withdrawal = CaseEventData::Withdrawn(Withdrawal { reason: "不再办理".to_owned() });
    deadlines.follow(monday, event(4), &withdrawal);
    let due = Due::On(day("2026-01-08"));
    let overdue = DutyStanding::Overdue { days_over: 1 };
    assert_eq!(asides(&deadlines, "2026-01-09T09:00:00"), [(Duty::AnswerOrder, Some(event(2)), due, overdue)]);
    assert_eq!(read(&deadlines, "2026-01-09T09:00:00").len(), 1, "the case's own clocks are gone");
    let answer = SupervisionAnswer { order: event(2), answer: "已办结".to_owned(), handler: "测试".to_owned() };
    let on = Moment::exact(at("2026-01-08T23:59:59"));
    deadlines.follow(on, event(5), &CaseEventData::SupervisionAnswered(answer));
    assert_eq!(asides(&deadlines, "2026-03-01T09:00:00")[0].3, DutyStanding::Kept { on: day("2026-01-08") });
}
