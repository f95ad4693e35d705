//! The stand-alone verifier, which has none of our code, on what the real platform gives and on what a forger makes of it.
//!
//! Needs Python and two packages; `cargo verify --only verifier` installs them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod world;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tongqiao_protocol::Suite;
use world::{Finding, World};

const SUITES: [Suite; 2] = [Suite::International, Suite::ShangMi];

/// Changes one character of a text in base64, and with it a few bits.
fn flip(text: &mut Value) {
    let old = text.as_str().unwrap();
    let first = if old.starts_with('A') { 'B' } else { 'A' };
    *text = json!(format!("{first}{}", &old[1..]));
}

#[tokio::test]
async fn every_receipt_of_the_platform_holds_in_both_suites() {
    for log in SUITES {
        let world = World::new(log).await;
        for author in SUITES {
            let client = world.client(&format!("department-{author}"), author).await;
            for _ in 0..3 {
                let bundle = world.settle_and_prove(&client).await;
                let found = world.receipt(&bundle).await;
                assert_eq!(found.exit, 0, "{log} {author}: {found:?}");
                assert!(found.text.contains("\"settled\""), "{found:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_bundle_with_any_part_changed_does_not_hold() {
    let world = World::new(Suite::International).await;
    let client = world.client("civil-affairs", Suite::International).await;
    world.settle_and_prove(&client).await;
    let bundle = world.settle_and_prove(&client).await;
    for part in ["/receipt/signature/value", "/checkpoint/signature/value", "/inclusion/path/0"] {
        let mut forged = bundle.clone();
        flip(forged.pointer_mut(part).unwrap());
        let found = world.receipt(&forged).await;
        assert_eq!(found.exit, 1, "{part}: {found:?}");
    }
    // A deadline that was moved: the receipt's time, a day earlier.
    let mut forged = bundle.clone();
    let body = String::from_utf8(STANDARD.decode(bundle["receipt"]["receipt"].as_str().unwrap()).unwrap()).unwrap();
    let mut body: Value = serde_json::from_str(&body).unwrap();
    body["time"] = json!(body["time"].as_str().unwrap().replacen("20", "19", 1));
    forged["receipt"]["receipt"] = json!(STANDARD.encode(body.to_string()));
    assert_eq!(world.receipt(&forged).await.exit, 1);
    let mut forged = bundle.clone();
    forged["inclusion"]["size"] = json!(7);
    assert_eq!(world.receipt(&forged).await.exit, 1);
    // What is no bundle at all is neither true nor false.
    assert_eq!(world.receipt(&json!({})).await.exit, 2);
    assert_eq!(world.receipt(&json!([])).await.exit, 2);
}

#[tokio::test]
async fn another_platform_s_key_or_a_revoked_one_proves_nothing() {
    let world = World::new(Suite::International).await;
    let client = world.client("civil-affairs", Suite::International).await;
    let bundle = world.settle_and_prove(&client).await;
    let stranger = World::new(Suite::International).await;
    let found = world.check("receipt", &[&bundle], &[], &stranger.keys().await);
    assert_eq!(found.exit, 1, "{found:?}");
    let mut keys = world.keys().await;
    for key in keys.as_array_mut().unwrap() {
        key["revoked"] = json!({ "at": "2026-01-01T00:00:00.000+08:00" });
    }
    let found = world.check("receipt", &[&bundle], &[], &keys);
    assert!(found.exit == 1 && found.text.contains("revoked"), "{found:?}");
}

#[tokio::test]
async fn a_receipt_of_a_key_revoked_since_is_vouched_for_by_the_log_alone() {
    let world = World::new(Suite::International).await;
    let client = world.client("civil-affairs", Suite::International).await;
    world.settle_and_prove(&client).await;
    let bundle = world.settle_and_prove(&client).await;
    client.close().await;
    for step in ["announce", "take-over", "revoke-former"] {
        world.post("/sandbox/platform-keys", &json!({ "step": step })).await;
    }
    assert_eq!(world.receipt(&bundle).await.exit, 1, "its checkpoint is of the revoked key too");
    let bundle = renewed(&world, &bundle, 2).await;
    let found = world.receipt(&bundle).await;
    assert!(found.exit == 0 && found.text.contains("log only"), "{found:?}");
    let mut forged = bundle.clone();
    forged["receipt"]["receipt"] = json!("e30=");
    assert_ne!(world.receipt(&forged).await.exit, 0);
}

#[tokio::test]
async fn a_later_checkpoint_continues_every_earlier_one() {
    for suite in SUITES {
        let world = World::new(suite).await;
        let client = world.client("civil-affairs", Suite::International).await;
        let mut checkpoints = vec![world.get("/v1/log/checkpoint").await];
        for _ in 0..5 {
            world.settle_and_prove(&client).await;
            checkpoints.push(world.get("/v1/log/checkpoint").await);
        }
        let newest = checkpoints.last().unwrap();
        for (from, older) in checkpoints.iter().enumerate() {
            let found = world.consistency(older, newest, from, checkpoints.len() - 1).await;
            assert_eq!(found.exit, 0, "{suite} {from}: {found:?}");
        }
        let backwards = world.check("consistency", &[newest, &checkpoints[1]], &[], &world.keys().await);
        assert!(backwards.exit == 1, "{backwards:?}");
    }
}

/// Three settled cases; the first's bundle, the checkpoint after them, and what the platform says once its operator has
/// changed the database by `sql`.
async fn forged(sql: &str) -> (World, Value, Value) {
    let mut world = World::new(Suite::International).await;
    let client = world.client("civil-affairs", Suite::International).await;
    world.settle_and_prove(&client).await;
    let bundle = world.settle_and_prove(&client).await;
    world.settle_and_prove(&client).await;
    client.close().await;
    let before = world.get("/v1/log/checkpoint").await;
    world.forge(sql).await;
    (world, bundle, before)
}

/// The bundle as the platform would have to make it now.
async fn renewed(world: &World, bundle: &Value, size: u64) -> Value {
    let position = bundle["inclusion"]["position"].as_u64().unwrap();
    let mut renewed = bundle.clone();
    renewed["checkpoint"] = world.get("/v1/log/checkpoint").await;
    renewed["inclusion"] = world.get(&format!("/v1/log/inclusion?position={position}&size={size}")).await;
    renewed
}

#[tokio::test]
async fn a_receipt_that_was_back_dated_in_the_database_is_found_by_its_holder_and_by_any_holder_of_a_checkpoint() {
    // The third receipt's content in the second's place stands for any other content.
    let sql = "UPDATE log SET receipt = (SELECT receipt FROM log WHERE position = 2) WHERE position = 1";
    let (world, bundle, before) = forged(sql).await;
    let after = world.get("/v1/log/checkpoint").await;
    // Whole in itself: the forger's own platform signs it.
    let found = world.receipt(&renewed(&world, &bundle, 3).await).await;
    assert!(found.exit == 1 && found.text.contains("does not stand in the log"), "{found:?}");
    assert_eq!(world.consistency(&before, &after, 3, 3).await.exit, 1);
    // What was promised stays proven by the old bundle.
    assert_eq!(world.receipt(&bundle).await.exit, 0);
}

#[tokio::test]
async fn a_case_that_was_deleted_from_the_database_is_found() {
    let sql = "DELETE FROM log WHERE position = 1; UPDATE log SET position = 1 WHERE position = 2";
    let (world, bundle, before) = forged(sql).await;
    let after = world.get("/v1/log/checkpoint").await;
    let shorter = world.check("consistency", &[&before, &after], &[], &world.keys().await);
    assert!(shorter.exit == 1 && shorter.text.contains("shorter without a new epoch"), "{shorter:?}");
    let found = world.receipt(&renewed(&world, &bundle, 2).await).await;
    assert!(found.exit == 1 && found.text.contains("deleted or changed"), "{found:?}");
    // Later cases fill the gap; the length betrays nothing any more.
    let other = world.client("taxation", Suite::International).await;
    world.settle_and_prove(&other).await;
    world.settle_and_prove(&other).await;
    let after = world.get("/v1/log/checkpoint").await;
    assert_eq!(world.consistency(&before, &after, 3, 4).await.exit, 1);
}

#[tokio::test]
async fn a_restore_that_the_platform_states_is_told_from_a_deletion() {
    let world = World::new(Suite::International).await;
    let client = world.client("civil-affairs", Suite::International).await;
    world.settle_and_prove(&client).await;
    let kept = world.get("/v1/log/checkpoint").await;
    let backup = world.post("/sandbox/backup", &json!({})).await["backup"].clone();
    world.settle_and_prove(&client).await;
    let lost = world.get("/v1/log/checkpoint").await;
    client.close().await;
    world.post("/sandbox/restore", &json!({ "backup": backup })).await;
    let (after, epoch, keys) =
        (world.get("/v1/log/checkpoint").await, world.get("/v1/epoch").await, world.keys().await);
    let found = world.check("consistency", &[&lost, &after], &[("epoch", &epoch)], &keys);
    assert!(found.exit == 0 && found.text.contains("\"lost\": 1"), "{found:?}");
    let found = world.check("consistency", &[&kept, &after], &[("epoch", &epoch)], &keys);
    assert!(found.exit == 0 && found.text.contains("\"to\": 1"), "{found:?}");
    // Without the platform's statement a new epoch excuses nothing.
    assert_eq!(world.check("consistency", &[&lost, &after], &[], &keys).exit, 1);
    let mut forged = epoch.clone();
    flip(&mut forged["signature"]["value"]);
    assert_eq!(world.check("consistency", &[&lost, &after], &[("epoch", &forged)], &keys).exit, 1);
}

#[tokio::test]
async fn the_evidence_that_a_client_keeps_convinces_the_verifier() {
    let mut world = World::new(Suite::ShangMi).await;
    let client = world.client("civil-affairs", Suite::ShangMi).await;
    world.settle_and_prove(&client).await;
    world.settle_and_prove(&client).await;
    world.forge("DELETE FROM log WHERE position = 1").await;
    assert_eq!(client.receipts().check_log().await.unwrap_err().code().code(), "log.rolled_back");
    let dispute = serde_json::to_value(client.receipts().dispute().await.unwrap().unwrap()).unwrap();
    let keys = world.keys().await;
    let found: Finding = world.check("dispute", &[&dispute], &[], &keys);
    assert!(found.exit == 0 && found.text.contains("log.rolled_back"), "{found:?}");
    let mut forged = dispute.clone();
    flip(&mut forged["shown"]["signature"]["value"]);
    assert_eq!(world.check("dispute", &[&forged], &[], &keys).exit, 1);
}
