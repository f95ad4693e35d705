//! Keys: proved at enrolment, revoked afterwards, and what becomes of records whose key is in doubt.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::department::{Department, Tamper, World, fresh_id};
use super::{assert_event_refused, assert_refused, effects, pairs};

async fn code(world: &World) -> Value {
    world.department.plain(Method::POST, "/sandbox/enrolment-codes", &json!({})).await.body["code"].clone()
}

#[tokio::test]
async fn a_key_is_enrolled_only_by_who_has_its_secret() {
    let world = World::new().await;
    let stranger = Department::stranger(world.running.base_url(), "stranger");
    let code = code(&world).await;
    let before = effects(&world).await;
    let mut stolen = stranger.wish(&code);
    stolen["keys"][0]["public_key"] = world.department.wish(&code)["keys"][0]["public_key"].clone();
    let answer = stranger.plain(Method::POST, "/v1/enrolments", &stolen).await;
    assert_refused(&world, &before, &answer, 401, "enrolment.proof_invalid").await;
    assert_eq!(answer.faults(), pairs(&[("/keys/0/proof", "enrolment.proof_invalid")]));
    let mut unproved = stranger.wish(&code);
    unproved["keys"][0].as_object_mut().unwrap().remove("proof");
    let answer = stranger.plain(Method::POST, "/v1/enrolments", &unproved).await;
    assert_refused(&world, &before, &answer, 422, "request.missing_field").await;
    let mut replayed = stranger.wish(&json!("another code"));
    replayed["code"] = code.clone();
    let answer = stranger.plain(Method::POST, "/v1/enrolments", &replayed).await;
    assert_refused(&world, &before, &answer, 401, "enrolment.proof_invalid").await;
}

#[tokio::test]
async fn a_key_that_is_no_point_or_bears_anothers_name_is_unsuitable() {
    let world = World::new().await;
    let stranger = Department::stranger(world.running.base_url(), "stranger");
    let code = code(&world).await;
    let before = effects(&world).await;
    let mut weak = stranger.wish(&code);
    // The neutral element: every signature of zeros verifies under it.
    weak["keys"][0]["public_key"] = json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let answer = stranger.plain(Method::POST, "/v1/enrolments", &weak).await;
    assert_refused(&world, &before, &answer, 400, "enrolment.key_unsuitable").await;
    let mut squatting = stranger.wish(&code);
    squatting["keys"][0]["keyid"] = json!("taxation/1");
    squatting["keys"][0]["proof"] = json!(stranger.proof("taxation/1", code.as_str().unwrap()));
    let answer = stranger.plain(Method::POST, "/v1/enrolments", &squatting).await;
    assert_refused(&world, &before, &answer, 400, "enrolment.key_unsuitable").await;
    assert_eq!(answer.faults(), pairs(&[("/keys/0/keyid", "enrolment.key_unsuitable")]));
    let mut twice = stranger.wish(&code);
    let key = twice["keys"][0].clone();
    twice["keys"].as_array_mut().unwrap().push(key);
    let answer = stranger.plain(Method::POST, "/v1/enrolments", &twice).await;
    assert_refused(&world, &before, &answer, 409, "enrolment.key_taken").await;
}

#[tokio::test]
async fn a_revoked_key_signs_no_request_and_its_records_wait_for_a_human() {
    let world = World::new().await;
    let carries = json!({ "carries": ["civil-affairs"], "kind": "edge" });
    let edge = Department::enrol_with(world.running.base_url(), "box-7", &carries).await;
    let (department, applied) = (&world.department, world.applied(&fresh_id()).await);
    let signed = json!({ "events": [department.sign_event(&applied)] });
    let revoke = json!({ "keyid": department.keyid(), "reason": "stolen", "compromised": true });
    let revoked = department.plain(Method::POST, "/sandbox/revoke", &revoke).await;
    assert_eq!(revoked.status.as_u16(), 200, "{:#}", revoked.body);
    let before = effects(&world).await;
    let own = department.post("/v1/case-events", &signed).await;
    assert_refused(&world, &before, &own, 403, "signature.key_revoked").await;
    let carried = edge.post("/v1/case-events", &signed).await;
    assert_eq!(carried.result()["problem"]["code"], "record.quarantined", "{:#}", carried.body);
    assert!(carried.result()["receipt"].is_null());
    assert_eq!(world.ledger().await["counts"]["cases"], 0, "never applied silently");
    let kept = department.plain(Method::GET, "/sandbox/quarantine", &Value::Null).await.body["records"].clone();
    assert_eq!((kept.as_array().map(Vec::len), &kept[0]["record_id"]), (Some(1), &applied["id"]), "never dropped");
    let release = json!({ "record_id": kept[0]["record_id"], "digest": kept[0]["digest"] });
    let released = department.plain(Method::POST, "/sandbox/quarantine/release", &release).await;
    assert_eq!(released.status.as_u16(), 200, "{:#}", released.body);
    let offered = edge.post("/v1/case-events", &signed).await;
    assert_eq!(offered.result()["status"], "settled", "{:#}", offered.body);
}

