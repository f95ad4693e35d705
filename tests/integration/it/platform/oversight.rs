//! Complaints, bad grades and orders of the supervisor: each is answered once, by an event, in time or visibly late.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tongqiao_protocol::limits::CASE_EVENTS_MAX;

use super::department::{Department, World, fresh_id};

const DAY_SECONDS: i64 = 86_400;

fn content(signed: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(signed["record"].as_str().unwrap()).unwrap()).unwrap()
}

async fn settled(department: &Department, event: &Value) {
    let pushed = department.push(std::slice::from_ref(event)).await;
    assert_eq!(pushed.result()["status"], "settled", "{:#}", pushed.body);
}

async fn refused(department: &Department, event: &Value) -> String {
    let pushed = department.push(std::slice::from_ref(event)).await;
    assert_eq!(pushed.result()["status"], "refused", "{:#}", pushed.body);
    pushed.result()["problem"]["code"].as_str().unwrap().to_owned()
}

/// A case that was applied for and withdrawn: nothing more will happen to it.
async fn withdrawn(world: &World) -> String {
    let case = fresh_id();
    settled(&world.department, &world.applied(&case).await).await;
    let withdrawal = world.department.event(&case, "withdrawn", 2, 1, &json!({ "reason": "不再办理" }));
    settled(&world.department, &withdrawal).await;
    case
}

fn complaint() -> Value {
    json!({ "grounds": "overdue", "text": "三个月没有消息", "channel": "hotline" })
}

fn answer(complaint: &Value) -> Value {
    json!({ "complaint": complaint, "finding": "founded", "answer": "已致歉", "handler": "测试经办" })
}

fn order(working_days: u32) -> Value {
    json!({ "grounds": "overdue", "content": "说明超期原因", "working_days": working_days, "rule": "PROMISE-OVER-5" })
}

async fn orders(world: &World, case: &str, kind: &str, data: &Value) -> super::department::Answer {
    let wish = json!({ "case": case, "kind": kind, "data": data });
    world.department.plain(Method::POST, "/sandbox/case-events", &wish).await
}

/// The clocks of what is said about the handling: duty, standing, and the rules that are met.
async fn clocks(world: &World, case: &str, days: i64) -> (Vec<(String, String)>, Vec<String>) {
    let start = world.running.clock().now();
    world.running.clock().advance_millis(days * DAY_SECONDS * 1_000);
    let department = world.department.clone().later_by_seconds(days * DAY_SECONDS);
    let said = department.get(&format!("/v1/cases/{case}/deadlines")).await;
    world.running.clock().set(start);
    assert_eq!(said.status, StatusCode::OK, "{:#}", said.body);
    let said = content(&said.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let duties = said["duties"].as_array().unwrap().iter().filter(|duty| duty["basis"] == "supervision");
    let duties = duties.map(|duty| (text(&duty["duty"]), text(&duty["standing"]))).collect();
    (duties, said["alerts"].as_array().unwrap().iter().map(|alert| text(&alert["rule"])).collect())
}

fn one(duty: &str, standing: &str) -> Vec<(String, String)> {
    vec![(duty.to_owned(), standing.to_owned())]
}

#[tokio::test]
async fn a_complaint_about_a_case_that_is_over_is_answered_once_and_late_answers_stay_visible() {
    let world = World::new().await;
    let department = &world.department;
    let case = withdrawn(&world).await;
    let complained = department.event(&case, "complained", 3, 2, &complaint());
    settled(department, &complained).await;
    assert_eq!(clocks(&world, &case, 1).await, (one("answer-complaint", "running"), vec![]));
    let (late, rules) = clocks(&world, &case, 14).await;
    assert_eq!((late, rules), (one("answer-complaint", "overdue"), vec!["COMPLAINT-OVER-1".to_owned()]));

    let id = complained["id"].clone();
    let wrong = department.event(&case, "complaint-answered", 4, 3, &answer(&json!(fresh_id())));
    assert_eq!(refused(department, &wrong).await, "case.nothing_to_answer");
    let mut given_up = department.event(&case, "abandoned", 4, 3, &json!({ "by": "测试", "reason": "指错" }));
    given_up["abandons"] = wrong["id"].clone();
    settled(department, &given_up).await;
    settled(department, &department.event(&case, "complaint-answered", 5, 3, &answer(&id))).await;
    assert_eq!(clocks(&world, &case, 30).await, (one("answer-complaint", "kept"), vec![]));
    let again = department.event(&case, "complaint-answered", 6, 4, &answer(&id));
    assert_eq!(refused(department, &again).await, "case.nothing_to_answer");
}

#[tokio::test]
async fn a_bad_grade_is_followed_up_and_a_good_one_is_not() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    let mut events = vec![world.applied(&case).await];
    let promise = json!({ "working_days": 5, "due": events[0]["time"] });
    let acceptance = json!({ "accepted_on": events[0]["time"], "handler": "测试", "promise": promise });
    events.push(department.event(&case, "accepted", 2, 1, &acceptance));
    let grade = |score: u8| json!({ "score": score, "channel": "online" });
    events.push(department.event(&case, "evaluated", 3, 2, &grade(3)));
    events.push(department.event(&case, "evaluated", 4, 3, &grade(4)));
    for event in &events {
        settled(department, event).await;
    }
    let measures = |evaluation: &Value| json!({ "evaluation": evaluation, "finding": "partly-founded", "measures": "已回访并整改", "handler": "测试" });
    let (open, rules) = clocks(&world, &case, 30).await;
    assert_eq!(open, one("follow-up", "overdue"));
    assert!(rules.contains(&"FOLLOW-UP-OVER-1".to_owned()), "{rules:?}");
    settled(department, &department.event(&case, "evaluation-followed-up", 5, 4, &measures(&events[3]["id"]))).await;
    assert_eq!(clocks(&world, &case, 30).await.0, one("follow-up", "kept"));
    let good = department.event(&case, "evaluation-followed-up", 6, 5, &measures(&events[2]["id"]));
    assert_eq!(refused(department, &good).await, "case.nothing_to_answer");
}

