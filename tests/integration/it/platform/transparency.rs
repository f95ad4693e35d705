//! The log's checkpoints and proofs, asked by somebody without an account.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tongqiao_protocol::transparency::{Checkpoint, ConsistencyProof, InclusionProof};

use super::department::{Answer, World, fresh_id};

/// Asks without a signature.
async fn ask(world: &World, path: &str) -> Answer {
    world.department.plain(Method::GET, path, &Value::Null).await
}

async fn read<T: serde::de::DeserializeOwned>(world: &World, path: &str) -> T {
    let answer = ask(world, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {:#}", answer.body);
    serde_json::from_value(answer.body).unwrap()
}

async fn checkpoint(world: &World) -> Checkpoint {
    serde_json::from_value(world.department.signed_document("/v1/log/checkpoint").await).unwrap()
}

/// Pushes a batch of applications; gives the bodies of their receipts.
async fn push(world: &World, count: usize) -> Vec<Vec<u8>> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(world.applied(&fresh_id()).await);
    }
    let answer = world.department.push(&events).await;
    let results = answer.body["results"].as_array().unwrap().clone();
    results.iter().map(|one| STANDARD.decode(one["receipt"]["receipt"].as_str().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn batches_and_single_records_refused_or_settled_stand_in_one_log_that_continues_itself() {
    let world = World::new().await;
    let empty = checkpoint(&world).await;
    assert_eq!(empty.size, 0);
    let (mut bodies, mut checkpoints) = (Vec::new(), vec![empty]);
    for count in [1, 4, 2, 7] {
        bodies.extend(push(&world, count).await);
        checkpoints.push(checkpoint(&world).await);
    }
    // A refusal takes a position too.
    let mut refused = world.applied(&fresh_id()).await;
    refused["data"]["form"] = serde_json::json!({});
    let answer = world.department.push(&[refused]).await;
    assert_eq!(answer.result()["status"], "refused", "{:#}", answer.body);
    bodies.push(STANDARD.decode(answer.result()["receipt"]["receipt"].as_str().unwrap()).unwrap());
    checkpoints.push(checkpoint(&world).await);
    let newest = checkpoints.last().unwrap();
    assert_eq!(newest.size, bodies.len() as u64);
    for (position, body) in bodies.iter().enumerate() {
        for at in checkpoints.iter().filter(|at| at.size > position as u64) {
            let path = format!("/v1/log/inclusion?position={position}&size={}", at.size);
            let proof: InclusionProof = read(&world, &path).await;
            assert_eq!((proof.epoch, proof.position), (at.epoch, position as u64));
            assert!(proof.proves(body, at) && !proof.proves(b"another", at), "{path}");
        }
    }
    for older in &checkpoints {
        for newer in checkpoints.iter().filter(|newer| newer.size >= older.size) {
            let path = format!("/v1/log/consistency?from={}&to={}", older.size, newer.size);
            let proof: ConsistencyProof = read(&world, &path).await;
            assert!(proof.proves(older, newer), "{path}");
        }
    }
}

#[tokio::test]
async fn what_this_log_cannot_speak_of_is_refused_at_its_member() {
    let world = World::new().await;
    push(&world, 3).await;
    for (question, path, code) in [
        ("inclusion?position=0&size=4", "/size", "request.out_of_range"),
        ("inclusion?position=0&size=0", "/size", "request.out_of_range"),
        ("inclusion?position=3&size=3", "/position", "request.out_of_range"),
        ("inclusion?position=-1&size=3", "/position", "request.out_of_range"),
        ("inclusion?position=0&size=9223372036854775807", "/size", "request.out_of_range"),
        ("inclusion?position=0&size=9223372036854775808", "/size", "request.invalid_value"),
        ("inclusion?position=first&size=3", "/position", "request.invalid_value"),
        ("inclusion?position=1.0&size=3", "/position", "request.invalid_value"),
        ("inclusion?size=3", "/position", "request.missing_field"),
        ("consistency?from=3&to=2", "/from", "request.out_of_range"),
        ("consistency?from=-1&to=2", "/from", "request.out_of_range"),
        ("consistency?from=1&to=4", "/to", "request.out_of_range"),
        ("consistency?from=1", "/to", "request.missing_field"),
    ] {
        let answer = ask(&world, &format!("/v1/log/{question}")).await;
        assert_eq!(answer.faults(), [(path.to_owned(), code.to_owned())], "{question}: {:#}", answer.body);
    }
    // All faults at once; and the last that is allowed.
    let answer = ask(&world, "/v1/log/consistency?from=x").await;
    assert_eq!(answer.faults().len(), 2, "{:#}", answer.body);
    for question in ["inclusion?position=2&size=3", "consistency?from=3&to=3", "consistency?from=0&to=0"] {
        assert_eq!(ask(&world, &format!("/v1/log/{question}")).await.status, StatusCode::OK, "{question}");
    }
}

#[tokio::test]
async fn a_proof_shows_nothing_but_numbers_and_hashes() {
    let world = World::new().await;
    push(&world, 3).await;
    for (path, members) in [
        ("/v1/log/inclusion?position=1&size=3", vec!["epoch", "path", "position", "size"]),
        ("/v1/log/consistency?from=1&to=3", vec!["epoch", "from", "path", "to"]),
    ] {
        let answer = ask(&world, path).await;
        let mut found: Vec<_> = answer.body.as_object().unwrap().keys().cloned().collect();
        found.sort();
        assert_eq!(found, members);
        let hashes = answer.body["path"].as_array().unwrap();
        assert!(hashes.iter().all(|hash| STANDARD.decode(hash.as_str().unwrap()).unwrap().len() == 32));
    }
}

#[tokio::test]
async fn the_log_of_a_new_epoch_goes_on_from_what_the_restore_has_kept() {
    let world = World::new().await;
    push(&world, 3).await;
    let backup = world.backup().await;
    let kept = checkpoint(&world).await;
    push(&world, 2).await;
    let lost = checkpoint(&world).await;
    world.restore(&backup).await;
    let after = checkpoint(&world).await;
    assert_eq!((after.size, after.root), (kept.size, kept.root));
    assert_ne!(after.epoch, kept.epoch);
    let statement = world.department.signed_document("/v1/epoch").await;
    assert_eq!(statement["epoch"], serde_json::json!(after.epoch));
    assert_eq!(statement["previous"][0]["kept"], kept.size);
    let bodies = push(&world, 4).await;
    let newest = checkpoint(&world).await;
    let proof: ConsistencyProof = read(&world, "/v1/log/consistency?from=3&to=7").await;
    assert!(proof.proves(&kept, &newest) && proof.proves(&after, &newest));
    // What was lost is no part of it any more.
    let proof: ConsistencyProof = read(&world, "/v1/log/consistency?from=5&to=7").await;
    assert!(!proof.proves(&lost, &newest));
    let proof: InclusionProof = read(&world, "/v1/log/inclusion?position=3&size=7").await;
    assert!(proof.proves(&bodies[0], &newest));
}
