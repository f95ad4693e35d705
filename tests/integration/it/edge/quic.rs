//! The link over QUIC: where UDP gets through, where it does not, and when the line is dark for a while.

use std::net::SocketAddr;

use tongqiao::{BillDraft, Client};
use tongqiao_edge::{LinkChoice, Way};
use tongqiao_link_lab::{Profile, Relay, Udp};
use tongqiao_protocol::Suite;

use super::office::{Office, PATIENCE, eventually, settle};
use crate::sdk::sandbox;

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn clean() -> Profile {
    Profile::named("clean").unwrap()
}

fn udp_blocked() -> Profile {
    Profile { udp: Udp::Blocked, ..clean() }
}

/// Nothing gets through at all.
fn dark() -> Profile {
    Profile { loss: 2.0, ..clean() }
}

/// An office whose hub is behind a relay.
async fn open(profile: Profile, link: LinkChoice) -> (Office, Relay) {
    let mut office = Office::prepare(Suite::International).await;
    office.start_hub().await;
    let relay = Relay::start(HERE, office.hub_address(), profile, 1).await.unwrap();
    office.settings.hub = relay.address().to_string();
    office.settings.link = link;
    office.start_node().await;
    (office, relay)
}

async fn open_case(client: &Client) {
    settle(&client.cases().open(&sandbox::draft(client).await).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_and_bills_go_over_quic_alone() {
    let (office, _relay) = open(clean(), LinkChoice::Quic).await;
    let client = office.client("department.sqlite").await;
    open_case(&client).await;
    let bill = BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 2, "5.00");
    let bill = client.payments().create(&bill).await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap();
    assert_eq!(office.effects().await.len(), 1);
    assert_eq!(office.node().way(), Way::Quic);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_udp_is_blocked_the_link_goes_over_http2_and_that_is_remembered_until_it_gets_through() {
    let (mut office, relay) = open(udp_blocked(), LinkChoice::Auto).await;
    let client = office.client("department.sqlite").await;
    open_case(&client).await;
    assert_eq!(office.node().way(), Way::Http2);
    office.stop_node().await;
    office.start_node().await;
    assert_eq!(office.node().way(), Way::Http2, "it is remembered");
    open_case(&client).await;
    relay.change(clean());
    eventually("QUIC", async || (office.node().way() == Way::Quic).then_some(())).await;
    open_case(&client).await;
    assert_eq!(office.effects().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_replaced_by_another_is_found_again() {
    let (mut office, relay) = open(clean(), LinkChoice::Quic).await;
    let client = office.client("department.sqlite").await;
    open_case(&client).await;
    for _ in 0..3 {
        office.stop_hub().await;
        client.cases().open(&sandbox::draft(&client).await).await.unwrap();
        office.start_hub().await;
        relay.lead_to(office.hub_address());
    }
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    assert_eq!(office.effects().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_noticed_and_the_line_taken_up_with_early_data_when_it_is_back() {
    let (office, relay) = open(clean(), LinkChoice::Quic).await;
    let client = office.client("department.sqlite").await;
    open_case(&client).await;
    assert_eq!(office.node().early_dials(), 0);
    let mut opened = 1;
    // QUIC may recover by itself before the call is heard; that is as good, and not what is looked for here.
    while office.node().early_dials() == 0 {
        assert!(opened < 8, "no outage was ended by an early dial");
        relay.change(dark());
        client.cases().open(&sandbox::draft(&client).await).await.unwrap();
        opened += 1;
        let before = relay.counters()[0].lost;
        eventually("calls into the dark", async || (relay.counters()[0].lost > before + 16).then_some(())).await;
        relay.change(clean());
        tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    }
    assert_eq!(office.effects().await.len(), opened);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_on_the_way_may_forget_the_node_and_packets_that_are_long_may_vanish() {
    let profile = Profile { swallows_above: Some(1_300), ..clean() };
    let (office, relay) = open(profile, LinkChoice::Quic).await;
    let client = office.client("department.sqlite").await;
    open_case(&client).await;
    relay.rebind();
    open_case(&client).await;
    assert_eq!(office.effects().await.len(), 2);
    assert_eq!(office.node().early_dials(), 0, "the connection has lived through it");
}
