//! A key that the node does not know: what it says of it depends on whether it could ask.

use serde_json::{Value, json};
use tongqiao_protocol::Suite;

use super::caller::Caller;
use super::office::{Office, eventually};
use crate::sdk::sandbox::{self, Sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn a_department_enrolled_while_the_node_has_no_link_is_asked_to_come_again_and_served_when_it_is_back() {
    let mut office = Office::open(Suite::International).await;
    office.stop_hub().await;
    let newcomer = office.sandbox.enrol("natural-resources", Suite::International).await;
    let caller = Caller::with(&office, &newcomer);
    // More than once: that nobody could be asked a moment ago makes nobody unknown.
    for _ in 0..3 {
        let answer = caller.send("POST", "/v1/case-events", b"{\"events\":[]}".to_vec()).await;
        assert_eq!(answer.status(), 503);
        let problem = answer.json::<Value>().await.unwrap();
        assert_eq!((&problem["code"], &problem["retry"]), (&json!("edge.key_not_looked_up"), &json!("after_delay")));
    }
    office.start_hub().await;
    eventually("that the newcomer is known", async || {
        let answer = caller.post("/v1/case-events", &json!({ "events": [] })).await;
        (answer["code"] != "edge.key_not_looked_up").then(|| assert_eq!(answer["code"], "request.empty_batch"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_platform_does_not_know_is_unknown_and_hides_no_newcomer() {
    let office = Office::open(Suite::International).await;
    let elsewhere = Sandbox::start().await;
    let stranger = Caller::with(&office, &elsewhere.enrol("nobody-here", Suite::International).await);
    for _ in 0..2 {
        let answer = stranger.post("/v1/case-events", &json!({ "events": [] })).await;
        assert_eq!((&answer["code"], &answer["retry"]), (&json!("signature.unknown_key"), &json!("after_change")));
    }
    // He was looked for a moment ago, and for a while nobody else will be: that is not the newcomer's fault.
    let newcomer = office.sandbox.enrol("natural-resources", Suite::International).await;
    let answer = Caller::with(&office, &newcomer).post("/v1/case-events", &json!({ "events": [] })).await;
    assert_eq!(
        (&answer["code"], &answer["retry"]),
        (&json!("edge.key_not_looked_up"), &json!("after_delay")),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_key_could_not_be_looked_up_is_deferred_and_taken_when_it_could() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    office.stop_hub().await;
    let newcomer = office.sandbox.enrol("natural-resources", Suite::International).await;
    let direct = office.sandbox.builder(&newcomer).store(office.sandbox.path("newcomer.sqlite")).build().await.unwrap();
    let prepared = direct.cases().prepare(&draft).await.unwrap();
    let record = serde_json::from_slice::<Value>(prepared.bytes()).unwrap();
    let batch = json!({ "events": [record] });
    let caller = Caller::new(&office);
    let answer = caller.post("/v1/case-events", &batch).await;
    assert_eq!(answer["results"][0]["status"], "deferred", "{answer}");
    assert_eq!(answer["results"][0]["missing"]["key"], record["signature"]["keyid"]);
    assert_eq!(office.node().client().outbox().statistics().await.unwrap().pending, 0);
    office.start_hub().await;
    // The key is known now, and its author is not one whose records this department may bring.
    eventually("that the key is known", async || {
        let answer = caller.post("/v1/case-events", &batch).await;
        let result = &answer["results"][0];
        (result["status"] != "deferred")
            .then(|| assert_eq!(result["problem"]["code"], "scope.author_not_carried", "{answer}"))
    })
    .await;
}
