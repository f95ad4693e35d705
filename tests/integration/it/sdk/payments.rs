//! Bills: paid once, refunded, withdrawn, and never guessed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tongqiao::{
    Arrival, BillDraft, Client, EntryState, Request, Response, Sending, Silence, Transport, TransportFailure,
};
use tongqiao_protocol::bill::{BillState, BillView, PaymentOutcome};
use tongqiao_protocol::{BillId, ErrorCode, Outcome, RecordId, RefundId, Suite, Timestamp};

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
async fn a_bill_is_paid_and_the_application_is_told_until_it_says_that_it_knows() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let bill = client.payments().create(&draft()).await.unwrap();
    let view = registered(&client, bill).await;
    assert_eq!((view.state, view.outcome), (BillState::Open, PaymentOutcome::Confirmed));
    assert!(client.payments().paid_notice(bill).await.unwrap().is_none());
    client.payments().acknowledge_paid(bill).await.unwrap();

    pay(&view).await;
    let paid = tokio::time::timeout(PATIENCE, client.payments().await_paid(bill)).await.unwrap().unwrap();
    assert_eq!(paid.paid.unwrap().amount.to_string(), "10.50");
    for _ in 0..2 {
        // An application that dies between hearing and noting it down hears it again.
        assert!(client.payments().paid_notice(bill).await.unwrap().is_some());
    }
    client.payments().acknowledge_paid(bill).await.unwrap();
    assert!(client.payments().paid_notice(bill).await.unwrap().is_none());

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
    assert_eq!((late.code(), late.outcome()), (ErrorCode::BillOutcomeUnknown, Outcome::Unknown));
    assert_eq!(client.outbox().attention().await.unwrap().len(), 1);
    let premature = client.payments().acknowledge(bill).await.unwrap_err();
    assert_eq!(premature.code(), ErrorCode::BillOutcomeUnknown);
    sandbox.start_again().await;
    let absent = client.payments().resolve(bill).await.unwrap();
    assert_eq!((absent.outcome, absent.may_be_replaced), (PaymentOutcome::Absent, true), "{absent:?}");
    assert!(client.outbox().attention().await.unwrap().is_empty());
    let fenced = tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap_err();
    assert_eq!((fenced.code(), fenced.outcome()), (ErrorCode::BillFenced, Outcome::Rejected));
}

async fn until_expired(client: &Client, id: impl Into<RecordId>) {
    let id = id.into();
    let expired = async {
        while client.outbox().entry(id).await.unwrap().unwrap().state != EntryState::Expired {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, expired).await.unwrap();
}

#[tokio::test]
async fn a_bill_whose_answers_were_all_lost_is_never_called_too_late_while_it_can_be_paid() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    // It has spoken with the platform before, and knows its epoch.
    let before = client.payments().create(&draft()).await.unwrap();
    registered(&client, before).await;
    sandbox.post("/sandbox/faults", &json!({ "seed": 1, "drop_after_apply": 1.0 })).await;
    let bill = client.payments().create(&draft().taken_within(Duration::from_secs(4))).await.unwrap();
    until_expired(&client, bill).await;
    assert_eq!(sandbox.ledger().await["counts"]["bills_open"], 2, "the platform has it");
    let unknown = tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap_err();
    assert_eq!((unknown.code(), unknown.outcome()), (ErrorCode::BillOutcomeUnknown, Outcome::Unknown));
    let resolution = client.payments().resolve(bill).await.unwrap();
    assert_eq!((resolution.outcome, resolution.may_be_replaced), (PaymentOutcome::Unknown, false));
    sandbox.post("/sandbox/faults", &json!({})).await;
    let view = registered(&client, bill).await;
    assert_eq!((view.state, view.outcome), (BillState::Open, PaymentOutcome::Confirmed));
    assert!(client.outbox().attention().await.unwrap().is_empty(), "nothing is left for a person");
    let entry = client.outbox().entry(bill).await.unwrap().unwrap();
    assert!(matches!(entry.state, EntryState::Settled { .. }));
    let receipt: Value = serde_json::from_slice(&view.receipt.unwrap().receipt).unwrap();
    let judged: Timestamp = receipt["time"].as_str().unwrap().parse().unwrap();
    assert_eq!(entry.terminal_at, Some(judged), "retention counts from the platform's time");
}

