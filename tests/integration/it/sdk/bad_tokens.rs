//! Tokens and answers that a provider, or somebody on the way to it, has got wrong: each is refused, and for its own reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tongqiao::{
    Arrival, Client, Credentials, IdentityProvider, Request, Response, Secret, Sending, SignIn, Silence, Transport,
    TransportFailure,
};
use tongqiao_protocol::{ErrorCode, Suite};

use super::sandbox::{Sandbox, reqwest_client};
use super::signing_in::{REDIRECT, choose, token};

const HOUR_MS: i64 = 3_600_000;

/// A relying party that the sandbox's provider knows.
struct Relying {
    id: String,
    credentials: Credentials,
}

impl Relying {
    async fn at(sandbox: &Sandbox) -> Self {
        let registration = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
        let registered = sandbox.post("/sandbox/oidc/clients", &registration).await;
        let id = registered["client_id"].as_str().unwrap().to_owned();
        Self { id, credentials: sandbox.enrol("civil-affairs", Suite::International).await }
    }

    async fn client(&self, sandbox: &Sandbox, issuer: &str, id: &str, transport: Option<Arc<Wire>>) -> Client {
        let provider = IdentityProvider::new(issuer, id, REDIRECT).unwrap();
        let mut builder = sandbox.builder(&self.credentials).store(sandbox.path("identity.sqlite")).identity(provider);
        if let Some(transport) = transport {
            builder = builder.transport(transport);
        }
        builder.build().await.unwrap()
    }
}

/// The way to the provider, with somebody on it who may cut it, and who says of the provider's metadata what is not so.
struct Wire {
    http: reqwest::Client,
    is_cut: AtomicBool,
    issuer: Option<String>,
}

impl Wire {
    fn new(issuer: Option<&str>) -> Arc<Self> {
        Arc::new(Self { http: reqwest_client(), is_cut: AtomicBool::new(false), issuer: issuer.map(str::to_owned) })
    }
}

impl Transport for Wire {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            if self.is_cut.load(Ordering::SeqCst) {
                return Err(TransportFailure::new(Silence::NotConnected, Arrival::No, "cut"));
            }
            let broken = |error: reqwest::Error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error);
            let request = reqwest::Request::try_from(request).map_err(broken)?;
            let answer = self.http.execute(request).await.map_err(broken)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut body = answer.bytes().await.map_err(broken)?.to_vec();
            if let Some(issuer) = &self.issuer
                && let Ok(mut metadata) = serde_json::from_slice::<Value>(&body)
                && metadata.get("issuer").is_some()
            {
                metadata["issuer"] = json!(issuer);
                body = metadata.to_string().into_bytes();
            }
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused_though_its_key_and_audience_fit() {
    let sandbox = Sandbox::start().await;
    let relying = Relying::at(&sandbox).await;
    // The same provider under a name that it does not sign under: discovery is bent to that name on the way.
    let other_name = sandbox.url().replace("127.0.0.1", "localhost");
    let honest = relying.client(&sandbox, &sandbox.url(), &relying.id, None).await;
    let token = token(&sandbox, &honest).await;
    honest.identity().verify(&token).await.unwrap();
    let bent = relying.client(&sandbox, &other_name, &relying.id, Some(Wire::new(Some(&other_name)))).await;
    let refused = bent.identity().verify(&token).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityTokenInvalid);
}

#[tokio::test]
async fn a_provider_that_calls_itself_otherwise_than_it_was_asked_for_gives_no_keys() {
    let sandbox = Sandbox::start().await;
    let relying = Relying::at(&sandbox).await;
    let wire = Wire::new(Some("https://login.example"));
    let client = relying.client(&sandbox, &sandbox.url(), &relying.id, Some(wire)).await;
    let refused = client.identity().begin().await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityKeysUnavailable);
}

#[tokio::test]
async fn an_answer_to_the_right_state_with_another_nonce_signs_nobody_in() {
    let sandbox = Sandbox::start().await;
    let relying = Relying::at(&sandbox).await;
    let client = relying.client(&sandbox, &sandbox.url(), &relying.id, None).await;
    let sign_in = client.identity().begin().await.unwrap();
    let callback = choose(&sandbox, &sign_in, "u-0101").await;
    // The session of somebody else's browser: everything fits but the nonce.
    let mut session: Value = serde_json::from_slice(sign_in.seal().expose()).unwrap();
    session["nonce"] = json!("another");
    let session = SignIn::open(&Secret::new(session.to_string())).unwrap();
    let refused = client.identity().finish(session, &callback).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IdentityTokenInvalid);
}

#[tokio::test]
async fn a_token_for_another_system_is_refused_and_so_is_one_without_a_signature() {
    let sandbox = Sandbox::start().await;
    let relying = Relying::at(&sandbox).await;
    let mine = relying.client(&sandbox, &sandbox.url(), &relying.id, None).await;
    let token = token(&sandbox, &mine).await;
    let other = relying.client(&sandbox, &sandbox.url(), "natural-resources", None).await;
    assert_eq!(other.identity().verify(&token).await.unwrap_err().code(), ErrorCode::IdentityTokenInvalid);
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    for bad in [format!("{unsigned}."), unsigned.to_owned(), String::new()] {
        assert_eq!(mine.identity().verify(&bad).await.unwrap_err().code(), ErrorCode::IdentityTokenInvalid, "{bad:?}");
    }
}

#[tokio::test]
async fn a_token_is_over_when_the_platform_says_that_its_hour_has_passed() {
    let sandbox = Sandbox::start().await;
    let relying = Relying::at(&sandbox).await;
    let client = relying.client(&sandbox, &sandbox.url(), &relying.id, None).await;
    let token = token(&sandbox, &client).await;
    let until = client.identity().verify(&token).await.unwrap().expires_at();
    assert!(until > client.platform_time());
    // The platform's clock, not this machine's, says how late it is.
    sandbox.post("/sandbox/clock", &json!({ "advance_millis": 2 * HOUR_MS })).await;
    client.refresh_directory().await.unwrap();
    assert!(until < client.platform_time());
    let over = client.identity().verify(&token).await.unwrap_err();
    assert_eq!(over.code(), ErrorCode::IdentityTokenExpired);
}

#[tokio::test]
async fn a_process_that_was_started_without_a_network_verifies_with_the_stored_keys() {
    let mut sandbox = Sandbox::start().await;
    let relying = Relying::at(&sandbox).await;
    let first = relying.client(&sandbox, &sandbox.url(), &relying.id, None).await;
    let token = token(&sandbox, &first).await;
    let fetched = first.identity().verify(&token).await.unwrap().keys_fetched_at();
    first.close().await;
    sandbox.stop().await;
    let wire = Wire::new(None);
    wire.is_cut.store(true, Ordering::SeqCst);
    let later = relying.client(&sandbox, &sandbox.url(), &relying.id, Some(wire)).await;
    let verified = later.identity().verify(&token).await.unwrap();
    assert_eq!((verified.subject().id(), verified.keys_fetched_at()), ("u-0101", fetched));
}
