//! The inbox of a client: on disk before it is shown, shown until it is acknowledged, never again.

use std::time::Duration;

use serde_json::json;
use tongqiao::Client;
use tongqiao_protocol::case::OpenValue;
use tongqiao_protocol::inbox::{InboxEntry, InboxKind};
use tongqiao_protocol::{ErrorCode, InboxEntryId, Suite, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::Sandbox;

async fn notify(sandbox: &Sandbox, words: &str) {
    sandbox.post("/sandbox/notices", &json!({ "addressee": "civil-affairs", "zh": words })).await;
}

async fn next(client: &Client) -> InboxEntry {
    tokio::time::timeout(PATIENCE, client.inbox().next()).await.unwrap().unwrap()
}

fn words(entry: &InboxEntry) -> &str {
    entry.data["zh"].as_str().unwrap()
}

#[tokio::test]
async fn entries_are_shown_in_order_once_acknowledged_never_again_and_the_platform_hears_of_it() {
    let sandbox = Sandbox::start().await;
    for suite in [Suite::International, Suite::ShangMi] {
        let party = if suite == Suite::International { "civil-affairs" } else { "sm-department" };
        let credentials = sandbox.enrol(party, suite).await;
        let client = sandbox.builder(&credentials).store(sandbox.path(party)).build().await.unwrap();
        for words in ["一", "二"] {
            sandbox.post("/sandbox/notices", &json!({ "addressee": party, "zh": words })).await;
        }
        let (first, second) = (next(&client).await, next(&client).await);
        assert_eq!((words(&first), words(&second)), ("一", "二"));
        assert_eq!(first.kind, OpenValue::Known(InboxKind::OperatorNotice));
        assert_eq!(client.inbox().open().await.unwrap().len(), 2, "shown is not acknowledged");
        for entry in [&first, &second, &first] {
            client.inbox().acknowledge(entry.id).await.unwrap();
        }
        assert!(client.inbox().open().await.unwrap().is_empty());
        assert_eq!(client.inbox().send_acknowledgements().await.unwrap(), 0, "already told");
        assert_eq!(client.inbox().refresh().await.unwrap(), 0);
        let other = sandbox.builder(&credentials).store(sandbox.path(&format!("{party}-2"))).build().await.unwrap();
        assert_eq!(other.inbox().refresh().await.unwrap(), 0, "the platform repeats nothing to another store either");
    }
}

#[tokio::test]
async fn an_acknowledgement_during_an_outage_is_kept_and_told_afterwards_also_by_another_process() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let client = sandbox.builder(&credentials).store(sandbox.path("store")).build().await.unwrap();
    notify(&sandbox, "请查收").await;
    let entry = next(&client).await;
    sandbox.stop().await;
    client.inbox().acknowledge(entry.id).await.unwrap();
    assert!(client.inbox().send_acknowledgements().await.is_err(), "nobody hears it now");
    client.close().await;
    sandbox.start_again().await;
    let later = sandbox.builder(&credentials).store(sandbox.path("store")).build().await.unwrap();
    assert_eq!(later.inbox().send_acknowledgements().await.unwrap(), 1);
    let fresh = sandbox.builder(&credentials).store(sandbox.path("fresh")).build().await.unwrap();
    assert_eq!(fresh.inbox().refresh().await.unwrap(), 0);
}

#[tokio::test]
async fn two_processes_that_share_a_store_are_never_shown_the_same_entry() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        clients.push(sandbox.builder(&credentials).store(sandbox.path("store")).build().await.unwrap());
    }
    for number in 0..20 {
        notify(&sandbox, &format!("第{number}条")).await;
    }
    let one = async |client: &Client| {
        let mut seen = Vec::new();
        for _ in 0..10 {
            let entry = next(client).await;
            seen.push(words(&entry).to_owned());
            client.inbox().acknowledge(entry.id).await.unwrap();
        }
        seen
    };
    let (mut seen, more) = tokio::join!(one(&clients[0]), one(&clients[1]));
    seen.extend(more);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 20);
}

#[tokio::test]
async fn a_restored_platform_that_repeats_an_entry_is_told_again_and_the_application_is_not() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    notify(&sandbox, "一").await;
    let first = next(&client).await;
    let backup = sandbox.post("/sandbox/backup", &json!({})).await;
    client.inbox().acknowledge(first.id).await.unwrap();
    notify(&sandbox, "二").await;
    let second = next(&client).await;
    assert_eq!(words(&second), "二");
    sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    notify(&sandbox, "三").await;
    let third = next(&client).await;
    assert_eq!(words(&third), "三", "the first is known, and its place was given anew");
    for entry in [second, third] {
        client.inbox().acknowledge(entry.id).await.unwrap();
    }
    let credentials = sandbox.path("civil-affairs.sqlite");
    assert!(credentials.exists());
    assert_eq!(client.inbox().refresh().await.unwrap(), 0);
    assert!(client.inbox().open().await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_waits_for_an_entry_outlives_an_outage() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    sandbox.stop().await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { next(&client).await }
    });
    sandbox.start_again().await;
    notify(&sandbox, "恢复了").await;
    let heard = waiting.await.unwrap();
    assert_eq!(words(&heard), "恢复了");
}

#[tokio::test]
async fn waiting_ends_when_the_client_is_closed_and_what_never_came_cannot_be_acknowledged() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let strange = InboxEntryId::from_time_and_random(Timestamp::from_millis(0), [1; 10]);
    let unknown = client.inbox().acknowledge(strange).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::ClientUnknownInboxEntry);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.inbox().next().await }
    });
    client.close().await;
    let ended = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap_err();
    assert_eq!(ended.code(), ErrorCode::ClientClosed);
    assert!(PATIENCE > Duration::from_secs(20), "a question to the platform may take that long");
}
