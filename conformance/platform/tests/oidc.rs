//! Signing in at the sandbox over HTTP: the right way, and every wrong way with its error.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/plain_http.rs"]
mod plain_http;
#[path = "support/relying_party.rs"]
mod relying_party;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use plain_http::{form, get, post_form, post_json};
use relying_party::{
    CLIENT, RETURN, VERIFIER, choose, code_for, open, redeem, redeem_with, returned, userinfo, verified,
};
use serde_json::{Value, json};
use sha2::Digest as _;
use tongqiao_protocol::Timestamp;
use tongqiao_reference_platform::{Clock, Platform, Running};

async fn sandbox(directory: &tempfile::TempDir) -> Running {
    let clock = Clock::manual(Timestamp::from_millis(1_790_000_000_000));
    let path = directory.path().join("platform.sqlite");
    Platform::builder().database(path).clock(clock).sandbox().start().await.unwrap()
}

async fn claims_of(running: &Running, sub: &str, scope: &str) -> Value {
    let code = code_for(running.address(), sub, &[("scope", scope)]).await;
    let tokens = redeem(running.address(), &code, &[]).await.json();
    verified(running.address(), tokens["id_token"].as_str().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_person_signs_in_with_code_and_pkce_and_the_token_verifies_against_the_published_key() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let configuration = get(running.address(), "/.well-known/openid-configuration").await.json();
    assert_eq!(configuration["issuer"], running.base_url());
    assert_eq!(configuration["code_challenge_methods_supported"], json!(["S256"]));

    let chosen = choose(running.address(), "u-0001", &[]).await;
    assert_eq!(returned(&chosen, "state").as_deref(), Some("s-1"));
    assert_eq!(returned(&chosen, "iss").as_deref(), Some(running.base_url()));
    let answer = redeem(running.address(), &returned(&chosen, "code").unwrap(), &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));

    let claims = verified(running.address(), tokens["id_token"].as_str().unwrap()).await.unwrap();
    let access = tokens["access_token"].as_str().unwrap();
    let at_hash = URL_SAFE_NO_PAD.encode(&sha2::Sha256::digest(access.as_bytes())[..16]);
    let sid = claims["sid"].as_str().filter(|sid| !sid.is_empty()).unwrap();
    let expected = json!({
        "sid": sid, "iss": running.base_url(), "aud": CLIENT, "sub": "u-0001", "nonce": "n-1", "name": "测试甲",
        "iat": 1_790_000_000, "auth_time": 1_790_000_000, "exp": 1_790_000_600, "at_hash": at_hash,
        "subject_kind": "natural", "assurance": { "scale": "natural-person", "value": 3 },
    });
    assert_eq!(claims, expected);
    let person = userinfo(running.address(), access).await.json();
    assert_eq!((&person["sub"], &person["name"]), (&json!("u-0001"), &json!("测试甲")));
    running.shutdown().await;
}

#[tokio::test]
async fn organisations_and_agents_are_told_apart_and_an_agent_says_until_when() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let legal = claims_of(&running, "u-0101", "openid").await;
    assert_eq!(legal["subject_kind"], "legal");
    assert_eq!(legal["assurance"], json!({ "scale": "legal-person", "value": 2 }));
    assert_eq!(legal["organisation"]["credit_code"].as_str().unwrap().len(), 18);
    assert!(legal.get("name").is_none(), "no profile was asked for");
    let agent = claims_of(&running, "u-0201", "openid").await;
    assert_eq!((&agent["subject_kind"], &agent["acting_for"]["subject_kind"]), (&json!("agent"), &json!("legal")));
    assert_eq!(agent["valid_until"], "2099-12-31T23:59:59.000+08:00");
    let helper = claims_of(&running, "u-0202", "openid").await;
    assert_eq!(helper["acting_for"], json!({ "subject_kind": "natural", "sub": "u-0001", "name": "测试甲" }));
    running.shutdown().await;
}

#[tokio::test]
async fn the_identity_number_is_given_only_to_who_asks_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    assert!(claims_of(&running, "u-0001", "openid profile").await.get("identity").is_none());
    let identity = claims_of(&running, "u-0001", "openid identity").await["identity"].clone();
    assert!(tongqiao_protocol::CitizenNumber::parse(identity["number"].as_str().unwrap()).is_ok());
    running.shutdown().await;
}