#[tokio::test]
async fn the_platform_orders_by_an_event_of_its_own_and_the_department_answers() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    settled(department, &world.applied(&case).await).await;
    // Nobody but the platform is the supervisor.
    let forged = department.event(&case, "supervision-ordered", 2, 1, &order(3));
    assert_eq!(refused(department, &forged).await, "case.actor_not_allowed");
    let mut given_up = department.event(&case, "abandoned", 2, 1, &json!({ "by": "测试", "reason": "无权" }));
    given_up["abandons"] = forged["id"].clone();
    settled(department, &given_up).await;

    let ordered = orders(&world, &case, "supervision-ordered", &order(3)).await;
    assert_eq!(ordered.body["status"], "settled", "{:#}", ordered.body);
    let id = ordered.body["id"].clone();
    let receipt = department.get(&format!("/v1/case-events/{}/receipt", id.as_str().unwrap())).await;
    assert_eq!(receipt.body, ordered.body["receipt"], "whoever is ordered may hold the receipt");
    let inbox = department.get("/v1/inbox").await;
    let entry = content(&inbox.body["entries"][0]);
    assert_eq!(entry["type"], "cn.tongqiao.inbox.supervision-ordered.v1", "{entry:#}");
    assert_eq!(entry["data"]["event"], id);

    // What is ordered stands in the record, which the platform signed.
    let records = department.get(&format!("/v1/cases/{case}/events?after=1")).await;
    let event = &records.body["events"][0];
    let said = content(&event["signed"]);
    assert_eq!((&said["id"], &said["data"]), (&id, &order(3)));
    assert_eq!(said["source"], "urn:tongqiao:party:platform");
    let keyid = &event["signed"]["signature"]["keyid"];
    let directory = department.signed_document("/v1/directory").await;
    let key = directory["keys"].as_array().unwrap().iter().find(|key| key["keyid"] == *keyid).unwrap();
    assert_eq!(key["party"], "platform");
    let stranger = Department::enrol(world.running.base_url(), "natural-resources").await;
    assert_eq!(stranger.get(&format!("/v1/cases/{case}/events")).await.code(), "case.unknown");

    let (late, rules) = clocks(&world, &case, 10).await;
    assert_eq!(late, one("answer-order", "overdue"));
    assert!(rules.contains(&"ORDER-OVER-1".to_owned()), "{rules:?}");
    let reply = json!({ "order": id, "answer": "已办结", "handler": "测试经办" });
    settled(department, &department.event(&case, "supervision-answered", 3, 2, &reply)).await;
    assert_eq!(clocks(&world, &case, 10).await.0, one("answer-order", "kept"));
}

