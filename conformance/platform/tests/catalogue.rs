//! The catalogue over HTTP: editions by digest, 304, deltas, editions no longer kept.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "support/plain_http.rs"]
mod plain_http;

use plain_http::{Answer, get, post_json, send};
use serde_json::{Value, json};
use tongqiao_protocol::{Digest, SignedRecord, Suite};
use tongqiao_reference_platform::{Platform, Running};

async fn sandbox(directory: &tempfile::TempDir) -> Running {
    Platform::builder().database(directory.path().join("platform.sqlite")).sandbox().start().await.unwrap()
}

fn record(answer: &Answer) -> (SignedRecord, Value) {
    let record: SignedRecord = serde_json::from_slice(&answer.body).unwrap();
    let content = serde_json::from_slice(&record.record).unwrap();
    (record, content)
}

fn in_force<'a>(snapshot: &'a Value, name: &str) -> &'a Value {
    let mut items = snapshot["items"].as_array().unwrap().iter();
    items.find(|item| item["name"]["zh"] == name && item["state"] == "in-force").unwrap()
}

#[tokio::test]
async fn the_snapshot_is_addressed_by_its_digest_and_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut tags = Vec::new();
    for _ in 0..2 {
        let running = sandbox(&directory).await;
        let answer = get(running.address(), "/v1/catalogue").await;
        assert_eq!(answer.status, 200);
        let (record, content) = record(&answer);
        assert!(content["items"].as_array().unwrap().len() > 400);
        let tag = answer.header("etag").unwrap().to_owned();
        assert_eq!(tag, format!("\"{}\"", record.digest(Suite::International)));
        let again = send(running.address(), "GET", "/v1/catalogue", &[("if-none-match", &tag)], "").await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())));
        let other = send(running.address(), "GET", "/v1/catalogue", &[("if-none-match", "\"sha-256:00\"")], "").await;
        assert_eq!(other.status, 200);
        tags.push(tag);
        running.shutdown().await;
    }
    assert_eq!(tags[0], tags[1]);
}

#[tokio::test]
async fn a_delta_leads_from_the_edition_held_to_the_latest() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let (before, mut held) = record(&get(running.address(), "/v1/catalogue").await);
    let since = before.digest(Suite::International).to_string();
    let changed = in_force(&held, "高龄津贴给付")["code"].clone();
    let withdrawn = in_force(&held, "法律援助申请")["code"].clone();
    let removed = in_force(&held, "犬只登记及免疫牌办理").clone();
    let orders = json!({ "changes": [
        { "kind": "new-version", "code": changed, "promised_days": 3 },
        { "kind": "withdraw", "code": withdrawn },
        { "kind": "remove", "code": removed["code"], "version": removed["version"] },
    ]});
    let published = post_json(running.address(), "/sandbox/catalogue/changes", &orders).await;
    assert_eq!(published.status, 200, "{}", published.text());

    let answer = get(running.address(), &format!("/v1/catalogue/changes?since={since}")).await;
    let (_, delta) = record(&answer);
    assert_eq!(delta["snapshot"], published.json()["digest"]);
    assert_eq!(delta["changed"].as_array().unwrap().len(), 3, "old version, new version, withdrawn");
    assert_eq!(delta["removed"], json!([{ "code": removed["code"], "version": removed["version"] }]));

    let items = held["items"].as_array_mut().unwrap();
    let same = |a: &Value, b: &Value| a["code"] == b["code"] && a["version"] == b["version"];
    items.retain(|item| !same(item, &removed));
    for item in delta["changed"].as_array().unwrap() {
        items.retain(|held| !same(held, item));
        items.push(item.clone());
    }
    let key = |item: &Value| (item["code"].as_str().unwrap().to_owned(), item["version"].as_u64());
    items.sort_by_key(key);
    let (_, latest) = record(&get(running.address(), "/v1/catalogue").await);
    assert_eq!(held["items"], latest["items"]);
    running.shutdown().await;
}

#[tokio::test]
async fn the_delta_from_the_latest_edition_is_empty_and_from_an_unknown_one_gone() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let (before, _) = record(&get(running.address(), "/v1/catalogue").await);
    let since = before.digest(Suite::International);
    let (_, delta) = record(&get(running.address(), &format!("/v1/catalogue/changes?since={since}")).await);
    assert_eq!((&delta["changed"], &delta["removed"]), (&json!([]), &json!([])));
    for unknown in [Digest::of(Suite::International, b"never published").to_string(), "nonsense".to_owned()] {
        let gone = get(running.address(), &format!("/v1/catalogue/changes?since={unknown}")).await;
        assert_eq!(gone.status, 410);
        assert_eq!(gone.header("content-type"), Some("application/problem+json"));
        assert_eq!(gone.json()["code"], "catalogue.unknown_base");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn an_order_that_cannot_be_carried_out_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let (before, held) = record(&get(running.address(), "/v1/catalogue").await);
    let code = &in_force(&held, "高龄津贴给付")["code"];
    for (orders, status) in [
        (json!({ "changes": [{ "kind": "withdraw", "code": code }, { "kind": "withdraw", "code": "nonsense" }] }), 422),
        (json!({ "changes": [{ "kind": "remove", "code": code, "version": 99 }] }), 422),
        (json!({ "changes": [{ "kind": "burn", "code": code }] }), 400),
    ] {
        let refused = post_json(running.address(), "/sandbox/catalogue/changes", &orders).await;
        assert_eq!(refused.status, status, "{}", refused.text());
    }
    assert_eq!(record(&get(running.address(), "/v1/catalogue").await).0, before);
    running.shutdown().await;
}

#[tokio::test]
async fn a_platform_that_is_no_sandbox_publishes_nothing_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform.sqlite");
    let running = Platform::builder().database(path).suite(Suite::ShangMi).start().await.unwrap();
    let answer = post_json(running.address(), "/sandbox/catalogue/changes", &json!({ "changes": [] })).await;
    assert_eq!(answer.status, 404);
    let tag = get(running.address(), "/v1/catalogue").await.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"sm3:"), "{tag}");
    running.shutdown().await;
}

#[tokio::test]
async fn only_the_last_editions_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let running = sandbox(&directory).await;
    let (first, held) = record(&get(running.address(), "/v1/catalogue").await);
    let code = &in_force(&held, "高龄津贴给付")["code"];
    let order = json!({ "changes": [{ "kind": "new-version", "code": code }] });
    let path = format!("/v1/catalogue/changes?since={}", first.digest(Suite::International));
    for published in 1..=16 {
        if published == 16 {
            assert_eq!(get(running.address(), &path).await.status, 200, "the sixteenth edition back is still kept");
        }
        assert_eq!(post_json(running.address(), "/sandbox/catalogue/changes", &order).await.status, 200);
    }
    assert_eq!(get(running.address(), &path).await.status, 410);
    running.shutdown().await;
}

#[test]
fn the_generated_tables_are_those_that_the_script_writes() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/data/build_catalogue.py");
    let checked = std::process::Command::new("python3").args([script, "--check"]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