#[tokio::test]
async fn a_refused_void_holds_up_no_refund_and_is_acknowledged() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let bill = client.payments().create(&draft()).await.unwrap();
    let view = registered(&client, bill).await;
    // The payer is faster than the withdrawal, and this side has not heard of it.
    pay(&view).await;
    client.payments().void(bill, "录入有误").await.unwrap();
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    let attention = client.outbox().attention().await.unwrap();
    assert_eq!(attention.len(), 1);
    assert_eq!(attention[0].problem.as_ref().unwrap().code, ErrorCode::BillAlreadyPaid);

    let refund = client.payments().refund(bill, "0.50".parse().unwrap(), "多收滞纳金").await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().refunded(refund)).await.unwrap().unwrap();
    client.payments().acknowledge(attention[0].entry.id).await.unwrap();
    assert!(client.outbox().attention().await.unwrap().is_empty());
    // What is known to be impossible is not even sent.
    let known = client.payments().void(bill, "录入有误").await.unwrap_err();
    assert_eq!((known.code(), known.outcome()), (ErrorCode::BillAlreadyPaid, Outcome::NotSent));
    let too_much = client.payments().refund(bill, "10.01".parse().unwrap(), "多退").await.unwrap_err();
    assert_eq!((too_much.code(), too_much.outcome()), (ErrorCode::BillRefundExceedsPaid, Outcome::NotSent));
}

#[tokio::test]
async fn a_chosen_id_is_the_same_bill_or_refund_again_or_a_conflict() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let id = BillId::from_time_and_random(Timestamp::from_millis(7), [7; 10]);
    let bill = client.payments().create(&draft().bill_id(id)).await.unwrap();
    assert_eq!(client.payments().create(&draft().bill_id(id)).await.unwrap(), bill);
    let other = client.payments().create(&draft().late_fee("0.60").bill_id(id)).await.unwrap_err();
    assert_eq!((other.code(), other.outcome()), (ErrorCode::BillIdConflict, Outcome::NotSent));

    pay(&registered(&client, bill).await).await;
    let refund = RefundId::from_time_and_random(Timestamp::from_millis(8), [8; 10]);
    let (one, two) = ("1.00".parse().unwrap(), "2.00".parse().unwrap());
    for _ in 0..2 {
        assert_eq!(client.payments().refund_as(refund, bill, one, "多缴").await.unwrap(), refund);
    }
    let other = client.payments().refund_as(refund, bill, two, "多缴").await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::RefundIdConflict);
    tokio::time::timeout(PATIENCE, client.payments().refunded(refund)).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["fen"]["refunded"], 100);
}

