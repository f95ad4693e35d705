//! Whose word is the platform's: keys rotate, and an old directory comes back.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tongqiao::protocol::{KeyDirectory, SignedRecord};
use tongqiao::{Client, Request, Response, Sending, Transport};
use tongqiao_protocol::{ErrorCode, Suite};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft, reqwest_client};

async fn settle_one(client: &Client) {
    let case = client.cases().open(&draft(client).await).await.unwrap();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
}

async fn rotate(sandbox: &Sandbox, step: &str) {
    sandbox.post("/sandbox/platform-keys", &json!({ "step": step })).await;
}

async fn directory(sandbox: &Sandbox) -> (SignedRecord, KeyDirectory) {
    let record: SignedRecord = serde_json::from_value(sandbox.get("/v1/directory").await).unwrap();
    let directory = serde_json::from_slice(&record.record).unwrap();
    (record, directory)
}

#[tokio::test]
async fn the_platform_s_directory_is_what_the_types_of_the_protocol_say() {
    let sandbox = Sandbox::start().await;
    sandbox.enrol("civil-affairs", Suite::ShangMi).await;
    rotate(&sandbox, "announce").await;
    rotate(&sandbox, "take-over").await;
    rotate(&sandbox, "revoke-former").await;
    let (record, directory) = directory(&sandbox).await;
    let raw: Value = serde_json::from_slice(&record.record).unwrap();
    assert_eq!(directory.keys.len(), raw["keys"].as_array().unwrap().len(), "a row was not read");
    assert_eq!(serde_json::to_value(&directory).unwrap(), raw);
    let revoked = directory.keys.iter().filter(|key| key.revoked.is_some()).count();
    assert_eq!((directory.keys.len(), revoked), (5, 2));
}

#[tokio::test]
async fn a_client_goes_on_across_a_rotation_of_the_platform_s_keys_and_so_does_one_built_later() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let build = || sandbox.builder(&credentials).store(sandbox.path("outbox.sqlite")).build();
    let client = build().await.unwrap();
    settle_one(&client).await;
    let before = directory(&sandbox).await.0.signature.keyid;
    rotate(&sandbox, "announce").await;
    client.items().refresh().await.unwrap();
    client.refresh_directory().await.unwrap();
    rotate(&sandbox, "take-over").await;
    assert_ne!(directory(&sandbox).await.0.signature.keyid, before);
    settle_one(&client).await;
    rotate(&sandbox, "revoke-former").await;
    client.refresh_directory().await.unwrap();
    settle_one(&client).await;
    client.close().await;
    // Its credentials still pin the revoked key; the store leads from there to the key of today.
    let later = build().await.unwrap();
    later.refresh_directory().await.unwrap();
    settle_one(&later).await;
}

/// Answers questions for the directory with what it was given.
struct Replaying {
    answer: Mutex<Option<Value>>,
    http: reqwest::Client,
}

impl Transport for Replaying {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let held = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(held) = held.filter(|_| request.uri().path() == "/v1/directory") {
                return Ok(Response::new(held.to_string().into_bytes()));
            }
            let (parts, body) = request.into_parts();
            let sent = self.http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = sent.send().await.unwrap();
            let mut response = Response::new(Vec::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = answer.bytes().await.unwrap().to_vec();
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_directory_from_before_a_revocation_is_refused_when_it_is_played_again() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let transport = Arc::new(Replaying { answer: Mutex::new(None), http: reqwest_client() });
    let client =
        sandbox.builder(&credentials).transport(Arc::clone(&transport) as Arc<dyn Transport>).in_memory().build().await;
    let client = client.unwrap();
    let held = sandbox.get("/v1/directory").await;
    rotate(&sandbox, "announce").await;
    client.refresh_directory().await.unwrap();
    rotate(&sandbox, "take-over").await;
    rotate(&sandbox, "revoke-former").await;
    client.refresh_directory().await.unwrap();
    *transport.answer.lock().unwrap() = Some(held);
    assert_eq!(client.refresh_directory().await.unwrap_err().code(), ErrorCode::DirectoryInvalid);
    *transport.answer.lock().unwrap() = None;
    client.refresh_directory().await.unwrap();
}
