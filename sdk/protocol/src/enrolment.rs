//! Enrolment: a one-time code becomes a party with keys.
//!
//! The same bytes again under the same code are a repetition and get the same answer; other bytes are a second use.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::key_directory::KeyUse;
use crate::{KeyId, PartyId, PublicKey, SignatureValue, Suite, Timestamp};

/// What kind of party enrols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartyKind {
    /// A department's system.
    Department,
    /// An edge node.
    Edge,
    /// A hub.
    Hub,
    /// A self-service terminal.
    Terminal,
}

/// The body of `POST /v1/enrolments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentRequest {
    /// The one-time code.
    pub code: String,
    /// The name that the party wants.
    pub party: PartyId,
    /// What it is.
    pub kind: PartyKind,
    /// The name by which people know it.
    pub name: String,
    /// Its keys.
    pub keys: Vec<OfferedKey>,
}

/// A key that the party brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedKey {
    /// Its name.
    pub keyid: KeyId,
    /// Its suite.
    pub suite: Suite,
    /// The raw public key in base64.
    pub public_key: String,
    /// What it is for.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// The key's own signature over [`proof_message`]: whoever enrols a key has its secret.
    pub proof: SignatureValue,
}

impl OfferedKey {
    /// The row for a key that has signed its proof.
    pub fn new(keyid: KeyId, public_key: &PublicKey, key_use: KeyUse, proof: SignatureValue) -> Self {
        let suite = public_key.suite();
        Self { keyid, suite, public_key: STANDARD.encode(public_key.as_bytes()), key_use, proof }
    }
}

/// What a key signs to be enrolled: that this code makes it a key of this party.
///
/// A lost answer is asked for with the very same bytes, so the signature must come out the same every time.
pub fn proof_message(keyid: &KeyId, code: &str, party: &PartyId) -> Vec<u8> {
    alloc::format!("tongqiao-enrolment-v1\n{keyid}\n{code}\n{party}").into_bytes()
}

/// The answer: what stands in the directory from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentAnswer {
    /// The party.
    pub party: PartyId,
    /// What it is.
    pub kind: PartyKind,
    /// The name by which people know it.
    pub name: String,
    /// What it may do.
    pub scopes: PartyScopes,
    /// Its keys with their validity.
    pub keys: Vec<EnrolledKey>,
}

/// What a party may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyScopes {
    /// Divisions within which it may write, each to the depth that the code says.
    #[serde(default)]
    pub divisions: Vec<String>,
    /// Other authors whose records it may carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carries: Vec<PartyId>,
    /// Other parties whose cases it may move on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joins: Vec<PartyId>,
    /// What it is in charge of within its divisions: credit codes of agencies, or codes of single items. Cases of these come to
    /// it, wherever they were accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<String>,
    /// Divisions for which it may accept applications that others handle 跨域通办.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
}

/// A key that was enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolledKey {
    /// Its name.
    pub keyid: KeyId,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// Until when, that moment excluded.
    pub valid_until: Timestamp,
}
