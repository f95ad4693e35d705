//! What a view proves. Plain JSON proves nothing: every word on which money depends has a receipt of the platform.

use tongqiao_protocol::bill::{BillState, BillView, MoneyBooked, MoneyRefusal, Payout, RefundState, RefundView};
use tongqiao_protocol::receipt::{self, ReceiptKind, ReceiptOf};
use tongqiao_protocol::{Amount, Digest, EpochId, ErrorCode, RecordId, RecordKind, SignedRecord, Timestamp};

use crate::Error;
use crate::client::Shared;
use crate::receipt::{Receipt, verify_wire};

/// The receipt that decides whether a bill or refund exists.
pub(super) struct Proof {
    pub(super) epoch: EpochId,
    pub(super) position: u64,
    /// When the platform judged.
    pub(super) time: Timestamp,
    pub(super) bytes: Vec<u8>,
}

/// Checks everything that a view of a bill says; `digest` is that of the author's own record, when it is here.
pub(super) async fn of_bill(shared: &Shared, view: &BillView, digest: Option<Digest>) -> Result<Proof, Error> {
    let id = RecordId::from(view.bill);
    let digest = digest.or(view.digest);
    let existence = match view.state {
        BillState::Open | BillState::Paid | BillState::Void => {
            let (receipt, proof) = check(shared, view.receipt.as_ref(), id, ReceiptOf::Bill).await?;
            of_record(&receipt, digest, ReceiptKind::Settled)?;
            proof
        }
        BillState::Fenced => match check(shared, view.fence_receipt.as_ref(), id, ReceiptOf::Fence).await {
            Ok((receipt, proof)) if receipt.kind == ReceiptKind::Settled => proof,
            // It came too late: the refusal of the very record shuts its id out too.
            _ => {
                let (receipt, proof) = check(shared, view.receipt.as_ref(), id, ReceiptOf::Bill).await?;
                of_record(&receipt, digest, ReceiptKind::Refused)?;
                proof
            }
        },
    };
    if view.state == BillState::Paid {
        let (receipt, _) = check(shared, view.paid_receipt.as_ref(), id, ReceiptOf::Payment).await?;
        of_record(&receipt, digest, ReceiptKind::Settled)?;
        if receipt.payment.is_none() || receipt.payment != view.paid {
            return Err(invalid("the payment is not the one that was signed"));
        }
    }
    if view.state == BillState::Void {
        let (receipt, _) = check(shared, view.void_receipt.as_ref(), id, ReceiptOf::Void).await?;
        if receipt.kind != ReceiptKind::Settled {
            return Err(invalid("the void was refused"));
        }
    }
    let said = MoneyBooked { received: view.received, refunded: view.refunded, refund_owed: view.refund_owed };
    if let Some(wire) = &view.money_receipt {
        let (receipt, _) = check(shared, Some(wire), id, ReceiptOf::Money).await?;
        of_record(&receipt, digest, ReceiptKind::Settled)?;
        if receipt.money != Some(said) {
            return Err(invalid("the sums are not those that were signed"));
        }
    } else if [said.received, said.refunded, said.refund_owed].iter().any(|amount| *amount > Amount::ZERO) {
        return Err(invalid("money without a receipt"));
    }
    Ok(existence)
}

/// Checks what a view of a refund says of its existence.
pub(super) async fn of_refund(shared: &Shared, view: &RefundView, digest: Option<Digest>) -> Result<Proof, Error> {
    let (receipt, proof) = check(shared, view.receipt.as_ref(), view.refund.into(), ReceiptOf::Refund).await?;
    let kind = if view.state == RefundState::Refused { ReceiptKind::Refused } else { ReceiptKind::Settled };
    let digest = digest.or(view.digest);
    of_record(&receipt, digest, kind)?;
    if matches!(view.state, RefundState::Done | RefundState::Failed) {
        let (ended, _) = check(shared, view.ended_receipt.as_ref(), view.refund.into(), ReceiptOf::Payout).await?;
        of_record(&ended, digest, ReceiptKind::Settled)?;
        let said = view.ended.map(|at| Payout { state: view.state, amount: view.amount, at });
        if ended.payout.is_none() || ended.payout != said {
            return Err(invalid("the refund did not end as it was signed"));
        }
    }
    Ok(proof)
}

/// Whether the platform has signed that it refuses this very body with this code: without it nobody believes that an order about
/// money was refused for good.
pub(crate) async fn of_refusal(shared: &Shared, signed: Option<&SignedRecord>, body: &[u8], code: &str) -> bool {
    let Some(signed) = signed else { return false };
    if let Err(error) = shared.directory.check(shared, RecordKind::Refusal, signed).await {
        tracing::error!(%error, "the signature under a refusal does not verify");
        return false;
    }
    serde_json::from_slice::<MoneyRefusal>(&signed.record).is_ok_and(|said| {
        said.party == *shared.credentials.party()
            && said.code == code
            && said.body == Digest::of(said.body.suite(), body)
    })
}

async fn check(
    shared: &Shared,
    wire: Option<&receipt::Receipt>,
    record: RecordId,
    of: ReceiptOf,
) -> Result<(Receipt, Proof), Error> {
    let wire = wire.ok_or_else(|| invalid("a receipt is missing"))?;
    let receipt = verify_wire(shared, wire).await?;
    if receipt.record != record || receipt.of != Some(of) {
        return Err(invalid("a receipt speaks of something else"));
    }
    let bytes = serde_json::to_vec(wire).map_err(Error::internal)?;
    let proof = Proof { epoch: receipt.epoch, position: receipt.position, time: receipt.time, bytes };
    Ok((receipt, proof))
}

fn of_record(receipt: &Receipt, digest: Option<Digest>, kind: ReceiptKind) -> Result<(), Error> {
    if receipt.kind == kind && Some(receipt.digest) == digest {
        Ok(())
    } else {
        Err(invalid("a receipt is for another record, or says otherwise"))
    }
}

fn invalid(why: &str) -> Error {
    Error::of(ErrorCode::SignatureReceiptInvalid).detail(why)
}
