//! The main way through: enrolled, leased, applied, settled, seen.

use serde_json::json;

use super::department::{DIVISION, World, fresh_id};

#[tokio::test]
async fn an_application_is_settled_once_and_its_receipt_can_be_asked_for() {
    let world = World::new().await;
    let department = &world.department;
    let item = world.item().await;
    let case = fresh_id();
    let mut applied = department.event(&case, "applied", 1, 0, &item.application(DIVISION));
    applied["number"] = json!(department.case_number().await);
    let first = department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(first.result()["status"], "settled", "{:#}", first.body);
    let again = department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(again.result()["status"], "duplicate", "{:#}", again.body);
    assert_eq!(again.result()["receipt"], first.result()["receipt"]);
    let id = applied["id"].as_str().unwrap();
    let receipt = department.get(&format!("/v1/case-events/{id}/receipt")).await;
    assert_eq!(receipt.body, first.result()["receipt"]);
    let file = department.get(&format!("/v1/cases/{case}")).await;
    assert_eq!(file.body["state"], "applied");
    assert_eq!(file.body["revision"], 1);
    let ledger = world.ledger().await;
    assert_eq!(ledger["counts"]["events_effective"], 1, "{ledger:#}");
}
