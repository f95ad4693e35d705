//! Routing: a case accepted anywhere comes to the party in charge of its item, and from then on only that party handles it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::department::{DIVISION, Department, World, fresh_id};

/// Another county of the same city, and a township of it.
const ELSEWHERE: &str = "340722000000";

fn content(signed: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(signed["record"].as_str().unwrap()).unwrap()).unwrap()
}

/// A party with what the operator grants it.
async fn enrolled(world: &World, party: &str, grant: Value) -> Department {
    Department::enrol_with(world.running.base_url(), party, &grant).await
}

/// The agency of the item that cases are made of here.
async fn agency(world: &World) -> String {
    let reference = world.item().await.reference();
    reference["code"].as_str().unwrap()[..18].to_owned()
}

/// An application that `window` has accepted for the district.
async fn accepted_at(window: &Department, world: &World, case: &str) -> Value {
    let mut applied = window.event(case, "applied", 1, 0, &world.item().await.application(DIVISION));
    applied["number"] = json!(window.case_number().await);
    let pushed = window.push(std::slice::from_ref(&applied)).await;
    assert_eq!(pushed.result()["status"], "settled", "{:#}", pushed.body);
    applied
}

async fn dispatched(department: &Department) -> Vec<Value> {
    let inbox = department.get("/v1/inbox").await;
    let entries = inbox.body["entries"].as_array().unwrap().iter().map(content);
    entries.filter(|entry| entry["type"] == "cn.tongqiao.inbox.case-dispatched.v1").collect()
}

fn reviewed() -> Value {
    json!({ "result": "材料齐全", "handler": "测试经办" })
}

