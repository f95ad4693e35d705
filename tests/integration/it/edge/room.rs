//! A node that runs out of room: files are refused first, records last, and nothing that was accepted goes.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tongqiao::UploadState;
use tongqiao_protocol::Suite;

use super::caller::Caller;
use super::materials::{acquaint, add, delivered, file, with_node};
use super::office::{Office, eventually};
use crate::sdk::sandbox::reqwest_client;

async fn ready(office: &Office) -> (StatusCode, String) {
    let answer = reqwest_client().get(format!("{}/readyz", office.url())).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_refused_while_there_is_still_room_for_cases() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = acquaint(&client).await;
    let used = office.node().client().outbox().statistics().await.unwrap().size_bytes;
    office.stop_node().await;
    office.stop_hub().await;
    // Half of the room is kept; the other half holds one file of a million bytes and not two.
    office.settings.store_limit_bytes = 2 * (used + 1_500_000);
    office.settings.reserve_percent = 50;
    office.start_node().await;
    let content = file(1_000_000, 0);
    let first = add(&client, &content).await;
    with_node(&first).await;
    let caller = Caller::new(&office);
    let announcement = json!({
        "material": "018f9f3a-7c00-7000-8000-00000000000d", "party": "civil-affairs",
        "digest": format!("sha-256:{}", "0".repeat(64)), "size": 1_000_000,
        "media_type": "application/pdf", "name": "scan.pdf", "dataclass": "personal",
    });
    let refused = caller.post("/v1/materials", &announcement).await;
    assert_eq!((&refused["code"], &refused["status"]), (&json!("edge.materials_full"), &json!(507)), "{refused}");
    assert_eq!((&refused["retry"], &refused["outcome"]), (&json!("after_delay"), &json!("rejected")));
    let second = add(&client, &file(1_000_000, 1)).await;
    // Cases go on, one after the other.
    let mut taken = 1;
    for _ in 0..20 {
        let case = client.cases().open(&draft).await.unwrap();
        taken += 1;
        super::custody::in_custody(&client, case.event()).await;
    }
    let (status, said) = ready(&office).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert!(said.contains("room for "), "{said}");
    // A file that was refused waits with its department, and goes when there is room.
    assert_eq!(second.status().await.unwrap().state, UploadState::Waiting);
    assert_eq!(second.status().await.unwrap().with_node_since, None);
    office.start_hub().await;
    client.outbox().nudge();
    eventually("the cases", async || (office.effects().await.len() == taken).then_some(())).await;
    delivered(&office, &client, &first, &content).await;
    office.stop_node().await;
    office.settings.store_limit_bytes = 0;
    office.start_node().await;
    delivered(&office, &client, &second, &file(1_000_000, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_takes_nothing_new_and_still_answers_for_what_it_has() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = acquaint(&client).await;
    office.stop_hub().await;
    let caller = Caller::new(&office);
    let offer = async |record: &Value| caller.post("/v1/case-events", &json!({ "events": [record] })).await;
    let prepare = async || {
        let prepared = client.cases().prepare(&draft).await.unwrap();
        serde_json::from_slice::<Value>(prepared.bytes()).unwrap()
    };
    let (kept, new) = (prepare().await, prepare().await);
    assert_eq!(offer(&kept).await["results"][0]["status"], "custody");
    office.stop_node().await;
    // No disk has so much.
    office.settings.disk_kept_free_bytes = u64::MAX;
    office.start_node().await;
    let refused = offer(&new).await;
    assert_eq!((&refused["code"], &refused["status"]), (&json!("edge.full"), &json!(507)), "{refused}");
    assert_eq!(offer(&kept).await["results"][0]["status"], "custody", "it is there and stays there");
    assert_eq!(ready(&office).await.0, StatusCode::INSUFFICIENT_STORAGE);
    office.start_hub().await;
    office.node().client().outbox().nudge();
    eventually("what was taken", async || (office.effects().await.len() == 2).then_some(())).await;
    eventually("the platform's receipt", async || {
        (offer(&kept).await["results"][0]["status"] == "duplicate").then_some(())
    })
    .await;
}
