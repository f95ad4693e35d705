//! Receipts: what the platform says, for ever, about a record.
//!
//! A receipt's body is kept as exact bytes (base64), because it is a leaf of the batch's Merkle tree; one signature over
//! the root serves the whole batch.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bill::{MoneyBooked, Paid, Payout};
use crate::signed_record::RecordSignature;
use crate::{
    CaseId, Digest, EpochId, KeyId, PublicKey, RecordId, RecordKind, SignedRecord, Suite, Timestamp, Verifier,
    VerifyError, merkle,
};

/// What kind of receipt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptKind {
    /// An edge has it safe on disk: received here, not yet at the city. Not terminal.
    Custody,
    /// Applied. Terminal.
    Settled,
    /// Refused. Terminal.
    Refused,
}

/// What a receipt that is not about a case event speaks of. Several of them name the same bill, and each proves something
/// else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptOf {
    /// A bill was registered, or refused for ever.
    Bill,
    /// A bill was voided.
    Void,
    /// A bill's id was fenced.
    Fence,
    /// A refund was recorded, or refused for ever.
    Refund,
    /// A bill was paid.
    Payment,
    /// Money of a bill was booked: what came in, was refunded, is owed back.
    Money,
    /// The bank has ended a refund.
    Payout,
    /// A material is whole: the digest is that of its content.
    Material,
}

/// The body of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptBody {
    /// What was decided.
    pub kind: ReceiptKind,
    /// The record it speaks of.
    pub record: RecordId,
    /// The digest of that record's bytes.
    pub digest: Digest,
    /// The case, for case events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The case's revision after it, for settled case events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The platform's epoch.
    pub epoch: EpochId,
    /// The position in that epoch's log, from 0.
    pub position: u64,
    /// When.
    pub time: Timestamp,
    /// What it speaks of, for receipts about money and materials; absent for case events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<ReceiptOf>,
    /// How the bill was paid, for receipts of payments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Paid>,
    /// What is booked of a bill, for receipts of money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<MoneyBooked>,
    /// How a refund ended, for receipts of payouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payout: Option<Payout>,
    /// The problem document, for refusals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<serde_json::Value>,
}

/// Where a receipt stands in the Merkle tree of its batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlace {
    /// The number of receipts in the batch.
    pub size: u64,
    /// The place of this one, from 0.
    pub index: u64,
    /// The hashes beside the way from the leaf to the root, leaf first.
    pub path: Vec<TreeHash>,
}

/// A node of a Merkle tree: 32 bytes, base64 on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash(pub [u8; 32]);

impl Serialize for TreeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for TreeHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("a tree hash is 32 bytes"))
    }
}

/// A receipt as it travels and as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The exact bytes of the body.
    #[serde(with = "crate::signed_record::base64_bytes")]
    pub receipt: Vec<u8>,
    /// Where it stands in its batch.
    pub batch: BatchPlace,
    /// The platform's signature over the batch's root.
    pub signature: RecordSignature,
}

impl Receipt {
    /// The message that is signed for a batch of `size` receipts with this root.
    pub fn message(key: &KeyId, size: u64, root: &TreeHash) -> Vec<u8> {
        Self::message_of(RecordKind::Receipts, key, size, root)
    }

    /// The same for receipts of another kind than the platform's.
    pub(crate) fn message_of(kind: RecordKind, key: &KeyId, size: u64, root: &TreeHash) -> Vec<u8> {
        let mut body = alloc::format!("{size}\n").into_bytes();
        body.extend_from_slice(&root.0);
        SignedRecord::message(kind, key, &body)
    }

    /// The message whose signature proves this receipt: size and the root to which body and path lead, by the hash of the
    /// signing key's suite. `None` when place and path do not fit each other.
    pub fn signed_message(&self, suite: Suite) -> Option<Vec<u8>> {
        let BatchPlace { size, index, path } = &self.batch;
        let root = merkle::root_of(suite, &self.receipt, *index, *size, path)?;
        Some(Self::message(&self.signature.keyid, *size, &root))
    }

    /// Checks path and signature under the platform's `key`, which the caller found by `signature.keyid`.
    ///
    /// # Errors
    /// [`VerifyError::Mismatch`] when the path does not fit or the signature does not verify; others as the verifier says.
    pub fn verify(&self, key: &PublicKey, verifier: &dyn Verifier) -> Result<(), VerifyError> {
        let message = self.signed_message(key.suite()).ok_or(VerifyError::Mismatch)?;
        verifier.verify(key, &message, &self.signature.value)
    }

    /// Reads the body. This proves nothing before path and signature have been verified.
    ///
    /// # Errors
    /// The JSON reader's words when the bytes are no receipt.
    pub fn body(&self) -> Result<ReceiptBody, serde_json::Error> {
        serde_json::from_slice(&self.receipt)
    }
}