async fn code(department: &Department, event: &Value) -> String {
    let pushed = department.push(std::slice::from_ref(event)).await;
    match &pushed.result()["problem"]["code"] {
        Value::String(code) => code.clone(),
        _ => pushed.result()["status"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn a_case_accepted_in_another_county_is_handled_where_it_belongs_and_nowhere_else() {
    let world = World::new().await;
    let agency = agency(&world).await;
    let bureau = enrolled(&world, "district-bureau", json!({ "divisions": ["340702"], "handles": [agency] })).await;
    let window = enrolled(&world, "window", json!({ "divisions": [ELSEWHERE], "accepts": ["340700"] })).await;
    let stranger = enrolled(&world, "stranger", json!({ "divisions": [ELSEWHERE] })).await;
    let case = fresh_id();
    let applied = accepted_at(&window, &world, &case).await;

    let told = dispatched(&bureau).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((&told[0]["subject"], &told[0]["data"]["event"]), (&json!(case), &applied["id"]));
    let file = bureau.get(&format!("/v1/cases/{case}")).await;
    assert_eq!((&file.body["party"], &file.body["responsible"]), (&json!("window"), &json!("district-bureau")));
    let records = bureau.get(&format!("/v1/cases/{case}/events")).await;
    assert_eq!(content(&records.body["events"][0]["signed"]), applied, "the whole application, as it was signed");
    assert_eq!(stranger.get(&format!("/v1/cases/{case}/events")).await.code(), "case.unknown");

    // The window passes on the applicant's will, and handles nothing.
    let meddling = window.event(&case, "pre-reviewed", 2, 1, &reviewed());
    assert_eq!(code(&window, &meddling).await, "case.actor_not_allowed");
    let mut given_up = window.event(&case, "abandoned", 2, 1, &json!({ "by": "测试", "reason": "无权" }));
    given_up["abandons"] = meddling["id"].clone();
    assert_eq!(code(&window, &given_up).await, "settled");
    assert_eq!(code(&stranger, &stranger.event(&case, "pre-reviewed", 1, 1, &reviewed())).await, "case.access_denied");
    assert_eq!(code(&bureau, &bureau.event(&case, "pre-reviewed", 1, 1, &reviewed())).await, "settled");
    let withdrawal = window.event(&case, "withdrawn", 3, 2, &json!({ "reason": "不再办理" }));
    assert_eq!(code(&window, &withdrawal).await, "settled");
    let heard = window.get("/v1/inbox").await;
    assert_eq!(
        content(&heard.body["entries"][0])["data"]["kind"],
        "pre-reviewed",
        "the window hears what became of it"
    );
}

#[tokio::test]
async fn the_narrowest_claim_wins_by_item_first_and_by_division_then() {
    let world = World::new().await;
    let agency = agency(&world).await;
    let item = world.item().await.reference()["code"].as_str().unwrap().to_owned();
    let window = enrolled(&world, "window", json!({ "kind": "terminal", "divisions": ["340700"] })).await;
    let mut handlers = Vec::new();
    for (party, grant) in [
        ("city", json!({ "divisions": ["340700"], "handles": [agency] })),
        ("district", json!({ "divisions": ["340702"], "handles": [agency] })),
        ("approvals", json!({ "divisions": ["340700"], "handles": [item] })),
        ("twin", json!({ "divisions": ["340700"], "handles": [item] })),
    ] {
        handlers.push(enrolled(&world, party, grant).await);
        let case = fresh_id();
        accepted_at(&window, &world, &case).await;
        let file = handlers[0].get(&format!("/v1/cases/{case}")).await;
        // Two with the same right: a person must say which.
        let expected = if party == "twin" { Value::Null } else { json!(party) };
        assert_eq!(file.body["responsible"], expected, "{party}");
    }
}

#[tokio::test]
async fn a_case_that_nobody_handles_waits_and_goes_to_the_first_who_enrols_for_it() {
    let world = World::new().await;
    let agency = agency(&world).await;
    let window = enrolled(&world, "window", json!({ "kind": "terminal", "divisions": ["340700"] })).await;
    let (first, second) = (fresh_id(), fresh_id());
    accepted_at(&window, &world, &first).await;
    accepted_at(&window, &world, &second).await;
    let desk = &world.department;
    let operator = |method, body| async move { desk.plain(method, "/sandbox/dispatch", &body).await };
    let waiting = operator(Method::GET, Value::Null).await.body["waiting"].as_array().unwrap().clone();
    assert_eq!(waiting.iter().map(|one| one["case"].clone()).collect::<Vec<_>>(), [first.clone(), second.clone()]);
    // A department of the place that is in charge of nothing may not take it either, unless it is given to it.
    let helper = enrolled(&world, "helper", json!({ "divisions": ["340702"] })).await;
    let early = helper.event(&first, "pre-reviewed", 1, 1, &reviewed());
    assert_eq!(code(&helper, &early).await, "case.access_denied");
    let given = operator(Method::POST, json!({ "case": first, "party": "helper" })).await;
    assert_eq!(given.status, StatusCode::OK, "{:#}", given.body);
    assert_eq!(dispatched(&helper).await.len(), 1);
    let wrong = operator(Method::POST, json!({ "case": second, "party": "window" })).await;
    assert_eq!(wrong.faults()[0].0, "/party", "a terminal handles nothing");

    let bureau = enrolled(&world, "bureau", json!({ "divisions": ["340700"], "handles": [agency] })).await;
    let told = dispatched(&bureau).await;
    assert_eq!(told.iter().map(|entry| entry["subject"].clone()).collect::<Vec<_>>(), std::slice::from_ref(&second));
    assert_eq!(operator(Method::GET, Value::Null).await.body["waiting"], json!([]));
    assert_eq!(code(&bureau, &bureau.event(&second, "pre-reviewed", 1, 1, &reviewed())).await, "settled");
    // Given to another, it is the other's: the same order twice is one.
    for _ in 0..2 {
        operator(Method::POST, json!({ "case": second, "party": "helper" })).await;
    }
    assert_eq!(dispatched(&helper).await.len(), 2);
    let time = told[0]["time"].clone();
    let step = json!({ "step": "核查", "started": time, "ended": time, "handler": "测试经办" });
    let former = bureau.event(&second, "step-recorded", 2, 2, &step);
    assert_eq!(code(&bureau, &former).await, "case.access_denied");
}

#[tokio::test]
async fn a_window_that_may_not_accept_for_others_is_refused_as_before() {
    let world = World::new().await;
    let window = enrolled(&world, "window", json!({ "divisions": [ELSEWHERE] })).await;
    let wish = json!({
        "request": fresh_id(), "division": DIVISION, "count": 1,
        "producer": fresh_id(), "incarnation": fresh_id(),
    });
    assert_eq!(window.post("/v1/case-number-leases", &wish).await.code(), "scope.division");
    let mut applied = window.event(&fresh_id(), "applied", 1, 0, &world.item().await.application(DIVISION));
    applied["number"] = json!(world.department.case_number().await);
    let pushed = window.push(&[applied]).await;
    assert_eq!(pushed.result()["status"], "refused");
    let faults = super::department::faults_of(&pushed.result()["problem"]);
    assert!(faults.contains(&("/data/division".to_owned(), "scope.division".to_owned())), "{faults:?}");
    let bad = json!({ "party": "x", "handles": ["1134"], "accepts": ["no"] });
    let refused = world.department.plain(Method::POST, "/sandbox/enrolment-codes", &bad).await;
    let paths: Vec<_> = refused.faults().into_iter().map(|fault| fault.0).collect();
    assert!(paths.contains(&"/handles/0".to_owned()) && paths.contains(&"/accepts/0".to_owned()), "{paths:?}");
}
