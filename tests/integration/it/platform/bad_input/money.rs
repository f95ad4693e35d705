//! Bills, voids and refunds that are wrong.

use serde_json::{Value, json};

use super::super::department::{Department, World, fresh_id};
use super::{assert_refused, effects, pairs};

type Change = (&'static str, u16, fn(&mut Value), &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn a_bill_that_does_not_add_up_or_cannot_be_read_is_refused_with_every_fault() {
    let world = World::new().await;
    let before = effects(&world).await;
    let changes: [Change; 9] = [
        ("bill.amount_mismatch", 422, |bill| bill["amount"] = json!("30.01"), &[("/amount", "bill.amount_mismatch")]),
        (
            "bill.amount_mismatch",
            422,
            |bill| bill["lines"][0]["quantity"] = json!(3),
            &[("/lines/0/amount", "bill.amount_mismatch")],
        ),
        (
            "request.invalid_value",
            422,
            |bill| bill["late_fee"] = json!("-0.50"),
            &[("/late_fee", "request.invalid_value")],
        ),
        (
            "request.invalid_value",
            422,
            |bill| bill["late_fee"] = json!("０.50"),
            &[("/late_fee", "request.invalid_value")],
        ),
        (
            "request.invalid_value",
            422,
            |bill| bill["late_fee"] = json!("0.5"),
            &[("/late_fee", "request.invalid_value")],
        ),
        ("request.wrong_type", 422, |bill| bill["late_fee"] = json!(0.5), &[("/late_fee", "request.wrong_type")]),
        ("request.invalid_value", 422, |bill| bill["lines"] = json!([]), &[("/lines", "request.invalid_value")]),
        ("bill.wrong_party", 403, |bill| bill["party"] = json!("somebody-else"), &[("/party", "bill.wrong_party")]),
        ("scope.division", 403, |bill| bill["division"] = json!("110000000000"), &[("/division", "scope.division")]),
    ];
    for (code, status, change, faults) in changes {
        let mut bill = world.department.bill_record(&fresh_id());
        change(&mut bill);
        let record = world.department.sign("tongqiao-bill-v1", bill.to_string().as_bytes());
        let answer = world.department.post("/v1/bills", &record).await;
        assert_refused(&world, &before, &answer, status, code).await;
        assert_eq!(answer.faults(), pairs(faults), "{code}");
    }
}

#[tokio::test]
async fn the_same_bill_id_with_other_content_is_a_conflict_and_an_alarm() {
    let world = World::new().await;
    let bill = fresh_id();
    let mut record = world.department.bill_record(&bill);
    let sign = |record: &Value| world.department.sign("tongqiao-bill-v1", record.to_string().as_bytes());
    world.department.post("/v1/bills", &sign(&record)).await;
    let before = effects(&world).await;
    record["payer"]["name"] = json!("测试乙");
    let answer = world.department.post("/v1/bills", &sign(&record)).await;
    assert_refused(&world, &before, &answer, 409, "bill.id_conflict").await;
    assert_eq!(world.ledger().await["counts"]["alarms"], 1);
}

#[tokio::test]
async fn a_bill_that_comes_too_late_is_refused_and_its_id_stays_refused() {
    let world = World::new().await;
    let (bill, record) = world.department.bill();
    world.running.clock().advance_millis(86_400_001);
    let department = world.department.later_by_seconds(86_400);
    let late = department.post("/v1/bills", &record).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "bill.too_late"), "{:#}", late.body);
    assert_eq!(department.post("/v1/bills", &record).await.code(), "bill.fenced");
    assert_eq!(department.get(&format!("/v1/bills/{bill}")).await.body["outcome"], "absent");
}

#[tokio::test]
async fn orders_about_a_bill_that_cannot_be_carried_out_change_nothing() {
    let world = World::new().await;
    let department = &world.department;
    let other = Department::enrol(world.running.base_url(), "natural-resources").await;
    let (open, record) = department.bill();
    department.post("/v1/bills", &record).await;
    let absent = fresh_id();
    let before = effects(&world).await;
    let (_, refund) = department.refund(&open, "1.00");
    let (_, refund_of_absent) = department.refund(&absent, "1.00");
    let (_, nothing) = department.refund(&open, "0.00");
    let refunds = |bill: &str| format!("/v1/bills/{bill}/refunds");
    let void = |bill: &str| format!("/v1/bills/{bill}/void");
    for (path, order, status, code) in [
        (refunds(&open), &refund, 409, "bill.not_paid"),
        (refunds(&absent), &refund_of_absent, 404, "bill.unknown"),
        (refunds(&absent), &refund, 400, "request.contradiction"),
        (refunds(&open), &nothing, 422, "request.invalid_value"),
        (void(&absent), &department.void(&absent), 404, "bill.unknown"),
        (void(&absent), &department.void(&open), 400, "request.contradiction"),
        (void("not-an-id"), &department.void(&open), 422, "request.invalid_value"),
    ] {
        let answer = department.post(&path, order).await;
        assert_refused(&world, &before, &answer, status, code).await;
    }
    let strangers = other.get(&format!("/v1/bills/{open}")).await;
    assert_refused(&world, &before, &strangers, 403, "bill.wrong_party").await;
    let fence = other.post(&format!("/v1/bills/{open}/fence"), &other.fence(&open)).await;
    assert_refused(&world, &before, &fence, 403, "bill.wrong_party").await;
    let unknown = department.get(&format!("/v1/refunds/{absent}")).await;
    assert_refused(&world, &before, &unknown, 404, "refund.unknown").await;
}
