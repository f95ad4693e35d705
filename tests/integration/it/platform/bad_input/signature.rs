//! Requests whose hop signature is missing, malformed, stale, replayed or over something else.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::department::{Tamper, World, fresh_id};
use super::{assert_refused, effects};

#[tokio::test]
async fn a_hop_signature_that_does_not_hold_is_told_apart_by_its_code() {
    let world = World::new().await;
    // A second key, so that a right signature under the wrong key is a mismatch and not an unknown key.
    super::super::department::Department::enrol(world.running.base_url(), "natural-resources").await;
    let before = effects(&world).await;
    let applied = world.applied(&fresh_id()).await;
    let before_lease = before;
    let before = effects(&world).await;
    assert_ne!(before, before_lease, "the lease is an effect");
    let body = json!({ "events": [world.department.sign_event(&applied)] }).to_string().into_bytes();
    let input = |text: &str| Some(text.to_owned());
    let cases: [(&str, u16, Tamper); 10] = [
        ("signature.missing", 401, Tamper { without_signature: true, ..Tamper::default() }),
        (
            "signature.malformed",
            401,
            Tamper { signature_input: input("sig1=(\"@method\");keyid=\"x\""), ..Tamper::default() },
        ),
        ("signature.malformed", 401, Tamper { nonce: input("short"), ..Tamper::default() }),
        ("signature.unknown_key", 401, Tamper { keyid: input("nobody/1"), ..Tamper::default() }),
        ("signature.stale", 401, Tamper { created_shift_seconds: -301, ..Tamper::default() }),
        ("signature.stale", 401, Tamper { created_shift_seconds: 301, ..Tamper::default() }),
        ("signature.digest_mismatch", 401, Tamper { digest_of: Some(b"other".to_vec()), ..Tamper::default() }),
        ("signature.mismatch", 401, Tamper { signed_path: input("/v1/bills"), ..Tamper::default() }),
        ("signature.mismatch", 401, Tamper { signed_path: input("/v1/case-events?x=1"), ..Tamper::default() }),
        ("signature.mismatch", 401, Tamper { keyid: input("natural-resources/1"), ..Tamper::default() }),
    ];
    for (code, status, tamper) in cases {
        let answer = world.department.send(Method::POST, "/v1/case-events", &body, &tamper).await;
        assert_refused(&world, &before, &answer, status, code).await;
    }
}

#[tokio::test]
async fn a_request_at_the_edge_of_the_skew_gets_in_once_and_not_twice() {
    let world = World::new().await;
    let nonce = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let tamper = Tamper { created_shift_seconds: -300, nonce: nonce.clone(), ..Tamper::default() };
    let path = format!("/v1/cases/{}", fresh_id());
    let first = world.department.send(Method::GET, &path, b"", &tamper).await;
    assert_eq!(first.code(), "case.unknown", "{:#}", first.body);
    let again = world.department.send(Method::GET, &path, b"", &tamper).await;
    assert_eq!(again.code(), "signature.replayed");
    // Within the signature's possible life the nonce is remembered …
    world.running.clock().advance_millis(599_000);
    let later = Tamper { created_shift_seconds: 300, nonce: nonce.clone(), ..Tamper::default() };
    assert_eq!(world.department.send(Method::GET, &path, b"", &later).await.code(), "signature.replayed");
    // … and the answer to a stale one says what time it is.
    let stale = world.department.send(Method::GET, &path, b"", &tamper).await;
    assert_eq!(stale.code(), "signature.stale");
    assert!(stale.headers.contains_key("date"));
}

#[tokio::test]
async fn every_route_that_writes_or_shows_demands_a_signature() {
    let world = World::new().await;
    let id = fresh_id();
    for (method, path) in [
        (Method::POST, "/v1/case-events".to_owned()),
        (Method::GET, format!("/v1/case-events/{id}/receipt")),
        (Method::GET, format!("/v1/cases/{id}")),
        (Method::POST, "/v1/case-number-leases".to_owned()),
        (Method::POST, "/v1/bills".to_owned()),
        (Method::GET, format!("/v1/bills/{id}")),
        (Method::POST, format!("/v1/bills/{id}/fence")),
        (Method::POST, format!("/v1/bills/{id}/void")),
        (Method::POST, format!("/v1/bills/{id}/refunds")),
        (Method::GET, format!("/v1/refunds/{id}")),
    ] {
        let answer = world.department.plain(method, &path, &Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "signature.missing"), "{path}");
    }
}

