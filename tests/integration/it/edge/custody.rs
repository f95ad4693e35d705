//! What a node has taken is safe, told so, and reaches the platform once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tongqiao::{CaseDraft, Client, ItemQuery, Notice, SoftwareVerifier};
use tongqiao_protocol::case::{CaseEventData, Withdrawal};
use tongqiao_protocol::custody::{self, CustodyBody};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{ErrorCode, EventId, Suite};

use super::caller::Caller;
use super::office::{Office, PATIENCE, eventually, settle};
use crate::sdk::sandbox;

fn withdrawal() -> CaseEventData {
    CaseEventData::Withdrawn(Withdrawal { reason: "申请人改变主意".to_owned() })
}

/// Waits until the node has told that it keeps an event.
async fn in_custody(client: &Client, event: EventId) {
    let mut notices = client.notices();
    client.outbox().nudge();
    let waiting = async {
        while let Some(notice) = notices.next().await {
            if matches!(notice, Notice::InCustody { id, .. } if id == event.into()) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

async fn draft(client: &Client) -> CaseDraft {
    sandbox::draft(client).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_opened_behind_a_node_is_settled_by_the_platform_in_both_suites() {
    for suite in [Suite::International, Suite::ShangMi] {
        let office = Office::open(suite).await;
        let client = office.client("department.sqlite").await;
        let case = client.cases().open(&draft(&client).await).await.unwrap();
        let receipt = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
        assert_eq!(receipt.kind, tongqiao::ReceiptKind::Settled);
        assert_eq!(office.effects().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_taken_without_a_link_reaches_the_platform_once_when_the_link_is_back() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    office.stop_hub().await;
    let case = client.cases().open(&draft).await.unwrap();
    in_custody(&client, case.event()).await;
    assert_eq!(office.effects().await.len(), 1, "nothing can have reached the platform");
    // The department's system goes home for the day; what it has handed in does not depend on it.
    client.close().await;
    office.start_hub().await;
    eventually("the second case", async || (office.effects().await.len() == 2).then_some(())).await;
    let client = office.client("department.sqlite").await;
    let again = client.cases().handle(case.event()).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, again.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.record, case.event().into());
    assert_eq!(office.effects().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_in_a_case_is_taken_without_a_link_too_and_keeps_its_order() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    office.stop_hub().await;
    let case = client.cases().open(&draft).await.unwrap();
    in_custody(&client, case.event()).await;
    let withdrawn = client.cases().append(case.id(), withdrawal()).await.unwrap();
    in_custody(&client, withdrawn.event()).await;
    client.close().await;
    office.start_hub().await;
    let kinds = eventually("all three", async || {
        let effects = office.effects().await;
        (effects.len() == 3).then(|| effects.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect())
    });
    let kinds: Vec<String> = kinds.await;
    assert_eq!(kinds, ["applied", "applied", "withdrawn"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_stopped_goes_on_with_what_it_had_taken() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    office.stop_hub().await;
    let case = client.cases().open(&draft).await.unwrap();
    in_custody(&client, case.event()).await;
    client.close().await;
    office.stop_node().await;
    office.start_hub().await;
    assert_eq!(office.effects().await.len(), 1);
    office.start_node().await;
    eventually("the case", async || (office.effects().await.len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_platform_comes_back_through_the_node_and_its_replacement_goes_out() {
    let office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let before = draft(&client).await;
    let items = client.items().find(&ItemQuery::text("file certificate")).await.unwrap();
    let (code, version) = (&items[0].code, items[0].version);
    let next = json!({ "changes": [
        { "kind": "new-version", "code": code },
        { "kind": "remove", "code": code, "version": version },
    ] });
    office.sandbox.post("/sandbox/catalogue/changes", &next).await;
    let case = client.cases().open(&before).await.unwrap();
    let refused = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ItemUnknown, "{refused:?}");
    assert!(!refused.faults().is_empty());
    let given_up = client.cases().abandon(case.event(), "测试主管", "事项已停办").await.unwrap();
    tokio::time::timeout(PATIENCE, given_up.settled()).await.unwrap().unwrap();
    assert!(client.outbox().attention().await.unwrap().is_empty());
    assert_eq!(office.sandbox.ledger().await["counts"]["events_effective"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_itself_is_refused_by_the_node_and_leaves_no_trace() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let prepared = client.cases().prepare(&draft(&client).await).await.unwrap();
    office.stop_hub().await;
    let caller = Caller::new(&office);
    let honest = serde_json::from_slice::<Value>(prepared.bytes()).unwrap();
    let mut forged = honest.clone();
    forged["signature"]["value"] = json!(STANDARD.encode([7; 64]));
    let mut unknown = honest.clone();
    unknown["signature"]["keyid"] = json!("civil-affairs/nobody");
    let body = json!({ "events": [forged, unknown, honest] });
    let answer = caller.post("/v1/case-events", &body).await;
    let codes = answer["results"].as_array().unwrap().iter().map(|one| one["problem"]["code"].as_str());
    assert_eq!(codes.collect::<Vec<_>>(), [Some("record.signature_mismatch"), None, None]);
    // Without a link nobody knows whether there is such a key.
    assert_eq!(answer["results"][1]["status"], "deferred");
    let custody = serde_json::from_value::<Receipt>(answer["results"][2]["custody"].clone()).unwrap();
    let body = CustodyBody::read(&custody).unwrap();
    assert_eq!((body.record, body.edge.as_str()), (prepared.event().into(), "township-1"));
    let key = client.carrier().key(&custody.signature.keyid).await.found().unwrap();
    custody::verify(&custody, &key.public_key, &SoftwareVerifier).unwrap();
    assert_eq!(office.node().client().outbox().statistics().await.unwrap().pending, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whom_the_node_may_not_carry_is_sent_away() {
    let office = Office::open(Suite::International).await;
    let stranger = office.sandbox.enrol("natural-resources", Suite::International).await;
    let direct = office.sandbox.builder(&stranger).store(office.sandbox.path("stranger.sqlite")).build().await.unwrap();
    let prepared = direct.cases().prepare(&draft(&direct).await).await.unwrap();
    let record = serde_json::from_slice::<Value>(prepared.bytes()).unwrap();
    let caller = Caller::with(&office, &stranger);
    let answer = caller.post("/v1/case-events", &json!({ "events": [record] })).await;
    assert_eq!(answer["results"][0]["problem"]["code"], "scope.author_not_carried", "{answer}");
    // Nor may he bring what the department wrote.
    let client = office.client("department.sqlite").await;
    let prepared = client.cases().prepare(&draft(&client).await).await.unwrap();
    let record = serde_json::from_slice::<Value>(prepared.bytes()).unwrap();
    let answer = caller.post("/v1/case-events", &json!({ "events": [record] })).await;
    assert_eq!(answer["results"][0]["problem"]["code"], "scope.author_not_carried", "{answer}");
    assert_eq!(office.node().client().outbox().statistics().await.unwrap().pending, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_is_kept_once_and_other_bytes_under_its_id_are_refused() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let prepared = client.cases().prepare(&draft(&client).await).await.unwrap();
    office.stop_hub().await;
    let caller = Caller::new(&office);
    let record = serde_json::from_slice::<Value>(prepared.bytes()).unwrap();
    let twice = json!({ "events": [record.clone(), record.clone()] });
    for _ in 0..2 {
        let answer = caller.post("/v1/case-events", &twice).await;
        let statuses = answer["results"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap());
        assert_eq!(statuses.collect::<Vec<_>>(), ["custody", "custody"]);
    }
    assert_eq!(office.node().client().outbox().statistics().await.unwrap().pending, 1);
    let other = caller.signed_again(&record);
    let answer = caller.post("/v1/case-events", &json!({ "events": [other] })).await;
    assert_eq!(answer["results"][0]["problem"]["code"], "event.id_conflict", "{answer}");
    office.start_hub().await;
    eventually("the case", async || (office.effects().await.len() == 1).then_some(())).await;
    // The platform has it a moment before the node has its receipt.
    let judged = eventually("the receipt", async || {
        let answer = caller.post("/v1/case-events", &json!({ "events": [record] })).await;
        (answer["results"][0]["status"] != "custody").then_some(answer)
    })
    .await;
    assert_eq!(judged["results"][0]["status"], "duplicate", "{judged}");
    assert!(judged["results"][0]["receipt"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_room_refuses_new_work_and_delivers_what_it_has() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    // The catalogue and the keys are there already; of what comes now there is room for some.
    let used = office.node().client().outbox().statistics().await.unwrap().size_bytes;
    office.stop_node().await;
    office.stop_hub().await;
    office.settings.store_limit_bytes = used + 100_000;
    office.start_node().await;
    let caller = Caller::new(&office);
    let mut taken = 1;
    let refused = loop {
        let prepared = client.cases().prepare(&draft).await.unwrap();
        let record = serde_json::from_slice::<Value>(prepared.bytes()).unwrap();
        let answer = caller.post("/v1/case-events", &json!({ "events": [record] })).await;
        match answer["results"][0]["status"].as_str() {
            Some("custody") => taken += 1,
            _ => break answer,
        }
        assert!(taken < 1_000, "the limit was never reached");
    };
    assert_eq!((&refused["code"], &refused["status"]), (&json!("edge.full"), &json!(507)), "{refused}");
    office.start_hub().await;
    eventually("what was taken", async || (office.effects().await.len() == taken).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_without_a_link_knows_the_epoch_and_says_how_it_is() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    client.close().await;
    let known = office.sandbox.ledger().await["epoch"].clone();
    office.stop_node().await;
    office.stop_hub().await;
    office.settings.store_limit_bytes = 64 << 20;
    office.start_node().await;
    let http = sandbox::reqwest_client();
    let get = async |path: &str| http.get(format!("{}{path}", office.url())).send().await.unwrap();
    eventually("the epoch", async || {
        let answer = get("/v1/time").await;
        answer.headers().get("tongqiao-epoch").map(|epoch| assert_eq!(json!(epoch.to_str().unwrap()), known))
    })
    .await;
    assert_eq!((get("/healthz").await.status(), get("/readyz").await.status()), (StatusCode::OK, StatusCode::OK));
    let client = office.client("department.sqlite").await;
    let case = client.cases().open(&draft).await.unwrap();
    in_custody(&client, case.event()).await;
    let metrics = get("/metrics").await.text().await.unwrap();
    for line in ["tongqiao_edge_link_up 0", "tongqiao_edge_records_pending 1", "tongqiao_edge_records_retained 1"] {
        assert!(metrics.lines().any(|one| one == line), "{line}: {metrics}");
    }
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    let (room, store) = (value("tongqiao_edge_room_bytes "), value("tongqiao_edge_store_bytes "));
    assert_eq!(room + store, 64 << 20, "what the settings allow counts as the disk does");
    assert_eq!(value("tongqiao_edge_room_days "), room / store, "the node is of today");
    assert!(!metrics.contains(&case.id().to_string()));
}
