//! Bills: paid once, refunded, withdrawn, and never guessed.

use std::time::Duration;

use tongqiao::{BillDraft, Client};
use tongqiao_protocol::bill::{BillState, BillView, PaymentOutcome};
use tongqiao_protocol::{BillId, ErrorCode};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, reqwest_client};

fn draft() -> BillDraft {
    BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 2, "5.00").late_fee("0.50")
}

async fn registered(client: &Client, bill: BillId) -> BillView {
    tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap()
}

async fn pay(view: &BillView) {
    let answer = reqwest_client().post(view.cashier_url.as_ref().unwrap()).send().await.unwrap();
    assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
}

#[tokio::test]
async fn a_bill_is_paid_and_the_application_is_told_once() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let bill = client.payments().create(&draft()).await.unwrap();
    let view = registered(&client, bill).await;
    assert_eq!((view.state, view.outcome), (BillState::Open, PaymentOutcome::Confirmed));
    assert!(client.payments().take_paid_notice(bill).await.unwrap().is_none());

    pay(&view).await;
    let paid = tokio::time::timeout(PATIENCE, client.payments().await_paid(bill)).await.unwrap().unwrap();
    assert_eq!(paid.paid.unwrap().amount.to_string(), "10.50");
    assert!(client.payments().take_paid_notice(bill).await.unwrap().is_some());
    assert!(client.payments().take_paid_notice(bill).await.unwrap().is_none());

    let refund = client.payments().refund(bill, "0.50".parse().unwrap(), "多收滞纳金").await.unwrap();
    let view = tokio::time::timeout(PATIENCE, client.payments().refunded(refund)).await.unwrap().unwrap();
    assert_eq!((view.bill, view.amount.to_string()), (bill, "0.50".to_owned()));
}

#[tokio::test]
async fn an_unpaid_bill_is_withdrawn() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let bill = client.payments().create(&draft()).await.unwrap();
    registered(&client, bill).await;
    client.payments().void(bill, "录入有误").await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, client.payments().await_paid(bill)).await.unwrap().unwrap();
    assert_eq!(ended.state, BillState::Void);
}

#[tokio::test]
async fn amounts_that_are_no_amounts_are_told_and_nothing_is_sent() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let wrong = BillDraft::new("340700", "测试用户").line("certificate", "证书工本费", 1, "5").late_fee("-1.00");
    let error = client.payments().create(&wrong).await.unwrap_err();
    let paths: Vec<_> = error.faults().iter().map(|fault| fault.path.as_str()).collect();
    assert!(paths.contains(&"/lines/0/unit_price") && paths.contains(&"/late_fee"), "{paths:?}");
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 0);
}

#[tokio::test]
async fn a_bill_that_nobody_answered_for_is_unknown_until_it_is_fenced() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    sandbox.stop().await;
    let bill = client.payments().create(&draft().taken_within(Duration::from_millis(300))).await.unwrap();
    let unknown = client.payments().resolve(bill).await.unwrap();
    assert_eq!(unknown.outcome, PaymentOutcome::Unknown);

    // Its time has to pass while nobody can take it.
    let late = tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap_err();
    assert_eq!(late.code(), ErrorCode::BillTooLate);
    sandbox.start_again().await;
    let absent = client.payments().resolve(bill).await.unwrap();
    assert_eq!(absent.outcome, PaymentOutcome::Absent, "{absent:?}");
}
