//! What only the platform can answer goes through, or is refused while there is no link.

use serde_json::json;
use tongqiao::{BillDraft, EntryState};
use tongqiao_protocol::{ErrorCode, Outcome, Suite};

use super::caller::Caller;
use super::office::{Office, PATIENCE, eventually, settle};
use crate::sdk::sandbox;

fn bill() -> BillDraft {
    BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 2, "5.00")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_goes_through_and_without_a_link_waits_with_its_author() {
    let mut office = Office::open(Suite::ShangMi).await;
    let client = office.client("department.sqlite").await;
    let first = client.payments().create(&bill()).await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().registered(first)).await.unwrap().unwrap();
    office.stop_hub().await;
    let second = client.payments().create(&bill()).await.unwrap();
    let waiting = eventually("a failed attempt", async || {
        client.outbox().entry(tongqiao_protocol::RecordId::from_bytes(*second.as_bytes())).await.unwrap()
    });
    assert_eq!(waiting.await.state, EntryState::Pending);
    // The node has kept nothing of it.
    assert_eq!(office.node().client().outbox().statistics().await.unwrap().pending, 0);
    office.start_hub().await;
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, client.payments().registered(second)).await.unwrap().unwrap();
    assert_eq!(office.sandbox.ledger().await["counts"]["bills"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_go_through_is_refused_with_a_code_in_both_languages() {
    let mut office = Office::open(Suite::International).await;
    let caller = Caller::new(&office);
    office.stop_hub().await;
    let refused = caller.send("GET", "/v1/inbox", Vec::new()).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("date"));
    let problem = refused.json::<serde_json::Value>().await.unwrap();
    assert_eq!((&problem["code"], &problem["retry"]), (&json!("edge.link_down"), &json!("after_delay")));
    assert_eq!(problem["outcome"], "rejected");
    assert_eq!(problem["title"], "节点与市级平台的链路中断");
    let unknown = caller.send("GET", "/v1/nothing", Vec::new()).await;
    assert_eq!(unknown.status(), 404);
    let method = caller.send("PUT", "/v1/inbox", Vec::new()).await;
    assert_eq!(method.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_away_behind_a_hub_is_a_link_that_is_down() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    // The platform is gone while the hub is there: the hub says that the request never reached it.
    office.sandbox.stop().await;
    let case = client.cases().open(&draft).await.unwrap();
    let error = client.cases().deadlines_of_platform(case.id()).await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), (ErrorCode::EdgeLinkDown, Outcome::Rejected), "{error:?}");
    office.sandbox.start_again().await;
    eventually("the case", async || (office.effects().await.len() == 2).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_does_not_hold_is_refused_by_the_node_itself() {
    let mut office = Office::open(Suite::International).await;
    office.stop_hub().await;
    let caller = Caller::new(&office);
    let target = "/v1/case-events";
    let body = b"{\"events\":[]}".to_vec();
    let http = sandbox::reqwest_client();
    let post = |headers: Vec<(&'static str, String)>, body: Vec<u8>| {
        let mut request = http.post(format!("{}{target}", office.url())).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async move {
            let answer = request.send().await.unwrap();
            answer.json::<serde_json::Value>().await.unwrap()["code"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(post(Vec::new(), body.clone()).await, "signature.missing");
    assert_eq!(post(caller.stamp("POST", target, &body), b"{}".to_vec()).await, "signature.digest_mismatch");
    assert_eq!(post(caller.stamp("POST", "/v1/bills", &body), body.clone()).await, "signature.mismatch");
    let once = caller.stamp("POST", target, &body);
    assert_eq!(post(once.clone(), body.clone()).await, "request.empty_batch");
    assert_eq!(post(once, body.clone()).await, "signature.replayed");
    let mut malformed = caller.stamp("POST", target, &body);
    malformed[1].1 = "sig1=()".to_owned();
    assert_eq!(post(malformed, body).await, "signature.malformed");
}