#[tokio::test]
async fn what_the_platform_may_not_say_leaves_nothing_behind_and_what_it_repeats_counts_once() {
    let world = World::new().await;
    let case = fresh_id();
    settled(&world.department, &world.applied(&case).await).await;
    let before = world.ledger().await["state_digest"].clone();
    for (kind, data) in [
        ("accepted", json!({})),
        ("supervision-ordered", order(0)),
        ("supervision-ordered", order(366)),
        ("unheard-of", json!({})),
    ] {
        let refused = orders(&world, &case, kind, &data).await;
        assert!(refused.status.is_client_error(), "{kind}: {:#}", refused.body);
        assert!(!refused.faults().is_empty(), "{kind}: {:#}", refused.body);
    }
    assert_eq!(
        orders(&world, &fresh_id(), "supervision-ordered", &order(3)).await.code(),
        "case.transition_impossible"
    );
    assert_eq!(world.ledger().await["state_digest"], before);

    let wish = json!({ "event": fresh_id(), "case": case, "kind": "supervision-ordered", "data": order(365) });
    let first = world.department.plain(Method::POST, "/sandbox/case-events", &wish).await;
    let again = world.department.plain(Method::POST, "/sandbox/case-events", &wish).await;
    assert_eq!((&first.body["status"], &again.body["status"]), (&json!("settled"), &json!("duplicate")));
    assert_eq!(first.body["receipt"], again.body["receipt"]);
    let mut other = wish.clone();
    other["data"] = order(1);
    let conflict = world.department.plain(Method::POST, "/sandbox/case-events", &other).await;
    assert_eq!(conflict.code(), "event.id_conflict");

    // A restored platform goes on in a new incarnation, and its second order does not take the place of a lost one.
    let backup = world.backup().await;
    assert_eq!(orders(&world, &case, "supervision-ordered", &order(2)).await.body["status"], "settled");
    world.restore(&backup).await;
    assert_eq!(orders(&world, &case, "supervision-ordered", &order(2)).await.body["status"], "settled");
    let file = world.department.get(&format!("/v1/cases/{case}")).await;
    assert_eq!(file.body["revision"], 3, "{:#}", file.body);
}

#[tokio::test]
async fn the_records_of_a_long_case_come_in_pages_and_byte_for_byte() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    let mut events = vec![world.applied(&case).await];
    let now = events[0]["time"].clone();
    let step = json!({ "step": "核查", "started": now, "ended": now, "handler": "测试" });
    let most = i64::try_from(CASE_EVENTS_MAX).unwrap();
    events.extend((1..=most).map(|before| department.event(&case, "step-recorded", before + 1, before, &step)));
    let pushed = department.push(&events).await;
    assert!(pushed.body["results"].as_array().unwrap().iter().all(|result| result["status"] == "settled"));

    let mut pages = Vec::new();
    for after in [0, most, most + 1] {
        pages.push(department.get(&format!("/v1/cases/{case}/events?after={after}")).await.body);
    }
    let [first, second, end] = &pages[..] else { unreachable!("three were asked for") };
    assert_eq!((&first["next"], &second["next"], &end["next"]), (&json!(most), &json!(most + 1), &json!(most + 1)));
    let all = [first, second].map(|page| page["events"].as_array().unwrap().clone()).concat();
    assert_eq!(all.len(), CASE_EVENTS_MAX + 1);
    assert_eq!(end["events"], json!([]));
    for (event, sent) in all.iter().zip(&events) {
        assert_eq!(&content(&event["signed"]), sent);
    }
    for wrong in ["-1", "x", "9007199254740992"] {
        let refused = department.get(&format!("/v1/cases/{case}/events?after={wrong}")).await;
        assert_eq!(refused.faults(), [("/query/after".to_owned(), "request.out_of_range".to_owned())], "{wrong}");
    }
}
