//! Money at the platform: whose orders count, what is signed, and what a restore must not forget.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tongqiao_protocol::{Timestamp, limits};
use tongqiao_reference_platform::Platform;

use super::department::{Answer, Department, NOON_MILLIS, World, fresh_id};

const DAY_SECONDS: i64 = 86_400;

fn body_of(receipt: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(receipt["receipt"].as_str().unwrap()).unwrap()).unwrap()
}

async fn pay(department: &Department, view: &Answer) {
    let cashier = format!("/cashier/{}", view.body["pay_code"].as_str().unwrap());
    department.plain(Method::POST, &cashier, &Value::Null).await;
}

async fn restored(department: &Department, backup: &Value) {
    let wish = json!({ "backup": backup["backup"] });
    let restored = department.plain(Method::POST, "/sandbox/restore", &wish).await;
    assert_eq!(restored.status.as_u16(), 200, "{:#}", restored.body);
}

#[tokio::test]
async fn an_edge_gives_no_orders_about_the_bills_that_it_carries() {
    let world = World::new().await;
    let department = &world.department;
    let edge = Department::enrol_carrying(world.running.base_url(), "edge-1", &["civil-affairs"]).await;
    let (bill, record) = department.bill();
    let view = edge.post("/v1/bills", &record).await;
    assert_eq!(view.body["state"], "open", "an edge carries: {:#}", view.body);
    for (path, order) in [("void", edge.void(&bill)), ("fence", edge.fence(&bill))] {
        let refused = edge.post(&format!("/v1/bills/{bill}/{path}"), &order).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "bill.wrong_party"), "{path}");
    }
    pay(department, &view).await;
    let (_, refund) = edge.refund(&bill, "1.00");
    let refused = edge.post(&format!("/v1/bills/{bill}/refunds"), &refund).await;
    assert_eq!(refused.code(), "bill.wrong_party", "{:#}", refused.body);
    // The author's own order arrives through the edge.
    let (_, refund) = department.refund(&bill, "1.00");
    assert_eq!(edge.post(&format!("/v1/bills/{bill}/refunds"), &refund).await.body["state"], "pending");
    // A fence that the edge carries is the author's, and the id is his.
    let (absent, record) = department.bill();
    let fenced = edge.post(&format!("/v1/bills/{absent}/fence"), &department.fence(&absent)).await;
    assert_eq!(fenced.body["state"], "fenced", "{:#}", fenced.body);
    assert_eq!(department.post("/v1/bills", &record).await.code(), "bill.fenced");
}

#[tokio::test]
async fn everything_that_a_view_says_has_a_receipt_of_its_own() {
    let world = World::new().await;
    let department = &world.department;
    let (bill, record) = department.bill();
    let view = department.post("/v1/bills", &record).await;
    let registered = body_of(&view.body["receipt"]);
    assert_eq!((&registered["of"], &registered["kind"]), (&json!("bill"), &json!("settled")));
    pay(department, &view).await;
    let paid = department.get(&format!("/v1/bills/{bill}")).await;
    let payment = body_of(&paid.body["paid_receipt"]);
    assert_eq!((&payment["of"], &payment["record"]), (&json!("payment"), &json!(bill)));
    assert_eq!(payment["payment"], paid.body["paid"]);
    assert_eq!(payment["digest"], registered["digest"]);

    let (bill, record) = department.bill();
    department.post("/v1/bills", &record).await;
    let order = department.void(&bill);
    let voided = department.post(&format!("/v1/bills/{bill}/void"), &order).await;
    let again = department.post(&format!("/v1/bills/{bill}/void"), &order).await;
    assert_eq!(voided.body, again.body, "the same void again");
    assert_eq!(body_of(&voided.body["void_receipt"])["of"], "void");
    let not_fenced = department.post(&format!("/v1/bills/{bill}/fence"), &department.fence(&bill)).await;
    assert_eq!((&not_fenced.body["state"], &not_fenced.body["fence_receipt"]), (&json!("void"), &Value::Null));

    let absent = fresh_id();
    let fenced = department.post(&format!("/v1/bills/{absent}/fence"), &department.fence(&absent)).await;
    let fence = body_of(&fenced.body["fence_receipt"]);
    assert_eq!((&fence["of"], &fence["record"], &fence["kind"]), (&json!("fence"), &json!(absent), &json!("settled")));
}

