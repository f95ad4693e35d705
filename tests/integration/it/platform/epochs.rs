//! Restores: what the platform says it kept is really there, however often it went back and to which backup.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::department::{World, fresh_id};

/// Where a receipt says that its record stands.
#[derive(Debug, Clone)]
struct Held {
    event: Value,
    epoch: String,
    position: u64,
}

fn held(event: &Value, receipt: &Value) -> Held {
    let body: Value = serde_json::from_slice(&STANDARD.decode(receipt["receipt"].as_str().unwrap()).unwrap()).unwrap();
    Held {
        event: event.clone(),
        epoch: body["epoch"].as_str().unwrap().to_owned(),
        position: body["position"].as_u64().unwrap(),
    }
}

/// Pushes a new application; gives it with its receipt's place.
async fn push_one(world: &World) -> Held {
    let applied = world.applied(&fresh_id()).await;
    let answer = world.department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(answer.result()["status"], "settled", "{:#}", answer.body);
    held(&applied, &answer.result()["receipt"])
}

/// Every receipt whose position is said to be kept is really there: the platform still answers with it.
async fn assert_kept_is_there(world: &World, receipts: &[Held]) {
    let statement = world.department.signed_document("/v1/epoch").await;
    let mut kept: HashMap<String, u64> = HashMap::new();
    for former in statement["previous"].as_array().unwrap() {
        kept.insert(former["epoch"].as_str().unwrap().to_owned(), former["kept"].as_u64().unwrap());
    }
    kept.insert(statement["epoch"].as_str().unwrap().to_owned(), statement["log_size"].as_u64().unwrap());
    for receipt in receipts {
        let said_kept = kept.get(&receipt.epoch).is_some_and(|kept| receipt.position < *kept);
        let path = format!("/v1/case-events/{}/receipt", receipt.event["id"].as_str().unwrap());
        let there = world.department.get(&path).await.status.is_success();
        assert!(!said_kept || there, "{receipt:?} is said to be kept and is not there: {statement:#}");
    }
}

#[tokio::test]
async fn an_epoch_that_began_after_the_backup_has_nothing_kept() {
    let world = World::new().await;
    let mut receipts = Vec::new();
    let first = world.backup().await;
    receipts.push(push_one(&world).await);
    receipts.push(push_one(&world).await);
    let second = world.backup().await;
    world.restore(&first).await;
    let lost = push_one(&world).await;
    receipts.push(lost.clone());
    world.restore(&second).await;
    assert_kept_is_there(&world, &receipts).await;
    let offered = world.department.push(&[lost.event]).await;
    assert_eq!(offered.result()["status"], "settled", "{:#}", offered.body);
}

/// SplitMix64: the sequences are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % bound
    }
}

#[tokio::test]
async fn after_any_sequence_of_backups_and_restores_what_is_said_to_be_kept_is_there() {
    for seed in 0..4 {
        let world = World::new().await;
        let mut chance = Chance(seed);
        let (mut backups, mut receipts) = (vec![world.backup().await], Vec::new());
        for _ in 0..14 {
            match chance.below(4) {
                0 => backups.push(world.backup().await),
                1 => {
                    let backup = backups[chance.below(backups.len())].clone();
                    world.restore(&backup).await;
                    assert_kept_is_there(&world, &receipts).await;
                }
                _ => receipts.push(push_one(&world).await),
            }
        }
        assert_kept_is_there(&world, &receipts).await;
    }
}