#[tokio::test]
async fn without_a_nonce_the_token_has_none() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let code = code_for(running.address(), "u-0001", &[("nonce", "")]).await;
    let tokens = redeem(running.address(), &code, &[]).await.json();
    let claims = verified(running.address(), tokens["id_token"].as_str().unwrap()).await.unwrap();
    assert!(claims.get("nonce").is_none());
    running.shutdown().await;
}

#[tokio::test]
async fn a_wrong_client_or_return_address_never_sends_the_browser_anywhere() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    for changes in [
        [("client_id", "nobody")],
        [("client_id", "")],
        [("redirect_uri", "")],
        [("redirect_uri", "http://127.0.0.1:45678/callback/")],
        [("redirect_uri", "http://127.0.0.1:45678/callback?x=1")],
        [("redirect_uri", "http://127.0.0.1.example.org/callback")],
        [("redirect_uri", "http://user@127.0.0.1:45678/callback")],
        [("redirect_uri", "https://127.0.0.1:45678/callback")],
        [("redirect_uri", "javascript:alert(1)")],
    ] {
        for answer in [open(running.address(), &changes).await, choose(running.address(), "u-0001", &changes).await] {
            assert_eq!(answer.status, 400, "{changes:?}");
            assert_eq!(answer.header("location"), None, "{changes:?}");
        }
    }
    running.shutdown().await;
}

#[tokio::test]
async fn every_other_wrong_request_is_told_to_the_client_with_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let long = "x".repeat(1025);
    for (changes, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("scope", "profile"), "invalid_scope"),
        (("scope", ""), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "too-short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "S512"), "invalid_request"),
        (("nonce", long.as_str()), "invalid_request"),
        (("request", "e30."), "request_not_supported"),
        (("request_uri", "https://example.org/r"), "request_uri_not_supported"),
        (("prompt", "none"), "login_required"),
    ] {
        let answer = open(running.address(), &[changes]).await;
        assert_eq!(returned(&answer, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(returned(&answer, "state").as_deref(), Some("s-1"));
        assert_eq!(returned(&answer, "code"), None);
    }
    let twice = form(&[("scope", "openid"), ("scope", "openid")]);
    let rest = relying_party::request(&[("scope", "")]);
    let rest: Vec<(&str, &str)> = rest.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = get(running.address(), &format!("/oidc/authorize?{twice}&{}", form(&rest))).await;
    assert_eq!(returned(&answer, "error").as_deref(), Some("invalid_request"));
    running.shutdown().await;
}

#[tokio::test]
async fn somebody_who_refuses_or_is_not_there_is_denied() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    for sub in ["", "u-9999"] {
        let answer = choose(running.address(), sub, &[]).await;
        assert_eq!(returned(&answer, "error").as_deref(), Some("access_denied"));
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_code_is_good_once_and_showing_it_again_revokes_its_tokens() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let code = code_for(running.address(), "u-0001", &[]).await;
    let tokens = redeem(running.address(), &code, &[]).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(running.address(), access).await.status, 200);
    let again = redeem(running.address(), &code, &[]).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    let revoked = userinfo(running.address(), access).await;
    assert_eq!(revoked.status, 401);
    assert!(revoked.header("www-authenticate").unwrap().contains("invalid_token"));
    running.shutdown().await;
}

#[tokio::test]
async fn a_code_is_good_for_sixty_seconds_and_not_a_millisecond_longer() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    for (age_millis, status) in [(60_000, 200), (60_001, 400)] {
        let code = code_for(running.address(), "u-0001", &[]).await;
        running.clock().advance_millis(age_millis);
        let answer = redeem(running.address(), &code, &[]).await;
        assert_eq!(answer.status, status, "{age_millis}: {}", answer.text());
    }
    running.shutdown().await;
}

