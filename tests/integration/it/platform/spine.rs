//! The main way through: enrolled, leased, applied, decided; billed, paid, refunded; restored.

use reqwest::Method;
use serde_json::{Value, json};

use super::department::{DIVISION, Department, NOON_MILLIS, World, fresh_id};

#[tokio::test]
async fn an_application_is_settled_once_and_its_receipt_can_be_asked_for() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    let applied = world.applied(&case).await;
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
    assert_eq!(file.body["applicant"]["name"], "测**", "a case file shows no name");
    let ledger = world.ledger().await;
    assert_eq!(ledger["counts"]["events_effective"], 1, "{ledger:#}");
}

#[tokio::test]
async fn a_refused_event_holds_its_stream_until_it_is_replaced() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    department.push(&[world.applied(&case).await]).await;
    let impossible = department.event(&case, "delivered", 2, 1, &delivery());
    let refused = department.push(std::slice::from_ref(&impossible)).await;
    assert_eq!(refused.result()["status"], "refused");
    assert_eq!(refused.result()["problem"]["code"], "case.transition_impossible");
    assert!(refused.result()["receipt"].is_object(), "a refusal is terminal");
    let next = department.push(&[department.event(&case, "accepted", 3, 1, &acceptance())]).await;
    assert_eq!(next.result()["status"], "deferred");
    assert_eq!(next.result()["missing"], json!({ "sequence": 2 }));
    let same_place = department.push(&[department.event(&case, "accepted", 2, 1, &acceptance())]).await;
    assert_eq!(same_place.result()["problem"]["code"], "event.sequence_reused");
    let mut other = department.event(&case, "accepted", 2, 1, &acceptance());
    other["supersedes"] = json!(fresh_id());
    assert_eq!(department.push(&[other]).await.result()["problem"]["code"], "event.replacement_invalid");
    let mut replacement = department.event(&case, "accepted", 2, 1, &acceptance());
    replacement["supersedes"] = impossible["id"].clone();
    assert_eq!(department.push(&[replacement]).await.result()["status"], "settled");
    let decided = department.push(&[department.event(&case, "decided", 3, 2, &decision())]).await;
    assert_eq!(decided.result()["status"], "settled", "{:#}", decided.body);
}

#[tokio::test]
async fn an_abandoned_event_settles_as_nothing_and_frees_the_stream() {
    let world = World::new().await;
    let department = &world.department;
    let case = fresh_id();
    department.push(&[world.applied(&case).await]).await;
    let impossible = department.event(&case, "delivered", 2, 1, &delivery());
    department.push(std::slice::from_ref(&impossible)).await;
    let mut abandoned = department.event(&case, "abandoned", 2, 1, &json!({ "by": "clerk-7", "reason": "误报" }));
    abandoned["abandons"] = impossible["id"].clone();
    let settled = department.push(&[abandoned]).await;
    assert_eq!(settled.result()["status"], "settled", "{:#}", settled.body);
    assert_eq!(department.get(&format!("/v1/cases/{case}")).await.body["revision"], 1, "nothing happened");
    let next = department.push(&[department.event(&case, "accepted", 3, 1, &acceptance())]).await;
    assert_eq!(next.result()["status"], "settled", "{:#}", next.body);
}

#[tokio::test]
async fn between_two_producers_the_table_says_who_wins() {
    let world = World::new().await;
    let department = &world.department;
    let joins = json!({ "joins": ["civil-affairs"] });
    let second = Department::enrol_with(world.running.base_url(), "natural-resources", &joins).await;
    let case = fresh_id();
    department.push(&[world.applied(&case).await]).await;
    let ahead = second.event(&case, "accepted", 1, 2, &acceptance());
    let deferred = second.push(&[ahead]).await;
    assert_eq!(deferred.result()["missing"], json!({ "revision": 2 }), "{:#}", deferred.body);
    let accepted = department.push(&[department.event(&case, "accepted", 2, 1, &acceptance())]).await;
    assert_eq!(accepted.result()["status"], "settled");
    let late = second.push(&[second.event(&case, "rejected", 1, 1, &rejection())]).await;
    assert_eq!(late.result()["problem"]["code"], "case.conflict_lost", "{:#}", late.body);
    assert_eq!(late.result()["problem"]["params"]["with"], "accepted");
}

