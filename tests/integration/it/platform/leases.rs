//! Case numbers: they are whoever leased them, in that life of his store, and stay so over restores.

use serde_json::json;

use super::department::{DIVISION, Department, World, fresh_id};

#[tokio::test]
async fn a_number_that_a_restore_forgot_stays_its_holders() {
    let world = World::new().await;
    let backup = world.backup().await;
    let applied = world.applied(&fresh_id()).await;
    world.department.push(std::slice::from_ref(&applied)).await;
    let later = world.backup().await;
    for backup in [&backup, &later, &backup] {
        world.restore(backup).await;
    }
    let thief = Department::enrol(world.running.base_url(), "natural-resources").await;
    let mut stolen = thief.event(&fresh_id(), "applied", 1, 0, &applied["data"]);
    stolen["number"] = applied["number"].clone();
    let refused = thief.push(&[stolen]).await;
    assert_eq!(refused.result()["problem"]["code"], "case.number_not_leased", "{:#}", refused.body);
    let settled = world.department.push(&[applied]).await;
    assert_eq!(settled.result()["status"], "settled", "{:#}", settled.body);
}

#[tokio::test]
async fn a_serial_that_nobody_leased_is_nobodys() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    let division = tongqiao_protocol::DivisionCode::parse(DIVISION).unwrap();
    let zero = tongqiao_protocol::CaseNumber::build(&division, 2026, 0).unwrap();
    applied["number"] = json!(zero.as_str());
    let refused = world.department.push(&[applied]).await;
    assert_eq!(refused.result()["problem"]["code"], "case.number_not_leased", "{:#}", refused.body);
}

#[tokio::test]
async fn a_lease_belongs_to_one_life_of_a_store() {
    let world = World::new().await;
    let mut applied = world.applied(&fresh_id()).await;
    applied["incarnation"] = json!(fresh_id());
    let refused = world.department.push(&[applied]).await;
    assert_eq!(refused.result()["problem"]["code"], "case.number_not_leased", "{:#}", refused.body);
}