#[tokio::test]
async fn every_wrong_redemption_has_its_error_and_burns_the_code() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let other = relying_party::challenge("irrelevant");
    for (changes, error, burnt) in [
        (("code_verifier", other.as_str()), "invalid_grant", true),
        (("code_verifier", "short"), "invalid_grant", true),
        (("redirect_uri", "http://127.0.0.1:45679/callback"), "invalid_grant", true),
        (("code_verifier", ""), "invalid_request", false),
        (("redirect_uri", ""), "invalid_request", false),
        (("grant_type", "password"), "unsupported_grant_type", false),
        (("grant_type", ""), "invalid_request", false),
        (("client_id", ""), "invalid_client", false),
        (("client_id", "nobody"), "invalid_client", false),
        (("client_secret", "a public client has none"), "invalid_client", false),
        (("code", "never-issued"), "invalid_grant", false),
    ] {
        let code = code_for(running.address(), "u-0001", &[]).await;
        let answer = redeem(running.address(), &code, &[changes]).await;
        assert_eq!(answer.json()["error"], error, "{changes:?}");
        assert_eq!(answer.status, if error == "invalid_client" { 401 } else { 400 }, "{changes:?}");
        let right = redeem(running.address(), &code, &[]).await;
        assert_eq!(right.status == 400, burnt, "{changes:?}: {}", right.text());
    }
    let code = code_for(running.address(), "u-0001", &[]).await;
    let json = post_json(running.address(), "/oidc/token", &json!({ "code": code })).await;
    assert_eq!((json.status, &json.json()["error"]), (400, &json!("invalid_request")));
    running.shutdown().await;
}

#[tokio::test]
async fn a_confidential_client_needs_its_secret_in_one_way_and_its_codes_are_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let uri = "https://department.example.org/return?from=tongqiao";
    let registered =
        post_json(running.address(), "/sandbox/oidc/clients", &json!({ "redirect_uris": [uri] })).await.json();
    let (id, secret) = (registered["client_id"].as_str().unwrap(), registered["client_secret"].as_str().unwrap());
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let (right, wrong) = (basic(secret), basic("guess"));
    let none: &[(&str, &str)] = &[];
    for (fields, header, status, error) in [
        (&[("client_id", id), ("client_secret", secret)][..], None, 200, None),
        (&[("client_id", "")], Some(&right), 200, None),
        (&[("client_id", id)], Some(&right), 200, None),
        (&[("client_id", "")], Some(&wrong), 401, Some("invalid_client")),
        (&[("client_id", id)], None, 401, Some("invalid_client")),
        (&[("client_id", id), ("client_secret", "guess")], None, 401, Some("invalid_client")),
        (&[("client_id", id), ("client_secret", secret)], Some(&right), 400, Some("invalid_request")),
        (none, None, 400, Some("invalid_grant")),
    ] {
        let code = code_for(running.address(), "u-0001", &[("client_id", id), ("redirect_uri", uri)]).await;
        let headers: Vec<(&str, &str)> = header.iter().map(|value| ("authorization", value.as_str())).collect();
        let fields = [fields, &[("redirect_uri", uri)]].concat();
        let answer = redeem_with(running.address(), &code, &fields, &headers).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, error), "{fields:?}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn only_addresses_that_can_be_trusted_are_registered() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let many = vec!["https://a.example.org/"; 17];
    for uris in [json!([]), json!(many), json!(["http://a.example.org/"]), json!(["/x"]), json!(["https://a.b/#f"])] {
        let answer = post_json(running.address(), "/sandbox/oidc/clients", &json!({ "redirect_uris": uris })).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_redirect_uri")), "{uris}");
    }
    let many = &many[..16];
    for uris in [json!(["cn.example.kiosk:/return"]), json!(["http://127.0.0.1/x"]), json!(many)] {
        let answer = post_json(running.address(), "/sandbox/oidc/clients", &json!({ "redirect_uris": uris })).await;
        assert_eq!(answer.status, 200, "{uris}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn keys_rotate_with_an_overlap() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let token = async || {
        let code = code_for(running.address(), "u-0001", &[]).await;
        redeem(running.address(), &code, &[]).await.json()["id_token"].as_str().unwrap().to_owned()
    };
    let before = token().await;
    assert_eq!(post_form(running.address(), "/sandbox/oidc/rotate-keys", &[]).await.status, 200);
    let after = token().await;
    assert!(verified(running.address(), &before).await.is_some(), "the retired key stays published");
    assert!(verified(running.address(), &after).await.is_some());
    assert_eq!(get(running.address(), "/oidc/jwks").await.json()["keys"].as_array().unwrap().len(), 2);
    running.clock().advance_millis(3_600_000);
    assert!(verified(running.address(), &before).await.is_none(), "and then goes");
    assert!(verified(running.address(), &after).await.is_some());
    running.shutdown().await;
}