#[tokio::test]
async fn a_bill_is_paid_once_refunded_within_what_was_paid_and_void_money_is_owed() {
    let world = World::new().await;
    let department = &world.department;
    let (bill, record) = department.bill();
    let first = department.post("/v1/bills", &record).await;
    assert_eq!(first.body["state"], "open", "{:#}", first.body);
    let again = department.post("/v1/bills", &record).await;
    assert_eq!(again.body, first.body);
    let cashier = format!("/cashier/{}", first.body["pay_code"].as_str().unwrap());
    for _ in 0..2 {
        department.plain(Method::POST, &cashier, &Value::Null).await;
    }
    let paid = department.get(&format!("/v1/bills/{bill}")).await;
    assert_eq!(paid.body["state"], "paid", "{:#}", paid.body);
    assert_eq!(paid.body["paid"]["amount"], "30.50");
    let void = department.post(&format!("/v1/bills/{bill}/void"), &department.void(&bill)).await;
    assert_eq!(void.code(), "bill.already_paid");
    let (refund, order) = department.refund(&bill, "20.00");
    let ordered = department.post(&format!("/v1/bills/{bill}/refunds"), &order).await;
    assert_eq!(ordered.body["state"], "pending", "{:#}", ordered.body);
    let repeated = department.post(&format!("/v1/bills/{bill}/refunds"), &order).await;
    assert_eq!(repeated.body["refund"], refund.as_str());
    let (_, too_much) = department.refund(&bill, "10.51");
    let refused = department.post(&format!("/v1/bills/{bill}/refunds"), &too_much).await;
    assert_eq!(refused.code(), "bill.refund_exceeds_paid");
    let ledger = world.ledger().await;
    assert_eq!(ledger["fen"]["paid"], 3_050);
    assert_eq!(ledger["fen"]["refunded"], 2_000);
    assert_eq!(ledger["counts"]["payments"], 1);
}

#[tokio::test]
async fn money_for_a_void_bill_is_owed_back_and_a_fenced_id_is_refused_for_ever() {
    let world = World::new().await;
    let department = &world.department;
    let (bill, record) = department.bill();
    let first = department.post("/v1/bills", &record).await;
    let voided = department.post(&format!("/v1/bills/{bill}/void"), &department.void(&bill)).await;
    assert_eq!(voided.body["state"], "void", "{:#}", voided.body);
    let anyway = format!("/sandbox/cashier/{}/pay-anyway", first.body["pay_code"].as_str().unwrap());
    department.form(&anyway, "token=transaction-1").await;
    department.form(&anyway, "token=transaction-1").await;
    let view = department.get(&format!("/v1/bills/{bill}")).await;
    assert_eq!((&view.body["state"], &view.body["refund_owed"]), (&json!("void"), &json!("30.50")));
    let (absent, record) = department.bill();
    assert_eq!(department.get(&format!("/v1/bills/{absent}")).await.code(), "bill.unknown");
    let fenced = department.post(&format!("/v1/bills/{absent}/fence"), &department.fence(&absent)).await;
    assert_eq!(fenced.body["outcome"], "absent", "{:#}", fenced.body);
    assert_eq!(department.post("/v1/bills", &record).await.code(), "bill.fenced");
}

