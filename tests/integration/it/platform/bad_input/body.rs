//! Bodies that are no lease, no bill and no enrolment, and those that are too large for anything.

use reqwest::Method;
use serde_json::json;

use super::super::department::{Department, Tamper, World, fresh_id};
use super::{assert_refused, effects, pairs};

const UNSIGNED: Tamper = Tamper {
    without_signature: true,
    keyid: None,
    created_shift_seconds: 0,
    nonce: None,
    digest_of: None,
    signed_path: None,
    signature_input: None,
    language: None,
    sign: None,
};

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_wherever_one_is_read() {
    let world = World::new().await;
    let before = effects(&world).await;
    for path in ["/v1/case-number-leases", "/v1/bills", "/v1/enrolments", "/sandbox/faults", "/sandbox/revoke"] {
        let tamper =
            if path.ends_with("enrolments") || path.starts_with("/sandbox") { UNSIGNED } else { Tamper::default() };
        let bodies: [(&str, &[u8]); 4] = [
            ("request.malformed_json", b""),
            ("request.malformed_json", b"{\"code\": "),
            ("request.malformed_json", "{“code”：1}".as_bytes()),
            ("request.not_utf8", b"{\"name\": \"\xc9\xea\xc7\xeb\"}"),
        ];
        for (code, body) in bodies {
            let answer = world.department.send(Method::POST, path, body, &tamper).await;
            assert_refused(&world, &before, &answer, 400, code).await;
        }
        let answer = world.department.send(Method::POST, path, b"[]", &tamper).await;
        assert_refused(&world, &before, &answer, 422, "request.wrong_type").await;
    }
}

#[tokio::test]
async fn an_enrolment_tells_everything_that_is_wrong_with_it() {
    let world = World::new().await;
    let before = effects(&world).await;
    let wish = json!({
        "code": "long".repeat(100), "party": "Nobody!", "kind": "ministry", "name": " ",
        "keys": [{ "keyid": "a b", "suite": "rot13", "public_key": "no base64!", "use": "anything", "proof": "AAAA" }],
    });
    let answer = world.department.plain(Method::POST, "/v1/enrolments", &wish).await;
    assert_refused(&world, &before, &answer, 400, "request.invalid").await;
    assert_eq!(
        answer.faults(),
        pairs(&[
            ("/code", "request.too_long"),
            ("/party", "request.invalid_value"),
            ("/kind", "request.invalid_value"),
            ("/name", "request.missing_field"),
            ("/keys/0/keyid", "request.invalid_value"),
            ("/keys/0/suite", "request.invalid_value"),
            ("/keys/0/use", "request.invalid_value"),
            ("/keys/0/proof", "request.invalid_value"),
        ])
    );
    let long = json!({ "code": "c".repeat(129), "party": "nobody", "kind": "department", "name": "n", "keys": [] });
    let answer = world.department.plain(Method::POST, "/v1/enrolments", &long).await;
    assert!(answer.faults().contains(&("/code".to_owned(), "request.too_long".to_owned())), "{:#}", answer.body);
}

#[tokio::test]
async fn a_body_beyond_every_limit_is_a_problem_and_no_broken_connection() {
    let world = World::new().await;
    let before = effects(&world).await;
    for (path, bytes, signed) in [
        ("/v1/enrolments", 256 * 1024 + 1, false),
        ("/v1/case-number-leases", 4 * 1024 * 1024 + 1, true),
        ("/v1/bills", 4 * 1024 * 1024 + 1, true),
        ("/sandbox/faults", 2 * 1024 * 1024 + 1, false),
        ("/sandbox/restore", 2 * 1024 * 1024 + 1, false),
        ("/sandbox/enrolment-codes", 2 * 1024 * 1024 + 1, false),
        ("/sandbox/catalogue/changes", 2 * 1024 * 1024 + 1, false),
    ] {
        let tamper = if signed { Tamper::default() } else { UNSIGNED };
        let answer = world.department.send(Method::POST, path, &vec![b' '; bytes], &tamper).await;
        assert_eq!(answer.status.as_u16(), 413, "{path}: {:#}", answer.body);
        assert_refused(&world, &before, &answer, 413, "request.too_large").await;
    }
}

#[tokio::test]
async fn a_request_sent_twice_is_taken_once_and_its_second_arrival_changes_nothing() {
    let world = World::new().await;
    let applied = world.applied(&fresh_id()).await;
    let body = json!({ "events": [world.department.sign_event(&applied)] }).to_string().into_bytes();
    let tamper = Tamper { nonce: Some("BBBBBBBBBBBBBBBBBBBBBB".to_owned()), ..Tamper::default() };
    let first = world.department.send(Method::POST, "/v1/case-events", &body, &tamper).await;
    assert_eq!(first.result()["status"], "settled");
    let before = effects(&world).await;
    let again = world.department.send(Method::POST, "/v1/case-events", &body, &tamper).await;
    assert_refused(&world, &before, &again, 401, "signature.replayed").await;
}

#[tokio::test]
async fn a_code_serves_one_party_of_the_kind_that_it_was_made_for() {
    let world = World::new().await;
    let url = world.running.base_url();
    let (first, second) = (Department::stranger(url, "first-box"), Department::stranger(url, "second-box"));
    let code =
        first.plain(Method::POST, "/sandbox/enrolment-codes", &json!({ "kind": "edge" })).await.body["code"].clone();
    let enrol = async |who: &Department, wish| who.plain(Method::POST, "/v1/enrolments", &wish).await;
    let before = effects(&world).await;
    let unknown = enrol(&first, first.wish(&json!("00000-00000"))).await;
    assert_refused(&world, &before, &unknown, 403, "enrolment.code_invalid").await;
    let as_department = enrol(&first, first.wish(&code)).await;
    assert_refused(&world, &before, &as_department, 403, "scope.not_allowed").await;
    let mut wish = first.wish(&code);
    wish["kind"] = json!("edge");
    let enrolled = enrol(&first, wish.clone()).await;
    assert_eq!(enrolled.status.as_u16(), 200, "{:#}", enrolled.body);
    let before = effects(&world).await;
    let again = enrol(&first, wish.clone()).await;
    assert_eq!(again.body, enrolled.body, "a lost answer is given again");
    let mut reused = second.wish(&code);
    reused["kind"] = json!("edge");
    assert_refused(&world, &before, &enrol(&second, reused).await, 403, "enrolment.code_invalid").await;
    let other = first.plain(Method::POST, "/sandbox/enrolment-codes", &json!({})).await.body["code"].clone();
    assert_refused(&world, &before, &enrol(&first, first.wish(&other)).await, 409, "enrolment.party_taken").await;
    world.running.clock().advance_millis(8 * 86_400_000);
    assert_refused(&world, &before, &enrol(&second, second.wish(&other)).await, 403, "enrolment.code_invalid").await;
}
