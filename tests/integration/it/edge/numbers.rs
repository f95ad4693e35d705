//! Case numbers behind a node whose link is down: of its own stock, never doubled, and the platform hears of it.

use serde_json::{Value, json};
use tongqiao::Client;
use tongqiao_edge::LinkState;
use tongqiao_protocol::{CaseNumber, RequestId, Suite};

use super::caller::Caller;
use super::office::{Office, eventually};
use crate::sdk::sandbox;

/// Of which division the tests' cases are.
const DIVISION: &str = "340700";

/// A wish for numbers, as the SDK makes it.
fn wish(count: u64) -> Value {
    let id = |byte| RequestId::from_time_and_random("2026-11-23T12:00:00+08:00".parse().unwrap(), [byte; 10]);
    json!({ "request": id(1), "division": DIVISION, "count": count, "producer": id(2), "incarnation": id(3) })
}

/// The node has numbers in stock, and its link is down.
async fn stocked(suite: Suite) -> Office {
    let mut office = Office::prepare(suite).await;
    office.settings.number_divisions = vec![DIVISION.to_owned()];
    office.settings.number_stock = 40;
    office.start_hub().await;
    office.start_node().await;
    leased(&office, "township-1", 40).await;
    office
}

/// Waits until a party has leased so many numbers.
async fn leased(office: &Office, party: &str, count: u64) {
    eventually("the numbers", async || {
        let ledger = office.sandbox.ledger().await;
        let leases = ledger["effects"]["leases"].as_array().unwrap().iter().filter(|lease| lease["party"] == party);
        let numbers = leases.map(|lease| lease["last"].as_u64().unwrap() - lease["first"].as_u64().unwrap() + 1);
        (numbers.sum::<u64>() >= count).then_some(())
    })
    .await;
}

async fn cut(office: &mut Office) {
    office.stop_hub().await;
    let caller = Caller::new(office);
    eventually("the link's end", async || {
        caller.send("GET", "/v1/inbox", Vec::new()).await;
        (office.node().link() == LinkState::Down).then_some(())
    })
    .await;
}

/// Opens cases, and gives their numbers.
async fn open(client: &Client, draft: &tongqiao::CaseDraft, count: usize) -> Vec<CaseNumber> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(client.cases().open(draft).await.unwrap().number());
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_has_no_numbers_opens_cases_while_the_link_is_down() {
    for suite in [Suite::International, Suite::ShangMi] {
        let mut office = stocked(suite).await;
        let client = office.client("department.sqlite").await;
        let draft = sandbox::draft(&client).await;
        cut(&mut office).await;
        // More than one part: the SDK asks for two hundred, and the node has forty.
        let numbers = open(&client, &draft, 20).await;
        assert!(office.effects().await.is_empty());
        office.start_hub().await;
        client.outbox().nudge();
        eventually("the cases", async || (office.effects().await.len() == numbers.len()).then_some(())).await;
        let alarms = office.sandbox.get("/sandbox/alarms").await;
        assert_eq!(alarms["alarms"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_same_numbers_also_of_a_node_that_was_started_again() {
    let mut office = stocked(Suite::International).await;
    cut(&mut office).await;
    let caller = Caller::new(&office);
    let first = caller.post("/v1/case-number-leases", &wish(10)).await;
    assert_eq!(first["last"].as_u64().unwrap() - first["first"].as_u64().unwrap(), 9, "{first:#}");
    assert_eq!(caller.post("/v1/case-number-leases", &wish(10)).await, first);
    let other = caller.post("/v1/case-number-leases", &wish(11)).await;
    assert_eq!(other["code"], "lease.request_conflict");
    office.stop_node().await;
    office.start_node().await;
    assert_eq!(caller.post("/v1/case-number-leases", &wish(10)).await, first);
    let mut next = wish(40);
    next["request"] = json!("018f9f3a-7c00-7000-8000-000000000009");
    let rest = caller.post("/v1/case-number-leases", &next).await;
    assert_eq!(rest["first"].as_u64().unwrap(), first["last"].as_u64().unwrap() + 1, "{rest:#}");
    assert_eq!(rest["last"].as_u64().unwrap() - rest["first"].as_u64().unwrap(), 29, "as many as are left");
    next["request"] = json!("018f9f3a-7c00-7000-8000-00000000000a");
    assert_eq!(caller.post("/v1/case-number-leases", &next).await["code"], "edge.link_down");
    // Also with the link up: whoever has not heard the answer gets that one.
    office.start_hub().await;
    eventually("the link", async || {
        caller.send("GET", "/v1/inbox", Vec::new()).await;
        (office.node().link() == LinkState::Up).then_some(())
    })
    .await;
    assert_eq!(caller.post("/v1/case-number-leases", &wish(10)).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_for_those_whose_records_the_node_carries() {
    let mut office = stocked(Suite::International).await;
    let stranger = office.sandbox.enrol("natural-resources", Suite::International).await;
    let caller = Caller::with(&office, &stranger);
    // The node has to know the newcomer's key.
    office.node().client().refresh_directory().await.unwrap();
    cut(&mut office).await;
    assert_eq!(caller.post("/v1/case-number-leases", &wish(1)).await["code"], "scope.author_not_carried");
    let unsigned = sandbox::reqwest_client().post(format!("{}/v1/case-number-leases", office.url()));
    let refused = unsigned.json(&wish(1)).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(refused["code"], "signature.missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_put_back_from_a_backup_passes_no_number_on_twice() {
    let mut office = stocked(Suite::International).await;
    office.stop_node().await;
    let (store, backup) = (office.settings.data.join("store.sqlite"), office.sandbox.path("backup.sqlite"));
    std::fs::copy(&store, &backup).unwrap();
    office.start_node().await;
    cut(&mut office).await;
    let caller = Caller::new(&office);
    let before = caller.post("/v1/case-number-leases", &wish(10)).await;
    office.stop_node().await;
    // The backup knows nothing of what was passed on since.
    std::fs::rename(&store, office.sandbox.path("broken.sqlite")).unwrap();
    std::fs::copy(&backup, &store).unwrap();
    office.start_node().await;
    let mut next = wish(10);
    next["request"] = json!("018f9f3a-7c00-7000-8000-000000000009");
    assert_eq!(caller.post("/v1/case-number-leases", &next).await["code"], "edge.link_down", "its leases are burnt");
    office.start_hub().await;
    leased(&office, "township-1", 80).await;
    cut(&mut office).await;
    let after = caller.post("/v1/case-number-leases", &next).await;
    assert!(after["first"].as_u64() > before["last"].as_u64(), "{before:#} {after:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_lost_keeps_no_case_waiting_its_department_tells_what_it_was_given() {
    let mut office = stocked(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    cut(&mut office).await;
    let numbers = open(&client, &draft, 2).await;
    client.close().await;
    // The box is gone with everything that it kept; the department reaches the platform itself.
    office.stop_node().await;
    std::fs::remove_dir_all(&office.settings.data).unwrap();
    let direct = office.sandbox.builder(&office.department).store(office.sandbox.path("department.sqlite"));
    let direct = direct.build().await.unwrap();
    eventually("the cases", async || (office.effects().await.len() == numbers.len()).then_some(())).await;
    direct.close().await;
}
