//! Streams: whose event it is, whose turn it is, and what becomes of a place that is settled already.

use serde_json::{Value, json};

use super::department::{Department, World, fresh_id};

/// A second party that may carry the first one's records.
async fn carrier(world: &World) -> Department {
    Department::enrol_with(world.running.base_url(), "carrier", &json!({ "carries": ["civil-affairs"] })).await
}

/// What a party's system says of its own work on a case.
fn step() -> Value {
    let now = tongqiao_protocol::Timestamp::from_millis(super::department::NOON_MILLIS);
    json!({ "step": "核验", "started": now, "ended": now, "handler": "clerk-7" })
}

#[tokio::test]
async fn a_carrier_that_signs_anothers_event_itself_takes_nothing_from_him() {
    let world = World::new().await;
    let thief = carrier(&world).await;
    let applied = world.applied(&fresh_id()).await;
    let stolen = thief.post("/v1/case-events", &json!({ "events": [thief.sign_event(&applied)] })).await;
    assert_eq!(stolen.result()["problem"]["code"], "event.wrong_party", "{:#}", stolen.body);
    assert!(stolen.result()["receipt"].is_null(), "nothing is recorded under his id: {:#}", stolen.body);
    let genuine = world.department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(genuine.result()["status"], "settled", "{:#}", genuine.body);
    let late = thief.post("/v1/case-events", &json!({ "events": [thief.sign_event(&applied)] })).await;
    assert_eq!(late.result()["problem"]["code"], "event.wrong_party", "{:#}", late.body);
    assert!(late.result()["receipt"].is_null());
}

#[tokio::test]
async fn an_id_that_another_party_used_first_is_still_its_authors() {
    let world = World::new().await;
    let thief = carrier(&world).await;
    let applied = world.applied(&fresh_id()).await;
    let mut squatter = thief.event(&fresh_id(), "withdrawn", 1, 0, &json!({ "reason": "抢号" }));
    squatter["id"] = applied["id"].clone();
    assert_eq!(thief.push(&[squatter]).await.result()["status"], "refused");
    let genuine = world.department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(genuine.result()["status"], "settled", "{:#}", genuine.body);
    let receipt = world.department.get(&format!("/v1/case-events/{}/receipt", applied["id"].as_str().unwrap())).await;
    assert_eq!(receipt.body, genuine.result()["receipt"]);
}

#[tokio::test]
async fn a_producers_name_belongs_to_its_party() {
    let world = World::new().await;
    let mut other = Department::enrol(world.running.base_url(), "natural-resources").await;
    other.producer.clone_from(&world.department.producer);
    other.incarnation.clone_from(&world.department.incarnation);
    let case = fresh_id();
    let impossible = other.event(&case, "delivered", 1, 0, &json!({}));
    assert_eq!(other.push(&[impossible]).await.result()["status"], "refused");
    let applied = world.department.push(&[world.applied(&case).await]).await;
    assert_eq!(applied.result()["status"], "settled", "another party's refusal holds nobody else: {:#}", applied.body);
}

#[tokio::test]
async fn a_settled_place_claimed_again_is_refused_with_a_receipt_and_an_alarm() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    department.push(&[world.applied(&case).await]).await;
    let second = department.event(&case, "step-recorded", 2, 1, &step());
    assert_eq!(department.push(&[second]).await.result()["status"], "settled");
    let clone = department.event(&case, "step-recorded", 2, 1, &step());
    let refused = department.push(std::slice::from_ref(&clone)).await;
    assert_eq!(refused.result()["problem"]["code"], "event.sequence_reused", "{:#}", refused.body);
    assert!(refused.result()["receipt"].is_object(), "a terminal answer: {:#}", refused.body);
    assert_eq!(world.ledger().await["counts"]["alarms"], 1);
    let again = department.push(&[clone]).await;
    assert_eq!(again.result()["receipt"], refused.result()["receipt"]);
    assert_eq!(world.ledger().await["counts"]["alarms"], 1, "one event, one alarm");
    let third = department.push(&[department.event(&case, "step-recorded", 3, 2, &step())]).await;
    assert_eq!(third.result()["status"], "settled", "the stream goes on: {:#}", third.body);
}

#[tokio::test]
async fn a_blocked_place_claimed_without_naming_anything_is_refused_and_the_replacement_still_fits() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    department.push(&[world.applied(&case).await]).await;
    let impossible = department.event(&case, "delivered", 2, 1, &json!({}));
    department.push(std::slice::from_ref(&impossible)).await;
    let nameless = department.push(&[department.event(&case, "step-recorded", 2, 1, &step())]).await;
    assert_eq!(nameless.result()["problem"]["code"], "event.sequence_reused");
    assert!(nameless.result()["receipt"].is_object());
    let mut astray = department.event(&case, "step-recorded", 2, 1, &step());
    astray["supersedes"] = json!(fresh_id());
    let invalid = department.push(std::slice::from_ref(&astray)).await;
    assert_eq!(invalid.result()["problem"]["code"], "event.replacement_invalid");
    assert!(invalid.result()["receipt"].is_object());
    let mut replacement = department.event(&case, "step-recorded", 2, 1, &step());
    replacement["supersedes"] = astray["id"].clone();
    let settled = department.push(&[replacement]).await;
    assert_eq!(settled.result()["status"], "settled", "it names what was refused here last: {:#}", settled.body);
}

