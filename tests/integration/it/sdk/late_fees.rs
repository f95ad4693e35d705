//! Late fees that grow by a rule: computed on both sides, fixed by the day of the payment, and given back by name.

use serde_json::json;
use tongqiao::{BillDraft, Client, Finding, RefundParts};
use tongqiao_protocol::bill::{BillState, BillView, LateFeeRule, RefundState};
use tongqiao_protocol::{CivilDate, ErrorCode, RefundId, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, reqwest_client};

/// The last day to pay is the tenth; each day after it costs 0.50 of 1000.00.
fn draft() -> BillDraft {
    let rule = LateFeeRule::new(5, "2026-10-10".parse().unwrap());
    BillDraft::new("340700000000", "测试用户").line("rent", "公房租金", 1, "1000.00").late_fee_rule(rule)
}

async fn registered(client: &Client) -> BillView {
    let bill = client.payments().create(&draft()).await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap()
}

async fn page(view: &BillView) -> String {
    let page = reqwest_client().get(view.cashier_url.as_ref().unwrap());
    page.header("accept-language", "zh-CN").send().await.unwrap().text().await.unwrap()
}

async fn pay(view: &BillView, form: &str) {
    let answer = reqwest_client().post(view.cashier_url.as_ref().unwrap()).body(form.to_owned()).send().await.unwrap();
    assert!(answer.status().is_redirection(), "{}", answer.status());
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn refund_id(number: u8) -> RefundId {
    RefundId::from_time_and_random(Timestamp::from_millis(i64::from(number)), [number; 10])
}

#[tokio::test]
async fn a_late_fee_grows_until_the_day_of_the_payment_and_is_the_same_on_both_sides() {
    let sandbox = Sandbox::start_at(at("2026-10-10T23:00:00+08:00")).await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client).await;
    assert_eq!(view.late_fee.unwrap().amount.to_string(), "0.00");
    assert!(page(&view).await.contains("支付 Pay ¥1000.00"));

    // Who opened the page before midnight pays nothing that he has not seen.
    sandbox.now_is(at("2026-10-11T00:00:01+08:00"));
    pay(&view, "token=before-midnight&total=1000.00").await;
    assert_eq!(client.payments().status(view.bill).await.unwrap().state, BillState::Open);

    sandbox.now_is(at("2026-10-13T09:00:00+08:00"));
    let now = client.payments().status(view.bill).await.unwrap().late_fee.unwrap();
    let here = client.payments().late_fee(view.bill, now.on).await.unwrap();
    assert_eq!((now.amount, now.amount.to_string().as_str()), (here, "1.50"));
    let shown = page(&view).await;
    assert!(shown.contains("逾期按日万分之5") && shown.contains("支付 Pay ¥1001.50"), "{shown}");
    pay(&view, "token=three-days-late&total=1001.50").await;
    sandbox.now_is(at("2026-10-20T09:00:00+08:00"));
    let paid = client.payments().status(view.bill).await.unwrap();
    let payment = paid.paid.unwrap();
    assert_eq!((payment.amount.to_string(), payment.late_fee.unwrap().to_string()), ("1001.50".into(), "1.50".into()));
    assert!(paid.late_fee.is_none(), "it does not grow any more");

    let day = client.payments().reconcile("2026-10-13".parse().unwrap()).await.unwrap();
    assert!(day.comparison.is_clean(), "{:?}", day.comparison.differences);
    assert_eq!((day.comparison.matched_paid_fen, day.comparison.matched_late_fee_fen), (100_150, 150));
    let receipts = client.payments().e_receipts(view.bill).await.unwrap();
    assert_eq!((receipts[0].total.to_string(), receipts[0].late_fee.to_string()), ("1001.50".into(), "1.50".into()));
}

#[tokio::test]
async fn a_refund_says_what_it_gives_back_of_the_late_fee_and_never_more_than_came_in() {
    let sandbox = Sandbox::start_at(at("2026-10-13T09:00:00+08:00")).await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client).await;
    pay(&view, "token=three-days-late").await;
    client.payments().status(view.bill).await.unwrap();
    let parts = |amount: &str, late_fee: &str| RefundParts {
        amount: amount.parse().unwrap(),
        late_fee: Some(late_fee.parse().unwrap()),
    };
    let payments = client.payments();
    let wrong = payments.refund_parts(refund_id(1), view.bill, parts("1.00", "1.01"), "免除").await.unwrap_err();
    assert_eq!(
        (wrong.faults()[0].code, wrong.faults()[0].path.as_str()),
        (ErrorCode::RequestContradiction, "/late_fee")
    );

    let first = payments.refund_parts(refund_id(2), view.bill, parts("101.00", "1.00"), "减免").await.unwrap();
    let done = async {
        while payments.refunded(first).await.unwrap().state != RefundState::Done {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.unwrap();
    assert_eq!(payments.refund_status(first).await.unwrap().late_fee.unwrap().to_string(), "1.00");
    let more = payments.refund_parts(refund_id(3), view.bill, parts("0.51", "0.51"), "减免").await.unwrap();
    let refused = tokio::time::timeout(PATIENCE, payments.refunded(more)).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BillRefundExceedsPaid);
    let rest = payments.refund_parts(refund_id(4), view.bill, parts("0.50", "0.50"), "减免").await.unwrap();
    tokio::time::timeout(PATIENCE, payments.refunded(rest)).await.unwrap().unwrap();

    let receipts = payments.e_receipts(view.bill).await.unwrap();
    let red = receipts.iter().find(|receipt| receipt.reverses.as_ref().is_some_and(|one| one.refund == first)).unwrap();
    assert_eq!((red.total.to_string(), red.late_fee.to_string()), ("101.00".into(), "1.00".into()));
}

#[tokio::test]
async fn a_platform_that_was_restored_fixes_the_late_fee_by_the_day_on_which_the_money_came() {
    let sandbox = Sandbox::start_at(at("2026-10-11T09:00:00+08:00")).await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client).await;
    let backup = sandbox.post("/sandbox/backup", &json!({})).await;
    pay(&view, "token=one-day-late").await;
    sandbox.now_is(at("2026-10-15T09:00:00+08:00"));
    sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    let paid = client.payments().status(view.bill).await.unwrap();
    assert_eq!((paid.state, paid.paid.unwrap().amount.to_string()), (BillState::Paid, "1000.50".to_owned()));
    assert_eq!(paid.refund_owed.as_fen(), 0);
    let day = client.payments().reconcile("2026-10-11".parse::<CivilDate>().unwrap()).await.unwrap();
    assert!(!day.comparison.differences.iter().any(|one| one.findings.contains(&Finding::LateFeesDiffer)));
    assert!(day.comparison.is_clean(), "{:?}", day.comparison.differences);
}

#[tokio::test]
async fn a_bill_has_a_stated_late_fee_or_a_rule_and_never_both() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let both = client.payments().create(&draft().late_fee("0.50")).await.unwrap_err();
    assert_eq!((both.faults()[0].code, both.faults()[0].path.as_str()), (ErrorCode::RequestContradiction, "/late_fee"));
    let mut too_fast = LateFeeRule::new(300, "2026-10-10".parse().unwrap());
    let bill = client.payments().create(&draft().late_fee_rule(too_fast)).await;
    assert!(bill.is_ok(), "at the limit");
    (too_fast.rate, too_fast.cap_percent) = (301, 101);
    let beyond = client.payments().create(&draft().late_fee_rule(too_fast)).await.unwrap_err();
    let paths: Vec<_> = beyond.faults().iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["/late_fee_rule/rate", "/late_fee_rule/cap_percent"]);
}
