//! The platform's log under watch: what it signed once it cannot take back unseen.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao::{CaseHandle, Client, ErrorCode, Notice, Request, Response, Sending, Transport};
use tongqiao_protocol::Suite;
use tongqiao_protocol::transparency::{Checkpoint, ReceiptProof};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft, reqwest_client};

async fn settled(client: &Client) -> CaseHandle {
    let case = client.cases().open(&draft(client).await).await.unwrap();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    case
}

/// A client and some settled cases.
async fn world(cases: usize) -> (Sandbox, Client, Vec<CaseHandle>) {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let mut handles = Vec::new();
    for _ in 0..cases {
        handles.push(settled(&client).await);
    }
    (sandbox, client, handles)
}

fn checkpoint_of(proof: &ReceiptProof) -> Checkpoint {
    serde_json::from_slice(&proof.checkpoint.record).unwrap()
}

/// Lets a person with access to the database change it while the platform does not run. The tree is taken away, so that the
/// platform makes a new one that fits: as good a forgery as its operator could make.
async fn forge(sandbox: &mut Sandbox, sql: &str) {
    sandbox.stop().await;
    edit(&sandbox.path("platform.sqlite"), &format!("{sql}; DELETE FROM log_node;"));
    sandbox.start_again().await;
}

fn edit(database: &Path, sql: &str) {
    Connection::open(database).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn every_receipt_is_proven_in_both_suites_and_the_bundle_says_all_by_itself() {
    let sandbox = Sandbox::start().await;
    for (party, suite) in [("civil-affairs", Suite::International), ("market-supervision", Suite::ShangMi)] {
        let credentials = sandbox.enrol(party, suite).await;
        let client = sandbox.builder(&credentials).in_memory().build().await.unwrap();
        for _ in 0..3 {
            let case = settled(&client).await;
            let proof = client.receipts().prove(case.event()).await.unwrap();
            let again: ReceiptProof = serde_json::from_str(&proof.to_json().unwrap()).unwrap();
            assert_eq!(again, proof);
            assert!(again.inclusion.proves(&again.receipt.receipt, &checkpoint_of(&again)));
        }
        assert_eq!(client.receipts().dispute().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_record_without_a_receipt_cannot_be_proven_and_says_so() {
    let (_sandbox, client, _) = world(0).await;
    let unknown = tongqiao_protocol::RecordId::from_bytes([7; 16]);
    assert_eq!(client.receipts().prove(unknown).await.unwrap_err().code(), ErrorCode::ReceiptUnknown);
}

#[tokio::test]
async fn the_upkeep_keeps_a_checkpoint_by_itself() {
    let (_sandbox, client, _) = world(0).await;
    let kept = async {
        while client.receipts().checkpoint().await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, kept).await.unwrap();
}

#[tokio::test]
async fn a_receipt_whose_time_was_moved_in_the_log_is_seen_by_its_holder_and_by_every_holder_of_a_checkpoint() {
    let (mut sandbox, client, cases) = world(3).await;
    let before = client.receipts().check_log().await.unwrap();
    assert_eq!(before.size, 3);
    let mut notices = client.notices();
    let moved = "CREATE TEMP TABLE other AS SELECT receipt FROM log WHERE position = 0;
                 UPDATE log SET receipt = (SELECT receipt FROM other) WHERE position = 1";
    forge(&mut sandbox, moved).await;
    assert_eq!(client.receipts().check_log().await.unwrap_err().code(), ErrorCode::LogForked);
    let told = async {
        loop {
            if let Some(Notice::LogDisputed { code }) = notices.next().await {
                return code;
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, told).await.unwrap(), ErrorCode::LogForked);
    // Nothing of it is believed, and the evidence stays.
    assert_eq!(client.receipts().checkpoint().await.unwrap(), Some(before));
    let dispute = client.receipts().dispute().await.unwrap().unwrap();
    assert_eq!(dispute.code, ErrorCode::LogForked);
    assert!(dispute.held.is_some_and(|held| held != dispute.shown));
    assert_eq!(client.receipts().prove(cases[1].event()).await.unwrap_err().code(), ErrorCode::LogForked);
}

#[tokio::test]
async fn a_store_that_never_saw_a_checkpoint_still_has_the_receipt_to_accuse_with() {
    let (mut sandbox, client, _) = world(0).await;
    let case = settled(&client).await;
    client.close().await;
    let name = sandbox.path("civil-affairs.sqlite");
    edit(&name, "DELETE FROM document WHERE collection = 'transparency-log'");
    forge(&mut sandbox, "UPDATE log SET receipt = json_set(receipt, '$.receipt', 'e30=')").await;
    let credentials = sandbox.enrol("taxation", Suite::International).await;
    let client = sandbox.builder(&credentials).store(name).build().await.unwrap();
    let error = client.receipts().prove(case.event()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LogNotIncluded);
    assert!(client.receipts().dispute().await.unwrap().unwrap().receipt.is_some());
}

#[tokio::test]
async fn a_case_deleted_from_the_middle_or_the_end_of_the_log_is_seen() {
    for (delete, code) in [
        (
            "DELETE FROM log WHERE position = 1; UPDATE log SET position = 1 WHERE position = 2",
            ErrorCode::LogRolledBack,
        ),
        ("DELETE FROM log WHERE position = 2", ErrorCode::LogRolledBack),
    ] {
        let (mut sandbox, client, _) = world(3).await;
        client.receipts().check_log().await.unwrap();
        forge(&mut sandbox, delete).await;
        assert_eq!(client.receipts().check_log().await.unwrap_err().code(), code, "{delete}");
    }
    // The gap is filled with later cases: the length betrays nothing, the proof does.
    let (mut sandbox, client, _) = world(3).await;
    client.receipts().check_log().await.unwrap();
    forge(&mut sandbox, "DELETE FROM log WHERE position = 2").await;
    let other = sandbox.client("taxation").await;
    for _ in 0..2 {
        settled(&other).await;
    }
    assert_eq!(client.receipts().check_log().await.unwrap_err().code(), ErrorCode::LogForked);
}

#[tokio::test]
async fn a_restore_that_says_so_is_no_dispute_and_what_it_kept_must_be_what_it_was() {
    let (mut sandbox, client, cases) = world(2).await;
    client.receipts().check_log().await.unwrap();
    let backup = sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    let lost = settled(&client).await;
    client.receipts().check_log().await.unwrap();
    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    let after = client.receipts().check_log().await.unwrap();
    assert!(after.size >= 2);
    let kept = client.receipts().prove(cases[0].event()).await.unwrap();
    assert_eq!(kept.inclusion.position, 0);
    // What was lost is offered again by itself, and proven by its new receipt.
    let again = async {
        loop {
            match client.receipts().prove(lost.event()).await {
                Ok(proof) => return proof,
                Err(error) => assert_eq!(error.code(), ErrorCode::LogReceiptLost, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let proof = tokio::time::timeout(PATIENCE, again).await.unwrap();
    assert_eq!(checkpoint_of(&proof).epoch, after.epoch);
    // The same story with a changed past.
    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    forge(&mut sandbox, "UPDATE log SET receipt = json_set(receipt, '$.receipt', 'e30=') WHERE position = 1").await;
    assert_eq!(client.receipts().check_log().await.unwrap_err().code(), ErrorCode::LogForked);
}

#[tokio::test]
async fn a_receipt_whose_key_was_revoked_since_is_proven_by_the_log_under_the_key_of_today() {
    let (sandbox, client, cases) = world(2).await;
    client.receipts().check_log().await.unwrap();
    for step in ["announce", "take-over", "revoke-former"] {
        sandbox.post("/sandbox/platform-keys", &json!({ "step": step })).await;
        client.refresh_directory().await.unwrap();
    }
    let proof = client.receipts().prove(cases[0].event()).await.unwrap();
    assert_ne!(proof.receipt.signature.keyid, proof.checkpoint.signature.keyid);
}

/// Changes answers on the way.
type Lie = Box<dyn Fn(&str, &mut Value) + Send>;

struct Lying {
    lie: Mutex<Option<Lie>>,
    http: reqwest::Client,
}

impl Transport for Lying {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let sent = self.http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = sent.send().await.unwrap();
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut bytes = answer.bytes().await.unwrap().to_vec();
            if let Some(lie) = self.lie.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
                && let Ok(mut document) = serde_json::from_slice(&bytes)
            {
                lie(parts.uri.path(), &mut document);
                bytes = document.to_string().into_bytes();
            }
            let mut response = Response::new(bytes);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

impl Lying {
    fn says(&self, lie: impl Fn(&str, &mut Value) + Send + 'static) {
        *self.lie.lock().unwrap() = Some(Box::new(lie));
    }
}

#[tokio::test]
async fn a_link_that_lies_about_checkpoints_and_paths_is_not_believed() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let transport = Arc::new(Lying { lie: Mutex::new(None), http: reqwest_client() });
    let builder = sandbox.builder(&credentials).transport(Arc::clone(&transport) as Arc<dyn Transport>);
    let client = builder.in_memory().build().await.unwrap();
    let case = settled(&client).await;
    settled(&client).await;
    let held = sandbox.get("/v1/log/checkpoint").await;
    let believed = client.receipts().check_log().await.unwrap();
    settled(&client).await;

    // Another root under the same signature.
    transport.says(|path, answer| {
        if path == "/v1/log/checkpoint" {
            answer["record"] = json!("e30=");
        }
    });
    assert_eq!(client.receipts().check_log().await.unwrap_err().code(), ErrorCode::SignatureMismatch);
    // Another path: of the consistency, then of the inclusion.
    let other_path = |which: &'static str| {
        move |path: &str, answer: &mut Value| {
            if path == which {
                answer["path"][0] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
            }
        }
    };
    transport.says(other_path("/v1/log/consistency"));
    assert_eq!(client.receipts().check_log().await.unwrap_err().code(), ErrorCode::LogForked);
    transport.says(other_path("/v1/log/inclusion"));
    assert_eq!(client.receipts().prove(case.event()).await.unwrap_err().code(), ErrorCode::LogNotIncluded);
    let now = client.receipts().checkpoint().await.unwrap().unwrap();
    assert_eq!((believed.size, now.size), (2, 3));
    // A checkpoint of before, played again, is old and not a lie: it moves nothing back.
    transport.says(move |path, answer| {
        if path == "/v1/log/checkpoint" {
            answer.clone_from(&held);
        }
    });
    assert_eq!(client.receipts().check_log().await.unwrap(), now);
    assert_eq!(client.receipts().prove(case.event()).await.unwrap().inclusion.size, 3);
}
