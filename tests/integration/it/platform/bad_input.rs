//! Bad input: each has its code, its status and all its faults with their paths, and changes nothing.

mod batch;
mod money;
mod record;
mod signature;

use reqwest::StatusCode;
use serde_json::Value;

use super::department::{Answer, World, faults_of};

/// The digest of everything that ever took effect.
async fn effects(world: &World) -> Value {
    world.ledger().await["effects_digest"].clone()
}

/// The answer refuses the whole request with this status and code, and nothing took effect.
async fn assert_refused(world: &World, before: &Value, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, StatusCode::from_u16(status).unwrap(), "{code}: {:#}", answer.body);
    assert_eq!(answer.code(), code, "{:#}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{code}");
    let registered = tongqiao_protocol::ErrorCode::from_code(code).unwrap();
    assert_eq!(answer.body["number"], registered.number());
    assert_eq!(registered.http_status(), status, "{code}: the answer's status is the registry's");
    assert!(answer.body["request"].is_string() && answer.headers.contains_key("tongqiao-epoch"));
    assert_eq!(&effects(world).await, before, "{code} changed something");
}

/// The first event of the batch is refused with this code, and nothing took effect.
async fn assert_event_refused(world: &World, before: &Value, answer: &Answer, code: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.body);
    assert_eq!(answer.result()["status"], "refused", "{code}: {:#}", answer.body);
    assert_eq!(answer.result()["problem"]["code"], code, "{:#}", answer.body);
    assert_eq!(&effects(world).await, before, "{code} changed something");
}

/// Paths and codes of the first event's faults.
fn event_faults(answer: &Answer) -> Vec<(String, String)> {
    faults_of(&answer.result()["problem"])
}

/// Pairs of texts as the answers give them.
fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, code)| ((*path).to_owned(), (*code).to_owned())).collect()
}
