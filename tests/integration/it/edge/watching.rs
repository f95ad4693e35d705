//! What a hub says to whoever watches it.

use reqwest::StatusCode;
use tongqiao_protocol::Suite;

use super::office::{Office, eventually, settle};
use crate::sdk::sandbox::{self, reqwest_client};

async fn ask(office: &Office, path: &str) -> (StatusCode, String) {
    let answer = reqwest_client().get(format!("http://{}{path}", office.hub_watched_at())).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn figure(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_tells_its_nodes_frames_and_strangers_and_nothing_of_a_person() {
    let mut office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = sandbox::draft(&client).await;
    let case = client.cases().open(&draft).await.unwrap();
    settle(&case).await;
    assert_eq!(ask(&office, "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(ask(&office, "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    let (_, metrics) = ask(&office, "/metrics").await;
    assert!(figure(&metrics, "tongqiao_hub_nodes_http2") >= 1, "{metrics}");
    assert!(figure(&metrics, "tongqiao_hub_passed_total") >= 2, "{metrics}");
    assert!(figure(&metrics, "tongqiao_hub_directory_age_seconds") < 3_600);
    for none in ["nodes_quic", "not_reached_total", "malformed_total"] {
        assert_eq!(figure(&metrics, &format!("tongqiao_hub_{none}")), 0, "{metrics}");
    }
    assert!(!metrics.contains(&case.id().to_string()) && !metrics.contains("township-1"));

    // On a busy machine the node itself may have broken off a handshake.
    let before = figure(&metrics, "tongqiao_hub_strangers_total");
    // Somebody who is not enrolled, and a platform that is away.
    drop(tokio::net::TcpStream::connect(office.hub_address()).await.unwrap());
    office.sandbox.stop().await;
    client.cases().open(&draft).await.unwrap();
    eventually("both figures", async || {
        client.outbox().nudge();
        office.node().client().outbox().nudge();
        let (_, metrics) = ask(&office, "/metrics").await;
        let not_reached = figure(&metrics, "tongqiao_hub_not_reached_total");
        (figure(&metrics, "tongqiao_hub_strangers_total") > before && not_reached > 0).then_some(())
    })
    .await;
    // It still knows its nodes.
    assert_eq!(ask(&office, "/readyz").await.0, StatusCode::OK);
    // One that starts now knows nobody.
    office.stop_hub().await;
    office.start_hub().await;
    assert_eq!(ask(&office, "/healthz").await.0, StatusCode::OK);
    assert_eq!(ask(&office, "/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    office.sandbox.start_again().await;
}