#[tokio::test]
async fn a_key_outside_its_validity_signs_nothing() {
    let world = World::new().await;
    world.running.clock().advance_millis(3 * 365 * 86_400_000);
    let before = effects(&world).await;
    let late = Tamper { created_shift_seconds: 3 * 365 * 86_400, ..Tamper::default() };
    let path = format!("/v1/cases/{}", fresh_id());
    let answer = world.department.send(Method::GET, &path, b"", &late).await;
    assert_refused(&world, &before, &answer, 403, "signature.key_not_valid").await;
}

#[tokio::test]
async fn a_key_serves_only_the_use_that_it_was_enrolled_for() {
    let world = World::new().await;
    let grant = json!({ "carries": ["civil-affairs"] });
    let hop = Department::enrol_for_use(world.running.base_url(), "hop-box", &grant, "hop").await;
    let renewal = Department::enrol_for_use(world.running.base_url(), "renewal-box", &grant, "enrolment").await;
    let before = effects(&world).await;
    let event = hop.event(&fresh_id(), "withdrawn", 1, 0, &json!({ "reason": "不办了" }));
    assert_event_refused(&world, &before, &hop.push(&[event]).await, "record.wrong_use").await;
    let answer = renewal.get(&format!("/v1/cases/{}", fresh_id())).await;
    assert_refused(&world, &before, &answer, 403, "signature.wrong_use").await;
}

#[tokio::test]
async fn an_edge_authors_nothing_and_a_terminal_only_the_applicants_will() {
    let world = World::new().await;
    let url = world.running.base_url();
    let grant = |kind: &str| json!({ "kind": kind, "joins": ["civil-affairs"] });
    let case = fresh_id();
    world.department.push(&[world.applied(&case).await]).await;
    let now = tongqiao_protocol::Timestamp::from_millis(super::super::department::NOON_MILLIS);
    let accepted = json!({ "accepted_on": now, "handler": "x", "promise": { "working_days": 5, "due": now } });
    for kind in ["edge", "hub", "terminal"] {
        let machine = Department::enrol_with(url, &format!("some-{kind}"), &grant(kind)).await;
        let before = effects(&world).await;
        let answer = machine.push(&[machine.event(&case, "accepted", 1, 1, &accepted)]).await;
        assert_event_refused(&world, &before, &answer, "case.actor_not_allowed").await;
    }
    let terminal = Department::enrol_with(url, "counter-terminal", &grant("terminal")).await;
    let withdrawn = terminal.event(&case, "withdrawn", 1, 1, &json!({ "reason": "不办了" }));
    let answer = terminal.push(&[withdrawn]).await;
    assert_eq!(answer.result()["status"], "settled", "{:#}", answer.body);
}

#[tokio::test]
async fn another_department_of_the_same_division_decides_nothing_and_a_case_is_found_by_its_number() {
    let world = World::new().await;
    let other = Department::enrol(world.running.base_url(), "natural-resources").await;
    let case = fresh_id();
    let applied = world.applied(&case).await;
    world.department.push(std::slice::from_ref(&applied)).await;
    let before = effects(&world).await;
    let answer = other.push(&[other.event(&case, "withdrawn", 1, 1, &json!({ "reason": "捣乱" }))]).await;
    assert_event_refused(&world, &before, &answer, "case.access_denied").await;
    let number = applied["number"].as_str().unwrap();
    let by_number = world.department.get(&format!("/v1/cases/{number}")).await;
    assert_eq!(by_number.body["case"], case.as_str(), "{:#}", by_number.body);
}
