//! What a view proves. Plain JSON proves nothing: every word on which money depends has a receipt of the platform.

use tongqiao_protocol::bill::{BillState, BillView, RefundState, RefundView};
use tongqiao_protocol::receipt::{self, ReceiptKind, ReceiptOf};
use tongqiao_protocol::{Digest, EpochId, ErrorCode, RecordId, Timestamp};

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
    Ok(existence)
}

/// Checks what a view of a refund says of its existence.
pub(super) async fn of_refund(shared: &Shared, view: &RefundView, digest: Option<Digest>) -> Result<Proof, Error> {
    let (receipt, proof) = check(shared, view.receipt.as_ref(), view.refund.into(), ReceiptOf::Refund).await?;
    let kind = if view.state == RefundState::Refused { ReceiptKind::Refused } else { ReceiptKind::Settled };
    of_record(&receipt, digest.or(view.digest), kind)?;
    Ok(proof)
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