/// A case whose second event was refused, and the refusal forgotten by a restore; gives that event.
async fn forgotten(world: &World, case: &str) -> Value {
    let department = &world.department;
    department.push(&[world.applied(case).await]).await;
    let backup = world.backup().await;
    let early = department.event(case, "special-ended", 2, 1, &json!({}));
    assert_eq!(department.push(std::slice::from_ref(&early)).await.result()["status"], "refused");
    world.restore(&backup).await;
    early
}

#[tokio::test]
async fn when_the_replacement_comes_first_the_late_copy_of_the_replaced_is_refused() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    let early = forgotten(&world, &case).await;
    let mut replacement = department.event(&case, "step-recorded", 2, 1, &step());
    replacement["supersedes"] = early["id"].clone();
    assert_eq!(department.push(&[replacement]).await.result()["status"], "settled");
    let late = department.push(&[early]).await;
    assert_eq!(late.result()["problem"]["code"], "event.sequence_reused", "{:#}", late.body);
    assert!(late.result()["receipt"].is_object());
    assert_eq!(world.ledger().await["counts"]["alarms"], 0, "an honest latecomer is no alarm");
}

#[tokio::test]
async fn a_replacement_of_what_took_effect_after_all_is_refused_and_its_abandonment_settles() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    department.push(&[world.applied(&case).await]).await;
    // A step is refused for its faulty data … in another life; here it simply takes effect first.
    let revived = department.event(&case, "step-recorded", 2, 1, &step());
    assert_eq!(department.push(std::slice::from_ref(&revived)).await.result()["status"], "settled");
    let mut replacement = department.event(&case, "accepted", 2, 1, &json!({}));
    replacement["supersedes"] = revived["id"].clone();
    let refused = department.push(std::slice::from_ref(&replacement)).await;
    assert_eq!(refused.result()["problem"]["code"], "event.sequence_reused", "{:#}", refused.body);
    assert!(refused.result()["receipt"].is_object());
    let mut abandonment = department.event(&case, "abandoned", 2, 1, &json!({ "by": "clerk-7", "reason": "已生效" }));
    abandonment["abandons"] = replacement["id"].clone();
    let settled = department.push(&[abandonment]).await;
    assert_eq!(settled.result()["status"], "settled", "{:#}", settled.body);
    let third = department.push(&[department.event(&case, "step-recorded", 3, 2, &step())]).await;
    assert_eq!(third.result()["status"], "settled", "{:#}", third.body);
    assert_eq!(world.ledger().await["counts"]["alarms"], 0);
}

#[tokio::test]
async fn a_bill_and_an_event_of_the_same_id_have_each_their_own_receipt() {
    let world = World::new().await;
    let department = &world.department;
    let applied = world.applied(&fresh_id()).await;
    let id = applied["id"].as_str().unwrap();
    let record = department.bill_record(id);
    let signed = department.sign("tongqiao-bill-v1", record.to_string().as_bytes());
    let bill = department.post("/v1/bills", &signed).await;
    assert_eq!(bill.body["state"], "open", "{:#}", bill.body);
    let event = department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(event.result()["status"], "settled", "{:#}", event.body);
    assert_ne!(event.result()["receipt"], bill.body["receipt"]);
    let again = department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(again.result()["receipt"], event.result()["receipt"]);
    let receipt = department.get(&format!("/v1/case-events/{id}/receipt")).await;
    assert_eq!(receipt.body, event.result()["receipt"]);
}

#[tokio::test]
async fn who_waits_thirty_days_for_a_revision_that_never_comes_is_judged_without_it() {
    const DAY_SECONDS: i64 = 86_400;
    let world = World::new().await;
    let joins = json!({ "joins": ["civil-affairs"] });
    let second = Department::enrol_with(world.running.base_url(), "natural-resources", &joins).await;
    let case = fresh_id();
    world.department.push(&[world.applied(&case).await]).await;
    let ahead = second.event(&case, "step-recorded", 1, 7, &step());
    let first = second.push(std::slice::from_ref(&ahead)).await;
    assert_eq!(first.result()["missing"], json!({ "revision": 2 }), "{:#}", first.body);
    world.running.clock().advance_millis((30 * DAY_SECONDS - 1) * 1_000);
    let second = second.later_by_seconds(30 * DAY_SECONDS - 1);
    assert_eq!(second.push(std::slice::from_ref(&ahead)).await.result()["status"], "deferred");
    world.running.clock().advance_millis(1_000);
    let second = second.later_by_seconds(1);
    let judged = second.push(&[ahead]).await;
    assert_eq!(judged.result()["status"], "settled", "{:#}", judged.body);
}

#[tokio::test]
async fn who_carries_an_author_sees_his_cases_and_a_stranger_sees_none() {
    let world = World::new().await;
    let url = world.running.base_url();
    let elsewhere = |carries: &[&str]| json!({ "kind": "edge", "divisions": ["110000"], "carries": carries });
    let carrying = Department::enrol_with(url, "box-1", &elsewhere(&["civil-affairs"])).await;
    let stranger = Department::enrol_with(url, "box-2", &elsewhere(&[])).await;
    let case = fresh_id();
    world.department.push(&[world.applied(&case).await]).await;
    let path = format!("/v1/cases/{case}");
    assert_eq!(carrying.get(&path).await.body["state"], "applied");
    assert_eq!(stranger.get(&path).await.code(), "case.unknown");
}