#[tokio::test]
async fn after_a_restore_the_lost_end_is_named_taken_again_and_numbers_do_not_meet() {
    let world = World::new().await;
    let department = &world.department;
    let kept = world.applied(&fresh_id()).await;
    department.push(std::slice::from_ref(&kept)).await;
    let backup = department.plain(Method::POST, "/sandbox/backup", &Value::Null).await.body;
    let lost = world.applied(&fresh_id()).await;
    let settled = department.push(std::slice::from_ref(&lost)).await;
    let old_epoch = settled.body["epoch"].clone();
    let restored = department.plain(Method::POST, "/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    assert_eq!(restored.body["log_size"], 1, "{:#}", restored.body);
    assert_eq!(world.ledger().await["counts"]["cases"], 1);
    let statement = department.signed_document("/v1/epoch").await;
    assert_eq!(statement["previous"], json!([{ "epoch": old_epoch, "kept": 1 }]));
    assert_eq!(department.push(&[kept]).await.result()["status"], "duplicate");
    let fresh = world.applied(&fresh_id()).await;
    assert_ne!(fresh["number"], lost["number"], "a forgotten lease is not leased again");
    let again = department.push(&[lost]).await;
    assert_eq!(again.result()["status"], "settled", "{:#}", again.body);
    assert_ne!(again.body["epoch"], old_epoch);
}

#[tokio::test]
async fn a_lease_asked_for_twice_is_one_lease() {
    let world = World::new().await;
    let department = &world.department;
    let mut wish = json!({
        "request": fresh_id(), "division": DIVISION, "count": 1_000,
        "producer": department.producer, "incarnation": department.incarnation,
    });
    let first = department.post("/v1/case-number-leases", &wish).await;
    assert_eq!(department.post("/v1/case-number-leases", &wish).await.body, first.body);
    wish["count"] = json!(999);
    assert_eq!(department.post("/v1/case-number-leases", &wish).await.code(), "lease.request_conflict");
    wish["request"] = json!(fresh_id());
    let second = department.post("/v1/case-number-leases", &wish).await;
    assert_eq!(second.body["first"].as_u64(), first.body["last"].as_u64().map(|last| last + 1));
}

#[tokio::test]
async fn faults_on_request_spoil_answers_but_never_the_ledger() {
    let world = World::new().await;
    let department = &world.department;
    let applied = world.applied(&fresh_id()).await;
    let plan = json!({ "seed": 1, "duplicate": 1.0, "wrong_signature": 1.0 });
    department.plain(Method::POST, "/sandbox/faults", &plan).await;
    let replayed = department.push(std::slice::from_ref(&applied)).await;
    assert_eq!(replayed.code(), "signature.replayed", "the second arrival carries the nonce of the first");
    let down = json!({ "seed": 1, "error_5xx": 1.0 });
    department.plain(Method::POST, "/sandbox/faults", &down).await;
    assert_eq!(department.push(std::slice::from_ref(&applied)).await.code(), "platform.unavailable");
    department.plain(Method::POST, "/sandbox/faults", &json!({ "drop_after_apply": 1.0 })).await;
    assert!(department.try_push(std::slice::from_ref(&applied)).await.is_err(), "the answer breaks off");
    department.plain(Method::POST, "/sandbox/faults", &json!({})).await;
    assert_eq!(department.push(&[applied]).await.result()["status"], "duplicate");
    assert_eq!(world.ledger().await["counts"]["events_effective"], 1);
}

fn acceptance() -> Value {
    let now = tongqiao_protocol::Timestamp::from_millis(NOON_MILLIS);
    json!({ "accepted_on": now, "handler": "clerk-7", "promise": { "working_days": 5, "due": now.plus_millis(604_800_000) } })
}

fn rejection() -> Value {
    json!({ "reason": "不属于受理范围", "legal_basis": "行政许可法第三十二条", "remedy": "六十日内申请行政复议", "handler": "clerk-7" })
}

fn decision() -> Value {
    let now = tongqiao_protocol::Timestamp::from_millis(NOON_MILLIS);
    json!({ "result": "granted", "decided_on": now, "handler": "clerk-7" })
}

fn delivery() -> Value {
    let now = tongqiao_protocol::Timestamp::from_millis(NOON_MILLIS);
    json!({ "method": "window", "delivered_on": now })
}