#[tokio::test]
async fn a_bill_of_a_division_that_is_not_ours_is_put_aside_and_holds_up_no_other() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let foreign = BillDraft::new("110000000000", "测试用户").line("certificate", "证书工本费", 1, "5.00");
    let foreign = client.payments().create(&foreign).await.unwrap();
    let bill = client.payments().create(&draft()).await.unwrap();
    registered(&client, bill).await;
    let refused = tokio::time::timeout(PATIENCE, client.payments().registered(foreign)).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ScopeDivision);
    client.payments().acknowledge(foreign).await.unwrap();
    assert!(client.outbox().attention().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_void_settles_by_its_own_receipt_and_is_voided_again_after_a_restore() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let bill = client.payments().create(&draft()).await.unwrap();
    registered(&client, bill).await;
    let backup = sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    client.payments().void(bill, "录入有误").await.unwrap();
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    assert_eq!(sandbox.ledger().await["counts"]["bills_open"], 1);
    let voided = async {
        while sandbox.ledger().await["counts"]["bills_void"] != 1 {
            // Any answer tells of the new epoch.
            drop(client.payments().status(bill).await);
        }
        client.outbox().drained().await.unwrap();
    };
    tokio::time::timeout(PATIENCE, voided).await.unwrap();
    assert!(client.outbox().attention().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_draft_in_a_log_names_no_payer() {
    let words = format!("{:?}", draft().user("u-123"));
    assert!(words.contains("340700000000") && !words.contains("测试用户") && !words.contains("u-123"), "{words}");
}

#[tokio::test]
async fn a_paid_bill_that_a_restore_forgot_is_paid_again_by_nobody_even_after_its_time() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let before = client.payments().create(&draft()).await.unwrap();
    registered(&client, before).await;
    let backup = sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    let bill = client.payments().create(&draft()).await.unwrap();
    let view = registered(&client, bill).await;
    pay(&view).await;
    tokio::time::timeout(PATIENCE, client.payments().await_paid(bill)).await.unwrap().unwrap();
    sandbox.post("/sandbox/clock", &json!({ "advance_millis": 2 * 86_400_000 })).await;
    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    let paid = async {
        // Any answer tells of the new epoch; then the bill is offered again with the receipt it once got.
        while sandbox.ledger().await["counts"]["bills_paid"] != 1 {
            drop(client.payments().status(before).await);
        }
        client.outbox().drained().await.unwrap();
        client.payments().status(bill).await.unwrap()
    };
    let again = tokio::time::timeout(PATIENCE, paid).await.unwrap();
    assert_eq!((again.state, again.pay_code), (BillState::Paid, view.pay_code));
    assert_eq!(sandbox.ledger().await["counts"]["payments"], 1);
    assert!(client.outbox().attention().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refund_is_resolved_by_asking_and_not_made_twice() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let bill = client.payments().create(&draft()).await.unwrap();
    pay(&registered(&client, bill).await).await;
    tokio::time::timeout(PATIENCE, client.payments().await_paid(bill)).await.unwrap().unwrap();
    let refund = client.payments().refund(bill, "1.00".parse().unwrap(), "多缴").await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().refunded(refund)).await.unwrap().unwrap();
    let resolution = client.payments().resolve_refund(refund).await.unwrap();
    assert_eq!(resolution.outcome, PaymentOutcome::Confirmed, "{resolution:?}");
    let unknown = client.payments().resolve_refund(RefundId::from_bytes([9; 16])).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::RefundUnknown);
    assert_eq!(sandbox.ledger().await["fen"]["refunded"], 100);
}

/// Something between department and platform that makes "paid" of "open".
struct Liar {
    http: reqwest::Client,
    lies: AtomicBool,
}

impl Transport for Liar {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let lost = |error: reqwest::Error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error);
            let request = reqwest::Request::try_from(request).map_err(lost)?;
            let answer = self.http.execute(request).await.map_err(lost)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut body = answer.bytes().await.map_err(lost)?.to_vec();
            if self.lies.load(Ordering::SeqCst)
                && let Ok(mut view) = serde_json::from_slice::<Value>(&body)
                && view["state"] == "open"
            {
                view["state"] = json!("paid");
                view["paid"] = json!({
                    "amount": "10.50", "at": "2026-11-23T14:00:00.000+08:00", "channel": "x", "transaction": "x",
                });
                view["paid_receipt"] = view["receipt"].clone();
                body = view.to_string().into_bytes();
            }
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

#[tokio::test]
async fn nobody_on_the_way_can_say_that_a_bill_was_paid() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let liar = Arc::new(Liar { http: reqwest_client(), lies: AtomicBool::new(false) });
    let transport = Arc::clone(&liar) as Arc<dyn Transport>;
    let client =
        sandbox.builder(&credentials).store(sandbox.path("a.sqlite")).transport(transport).build().await.unwrap();
    let bill = client.payments().create(&draft()).await.unwrap();
    assert_eq!(registered(&client, bill).await.state, BillState::Open);
    liar.lies.store(true, Ordering::SeqCst);
    let error = client.payments().status(bill).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SignatureReceiptInvalid);
    assert!(client.payments().paid_notice(bill).await.is_err());
}