#[tokio::test]
async fn a_restored_platform_asks_no_citizen_to_pay_again() {
    let world = World::new().await;
    let department = &world.department;
    let (kept, kept_record) = department.bill();
    let kept_view = department.post("/v1/bills", &kept_record).await;
    let backup = department.plain(Method::POST, "/sandbox/backup", &Value::Null).await.body;
    let (lost, lost_record) = department.bill();
    let lost_view = department.post("/v1/bills", &lost_record).await;
    pay(department, &kept_view).await;
    pay(department, &lost_view).await;
    restored(department, &backup).await;
    // The bank has not forgotten, and the code in the payer's hand is still the code.
    assert_eq!(department.get(&format!("/v1/bills/{kept}")).await.body["state"], "paid");
    let again = department.post("/v1/bills", &lost_record).await;
    assert_eq!((&again.body["bill"], &again.body["state"]), (&json!(lost), &json!("paid")), "{:#}", again.body);
    assert_eq!(again.body["pay_code"], lost_view.body["pay_code"]);
    let ledger = world.ledger().await;
    assert_eq!((&ledger["fen"]["paid"], &ledger["counts"]["payments"]), (&json!(6_100), &json!(2)));
}

#[tokio::test]
async fn a_settled_bill_offered_again_after_its_time_is_taken_when_it_shows_its_receipt() {
    let world = World::new().await;
    let department = &world.department;
    let backup = department.plain(Method::POST, "/sandbox/backup", &Value::Null).await.body;
    let bills: Vec<_> = (0..2).map(|_| department.bill()).collect();
    let mut views = Vec::new();
    for (_, record) in &bills {
        views.push(department.post("/v1/bills", record).await);
    }
    restored(department, &backup).await;
    world.running.clock().advance_millis(DAY_SECONDS * 1_000 + 1);
    let department = department.clone().later_by_seconds(DAY_SECONDS);

    let mut shown = bills[0].1.clone();
    shown["receipt"] = views[1].body["receipt"].clone();
    let foreign = department.post("/v1/bills", &shown).await;
    assert_eq!((foreign.code(), foreign.faults()[0].0.as_str()), ("request.invalid_value", "/receipt"));
    shown["receipt"] = views[0].body["receipt"].clone();
    let taken = department.post("/v1/bills", &shown).await;
    assert_eq!(taken.body["state"], "open", "{:#}", taken.body);
    assert_eq!(department.post("/v1/bills", &bills[1].1).await.code(), "bill.too_late");

    // Restored once more, and the keys have been rotated since: the receipt that was given late is as good as the first.
    restored(&department, &backup).await;
    for step in ["announce", "take-over"] {
        department.plain(Method::POST, "/sandbox/platform-keys", &json!({ "step": step })).await;
    }
    shown["receipt"] = taken.body["receipt"].clone();
    let again = department.post("/v1/bills", &shown).await;
    assert_eq!(again.body["state"], "open", "{:#}", again.body);

    // What a key signed that is revoked may be a forgery.
    restored(&department, &backup).await;
    department.plain(Method::POST, "/sandbox/platform-keys", &json!({ "step": "announce" })).await;
    department.plain(Method::POST, "/sandbox/platform-keys", &json!({ "step": "take-over" })).await;
    department.plain(Method::POST, "/sandbox/platform-keys", &json!({ "step": "revoke-former" })).await;
    let revoked = department.post("/v1/bills", &shown).await;
    assert_eq!((revoked.code(), revoked.faults()[0].0.as_str()), ("request.invalid_value", "/receipt"));
}

#[tokio::test]
async fn a_bill_may_ask_for_a_thousand_million_and_not_a_fen_more() {
    let world = World::new().await;
    let most = limits::BILL_FEN_MAX;
    for (fen, code) in [(most, ""), (most + 1, "request.invalid_value")] {
        let mut record = world.department.bill_record(&fresh_id());
        let yuan = format!("{}.{:02}", fen / 100, fen % 100);
        record["amount"] = json!(yuan);
        record["late_fee"] = json!("0.00");
        record["lines"] = json!([{ "code": "1", "name": "费", "quantity": 1, "unit_price": yuan, "amount": yuan }]);
        let signed = world.department.sign("tongqiao-bill-v1", record.to_string().as_bytes());
        let answer = world.department.post("/v1/bills", &signed).await;
        assert_eq!(answer.code(), code, "{fen}: {:#}", answer.body);
    }
}

