//! Until when: read without a network, and the same as the platform says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Decision, DecisionResult, Delivery, DeliveryMethod, OpenValue, Procedure, Promise,
    SpecialBegin, SpecialEnd,
};
use tongqiao::{
    Arrival, Basis, CalendarStanding, CaseDraft, CaseHandle, Client, DeadlineReport, Due, Duty, DutyReading,
    DutyStanding, ItemQuery, Request, Response, Sending, Silence, Transport, TransportFailure,
};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{CaseId, CivilDate, ErrorCode, Suite, Timestamp};
use tongqiao_store::{SqliteStore, Store as _};

use super::cases::PATIENCE;
use super::sandbox::{CITIZEN, Sandbox, reqwest_client};

fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn accepted(on: &str) -> CaseEventData {
    let promise = Promise { working_days: 7, due: at(on) };
    let handler = "测试经办".to_owned();
    CaseEventData::Accepted(Acceptance { accepted_on: at(on), handler, document_number: None, promise })
}

fn begun(procedure: Procedure, on: &str, extended_by_days: Option<u64>) -> CaseEventData {
    let (begun, reason) = (at(on), "专家评审".to_owned());
    CaseEventData::SpecialBegun(SpecialBegin {
        procedure,
        begun,
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

fn decided(on: &str) -> CaseEventData {
    let result = OpenValue::Known(DecisionResult::Granted);
    let handler = "测试经办".to_owned();
    CaseEventData::Decided(Decision {
        result,
        decided_on: at(on),
        handler,
        explanation: None,
        licence: None,
        partners: Vec::new(),
    })
}

fn delivered(on: &str) -> CaseEventData {
    let method = OpenValue::Known(DeliveryMethod::Window);
    CaseEventData::Delivered(Delivery { method, delivered_on: at(on), logistics_number: None })
}

/// An item whose guide promises seven working days, of the twenty that the law gives.
async fn opened(client: &Client) -> CaseHandle {
    let items = client.items().find(&ItemQuery::text("Hong Kong")).await.unwrap();
    assert_eq!((items[0].promised_days, items[0].statutory_days), (7, 20));
    let draft = CaseDraft::for_item(&items[0])
        .person("测试用户", CITIZEN)
        .field("contact-phone", "13800000000")
        .field("reason", "探亲")
        .material("id-card", "居民身份证")
        .material("photo", "照片")
        .material("application-form", "申请表");
    let case = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    case
}

/// The next moment, of which the client hears.
async fn it_is(now: &str, sandbox: &Sandbox, client: &Client) {
    sandbox.now_is(at(now));
    client.refresh_directory().await.unwrap();
}

async fn happens(client: &Client, case: CaseId, change: CaseEventData) {
    let event = client.cases().append(case, change).await.unwrap();
    tokio::time::timeout(PATIENCE, event.settled()).await.unwrap().unwrap();
}

/// What is read here, after the platform has said the same.
async fn agreed(client: &Client, case: CaseId) -> DeadlineReport {
    let said = client.cases().deadlines_of_platform(case).await.unwrap();
    assert_eq!(said.differences, Some(Vec::new()), "{:#?}", said.statement);
    let report = client.cases().deadlines(case).await.unwrap();
    assert_eq!((report.missing_events, said.statement.duties.len()), (0, report.duties.len()));
    report
}

fn of(report: &DeadlineReport, duty: Duty, basis: Basis) -> DutyReading {
    *report.duties.iter().find(|reading| (reading.duty, reading.basis) == (duty, basis)).unwrap()
}

fn rules(report: &DeadlineReport) -> Vec<&str> {
    report.alerts.iter().map(|alert| alert.rule.id.as_str()).collect()
}

#[tokio::test]
async fn a_case_has_the_same_deadlines_offline_as_at_the_platform_from_application_to_delivery() {
    let mut sandbox = Sandbox::start_at(at("2026-02-11T09:00")).await;
    let client = sandbox.client("civil-affairs").await;
    client.refresh_directory().await.unwrap();
    let case = opened(&client).await.id();
    let answer = of(&agreed(&client, case).await, Duty::Answer, Basis::Statutory);
    // Thursday, Friday, the Saturday that is worked, and after nine days off Tuesday and Wednesday.
    assert_eq!((answer.due, answer.is_certain), (Due::On(day("2026-02-25")), true));
    happens(&client, case, accepted("2026-02-11T10:00")).await;
    let promised = of(&agreed(&client, case).await, Duty::Decide, Basis::Promised);
    assert_eq!(promised.due, Due::On(day("2026-02-27")));
    assert_eq!(promised.standing, DutyStanding::Running { days_left: 7 });

    it_is("2026-02-13T09:00", &sandbox, &client).await;
    happens(&client, case, begun(Procedure::Suspension, "2026-02-13T09:00", None)).await;
    for now in ["2026-02-13T23:59", "2026-02-14T00:00", "2026-02-14T12:00", "2026-02-20T12:00"] {
        it_is(now, &sandbox, &client).await;
        let promised = of(&agreed(&client, case).await, Duty::Decide, Basis::Promised);
        assert_eq!(promised.due, Due::Stopped { since: day("2026-02-13"), days_left: 5 }, "{now}");
    }
    it_is("2026-02-24T16:00", &sandbox, &client).await;
    happens(&client, case, ended("2026-02-24T16:00")).await;
    let resumed = of(&agreed(&client, case).await, Duty::Decide, Basis::Promised);
    // 25, 26, 27 February, the Saturday after them, which is worked, and 2 March.
    assert_eq!(resumed.due, Due::On(day("2026-03-02")));
    happens(&client, case, begun(Procedure::Extension, "2026-02-24T16:30", Some(3))).await;
    assert_eq!(of(&agreed(&client, case).await, Duty::Decide, Basis::Promised).due, Due::On(day("2026-03-05")));

    for (now, met) in [
        ("2026-03-03T23:59", vec![]),
        ("2026-03-04T00:00", vec!["PROMISE-LEFT-1"]),
        ("2026-03-05T23:59", vec!["PROMISE-LEFT-1"]),
        ("2026-03-06T00:00", vec!["PROMISE-OVER-1"]),
    ] {
        it_is(now, &sandbox, &client).await;
        assert_eq!(rules(&agreed(&client, case).await), met, "{now}");
    }
    happens(&client, case, decided("2026-03-06T15:00")).await;
    let report = agreed(&client, case).await;
    let broken = DutyStanding::Broken { on: day("2026-03-06") };
    assert_eq!(of(&report, Duty::Decide, Basis::Promised).standing, broken);
    let deliver = of(&report, Duty::Deliver, Basis::Statutory);
    assert_eq!((deliver.due, deliver.calendar), (Due::On(day("2026-03-20")), CalendarStanding::Published));
    it_is("2026-03-23T09:00", &sandbox, &client).await;
    let overdue = of(&agreed(&client, case).await, Duty::Deliver, Basis::Statutory);
    assert_eq!(overdue.standing, DutyStanding::Overdue { days_over: 1 });
    happens(&client, case, delivered("2026-03-23T10:00")).await;
    let online = agreed(&client, case).await;
    assert_eq!(rules(&online), ["PROMISE-OVER-1", "DELIVER-OVER-1"]);

    sandbox.stop().await;
    let offline = client.cases().deadlines(case).await.unwrap();
    assert_eq!((offline.duties, offline.alerts), (online.duties, online.alerts));
}

#[tokio::test]
async fn a_deadline_in_a_year_without_a_calendar_is_provisional_here_and_there() {
    let sandbox = Sandbox::start_at(at("2026-12-29T09:00")).await;
    let client = sandbox.client("civil-affairs").await;
    client.refresh_directory().await.unwrap();
    let case = opened(&client).await.id();
    happens(&client, case, accepted("2026-12-29T10:00")).await;
    for now in ["2026-12-29T10:00", "2027-01-08T09:00", "2027-02-01T09:00"] {
        it_is(now, &sandbox, &client).await;
        let report = agreed(&client, case).await;
        let promised = of(&report, Duty::Decide, Basis::Promised);
        // Weekends only: New Year's day is counted until somebody says that it is off.
        assert_eq!((promised.due, promised.calendar), (Due::On(day("2027-01-07")), CalendarStanding::Provisional));
        assert!(report.calendar_issued.is_some());
    }
}

#[tokio::test]
async fn a_new_process_without_a_network_counts_by_what_was_signed_and_by_nothing_that_was_touched() {
    let mut sandbox = Sandbox::start_at(at("2026-02-11T09:00")).await;
    let credentials = sandbox.enrol("civil-affairs", Suite::ShangMi).await;
    let build = |sandbox: &Sandbox| sandbox.builder(&credentials).store(sandbox.path("kept.sqlite")).build();
    let client = build(&sandbox).await.unwrap();
    client.refresh_directory().await.unwrap();
    let case = opened(&client).await.id();
    happens(&client, case, accepted("2026-02-11T10:00")).await;
    let online = agreed(&client, case).await;
    client.close().await;
    sandbox.stop().await;
    let restarted = build(&sandbox).await.unwrap();
    let offline = restarted.cases().deadlines(case).await.unwrap();
    assert_eq!((offline.calendar_issued, offline.rules_issued), (online.calendar_issued, online.rules_issued));
    let dues = |report: &DeadlineReport| report.duties.iter().map(|reading| reading.due).collect::<Vec<_>>();
    assert_eq!(dues(&offline), dues(&online));
    restarted.close().await;

    // Somebody gives the office a holiday in the file.
    let store = SqliteStore::open(sandbox.path("kept.sqlite")).unwrap();
    let kept = store.document(Collection::Arrangement, "working-calendar").unwrap().unwrap();
    let touched = touch(&kept.bytes);
    let (collection, key) = (Collection::Arrangement, "working-calendar".to_owned());
    let put = Change::PutDocument { collection, key, expected: Expected::Any, bytes: touched };
    store.commit(vec![put]).unwrap();
    drop(store);
    let deceived = build(&sandbox).await.unwrap();
    let report = deceived.cases().deadlines(case).await.unwrap();
    assert_eq!((report.calendar_issued, report.rules_issued), (None, online.rules_issued));
    assert!(report.duties.iter().all(|reading| reading.calendar == CalendarStanding::Provisional));
    deceived.close().await;
    sandbox.start_again().await;
    let healed = build(&sandbox).await.unwrap();
    assert_eq!(healed.cases().deadlines(case).await.unwrap().calendar_issued, online.calendar_issued);
}

/// The same document with another day in what was signed.
fn touch(kept: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut kept: Value = serde_json::from_slice(kept).unwrap();
    let record = STANDARD.decode(kept["signed"]["record"].as_str().unwrap()).unwrap();
    let record = String::from_utf8(record).unwrap();
    assert!(record.contains("2026-02-23"));
    kept["signed"]["record"] = json!(STANDARD.encode(record.replace("2026-02-23", "2026-02-24")));
    kept.to_string().into_bytes()
}

/// Somebody on the way who answers questions about deadlines with what he heard before.
struct Parrot {
    http: reqwest::Client,
    repeats: AtomicBool,
    heard: std::sync::Mutex<Option<Vec<u8>>>,
}

impl Transport for Parrot {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let is_asked = request.uri().path().ends_with("/deadlines");
            let broken = |error: reqwest::Error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error);
            let request = reqwest::Request::try_from(request).map_err(broken)?;
            let answer = self.http.execute(request).await.map_err(broken)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut body = answer.bytes().await.map_err(broken)?.to_vec();
            if is_asked {
                let mut heard = self.heard.lock().unwrap();
                match &*heard {
                    Some(before) if self.repeats.load(Ordering::SeqCst) => body.clone_from(before),
                    _ => *heard = Some(body.clone()),
                }
            }
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

#[tokio::test]
async fn the_platforms_word_of_another_day_or_case_is_not_its_word_on_this_one() {
    let sandbox = Sandbox::start_at(at("2026-02-11T09:00")).await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let parrot = Arc::new(Parrot { http: reqwest_client(), repeats: AtomicBool::new(false), heard: None.into() });
    let transport = Arc::<Parrot>::clone(&parrot);
    let client = sandbox.builder(&credentials).in_memory().transport(transport).build().await.unwrap();
    client.refresh_directory().await.unwrap();
    let (case, other) = (opened(&client).await.id(), opened(&client).await.id());
    agreed(&client, case).await;
    parrot.repeats.store(true, Ordering::SeqCst);
    let another_case = client.cases().deadlines_of_platform(other).await.unwrap_err();
    assert_eq!(another_case.code(), ErrorCode::SignatureAnswerUnsigned);
    it_is("2026-02-12T09:00", &sandbox, &client).await;
    let another_day = client.cases().deadlines_of_platform(case).await.unwrap_err();
    assert_eq!(another_day.code(), ErrorCode::SignatureAnswerUnsigned);
    parrot.repeats.store(false, Ordering::SeqCst);
    agreed(&client, case).await;
}
