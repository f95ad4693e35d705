//! A record and its author's signature.
//!
//! The signature covers the *exact bytes* of the record. They travel as base64, so that a relay which parses and prints
//! JSON cannot change them. The signed message is
//!
//! ```text
//! tag LF keyid LF record-bytes
//! ```
//!
//! where the tag names the kind of record ([`RecordKind::tag`]): bytes signed as a bill can never be shown as an event.
//! The signature does not expire: freshness belongs to the hop, authorship to the record.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Digest, SignError, SignatureValue, Signer, Suite};

/// What kind of record a signature was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// A case event.
    Event,
    /// A bill.
    Bill,
    /// The withdrawal of an unpaid bill.
    Void,
    /// A refund of a paid bill.
    Refund,
    /// The order to refuse a bill's id for ever.
    Fence,
    /// The root of a batch of receipts.
    Receipts,
    /// The key directory.
    Directory,
    /// A catalogue snapshot.
    Catalogue,
    /// The platform's statement of its epoch.
    Epoch,
    /// The working days of the State Council's arrangement.
    WorkingCalendar,
    /// A city's supervision rules.
    SupervisionRules,
    /// The platform's statement of a case's deadlines.
    Deadlines,
    /// A checkpoint of the log of receipts.
    Checkpoint,
    /// An entry of a party's inbox.
    InboxEntry,
    /// A party's word that it has taken entries of its inbox over.
    InboxAcknowledgement,
    /// A page of a day's statement of money.
    Reconciliation,
    /// An e-receipt of a payment or refund.
    EReceipt,
    /// The refusal of an order about money.
    Refusal,
    /// The root of a batch of an edge node's receipts.
    Custody,
    /// The head of a bundle that is carried between node and hub.
    Bundle,
    /// Case numbers that an edge node has passed on.
    NumberPart,
    /// The head of a release of the edge node's program.
    Release,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Event,
        Self::Bill,
        Self::Void,
        Self::Refund,
        Self::Fence,
        Self::Receipts,
        Self::Directory,
        Self::Catalogue,
        Self::Epoch,
        Self::WorkingCalendar,
        Self::SupervisionRules,
        Self::Deadlines,
        Self::Checkpoint,
        Self::InboxEntry,
        Self::InboxAcknowledgement,
        Self::Reconciliation,
        Self::EReceipt,
        Self::Refusal,
        Self::Custody,
        Self::Bundle,
        Self::NumberPart,
        Self::Release,
    ];

    /// The first line of the signed message.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Event => "tongqiao-event-v1",
            Self::Bill => "tongqiao-bill-v1",
            Self::Void => "tongqiao-void-v1",
            Self::Refund => "tongqiao-refund-v1",
            Self::Fence => "tongqiao-fence-v1",
            Self::Receipts => "tongqiao-receipts-v1",
            Self::Directory => "tongqiao-directory-v1",
            Self::Catalogue => "tongqiao-catalogue-v1",
            Self::Epoch => "tongqiao-epoch-v1",
            Self::WorkingCalendar => "tongqiao-working-calendar-v1",
            Self::SupervisionRules => "tongqiao-supervision-rules-v1",
            Self::Deadlines => "tongqiao-deadlines-v1",
            Self::Checkpoint => "tongqiao-checkpoint-v1",
            Self::InboxEntry => "tongqiao-inbox-entry-v1",
            Self::InboxAcknowledgement => "tongqiao-inbox-acknowledgement-v1",
            Self::Reconciliation => "tongqiao-reconciliation-v1",
            Self::EReceipt => "tongqiao-e-receipt-v1",
            Self::Refusal => "tongqiao-refusal-v1",
            Self::Custody => "tongqiao-custody-v1",
            Self::Bundle => "tongqiao-bundle-v1",
            Self::NumberPart => "tongqiao-number-part-v1",
            Self::Release => "tongqiao-release-v1",
        }
    }
}

/// The id of a key in the platform's directory: 1 to 64 of letters, digits and `. _ / -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct KeyId(String);

/// The text is not a key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 64 letters, digits, '.', '_', '/' or '-'")]
pub struct InvalidKeyId;

impl KeyId {
    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        let legal = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b));
        if (1..=64).contains(&text.len()) && legal { Ok(Self(text.to_string())) } else { Err(InvalidKeyId) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Who signed, and the 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSignature {
    /// The author's key.
    pub keyid: KeyId,
    /// The signature.
    pub value: SignatureValue,
}

/// A record with its author's signature, as it is stored and as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRecord {
    /// The exact bytes that were signed.
    #[serde(with = "base64_bytes")]
    pub record: Vec<u8>,
    /// The author's signature over them.
    pub signature: RecordSignature,
}

impl SignedRecord {
    /// The message that is signed for `record` as a record of `kind` under `key`.
    pub fn message(kind: RecordKind, key: &KeyId, record: &[u8]) -> Vec<u8> {
        let (tag, key) = (kind.tag().as_bytes(), key.as_str().as_bytes());
        let mut message = Vec::with_capacity(tag.len() + key.len() + 2 + record.len());
        for part in [tag, b"\n", key, b"\n", record] {
            message.extend_from_slice(part);
        }
        message
    }

    /// Signs `record`.
    ///
    /// # Errors
    /// [`SignError`] when the signing device cannot sign now; nothing took effect.
    pub fn sign(kind: RecordKind, record: Vec<u8>, signer: &dyn Signer, random: &[u8; 32]) -> Result<Self, SignError> {
        let keyid = signer.key_id().clone();
        let value = signer.sign(&Self::message(kind, &keyid, &record), random)?;
        Ok(Self { record, signature: RecordSignature { keyid, value } })
    }

    /// The digest by which duplicates are told apart: of the record's bytes, by the hash of the signing key's suite.
    pub fn digest(&self, suite: Suite) -> Digest {
        Digest::of(suite, &self.record)
    }
}

pub(crate) mod base64_bytes {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
