//! Outages of all kinds: nothing is lost, nothing is doubled.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tongqiao::{Client, Clock, Notice, Notices, SystemClock};
use tongqiao_protocol::{Suite, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

#[tokio::test]
async fn a_case_opened_while_the_platform_is_down_is_settled_when_it_is_back() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let first = client.cases().open(&draft(&client).await).await.unwrap();
    tokio::time::timeout(PATIENCE, first.settled()).await.unwrap().unwrap();

    sandbox.stop().await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    assert_ne!(case.number(), first.number());
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 1);
    sandbox.start_again().await;
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 2);
}

/// Opens a few cases while the fault strikes most requests, ends the fault, and gives what the platform then says.
async fn cases_under(fault: Value) -> Value {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    // Numbers are in stock before the bad hour begins.
    let mut open = vec![client.cases().open(&draft).await.unwrap()];
    sandbox.post("/sandbox/faults", &fault).await;
    for _ in 0..4 {
        open.push(client.cases().open(&draft).await.unwrap());
    }
    struck(&sandbox).await;
    sandbox.post("/sandbox/faults", &json!({})).await;
    client.outbox().nudge();
    for case in &open {
        tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    }
    client.close().await;
    sandbox.ledger().await
}

/// Waits until a fault has really happened.
async fn struck(sandbox: &Sandbox) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let done = sandbox.get("/sandbox/faults").await["done"].clone();
        if done.as_object().unwrap().values().any(|count| count.as_u64() > Some(0)) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "no fault has struck: {done}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn assert_each_case_once(ledger: &Value) {
    assert_eq!(ledger["counts"]["cases"], 5, "{ledger}");
    assert_eq!(ledger["counts"]["events_effective"], 5, "{ledger}");
}

#[tokio::test]
async fn an_answer_lost_after_the_effect_doubles_nothing() {
    assert_each_case_once(&cases_under(json!({ "seed": 1, "drop_after_apply": 0.8 })).await);
}

#[tokio::test]
async fn an_answer_of_5xx_loses_nothing() {
    assert_each_case_once(&cases_under(json!({ "seed": 2, "error_5xx": 0.8 })).await);
}

#[tokio::test]
async fn a_request_that_arrives_twice_is_applied_once() {
    assert_each_case_once(&cases_under(json!({ "seed": 3, "duplicate": 1.0 })).await);
}

#[tokio::test]
async fn a_receipt_whose_signature_is_wrong_is_no_receipt() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    let first = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, first.settled()).await.unwrap().unwrap();
    let mut notices = client.notices();
    sandbox.post("/sandbox/faults", &json!({ "seed": 4, "wrong_signature": 1.0 })).await;
    let case = client.cases().open(&draft).await.unwrap();
    heard(&mut notices, |notice| matches!(notice, Notice::ReceiptUnverifiable { .. })).await;
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 1);

    sandbox.post("/sandbox/faults", &json!({})).await;
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 2);
}

async fn heard(notices: &mut Notices, wanted: fn(&Notice) -> bool) {
    let waiting = async { while !wanted(&notices.next().await.unwrap()) {} };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// A machine whose clock is an hour behind.
struct HourBehind;

impl Clock for HourBehind {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_millis(-3_600_000)
    }
}

#[tokio::test]
async fn a_clock_that_is_an_hour_behind_is_corrected_by_the_platform_s_answer() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let builder = sandbox.builder(&credentials).clock(Arc::new(HourBehind));
    let client: Client = builder.store(sandbox.path("behind.sqlite")).build().await.unwrap();
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    assert!((client.clock_offset_ms() - 3_600_000).abs() < 10_000, "{}", client.clock_offset_ms());
    assert!(client.platform_time().millis_since(receipt.time).abs() < 120_000);
}

#[tokio::test]
async fn what_a_restored_platform_lost_is_offered_again() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    let kept = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, kept.settled()).await.unwrap().unwrap();
    let backup = sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    let lost = client.cases().open(&draft).await.unwrap();
    let before = tokio::time::timeout(PATIENCE, lost.settled()).await.unwrap().unwrap();

    let mut notices = client.notices();
    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 1);
    // Any answer tells of the new epoch.
    client.items().refresh().await.unwrap();
    heard(&mut notices, |notice| matches!(notice, Notice::EpochChanged { reoffered: 1, .. })).await;
    let after = tokio::time::timeout(PATIENCE, lost.settled()).await.unwrap().unwrap();
    assert_ne!(after.epoch, before.epoch);
    let ledger = sandbox.ledger().await;
    assert_eq!((&ledger["counts"]["cases"], &ledger["counts"]["events_effective"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn a_record_that_the_disk_has_damaged_is_put_aside_and_the_others_are_delivered() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let path = sandbox.path("civil-affairs.sqlite");
    let client = sandbox.builder(&credentials).store(&path).build().await.unwrap();
    let draft = draft(&client).await;
    // Numbers are in stock before the platform goes.
    let first = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, first.settled()).await.unwrap().unwrap();
    sandbox.stop().await;
    for _ in 0..3 {
        client.cases().open(&draft).await.unwrap();
    }
    // What a running delivery has loaded already would go out whole.
    client.close().await;
    let disk = rusqlite::Connection::open(&path).unwrap();
    let flip = "UPDATE entry SET bytes = CAST(substr(bytes, 1, 20) || x'00' || substr(bytes, 22) AS BLOB) \
         WHERE ordinal = (SELECT max(ordinal) - 1 FROM entry)";
    assert_eq!(disk.execute(flip, []).unwrap(), 1);
    drop(disk);

    sandbox.start_again().await;
    let client = sandbox.builder(&credentials).store(&path).build().await.unwrap();
    let waiting = async {
        loop {
            let attention = client.outbox().attention().await.unwrap();
            let pending = client.outbox().statistics().await.unwrap().pending;
            if let ([one], 0) = (attention.as_slice(), pending) {
                return one.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let dead = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!(dead.problem.unwrap().code.code(), "store.corrupt");
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 3);
}

#[tokio::test]
async fn a_new_epoch_that_others_heard_of_before_the_delivery_began_is_noticed() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let build = || sandbox.builder(&credentials).store(sandbox.path("one.sqlite")).build();
    let client: Client = build().await.unwrap();
    let draft = draft(&client).await;
    let backup = sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    let case = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    client.close().await;

    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    let client: Client = build().await.unwrap();
    // Nothing is accepted, so nothing is sent: only the upkeep's questions tell of the new epoch.
    let waiting = async {
        while sandbox.ledger().await["counts"]["cases"] != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    client.close().await;
}

#[tokio::test]
async fn a_damaged_epoch_book_and_role_stop_nothing() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let path = sandbox.path("one.sqlite");
    let client: Client = sandbox.builder(&credentials).store(&path).build().await.unwrap();
    let draft = draft(&client).await;
    let first = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, first.settled()).await.unwrap().unwrap();
    client.close().await;

    let disk = rusqlite::Connection::open(&path).unwrap();
    let damage =
        "UPDATE document SET bytes = x'00' WHERE (collection = 'epoch' AND key = 'book') OR collection = 'role'";
    assert_eq!(disk.execute(damage, []).unwrap(), 2);
    drop(disk);
    let client: Client = sandbox.builder(&credentials).store(&path).build().await.unwrap();
    let second = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, second.settled()).await.unwrap().unwrap();
    client.outbox().drained().await.unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 2);
}
