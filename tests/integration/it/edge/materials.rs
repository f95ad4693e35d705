//! Files of materials at a node: safe there while the link is down, resumed after every kind of end, sent once.

use serde_json::{Value, json};
use tongqiao::{CaseDraft, Client, MaterialDraft, MaterialHandle, UploadState};
use tongqiao_protocol::{Digest, Suite};

use super::caller::Caller;
use super::office::{DEPARTMENT, Office, PATIENCE, eventually, settle};
use super::processes::Process;
use crate::sdk::materials::noise;
use crate::sdk::sandbox;

/// A file of which no beginning is that of another.
pub(super) fn file(size: usize, number: usize) -> Vec<u8> {
    let mut content = noise(size);
    content.rotate_left(number * 1_000);
    content
}

pub(super) async fn add(client: &Client, content: &[u8]) -> MaterialHandle {
    let reader = std::io::Cursor::new(content.to_vec());
    client.materials().add(MaterialDraft::reader("scan.pdf", reader)).await.unwrap()
}

/// Waits until the node has said that it is safe there.
pub(super) async fn with_node(handle: &MaterialHandle) {
    eventually("the node's receipt", async || {
        let status = handle.status().await.unwrap();
        assert_eq!(status.state, UploadState::Waiting, "a node's word is not the platform's");
        status.with_node_since
    })
    .await;
}

/// Waits for the platform's receipt, and compares what it has with what was sent.
pub(super) async fn delivered(office: &Office, client: &Client, handle: &MaterialHandle, content: &[u8]) {
    let arriving = async {
        loop {
            client.outbox().nudge();
            tokio::select! {
                status = handle.delivered() => return status.unwrap(),
                () = tokio::time::sleep(std::time::Duration::from_millis(200)) => {}
            }
        }
    };
    let status = tokio::time::timeout(PATIENCE, arriving).await.unwrap();
    assert_eq!(status.receipt.unwrap().digest, handle.digest());
    let copy = office.sandbox.path(&format!("copy-{}", handle.id()));
    client.materials().save(handle.id(), &copy).await.unwrap();
    assert!(std::fs::read(copy).unwrap() == content, "the same bytes");
}

