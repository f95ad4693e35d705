//! Receipts of edge nodes: a record is safe on a disk near its author, and on its way to the platform.
//!
//! They travel in the form of the platform's receipts ([`crate::receipt`]): bodies as exact bytes, one signature over the root of
//! their tree. The tag of that signature is another, so that a node can never speak as the platform, and a body says nothing
//! about what will become of the record.
//!
//! ```
//! use tongqiao_protocol::custody::CustodyBody;
//!
//! let body: CustodyBody = serde_json::from_str(r#"{
//!     "kind": "custody", "record": "018f9f3a-7c00-7000-8000-000000000000", "edge": "township-1",
//!     "digest": "sha-256:6854bbe7652927663e6b143c4168d1d4fd915148443718d9ade9ec9cb99b89a0",
//!     "time": "2026-11-26T09:00:00.000+08:00", "clock": "free"
//! }"#)?;
//! assert_eq!(body.edge.as_str(), "township-1");
//! # Ok::<(), serde_json::Error>(())
//! ```

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::case::ClockStanding;
use crate::merkle::MerkleTree;
use crate::receipt::{BatchPlace, Receipt, ReceiptKind};
use crate::signed_record::RecordSignature;
use crate::{
    Digest, PartyId, PublicKey, RecordId, RecordKind, SignError, Signer, Timestamp, Verifier, VerifyError, merkle,
};

/// The body of a custody receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyBody {
    /// Always [`ReceiptKind::Custody`].
    pub kind: ReceiptKind,
    /// The record that is kept.
    pub record: RecordId,
    /// The digest of that record's bytes.
    pub digest: Digest,
    /// Who keeps it.
    pub edge: PartyId,
    /// Since when, by the node's clock.
    pub time: Timestamp,
    /// How good that clock was.
    pub clock: ClockStanding,
}

impl CustodyBody {
    /// What `edge` says of a record that it keeps since `time`.
    pub const fn new(record: RecordId, digest: Digest, edge: PartyId, time: Timestamp, clock: ClockStanding) -> Self {
        Self { kind: ReceiptKind::Custody, record, digest, edge, time, clock }
    }

    /// Reads the body of a custody receipt; `None` for every other receipt. Nothing is proved by that.
    pub fn read(receipt: &Receipt) -> Option<Self> {
        let body = serde_json::from_slice::<Self>(&receipt.receipt).ok()?;
        (body.kind == ReceiptKind::Custody).then_some(body)
    }
}

/// Signs one receipt for each of `bodies`, in their order; none for none.
///
/// # Errors
/// As the signer says.
pub fn sign(bodies: &[CustodyBody], signer: &dyn Signer, random: &[u8; 32]) -> Result<Vec<Receipt>, SignError> {
    // Bodies are plain values: they are always written.
    let leaves = bodies.iter().filter_map(|body| serde_json::to_vec(body).ok()).collect::<Vec<_>>();
    let Some(tree) = MerkleTree::new(signer.suite(), leaves.iter().map(Vec::as_slice)) else { return Ok(Vec::new()) };
    let (size, keyid) = (tree.size(), signer.key_id());
    let message = Receipt::message_of(RecordKind::Custody, keyid, size, &tree.root());
    let value = signer.sign(&message, random)?;
    let receipts = leaves.into_iter().zip(0..).map(|(receipt, index)| Receipt {
        receipt,
        batch: BatchPlace { size, index, path: tree.path(index).unwrap_or_default() },
        signature: RecordSignature { keyid: keyid.clone(), value },
    });
    Ok(receipts.collect())
}

/// Checks path and signature of a custody receipt under the node's `key`, which the caller found by `signature.keyid`.
///
/// # Errors
/// [`VerifyError::Mismatch`] when the path does not fit or the signature does not verify; others as the verifier says.
pub fn verify(receipt: &Receipt, key: &PublicKey, verifier: &dyn Verifier) -> Result<(), VerifyError> {
    let BatchPlace { size, index, path } = &receipt.batch;
    let root = merkle::root_of(key.suite(), &receipt.receipt, *index, *size, path).ok_or(VerifyError::Mismatch)?;
    let message = Receipt::message_of(RecordKind::Custody, &receipt.signature.keyid, *size, &root);
    verifier.verify(key, &message, &receipt.signature.value)
}
