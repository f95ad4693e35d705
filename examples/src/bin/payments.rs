//! From a bill to the day's reconciliation: paid once, refunded once, and what to do while nobody knows.
//!
//! `cargo run -p tongqiao-examples --bin payments -- <platform> <one-time code> <folder>`, once to make the bill, and once more
//! when it has been paid.

use std::path::Path;
use std::time::Duration;

use clap::Parser;
use tongqiao::protocol::bill::{BillState, LateFeeRule, PaymentOutcome, RefundState};
use tongqiao::protocol::{Amount, BillId, CivilDate};
use tongqiao::{BillDraft, Client};
use tongqiao_examples::Arguments;

/// Whatever goes wrong, of the library or of the file.
type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let (client, folder) = (arguments.join("civil-affairs").await?, &arguments.folder);
    let own_books = folder.join("bill");
    match std::fs::read_to_string(&own_books) {
        Ok(id) => go_on(&client, id.trim().parse()?).await?,
        Err(_) => make_bill(&client, &own_books, &folder.join("cashier")).await?,
    }
    client.close().await;
    Ok(())
}

/// A bill: on disk before it is sent, and never made twice.
async fn make_bill(client: &Client, own_books: &Path, cashier: &Path) -> Result<(), Failure> {
    let today = CivilDate::of(client.platform_time());
    let rule = LateFeeRule::new(5, today.plus_days(15)); // fifteen days to pay, then 0.05 % a day
    let draft = BillDraft::new("340700000000", "测试用户").line("rent", "公房租金", 2, "500.00").late_fee_rule(rule);
    let bill = client.payments().create(&draft).await?;
    std::fs::write(own_books, bill.to_string())?; // your own row
    let view = client.payments().registered(bill).await?; // the platform has it, and has signed for it
    let url = view.cashier_url.ok_or("a bill without a page to pay on")?;
    std::fs::write(cashier, &url)?;
    println!("待支付 to be paid: {url}");
    let late = client.payments().late_fee(bill, today.plus_days(18)).await?; // no link needed
    println!("逾期三天的滞纳金 late fee after three days: {late}");
    Ok(())
}

/// After the payment: the notice, a refund, the receipts, the day.
async fn go_on(client: &Client, bill: BillId) -> Result<(), Failure> {
    println!("结果 outcome: {:?}", outcome(client, bill).await?);
    take_notice(client, bill).await?;
    pay_back(client, bill, "100.00".parse()?).await?;
    for receipt in client.payments().e_receipts(bill).await? {
        let kind = if receipt.reverses.is_some() { "红字 red" } else { "缴款 payment" };
        println!("票据 e-receipt: {kind} {}", receipt.total);
    }
    reconcile(client).await
}

/// Confirmed, absent or unknown. Nothing is ever charged again because nobody knows.
async fn outcome(client: &Client, bill: BillId) -> Result<PaymentOutcome, Failure> {
    let resolution = client.payments().resolve(bill).await?;
    match resolution.outcome {
        PaymentOutcome::Confirmed if resolution.was_absent => {} // a restore undid a fence: void one of the two bills
        PaymentOutcome::Confirmed => {}                          // it exists: show its page, never make another
        PaymentOutcome::Absent => {}                             // it never will: a new bill may be made
        PaymentOutcome::Unknown => {}                            // ask again later
    }
    Ok(resolution.outcome)
}

/// The notice of the payment comes again until it is acknowledged, so that it is booked once however often this dies.
async fn take_notice(client: &Client, bill: BillId) -> Result<(), Failure> {
    let Some(view) = client.payments().paid_notice(bill).await? else {
        println!("没有新的到账 nothing new was paid");
        return Ok(());
    };
    let paid = view.paid.filter(|_| view.state == BillState::Paid).ok_or("a notice without a payment")?;
    println!("已到账 paid: {}", paid.amount); // book it under paid.transaction, which is unique
    client.payments().acknowledge_paid(bill).await?; // only now
    Ok(())
}

/// A part is given back; the sum of refunds never exceeds what was paid.
async fn pay_back(client: &Client, bill: BillId, amount: Amount) -> Result<(), Failure> {
    let refund = client.payments().refund(bill, amount, "减免").await?;
    let mut view = client.payments().refunded(refund).await?; // the platform has it
    while view.state == RefundState::Pending {
        tokio::time::sleep(Duration::from_millis(200)).await; // the bank takes its time
        view = client.payments().refund_status(refund).await?;
    }
    println!("退款 refund: {:?} {}", view.state, view.amount);
    Ok(())
}

/// Own books, the platform's and the bank's, to the fen.
async fn reconcile(client: &Client) -> Result<(), Failure> {
    let day = client.payments().reconcile(CivilDate::of(client.platform_time())).await?;
    println!("对账 reconciled: {} matched, {} differences", day.comparison.matched, day.comparison.differences.len());
    for difference in &day.comparison.differences {
        println!("  {:?}: {:?}, {:?}", difference.key, difference.findings, difference.advice());
    }
    Ok(())
}