/// Settles something, so that node and client know the platform's keys.
pub(super) async fn acquaint(client: &Client) -> CaseDraft {
    let draft = sandbox::draft(client).await;
    settle(&client.cases().open(&draft).await.unwrap()).await;
    draft
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_safe_at_the_node_without_a_link_and_arrives_when_it_returns() {
    for suite in [Suite::International, Suite::ShangMi] {
        let mut office = Office::open(suite).await;
        let client = office.client("department.sqlite").await;
        let draft = acquaint(&client).await;
        office.stop_hub().await;
        let content = file(700_001, 0);
        let scan = add(&client, &content).await;
        let case = client.cases().open(&draft.attach("id-card", "居民身份证", &scan)).await.unwrap();
        with_node(&scan).await;
        // A power cut at the node: what it has said holds.
        office.stop_node().await;
        office.start_node().await;
        office.start_hub().await;
        client.outbox().nudge();
        settle(&case).await;
        delivered(&office, &client, &scan, &content).await;
        assert_eq!(office.node().client().carrier().materials_waiting().await.unwrap(), 0);
        // The node forgets nothing so soon: a platform that is restored may ask for it.
        let kept = std::fs::read_dir(office.settings.data.join("store.sqlite.materials")).unwrap().count();
        assert_eq!((kept, std::fs::read_dir(office.settings.data.join("incoming")).unwrap().count()), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_in_the_middle_of_files_loses_and_doubles_none() {
    let mut office = Office::prepare(Suite::International).await;
    office.start_hub().await;
    let mut node = Process::start(&mut office);
    let client = office.client("department.sqlite").await;
    drop(acquaint(&client).await);
    let mut files = Vec::new();
    for round in 0..5 {
        if round % 2 == 0 {
            office.wire.cut();
        }
        let content = file(1_500_000, round);
        files.push((add(&client, &content).await, content));
        if round > 2 {
            with_node(&files[round].0).await;
        }
        node.kill();
        node = Process::start(&mut office);
        if round % 2 == 0 {
            office.stop_hub().await;
            office.start_hub().await;
        }
    }
    for (handle, content) in &files {
        delivered(&office, &client, handle, content).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_dies_amid_a_file_costs_no_more_than_a_piece_each_time() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    drop(acquaint(&client).await);
    let direct = office.sandbox.builder(&office.department).in_memory().build().await.unwrap();
    office.stop_hub().await;
    let (content, before) = (file(3_000_000, 0), office.wire.bytes_up());
    let scan = add(&client, &content).await;
    with_node(&scan).await;
    let mut stood = 0;
    for _ in 0..4 {
        office.start_hub().await;
        office.node().client().outbox().nudge();
        stood = eventually("more of it", async || {
            let view = direct.materials().view(scan.id()).await.ok()?;
            assert!(view.offset >= stood, "what the platform has it keeps");
            (view.offset > stood).then_some(view.offset)
        })
        .await;
        office.stop_hub().await;
    }
    office.start_hub().await;
    delivered(&office, &client, &scan, &content).await;
    let sent = office.wire.bytes_up() - before;
    assert!(sent < 3_000_000 + 600_000, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_is_sent_once_and_nobody_learns_what_others_have_brought() {
    let office = Office::open_for_two(Suite::International, "public-security").await;
    let client = office.client("department.sqlite").await;
    drop(acquaint(&client).await);
    let content = file(900_000, 0);
    let first = add(&client, &content).await;
    delivered(&office, &client, &first, &content).await;
    // Another system of the same department.
    let before = office.wire.bytes_up();
    let second = office.client("second.sqlite").await;
    let again = add(&second, &content).await;
    assert_ne!(again.id(), first.id());
    delivered(&office, &second, &again, &content).await;
    // Another department has to bring the bytes to the node, and the node proves to the platform that it has them.
    let other = office.sandbox.enrol("public-security", Suite::International).await;
    let stranger = Caller::with(&office, &other);
    let digest = Digest::of(Suite::International, &content).to_string();
    let announcement = announcement("018f9f3a-7c00-7000-8000-00000000000a", "public-security", &digest, content.len());
    let view = stranger.post("/v1/materials", &announcement).await;
    assert_eq!((&view["state"], &view["offset"]), (&json!("receiving"), &json!(0)), "{view}");
    assert!(view.get("custody").is_none());
    let client =
        Client::builder(&office.url(), other).store(office.sandbox.path("other.sqlite")).build().await.unwrap();
    let brought = add(&client, &content).await;
    delivered(&office, &client, &brought, &content).await;
    let sent = office.wire.bytes_up() - before;
    assert!(sent < 200_000, "the content went over the link again: {sent}");
}

fn announcement(id: &str, party: &str, digest: &str, size: usize) -> Value {
    json!({
        "material": id, "party": party, "digest": digest, "size": size,
        "media_type": "application/pdf", "name": "scan.pdf", "dataclass": "personal",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_are_taken_by_the_platform_s_rules_and_go_on_after_a_power_cut() {
    let mut office = Office::open_for_two(Suite::International, "public-security").await;
    drop(acquaint(&office.client("department.sqlite").await).await);
    office.stop_hub().await;
    let (content, id) = (file(20_000, 0), "018f9f3a-7c00-7000-8000-00000000000b");
    let digest = Digest::of(Suite::International, &content).to_string();
    let announced = announcement(id, DEPARTMENT, &digest, content.len());
    let caller = Caller::new(&office);
    let post = async |target: String, body: Vec<u8>| -> Value {
        let answer = caller.send("POST", &format!("/v1/materials{target}"), body).await;
        answer.json().await.unwrap()
    };
    let piece = async |offset: usize, bytes: &[u8]| post(format!("/{id}/chunks?offset={offset}"), bytes.to_vec()).await;
    assert_eq!(post(String::new(), b"{}".to_vec()).await["code"], "request.invalid");
    assert_eq!(post(String::new(), announced.to_string().into_bytes()).await["offset"], 0);
    assert_eq!(piece(0, &content[..8_000]).await["offset"], 8_000);
    assert_eq!(piece(9_000, &content[9_000..]).await["code"], "material.offset_mismatch");
    assert_eq!(piece(0, &[1; 2_000]).await["code"], "material.chunk_conflict");
    assert_eq!(piece(8_000, &[1; 20_000]).await["code"], "request.out_of_range");
    assert_eq!(post(format!("/{id}/chunks"), vec![1]).await["code"], "request.missing_field");
    assert_eq!(post(format!("/{id}/completion"), b"{}".to_vec()).await["code"], "material.incomplete");
    let other = announcement(id, DEPARTMENT, &digest, 20_001);
    assert_eq!(post(String::new(), other.to_string().into_bytes()).await["code"], "material.id_conflict");
    let stranger = Caller::with(&office, &office.sandbox.enrol("public-security", Suite::International).await);
    let target = format!("/v1/materials/{id}");
    let seen = stranger.send("GET", &target, Vec::new()).await.json::<Value>().await.unwrap();
    // Who was enrolled without a link cannot be known; nothing is shown to him either way.
    assert_eq!(seen["code"], "edge.key_not_looked_up");
    office.stop_node().await;
    office.start_node().await;
    let view = caller.send("GET", &target, Vec::new()).await.json::<Value>().await.unwrap();
    assert_eq!((&view["offset"], &view["digest"]), (&json!(8_000), &json!(digest)));
    assert_eq!(piece(8_000, &content[8_000..]).await["offset"], 20_000);
    let whole = post(format!("/{id}/completion"), b"{}".to_vec()).await;
    assert_eq!((&whole["state"], &whole["offset"]), (&json!("receiving"), &json!(20_000)), "{whole}");
    assert!(whole["custody"].is_object() && whole.get("receipt").is_none());
    assert_eq!(piece(0, &content[..8_000]).await["offset"], 20_000, "a repetition changes nothing");
    // What is not what was announced is told and forgotten.
    let id = "018f9f3a-7c00-7000-8000-00000000000c";
    let wrong = announcement(id, DEPARTMENT, &digest, 4);
    post(String::new(), wrong.to_string().into_bytes()).await;
    post(format!("/{id}/chunks?offset=0"), vec![1; 4]).await;
    assert_eq!(post(format!("/{id}/completion"), b"{}".to_vec()).await["code"], "material.digest_mismatch");
    office.start_hub().await;
    eventually("the file at the platform", async || {
        office.node().client().outbox().nudge();
        let view = caller.send("GET", &target, Vec::new()).await.json::<Value>().await.unwrap();
        (view["state"] == "complete" && view["receipt"].is_object()).then_some(())
    })
    .await;
}
