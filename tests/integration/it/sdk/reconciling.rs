//! A day's money in three ledgers: nothing unnamed, nothing invented, nothing moved.

use std::time::Duration;

use serde_json::json;
use tongqiao::{Advice, BillDraft, Client, Finding, Key, Ledger, Neighbour};
use tongqiao_protocol::bill::{BillState, BillView, RefundState};
use tongqiao_protocol::limits::STATEMENT_LINES_MAX;
use tongqiao_protocol::{BillId, CivilDate, ErrorCode};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, reqwest_client};

async fn registered(client: &Client, amount: &str) -> BillView {
    let draft = BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 1, amount);
    let bill = client.payments().create(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap()
}

async fn pay(view: &BillView) {
    let answer = reqwest_client().post(view.cashier_url.as_ref().unwrap()).send().await.unwrap();
    assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
}

/// The bank takes the bill's sum, whatever the bill says.
async fn money_arrives(sandbox: &Sandbox, view: &BillView, number: usize) {
    let code = view.pay_code.as_ref().unwrap().as_str();
    let answer = reqwest_client()
        .post(format!("{}/sandbox/cashier/{code}/pay-anyway", sandbox.url()))
        .body(format!("token={number:032x}"))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

async fn refunded(client: &Client, bill: BillId, amount: &str) {
    let refund = client.payments().refund(bill, amount.parse().unwrap(), "多收").await.unwrap();
    let done = async {
        while client.payments().refunded(refund).await.unwrap().state != RefundState::Done {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.unwrap();
}

fn today(client: &Client) -> CivilDate {
    CivilDate::of(client.platform_time())
}

#[tokio::test]
async fn a_day_of_payments_and_refunds_matches_to_the_fen_also_when_the_store_had_not_heard_of_them() {
    let sandbox = Sandbox::start_at("2026-10-12T10:00:00+08:00".parse().unwrap()).await;
    let client = sandbox.client("civil-affairs").await;
    let mut bills = Vec::new();
    for amount in ["10.00", "20.55", "0.01", "7.77"] {
        bills.push(registered(&client, amount).await);
    }
    // Three are paid, and nobody here has heard of it; the fourth stays open.
    for view in &bills[..3] {
        pay(view).await;
    }
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert!(day.comparison.is_clean() && !day.closed, "{:?}", day.comparison.differences);
    assert_eq!((day.comparison.matched, day.comparison.matched_paid_fen), (3, 3_056));
    assert_eq!(day.turnover_fen, [3_056; 3]);
    assert_eq!(client.payments().status(bills[0].bill).await.unwrap().state, BillState::Paid);

    refunded(&client, bills[1].bill, "0.55").await;
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert!(day.comparison.is_clean(), "{:?}", day.comparison.differences);
    assert_eq!((day.comparison.matched, day.comparison.matched_refunded_fen), (4, 55));

    // Another party's money is another statement, and the day after is another day.
    let other = sandbox.client("natural-resources").await;
    assert_eq!(other.payments().reconcile(today(&client)).await.unwrap().comparison.matched, 0);
    sandbox.now_is("2026-10-13T00:00:00+08:00".parse().unwrap());
    let day = client.payments().reconcile("2026-10-12".parse().unwrap()).await.unwrap();
    assert!(day.closed && day.comparison.matched == 4);
    assert_eq!(client.payments().reconcile("2026-10-13".parse().unwrap()).await.unwrap().turnover_fen, [0; 3]);
    let to_come = client.payments().reconcile("2026-10-14".parse().unwrap()).await.unwrap_err();
    assert_eq!(to_come.code(), ErrorCode::RequestOutOfRange);
}

#[tokio::test]
async fn a_bank_that_says_something_else_is_named_with_the_fen_and_a_person_is_asked_for() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let mut transactions = Vec::new();
    for amount in ["10.00", "20.00", "30.00"] {
        let view = registered(&client, amount).await;
        pay(&view).await;
        let paid = client.payments().status(view.bill).await.unwrap().paid.unwrap();
        transactions.push(paid.transaction);
    }
    sandbox.post("/sandbox/bank-statement", &json!({ "transaction": transactions[0], "amount": "9.99" })).await;
    sandbox.post("/sandbox/bank-statement", &json!({ "transaction": transactions[1] })).await;
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert_eq!((day.comparison.matched, day.comparison.differences.len()), (1, 2));
    let of = |transaction: &String| {
        let key = Key::Payment(transaction.clone());
        day.comparison.differences.iter().find(|difference| difference.key == key).unwrap()
    };
    let (altered, lost) = (of(&transactions[0]), of(&transactions[1]));
    assert_eq!(altered.findings, [Finding::AmountsDiffer]);
    assert_eq!(
        (altered.fen(Ledger::Own), altered.fen(Ledger::Platform), altered.fen(Ledger::Bank)),
        (1_000, 1_000, 999)
    );
    assert_eq!(lost.findings, [Finding::Missing(Ledger::Bank)]);
    assert!(day.comparison.differences.iter().all(|difference| difference.advice() == Advice::Person));
    assert_eq!(day.turnover_fen, [6_000, 6_000, 3_999]);
}

#[tokio::test]
async fn money_that_the_bank_books_after_midnight_is_named_on_both_days() {
    let sandbox = Sandbox::start_at("2026-10-12T23:59:00+08:00".parse().unwrap()).await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client, "10.00").await;
    pay(&view).await;
    let paid = client.payments().status(view.bill).await.unwrap().paid.unwrap();
    let late = json!({ "transaction": paid.transaction, "at": "2026-10-13T00:01:00+08:00" });
    sandbox.post("/sandbox/bank-statement", &late).await;
    // While the day is running the day after has not begun: it is merely missing.
    let (first, second) = ("2026-10-12".parse().unwrap(), "2026-10-13".parse().unwrap());
    let running = client.payments().reconcile(first).await.unwrap();
    assert_eq!(running.comparison.differences[0].findings, [Finding::Missing(Ledger::Bank)]);

    sandbox.now_is("2026-10-13T09:00:00+08:00".parse().unwrap());
    let day = client.payments().reconcile(first).await.unwrap();
    let difference = &day.comparison.differences[0];
    assert_eq!(difference.findings, [Finding::OnOtherDay(Ledger::Bank, Neighbour::After)]);
    assert_eq!((difference.advice(), day.turnover_fen), (Advice::Nothing, [1_000, 1_000, 0]));
    let day = client.payments().reconcile(second).await.unwrap();
    let before = |ledger: Ledger| Finding::OnOtherDay(ledger, Neighbour::Before);
    assert_eq!(day.comparison.differences[0].findings, [before(Ledger::Own), before(Ledger::Platform)]);
    assert_eq!((day.comparison.differences.len(), day.turnover_fen), (1, [0, 0, 1_000]));
}

#[tokio::test]
async fn money_for_a_void_bill_is_owed_back_and_named_until_it_is() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client, "12.34").await;
    client.payments().void(view.bill, "录入有误").await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, client.payments().await_paid(view.bill)).await.unwrap().unwrap();
    assert_eq!(ended.state, BillState::Void);
    // The payer had the page open, and the bank took the money all the same.
    money_arrives(&sandbox, &view, 1).await;
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert_eq!((day.owed_back.len(), day.comparison.matched_owed, day.comparison.matched_owed_fen), (1, 1, 1_234));
    assert_eq!(day.turnover_fen, [0, 1_234, 1_234], "it is in nobody's books here");
    assert!(day.comparison.is_clean(), "{:?}", day.comparison.differences);
    refunded(&client, view.bill, "12.34").await;
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert!(day.comparison.is_clean(), "{:?}", day.comparison.differences);
    assert_eq!((day.comparison.matched, day.comparison.matched_refunded_fen), (1, 1_234));
    // The bank denies it: the platform's word alone is not enough.
    let transaction = &day.owed_back[0].id;
    sandbox.post("/sandbox/bank-statement", &json!({ "transaction": transaction })).await;
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert_eq!(day.comparison.differences[0].findings, [Finding::Missing(Ledger::Bank)]);
}

