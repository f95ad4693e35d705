//! Receipts, checked: path, signature and key.

use serde::Deserialize;
use tongqiao_protocol::bill::{MoneyBooked, Paid, Payout};
use tongqiao_protocol::custody::{self, CustodyBody};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::receipt::{self, ReceiptKind, ReceiptOf};
use tongqiao_protocol::{CaseId, Digest, EpochId, ErrorCode, Problem, RecordId, Timestamp, merkle};

use crate::keys::Keys;
use crate::{Error, SoftwareVerifier};

/// A receipt whose signature was checked when it came.
#[derive(Debug, Clone, Deserialize)]
pub struct Receipt {
    /// What became of the record.
    pub kind: ReceiptKind,
    /// The record.
    pub record: RecordId,
    /// The record's digest.
    pub digest: Digest,
    /// The case, for a case event.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// The case's revision after the event.
    #[serde(default)]
    pub revision: Option<u64>,
    /// The platform's epoch.
    pub epoch: EpochId,
    /// The position in that epoch's log.
    pub position: u64,
    /// When the platform judged.
    pub time: Timestamp,
    /// What it speaks of, for a receipt about money.
    #[serde(default)]
    pub of: Option<ReceiptOf>,
    /// How the bill was paid, for the receipt of a payment.
    #[serde(default)]
    pub payment: Option<Paid>,
    /// What is booked of a bill, for a receipt of its money.
    #[serde(default)]
    pub money: Option<MoneyBooked>,
    /// How a refund ended, for the receipt of its payout.
    #[serde(default)]
    pub payout: Option<Payout>,
    /// Why it was refused.
    #[serde(default)]
    pub problem: Option<Problem>,
}

impl Receipt {
    /// Reads a receipt that this library has checked before, as the store keeps it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let wire = serde_json::from_slice::<receipt::Receipt>(bytes).map_err(Error::malformed_answer)?;
        serde_json::from_slice(&wire.receipt).map_err(Error::malformed_answer)
    }
}

/// The problem in what the store keeps beside a record: a refusal's receipt, or the bare problem of a dead letter.
pub(crate) fn problem_in(bytes: &[u8]) -> Option<Problem> {
    Receipt::read(bytes).map_or_else(|_| Problem::parse(bytes), |receipt| receipt.problem)
}

/// Checks a receipt: its body's place in the batch's tree, and the platform's signature over the root.
pub(crate) async fn verify(keys: &impl Keys, bytes: &[u8]) -> Result<Receipt, Error> {
    verify_wire(keys, &serde_json::from_slice(bytes).map_err(Error::malformed_answer)?).await
}

/// As [`verify`], for a receipt that was read already.
pub(crate) async fn verify_wire(keys: &impl Keys, wire: &receipt::Receipt) -> Result<Receipt, Error> {
    let key = &wire.signature.keyid;
    // Nothing of it is believed yet; its time says at which moment the key must have been valid.
    let receipt = serde_json::from_slice::<Receipt>(&wire.receipt).map_err(Error::malformed_answer)?;
    let suite = keys.suite(key, receipt.time).await?;
    let root = merkle::root_of(suite, &wire.receipt, wire.batch.index, wire.batch.size, &wire.batch.path);
    let root =
        root.ok_or_else(|| Error::of(ErrorCode::SignatureReceiptInvalid).detail("the path is not of this batch"))?;
    let message = receipt::Receipt::message(key, wire.batch.size, &root);
    keys.verify(key, receipt.time, &message, &wire.signature.value).await?;
    Ok(receipt)
}

/// What a node says of a record, or of a material, that it keeps; `None` where its receipt is of another or proves nothing.
pub(crate) async fn verify_custody(
    keys: &impl Keys,
    receipt: Option<receipt::Receipt>,
    record: RecordId,
    digest: Digest,
) -> Option<CustodyBody> {
    let body = receipt.as_ref().and_then(CustodyBody::read);
    let (Some(receipt), Some(body)) = (receipt, body.filter(|body| body.record == record && body.digest == digest))
    else {
        tracing::error!(id = %record, "a custody receipt is for another record");
        return None;
    };
    let key = keys.record(&receipt.signature.keyid).await.found();
    let key = key.filter(|key| key.party == body.edge && key.key_use == KeyUse::Event && key.revoked.is_none());
    match key.map(|key| custody::verify(&receipt, &key.public_key, &SoftwareVerifier)) {
        Some(Ok(())) => Some(body),
        _ => {
            tracing::error!(id = %record, edge = body.edge.as_str(), "a custody receipt does not verify");
            None
        }
    }
}
