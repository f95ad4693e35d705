//! E-receipts, checked against what the platform has proved of the bill.

use tongqiao_protocol::bill::BillState;
use tongqiao_protocol::e_receipt::EReceipt;
use tongqiao_protocol::{Amount, BillId, ErrorCode, RecordKind, SignedRecord};

use super::asking;
use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

#[derive(serde::Deserialize)]
struct Answer {
    receipts: Vec<SignedRecord>,
}

/// The payment's receipt and the red ones, in order.
pub(super) async fn of_bill(shared: &Shared, bill: BillId) -> Result<Vec<EReceipt>, Error> {
    let (view, _) = asking::bill(shared, bill).await?;
    let Some(paid) = view.paid.filter(|_| view.state == BillState::Paid) else {
        return Err(Error::of(ErrorCode::BillNotPaid));
    };
    let answer = shared.exchange.ask(Ask::get(format!("/v1/bills/{bill}/e-receipts"))).await?;
    let answer = serde_json::from_slice::<Answer>(answer.body()).map_err(Error::malformed_answer)?;
    let mut receipts = Vec::with_capacity(answer.receipts.len());
    for record in answer.receipts {
        shared.directory.check(shared, RecordKind::EReceipt, &record).await?;
        receipts.push(serde_json::from_slice::<EReceipt>(&record.record).map_err(Error::malformed_answer)?);
    }
    let wrong = |words: &str| Err(Error::malformed_answer(words));
    let Some((first, red)) = receipts.split_first() else { return wrong("a payment without an e-receipt") };
    let belongs = |one: &EReceipt| {
        one.bill == bill && one.party == *shared.credentials.party() && one.transaction == paid.transaction
    };
    if !receipts.iter().all(belongs) || first.reverses.is_some() || first.total != paid.amount {
        return wrong("the e-receipt of another payment");
    }
    let of_first = |one: &EReceipt| one.reverses.as_ref().is_some_and(|reversal| reversal.of == first.e_receipt);
    let taken_back = red.iter().try_fold(Amount::ZERO, |sum, one| sum.checked_add(one.total));
    if !red.iter().all(of_first) || taken_back.is_none_or(|taken_back| taken_back > paid.amount) {
        return wrong("red e-receipts that do not fit the first");
    }
    Ok(receipts)
}
