//! Signing in at the reference platform's provider, and verifying without it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tongqiao::{Client, IdentityProvider, SignIn, SubjectKind};
use tongqiao_protocol::{ErrorCode, Suite};

use super::sandbox::{Sandbox, reqwest_client};

pub(super) const REDIRECT: &str = "http://127.0.0.1/back";

async fn client(sandbox: &Sandbox) -> Client {
    let registration = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
    let registered = sandbox.post("/sandbox/oidc/clients", &registration).await;
    let provider = IdentityProvider::new(&sandbox.url(), registered["client_id"].as_str().unwrap(), REDIRECT).unwrap();
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let builder = sandbox.builder(&credentials).store(sandbox.path("identity.sqlite"));
    builder.identity(provider).build().await.unwrap()
}

/// What the person's browser does on the page of the sandbox: choose somebody, be sent back.
pub(super) async fn choose(sandbox: &Sandbox, sign_in: &SignIn, person: &str) -> String {
    let query = sign_in.address().split_once('?').unwrap().1;
    let request = reqwest_client()
        .post(format!("{}/oidc/authorize", sandbox.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{query}&person={person}"));
    let answer = request.send().await.unwrap();
    // Nobody listens at the redirect address; where the browser is sent is what we want.
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_signs_in_and_the_token_is_verified_with_the_provider_gone() {
    let mut sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    let sign_in = client.identity().begin().await.unwrap();
    let callback = choose(&sandbox, &sign_in, "u-0101").await;
    // Another application server may end what this one began.
    let handed_on = SignIn::open(&sign_in.seal()).unwrap();
    let signed_in = client.identity().finish(handed_on, &callback).await.unwrap();
    assert_eq!(signed_in.subject().id(), "u-0101");
    assert_eq!(signed_in.subject().kind(), &SubjectKind::Legal);
    assert!(!signed_in.assurance().unwrap().scale().is_empty());

    sandbox.stop().await;
    let token = std::str::from_utf8(signed_in.id_token().expose()).unwrap().to_owned();
    let verified = client.identity().verify(&token).await.unwrap();
    assert_eq!(verified.subject(), signed_in.subject());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    assert_eq!(client.identity().verify(&forged).await.unwrap_err().code(), ErrorCode::IdentityTokenInvalid);
}

#[tokio::test]
async fn an_answer_to_another_sign_in_and_a_refusal_are_told_apart() {
    let sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    let (mine, other) = (client.identity().begin().await.unwrap(), client.identity().begin().await.unwrap());
    let callback = choose(&sandbox, &other, "u-0101").await;
    let mixed_up = client.identity().finish(mine, &callback).await.unwrap_err();
    assert_eq!(mixed_up.code(), ErrorCode::IdentityStateMismatch);
    let again = client.identity().begin().await.unwrap();
    let refused = choose(&sandbox, &again, "").await;
    assert_eq!(client.identity().finish(again, &refused).await.unwrap_err().code(), ErrorCode::IdentityDenied);
}

/// A token that the provider has just given.
pub(super) async fn token(sandbox: &Sandbox, client: &Client) -> String {
    let sign_in = client.identity().begin().await.unwrap();
    let callback = choose(sandbox, &sign_in, "u-0101").await;
    // A web framework hands over path and query only.
    let path = callback.strip_prefix("http://127.0.0.1").unwrap();
    let signed_in = client.identity().finish(sign_in, path).await.unwrap();
    std::str::from_utf8(signed_in.id_token().expose()).unwrap().to_owned()
}

#[tokio::test]
async fn a_token_by_a_key_that_is_new_is_verified_and_by_one_that_nobody_has_is_asked_for_once() {
    let mut sandbox = Sandbox::start().await;
    let client = client(&sandbox).await;
    token(&sandbox, &client).await;
    sandbox.post("/sandbox/oidc/rotate-keys", &json!({})).await;
    let rotated = token(&sandbox, &client).await;
    client.identity().verify(&rotated).await.unwrap();
    let unknown = with_unknown_key(&rotated);
    let search = client.identity().verify(&unknown).await.unwrap_err();
    assert_eq!(search.code(), ErrorCode::IdentityTokenInvalid);
    let after_the_search = client.identity().verify(&rotated).await.unwrap();
    for _ in 0..3 {
        let refused = client.identity().verify(&unknown).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::IdentityTokenInvalid);
    }
    let still = client.identity().verify(&rotated).await.unwrap();
    assert_eq!(still.keys_fetched_at(), after_the_search.keys_fetched_at(), "the provider was asked once");
    sandbox.stop().await;
    assert!(client.identity().verify(&rotated).await.is_ok());
}

#[tokio::test]
async fn a_new_process_verifies_offline_with_stored_keys_and_says_what_it_cannot_know() {
    let mut sandbox = Sandbox::start().await;
    let registration = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
    let client_id = sandbox.post("/sandbox/oidc/clients", &registration).await["client_id"].clone();
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let build = async |client_id: &str, url: &str| {
        let provider = IdentityProvider::new(url, client_id, REDIRECT).unwrap();
        let builder = sandbox.builder(&credentials).store(sandbox.path("identity.sqlite"));
        builder.identity(provider).build().await.unwrap()
    };
    let (client_id, url) = (client_id.as_str().unwrap().to_owned(), sandbox.url());
    let first = build(&client_id, &url).await;
    let token = token(&sandbox, &first).await;
    first.close().await;
    let foreign = build("somebody-else", &url).await;
    let refused = foreign.identity().verify(&token).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityTokenInvalid, "the token is for another system");
    foreign.close().await;
    let later = build(&client_id, &url).await;
    sandbox.stop().await;
    assert_eq!(later.identity().verify(&token).await.unwrap().subject().id(), "u-0101");
    let unknown = later.identity().verify(&with_unknown_key(&token)).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::IdentityKeysUnavailable);
}

/// The same token under a key id that the provider never had.
fn with_unknown_key(token: &str) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap();
    let mut header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"] = json!("never-seen");
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}