#[tokio::test]
async fn without_a_sandbox_nobody_signs_in_pays_or_moves_the_clock() {
    let directory = tempfile::tempdir().unwrap();
    let running = Platform::builder().database(directory.path().join("platform.sqlite")).start().await.unwrap();
    let http = reqwest::Client::new();
    for (method, path) in [
        (Method::GET, "/cashier/34070000000000000001"),
        (Method::POST, "/cashier/34070000000000000001"),
        (Method::POST, "/sandbox/cashier/34070000000000000001/pay-anyway"),
        (Method::POST, "/sandbox/enrolment-codes"),
        (Method::GET, "/sandbox/clock"),
        (Method::POST, "/sandbox/clock"),
        (Method::GET, "/sandbox/ledger"),
        (Method::POST, "/sandbox/backup"),
        (Method::POST, "/sandbox/restore"),
        (Method::GET, "/sandbox/faults"),
        (Method::POST, "/sandbox/faults"),
        (Method::POST, "/sandbox/bank"),
        (Method::GET, "/sandbox/alarms"),
        (Method::GET, "/oidc/authorize"),
        (Method::POST, "/oidc/authorize"),
        (Method::POST, "/oidc/token"),
        (Method::GET, "/oidc/userinfo"),
        (Method::GET, "/oidc/jwks"),
        (Method::GET, "/.well-known/openid-configuration"),
    ] {
        let answer = http.request(method.clone(), format!("{}{path}", running.base_url())).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{method} {path}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn refunds_that_were_pending_at_the_end_are_paid_back_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let noon = Timestamp::from_millis(NOON_MILLIS);
    let start = || {
        let clock = tongqiao_reference_platform::Clock::manual(noon);
        Platform::builder().database(directory.path().join("platform.sqlite")).clock(clock).sandbox().start()
    };
    let running = start().await.unwrap();
    let department = Department::enrol(running.base_url(), "civil-affairs").await;
    department.plain(Method::POST, "/sandbox/bank", &json!({ "mode": "held" })).await;
    let (bill, record) = department.bill();
    let view = department.post("/v1/bills", &record).await;
    pay(&department, &view).await;
    let (refund, order) = department.refund(&bill, "1.00");
    let path = format!("/v1/refunds/{refund}");
    department.post(&format!("/v1/bills/{bill}/refunds"), &order).await;
    assert_eq!(department.get(&path).await.body["state"], "pending");
    running.shutdown().await;
    let running = start().await.unwrap();
    let department = department.at(running.base_url());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while department.get(&path).await.body["state"] != "done" {
        assert!(std::time::Instant::now() < deadline, "the bank was not woken");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn money_that_arrives_anyway_is_never_taken_for_a_payment_at_the_counter() {
    let world = World::new().await;
    let department = &world.department;
    let (bill, record) = department.bill();
    let view = department.post("/v1/bills", &record).await;
    let code = view.body["pay_code"].as_str().unwrap();
    department.form(&format!("/cashier/{code}"), "token=anyway-12345678").await;
    department.form(&format!("/sandbox/cashier/{code}/pay-anyway"), "token=12345678").await;
    let view = department.get(&format!("/v1/bills/{bill}")).await;
    assert_eq!((&view.body["state"], &view.body["refund_owed"]), (&json!("paid"), &json!("30.50")), "{:#}", view.body);
}

#[tokio::test]
async fn a_statement_is_of_a_day_that_has_begun_and_behind_no_more_lines_than_can_be_counted() {
    let world = World::new().await;
    let department = &world.department;
    let most = limits::SEQUENCE_MAX;
    let last = department.get(&format!("/v1/reconciliations/2026-11-23?after={most}")).await;
    assert_eq!(last.status.as_u16(), 200, "{:#}", last.body);
    for (question, path, code) in [
        (format!("2026-11-23?after={}", most + 1), "/query/after", "request.out_of_range"),
        ("2026-11-23?after=x".to_owned(), "/query/after", "request.out_of_range"),
        ("2026-11-24".to_owned(), "/date", "request.out_of_range"),
        ("2026-02-30".to_owned(), "/date", "request.invalid_value"),
    ] {
        let refused = department.get(&format!("/v1/reconciliations/{question}")).await;
        assert_eq!(refused.faults(), [(path.to_owned(), code.to_owned())], "{question}");
    }
}
