//! Bad input: each has its code, its status and all its faults with their paths, and changes nothing.

mod batch;
mod body;
mod form;
mod key;
mod money;
mod record;
mod signature;
mod transition;
mod value;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::department::{Answer, World, faults_of};

/// Everything that ever took effect, and besides it where log, streams and keys stand.
async fn effects(world: &World) -> Value {
    let ledger = world.ledger().await;
    json!({
        "effects": ledger["effects_digest"], "state": ledger["state_digest"], "log_size": ledger["log_size"],
        "blocked": ledger["counts"]["events_refused"],
    })
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

/// The first event of the batch is refused with this code, and nothing took effect. Where there is a receipt the log is one
/// longer; without one nothing at all has changed.
async fn assert_event_refused(world: &World, before: &Value, answer: &Answer, code: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.body);
    assert_eq!(answer.result()["status"], "refused", "{code}: {:#}", answer.body);
    assert_eq!(answer.result()["problem"]["code"], code, "{:#}", answer.body);
    let after = effects(world).await;
    assert_eq!(after["effects"], before["effects"], "{code} took effect");
    if answer.result()["receipt"].is_null() {
        assert_eq!(&after, before, "{code} changed something");
    } else {
        assert_eq!(after["log_size"].as_u64(), before["log_size"].as_u64().map(|size| size + 1), "{code}");
    }
    let problem = &answer.result()["problem"];
    let registered = tongqiao_protocol::ErrorCode::from_code(code).unwrap();
    assert_eq!(
        (&problem["number"], &problem["status"]),
        (&json!(registered.number()), &json!(registered.http_status())),
        "{code}: number and status are the registry's"
    );
}

/// Paths and codes of the first event's faults.
fn event_faults(answer: &Answer) -> Vec<(String, String)> {
    faults_of(&answer.result()["problem"])
}

/// Pairs of texts as the answers give them.
fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, code)| ((*path).to_owned(), (*code).to_owned())).collect()
}