#[tokio::test]
async fn a_problem_is_in_chinese_unless_english_is_asked_for() {
    let world = World::new().await;
    for (language, title) in
        [(None, "没有这个办件"), (Some("zh-CN"), "没有这个办件"), (Some("en"), "The case is not known")]
    {
        let tamper = Tamper { language, ..Tamper::default() };
        let answer = world.department.send(Method::GET, &format!("/v1/cases/{}", fresh_id()), b"", &tamper).await;
        assert_eq!(answer.body["title"], title);
    }
}

#[tokio::test]
async fn an_address_or_method_that_does_not_exist_is_a_problem_too() {
    let world = World::new().await;
    let before = effects(&world).await;
    let unknown = world.department.get("/v1/no-such-thing").await;
    assert_refused(&world, &before, &unknown, 404, "request.unknown_route").await;
    let method = world.department.send(Method::DELETE, "/v1/bills", b"", &Tamper::default()).await;
    assert_refused(&world, &before, &method, 405, "request.method_not_allowed").await;
}

#[tokio::test]
async fn a_nonce_is_remembered_to_the_last_moment_of_its_signature() {
    let world = World::new().await;
    let path = format!("/v1/cases/{}", fresh_id());
    // Made as far ahead as the skew allows, and living until the end of the second 600 from now.
    let tamper =
        Tamper { created_shift_seconds: 300, nonce: Some("BBBBBBBBBBBBBBBBBBBBBB".to_owned()), ..Tamper::default() };
    assert_eq!(world.department.send(Method::GET, &path, b"", &tamper).await.code(), "case.unknown");
    for (later_millis, code) in [
        (600_000, "signature.replayed"),
        (500, "signature.replayed"),
        (499, "signature.replayed"),
        (1, "signature.stale"),
    ] {
        world.running.clock().advance_millis(later_millis);
        let clean = Tamper { created_shift_seconds: 600, ..Tamper::default() };
        // Another request lets the platform forget what it may forget.
        assert_eq!(world.department.send(Method::GET, &path, b"", &clean).await.code(), "case.unknown");
        assert_eq!(world.department.send(Method::GET, &path, b"", &tamper).await.code(), code, "{later_millis}");
    }
}

#[tokio::test]
async fn times_that_no_clock_shows_are_refused_and_overflow_nothing() {
    let world = World::new().await;
    let path = format!("/v1/cases/{}", fresh_id());
    let input = |created: &str, expires: &str| {
        format!(
            "sig1=(\"@method\" \"@path\" \"@query\" \"content-digest\");created={created};expires={expires};\
             nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"{}\";tag=\"tongqiao-v1\"",
            world.department.keyid()
        )
    };
    let now = super::super::department::NOON_MILLIS / 1_000;
    let cases = [
        (i64::MIN.to_string(), "0".to_owned(), "signature.malformed"),
        ("0".to_owned(), i64::MAX.to_string(), "signature.malformed"),
        ("1000000000000000".to_owned(), "1000000000000000".to_owned(), "signature.malformed"),
        ("999999999999999".to_owned(), "999999999999999".to_owned(), "signature.stale"),
        ("0".to_owned(), "999999999999999".to_owned(), "signature.stale"),
        // It ends before it begins.
        ((now + 2).to_string(), (now + 1).to_string(), "signature.stale"),
        (now.to_string(), (now + 301).to_string(), "signature.stale"),
    ];
    for (created, expires, code) in cases {
        let tamper = Tamper { signature_input: Some(input(&created, &expires)), ..Tamper::default() };
        let answer = world.department.send(Method::GET, &path, b"", &tamper).await;
        assert_eq!(answer.code(), code, "{created} {expires}: {:#}", answer.body);
    }
}
