//! The sandbox's controls: faults on request, the clock, the bank, alarms.

use reqwest::Method;
use serde_json::{Value, json};

use super::department::{World, fresh_id};

async fn plan(world: &World, plan: &Value) -> Value {
    world.department.plain(Method::POST, "/sandbox/faults", plan).await.body
}

#[tokio::test]
async fn a_delayed_request_is_held_up_and_then_takes_effect() {
    let world = World::new().await;
    let applied = world.applied(&fresh_id()).await;
    plan(&world, &json!({ "seed": 3, "delay": 1.0, "delay_ms": 30 })).await;
    let answer = world.department.push(&[applied]).await;
    assert_eq!(answer.result()["status"], "settled");
    let faults = world.department.plain(Method::GET, "/sandbox/faults", &Value::Null).await.body;
    assert_eq!((&faults["done"]["delay"], &faults["requests"]), (&json!(1), &json!(1)), "{faults:#}");
}

#[tokio::test]
async fn a_reordered_request_lets_another_pass_and_both_take_effect() {
    let world = World::new().await;
    let (first, second) = (world.applied(&fresh_id()).await, world.applied(&fresh_id()).await);
    plan(&world, &json!({ "seed": 3, "reorder": 1.0 })).await;
    let (one, two) = ([first], [second]);
    let (left, right) = tokio::join!(world.department.push(&one), world.department.push(&two));
    assert_eq!((&left.result()["status"], &right.result()["status"]), (&json!("settled"), &json!("settled")));
    assert_eq!(plan(&world, &json!({})).await["requests"], 0, "a new plan counts from nothing");
    assert_eq!(world.ledger().await["counts"]["events_effective"], 2);
}

#[tokio::test]
async fn a_skewed_answer_has_a_wrong_date_and_nothing_else() {
    let world = World::new().await;
    let right = world.department.plain(Method::GET, "/v1/time", &Value::Null).await;
    plan(&world, &json!({ "seed": 3, "skew": 1.0, "skew_seconds": -7_200 })).await;
    let wrong = world.department.plain(Method::GET, "/v1/time", &Value::Null).await;
    assert_eq!(wrong.body, right.body);
    assert_ne!(wrong.headers["date"], right.headers["date"]);
}

#[tokio::test]
async fn a_proxy_that_answers_instead_says_it_with_a_page_and_nothing_is_done() {
    let world = World::new().await;
    let applied = world.applied(&fresh_id()).await;
    plan(&world, &json!({ "seed": 3, "bad_gateway": 1.0 })).await;
    let answer = world.department.push(&[applied]).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["content-type"]), (502, &"text/html".parse().unwrap()));
    assert!(answer.body.is_null(), "no problem, only a page");
    plan(&world, &json!({})).await;
    assert_eq!(world.ledger().await["counts"]["cases"], 0);
}

#[tokio::test]
async fn a_defect_is_an_answer_with_a_code_and_the_platform_lives_on() {
    let world = World::new().await;
    plan(&world, &json!({ "seed": 3, "defect": 1.0 })).await;
    let answer = world.department.get(&format!("/v1/cases/{}", fresh_id())).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (500, "internal.defect"), "{:#}", answer.body);
    plan(&world, &json!({})).await;
    assert_eq!(world.department.get(&format!("/v1/cases/{}", fresh_id())).await.code(), "case.unknown");
}

#[tokio::test]
async fn the_clock_is_shown_moved_and_set() {
    let world = World::new().await;
    let department = &world.department;
    let clock = async |body: Value| department.plain(Method::POST, "/sandbox/clock", &body).await;
    let shown = department.plain(Method::GET, "/sandbox/clock", &Value::Null).await.body["now"].clone();
    let moved = clock(json!({ "advance_millis": 86_400_000 })).await.body["now"].clone();
    assert_ne!(moved, shown);
    assert_eq!(clock(json!({ "set": shown })).await.body["now"], shown);
    assert_eq!(department.plain(Method::GET, "/v1/time", &Value::Null).await.body["time"], shown);
    let wrong = clock(json!({ "set": "tomorrow" })).await;
    assert_eq!(wrong.faults(), [("/set".to_owned(), "request.invalid_value".to_owned())]);
}

#[tokio::test]
async fn the_bank_takes_only_the_moods_that_it_has() {
    let world = World::new().await;
    for mode in ["held", "failing", "prompt"] {
        let set = world.department.plain(Method::POST, "/sandbox/bank", &json!({ "mode": mode })).await;
        assert_eq!(set.body["mode"], mode);
    }
    let wrong = world.department.plain(Method::POST, "/sandbox/bank", &json!({ "mode": "generous" })).await;
    assert_eq!(wrong.faults(), [("/mode".to_owned(), "request.invalid_value".to_owned())]);
}

#[tokio::test]
async fn an_alarm_says_what_happened_and_to_whom() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    world.department.push(std::slice::from_ref(&applied)).await;
    applied["data"]["applicant"]["name"] = json!("测试乙");
    for _ in 0..3 {
        world.department.push(std::slice::from_ref(&applied)).await;
    }
    let alarms = world.department.plain(Method::GET, "/sandbox/alarms", &Value::Null).await.body["alarms"].clone();
    assert_eq!(alarms.as_array().map(Vec::len), Some(1), "the same thing again says nothing new: {alarms:#}");
    assert_eq!((&alarms[0]["kind"], &alarms[0]["detail"]["event"]), (&json!("event.id_conflict"), &applied["id"]));
}