#[tokio::test]
async fn an_access_token_expires() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let code = code_for(running.address(), "u-0001", &[]).await;
    let tokens = redeem(running.address(), &code, &[]).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    running.clock().advance_millis(599_999);
    assert_eq!(userinfo(running.address(), access).await.status, 200);
    running.clock().advance_millis(1);
    assert_eq!(userinfo(running.address(), access).await.status, 401);
    assert_eq!(get(running.address(), "/oidc/userinfo").await.status, 401);
    running.shutdown().await;
}

#[tokio::test]
async fn signing_out_revokes_and_returns_only_to_a_registered_address() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let code = code_for(running.address(), "u-0001", &[]).await;
    let tokens = redeem(running.address(), &code, &[]).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let leave = async |target: &str| {
        let query = form(&[("id_token_hint", hint), ("post_logout_redirect_uri", target), ("state", "bye")]);
        get(running.address(), &format!("/oidc/end-session?{query}")).await
    };
    let stays = leave("https://elsewhere.example.org/").await;
    assert_eq!((stays.status, stays.header("location")), (400, None));
    let goes = leave("http://127.0.0.1:45678/").await;
    assert_eq!(goes.header("location"), Some("http://127.0.0.1:45678/?state=bye"));
    assert_eq!(userinfo(running.address(), tokens["access_token"].as_str().unwrap()).await.status, 401);
    assert_eq!(get(running.address(), "/oidc/end-session").await.status, 200);
    running.shutdown().await;
}

#[tokio::test]
async fn the_login_page_lists_everybody_runs_nothing_and_escapes_what_it_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let attack = "\"><script>alert(1)</script>";
    let page = open(running.address(), &[("state", attack), ("nonce", attack)]).await;
    let text = page.text();
    assert_eq!(page.status, 200);
    assert!(!text.contains("<script") && text.contains("&lt;script&gt;"));
    assert!(text.contains("统一身份认证") && text.contains("虚构"));
    let people = get(running.address(), "/sandbox/people").await.json();
    for person in people["people"].as_array().unwrap() {
        assert!(text.contains(&format!("value=\"{}\"", person["sub"].as_str().unwrap())));
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self' http://127.0.0.1:45678"));
    let english = open(running.address(), &[("ui_locales", "en")]).await.text();
    assert!(english.contains("Unified sign-in"));
    let echoed = returned(&choose(running.address(), "u-0001", &[("state", attack)]).await, "state");
    assert_eq!(echoed.as_deref(), Some(attack));
    running.shutdown().await;
}

#[tokio::test]
async fn a_platform_that_is_no_sandbox_signs_nobody_in() {
    let directory = tempfile::tempdir().unwrap();
    let running = Platform::builder().database(directory.path().join("platform.sqlite")).start().await.unwrap();
    for path in ["/.well-known/openid-configuration", "/oidc/jwks", "/oidc/authorize", "/sandbox/people"] {
        assert_eq!(get(running.address(), path).await.status, 404, "{path}");
    }
    assert_eq!(
        redeem(running.address(), "x", &[("redirect_uri", RETURN), ("code_verifier", VERIFIER)]).await.status,
        404
    );
    running.shutdown().await;
}

#[tokio::test]
async fn the_sign_in_that_a_sandbox_prints_can_be_opened_and_ends_on_a_page_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let sign_in = running.sandbox_sign_in();
    let path = sign_in.strip_prefix(running.base_url()).unwrap();
    assert_eq!(get(running.address(), path).await.status, 200);
    assert_eq!(get(running.address(), "/callback?code=c&iss=i").await.status, 200);
    running.shutdown().await;
}
