//! The device flow over HTTP: a device asks, a person decides elsewhere, and everybody who asks too often or guesses.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/plain_http.rs"]
mod plain_http;
#[path = "support/relying_party.rs"]
mod relying_party;

use plain_http::{Answer, get, post_form, post_json};
use relying_party::{CLIENT, userinfo, verified};
use serde_json::{Value, json};
use tongqiao_protocol::Timestamp;
use tongqiao_reference_platform::{Clock, Platform, Running};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn sandbox(directory: &tempfile::TempDir) -> Running {
    let clock = Clock::manual(Timestamp::from_millis(1_790_000_000_000));
    let path = directory.path().join("platform.sqlite");
    Platform::builder().database(path).clock(clock).sandbox().start().await.unwrap()
}

async fn begin(running: &Running) -> Value {
    let fields = [("client_id", CLIENT), ("scope", "openid profile")];
    let answer = post_form(running.address(), "/oidc/device_authorization", &fields).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.text());
    answer.json()
}

async fn ask(running: &Running, begun: &Value, changes: &[(&str, &str)]) -> Answer {
    let code = begun["device_code"].as_str().unwrap();
    let mut fields = vec![("grant_type", GRANT), ("client_id", CLIENT), ("device_code", code)];
    for (name, value) in changes {
        fields.retain(|(key, _)| key != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    post_form(running.address(), "/oidc/token", &fields).await
}

async fn decide(running: &Running, code: &str, person: &str) -> u16 {
    post_form(running.address(), "/oidc/device", &[("user_code", code), ("person", person)]).await.status
}

fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.text());
    answer.json()["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_device_is_told_to_wait_until_the_person_has_typed_its_code_and_gets_one_set_of_tokens() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let configuration = get(running.address(), "/.well-known/openid-configuration").await.json();
    let endpoint = format!("{}/oidc/device_authorization", running.base_url());
    assert_eq!(configuration["device_authorization_endpoint"], endpoint);
    assert!(configuration["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));

    let begun = begin(&running).await;
    let code = begun["user_code"].as_str().unwrap();
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(600), &json!(5)));
    assert_eq!(begun["verification_uri"], format!("{}/oidc/device", running.base_url()));
    assert_eq!(begun["verification_uri_complete"], format!("{}/oidc/device?user_code={code}", running.base_url()));
    assert_eq!(error(&ask(&running, &begun, &[]).await), "authorization_pending");

    let page = get(running.address(), &format!("/oidc/device?user_code={code}")).await;
    assert!(page.status == 200 && page.text().contains(code) && page.text().contains(CLIENT));
    assert_eq!(decide(&running, &code.to_lowercase().replace('-', " "), "u-0001").await, 200);
    running.clock().advance_millis(5_000);
    let tokens = ask(&running, &begun, &[]).await;
    assert_eq!((tokens.status, tokens.header("cache-control")), (200, Some("no-store")));
    let tokens = tokens.json();
    let claims = verified(running.address(), tokens["id_token"].as_str().unwrap()).await.unwrap();
    assert_eq!((&claims["sub"], &claims["aud"], &claims["name"]), (&json!("u-0001"), &json!(CLIENT), &json!("测试甲")));
    assert_eq!((&claims["auth_time"], claims.get("nonce")), (&json!(1_790_000_000), None));
    assert_eq!(userinfo(running.address(), tokens["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(error(&ask(&running, &begun, &[]).await), "invalid_grant", "a code is good once");
    assert_eq!(decide(&running, code, "u-0002").await, 404, "and decided once");
    running.shutdown().await;
}

#[tokio::test]
async fn a_device_that_asks_too_soon_must_wait_longer_and_the_longer_pause_stays() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let begun = begin(&running).await;
    for (pause_millis, expected) in [
        (0, "authorization_pending"),
        (4_999, "slow_down"),
        (9_999, "slow_down"),
        (15_000, "authorization_pending"),
        (14_999, "slow_down"),
    ] {
        running.clock().advance_millis(pause_millis);
        assert_eq!(error(&ask(&running, &begun, &[]).await), expected, "after {pause_millis}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_code_is_over_after_ten_minutes_for_the_device_and_for_the_person() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let (begun, late) = (begin(&running).await, begin(&running).await);
    running.clock().advance_millis(600_000);
    assert_eq!(decide(&running, begun["user_code"].as_str().unwrap(), "u-0001").await, 200);
    assert_eq!(ask(&running, &begun, &[]).await.status, 200);
    running.clock().advance_millis(1);
    assert_eq!(decide(&running, late["user_code"].as_str().unwrap(), "u-0001").await, 404);
    assert_eq!(error(&ask(&running, &late, &[]).await), "expired_token");
    running.shutdown().await;
}

#[tokio::test]
async fn a_person_who_refuses_is_told_to_the_device() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let begun = begin(&running).await;
    assert_eq!(decide(&running, begun["user_code"].as_str().unwrap(), "").await, 200);
    assert_eq!(error(&ask(&running, &begun, &[]).await), "access_denied");
    running.shutdown().await;
}

#[tokio::test]
async fn ten_wrong_codes_in_a_minute_lock_the_page_also_for_the_right_one() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let begun = begin(&running).await;
    let code = begun["user_code"].as_str().unwrap();
    for guess in 0..10 {
        let wrong = ["BBBB-BBBB", "1234", "BBBB-BBBBB"][guess % 3];
        // Looking at the page is a guess as well as deciding.
        let status = if guess % 2 == 0 {
            get(running.address(), &format!("/oidc/device?user_code={wrong}")).await.status
        } else {
            decide(&running, wrong, "u-0001").await
        };
        assert_eq!(status, 404, "{guess}");
    }
    assert_eq!(decide(&running, code, "u-0001").await, 429);
    assert_eq!(get(running.address(), &format!("/oidc/device?user_code={code}")).await.status, 429);
    assert_eq!(get(running.address(), "/oidc/device").await.status, 200, "the empty page guesses nothing");
    running.clock().advance_millis(60_000);
    assert_eq!(decide(&running, code, "u-0001").await, 200);
    running.shutdown().await;
}

#[tokio::test]
async fn every_wrong_request_of_a_device_has_its_error() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let uris = json!({ "redirect_uris": ["https://department.example.org/return"] });
    let confidential = post_json(running.address(), "/sandbox/oidc/clients", &uris).await.json();
    let other = confidential["client_id"].as_str().unwrap();
    for (fields, status, expected) in [
        (vec![("client_id", CLIENT)], 400, "invalid_scope"),
        (vec![("client_id", CLIENT), ("scope", "profile")], 400, "invalid_scope"),
        (vec![("scope", "openid")], 401, "invalid_client"),
        (vec![("client_id", "nobody"), ("scope", "openid")], 401, "invalid_client"),
        (vec![("client_id", other), ("scope", "openid")], 401, "invalid_client"),
        (vec![("client_id", CLIENT), ("scope", "openid"), ("scope", "openid")], 400, "invalid_request"),
    ] {
        let answer = post_form(running.address(), "/oidc/device_authorization", &fields).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(expected)), "{fields:?}");
    }
    let begun = begin(&running).await;
    let secret = confidential["client_secret"].as_str().unwrap();
    for (changes, expected) in [
        (vec![("device_code", "never-issued")], "invalid_grant"),
        (vec![("device_code", "")], "invalid_request"),
        (vec![("client_id", other), ("client_secret", secret)], "invalid_grant"),
    ] {
        assert_eq!(error(&ask(&running, &begun, &changes).await), expected, "{changes:?}");
    }
    let code = begun["user_code"].as_str().unwrap();
    assert_eq!(decide(&running, code, "u-9999").await, 400);
    assert_eq!(decide(&running, code, "u-0001").await, 200, "nobody's choice decides nothing");
    running.shutdown().await;
}
