//! Bodies that are no batch of events.

use reqwest::Method;
use serde_json::json;

use super::super::department::{Tamper, World, fresh_id};
use super::{assert_refused, effects, pairs};

const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A code, its status, the body that causes it, and its faults.
type Wrong<'a> = (&'a str, u16, &'a [u8], &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn a_body_that_is_no_batch_is_refused_as_a_whole() {
    let world = World::new().await;
    let before = effects(&world).await;
    let gbk_of_shenqing = b"{\"events\": [\"\xc9\xea\xc7\xeb\"]}";
    let thousand_and_one = json!({ "events": vec![json!({}); 1_001] }).to_string().into_bytes();
    let deep = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    let deepest = "/0".repeat(32);
    let cases: [Wrong<'_>; 12] = [
        ("request.malformed_json", 400, b"", &[]),
        ("request.malformed_json", 400, b"{\"events\": [", &[]),
        ("request.malformed_json", 400, "{“events”：[]}".as_bytes(), &[]),
        ("request.too_deep", 400, &deep, &[(deepest.as_str(), "request.too_deep")]),
        (
            "request.duplicate_member",
            400,
            b"{\"events\": [{\"record\": \"\", \"record\": \"\"}]}",
            &[("/events/0/record", "request.duplicate_member")],
        ),
        ("request.not_utf8", 400, gbk_of_shenqing, &[]),
        ("request.wrong_type", 422, b"[]", &[("", "request.wrong_type")]),
        ("request.missing_field", 422, b"{}", &[("/events", "request.missing_field")]),
        ("request.wrong_type", 422, b"{\"events\": {}}", &[("/events", "request.wrong_type")]),
        ("request.wrong_type", 422, b"{\"events\": [7]}", &[("/events/0", "request.wrong_type")]),
        ("request.empty_batch", 422, b"{\"events\": []}", &[("/events", "request.empty_batch")]),
        ("request.batch_too_large", 413, &thousand_and_one, &[("/events", "request.batch_too_large")]),
    ];
    for (code, status, body, faults) in cases {
        let answer = world.department.send(Method::POST, "/v1/case-events", body, &Tamper::default()).await;
        assert_refused(&world, &before, &answer, status, code).await;
        assert_eq!(answer.faults(), pairs(faults), "{code}");
    }
}

#[tokio::test]
async fn every_fault_of_every_record_is_told_at_once() {
    let world = World::new().await;
    let before = effects(&world).await;
    let body = json!({ "events": [
        { "record": "no base64!", "signature": { "keyid": "a b", "value": "AAAA" } },
        { "record": 7 },
        { "signature": [] },
    ] });
    let answer = world.department.post("/v1/case-events", &body).await;
    assert_refused(&world, &before, &answer, 400, "request.invalid").await;
    assert_eq!(
        answer.faults(),
        pairs(&[
            ("/events/0/record", "request.invalid_value"),
            ("/events/0/signature/keyid", "request.invalid_value"),
            ("/events/0/signature/value", "request.invalid_value"),
            ("/events/1/record", "request.wrong_type"),
            ("/events/1/signature", "request.missing_field"),
            ("/events/2/record", "request.missing_field"),
            ("/events/2/signature", "request.wrong_type"),
        ])
    );
}

#[tokio::test]
async fn a_batch_at_the_limit_is_read_and_one_byte_more_is_not() {
    let world = World::new().await;
    let before = effects(&world).await;
    let padded = |bytes: usize| {
        let mut body = b"{\"events\": []".to_vec();
        body.resize(bytes - 1, b' ');
        body.push(b'}');
        body
    };
    let at_limit =
        world.department.send(Method::POST, "/v1/case-events", &padded(BATCH_BYTES), &Tamper::default()).await;
    assert_refused(&world, &before, &at_limit, 422, "request.empty_batch").await;
    let beyond =
        world.department.send(Method::POST, "/v1/case-events", &padded(BATCH_BYTES + 1), &Tamper::default()).await;
    assert_refused(&world, &before, &beyond, 413, "request.too_large").await;
}

#[tokio::test]
async fn a_batch_of_a_thousand_is_taken_and_each_has_its_answer() {
    let world = World::new().await;
    let case = fresh_id();
    let applied = world.applied(&case).await;
    let events = vec![applied; 1_000];
    let answer = world.department.push(&events).await;
    let results = answer.body["results"].as_array().unwrap();
    assert_eq!(results.len(), 1_000);
    assert_eq!(results[0]["status"], "settled");
    assert!(
        results[1..].iter().all(|result| result["status"] == "duplicate" && result["receipt"] == results[0]["receipt"])
    );
}

#[tokio::test]
async fn members_that_nobody_knows_are_ignored() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    applied["later_version_says"] = json!({ "anything": [1, 2, 3] });
    applied["data"]["unheard_of"] = json!("事项");
    let body = json!({ "events": [world.department.sign_event(&applied)], "hint": null });
    let answer = world.department.post("/v1/case-events", &body).await;
    assert_eq!(answer.result()["status"], "settled", "{:#}", answer.body);
}