#[tokio::test]
async fn a_refund_that_a_restored_platform_hears_of_once_more_is_paid_back_once() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client, "10.00").await;
    pay(&view).await;
    client.payments().status(view.bill).await.unwrap();
    let backup = sandbox.post("/sandbox/backup", &json!({})).await;
    refunded(&client, view.bill, "4.00").await;
    sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    // The client learns of the new epoch and offers again what was lost.
    let offered_again = async {
        loop {
            let day = client.payments().reconcile(today(&client)).await.unwrap();
            if day.comparison.is_clean() && day.comparison.matched == 2 {
                break day;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let day = tokio::time::timeout(PATIENCE, offered_again).await.unwrap();
    assert_eq!(day.turnover_fen, [1_400; 3], "the bank has paid four yuan back, and not eight");
}

#[tokio::test]
async fn a_statement_of_more_than_one_page_is_read_whole() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client, "0.01").await;
    pay(&view).await;
    // Each further payment of the same bill is owed back: a line in both ledgers.
    for number in 0..STATEMENT_LINES_MAX / 2 {
        money_arrives(&sandbox, &view, number).await;
    }
    let day = client.payments().reconcile(today(&client)).await.unwrap();
    assert!(day.comparison.is_clean(), "{:?}", day.comparison.differences.first());
    assert_eq!(day.comparison.matched_owed as usize, STATEMENT_LINES_MAX / 2);
    assert_eq!(day.comparison.matched, 1);
}

#[tokio::test]
async fn a_payment_has_one_e_receipt_for_ever_and_each_refund_a_red_one() {
    let sandbox = Sandbox::start_at("2026-10-12T10:00:00+08:00".parse().unwrap()).await;
    let client = sandbox.client("civil-affairs").await;
    let view = registered(&client, "10.00").await;
    let unpaid = client.payments().e_receipts(view.bill).await.unwrap_err();
    assert_eq!(unpaid.code(), ErrorCode::BillNotPaid);
    let backup = sandbox.post("/sandbox/backup", &json!({})).await;
    pay(&view).await;
    let first = client.payments().e_receipts(view.bill).await.unwrap();
    assert_eq!((first.len(), first[0].total.to_string()), (1, "10.00".to_owned()));
    assert_eq!((first[0].e_receipt.code(), first[0].e_receipt.number()), ("34010126", "0000000001"));
    assert_eq!((first[0].payer.as_str(), first[0].lines.len()), ("测试用户", 1));
    refunded(&client, view.bill, "4.00").await;
    let both = client.payments().e_receipts(view.bill).await.unwrap();
    assert_eq!((&both[0], both.len()), (&first[0], 2));
    let red = both[1].reverses.as_ref().unwrap();
    assert_eq!((&red.of, both[1].total.to_string()), (&first[0].e_receipt, "4.00".to_owned()));

    // A restored platform draws no second receipt for the same money, and gives no number twice.
    sandbox.post("/sandbox/restore", &json!({ "backup": backup["backup"] })).await;
    let again = client.payments().e_receipts(view.bill).await.unwrap();
    assert_eq!(again[0], first[0]);
    let other = registered(&client, "1.00").await;
    pay(&other).await;
    let other = client.payments().e_receipts(other.bill).await.unwrap();
    assert_eq!(other[0].e_receipt.number(), "0000000003");
}
