//! Why a signature does not verify: the likely cause, found by trying the mistakes that people make.
//!
//! "Signature error" helps nobody. [`explain`] takes what the verifier has (key, message, signature bytes) and what a sender may
//! have done instead, checks the signature against each, and names the one that fits. It is meant for sandboxes, tests and
//! support, not for the path of every request: it costs up to some forty verifications, and three more for each other key.

mod candidate;
mod der;
mod json_text;

use alloc::format;
use alloc::string::String;

use crate::{Digest, KeyId, Language, PublicKey, SignatureValue, Suite, Verifier, VerifyError};

pub use candidate::LikelyCause;

/// At which step verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerificationStep {
    /// The signature is not 64 bytes.
    Length,
    /// The public key is no point of the curve.
    Key,
    /// The numbers inside the signature are out of range.
    Encoding,
    /// Everything is well formed, and the equation does not hold.
    Equation,
}

impl VerificationStep {
    /// The word for machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Key => "key",
            Self::Encoding => "encoding",
            Self::Equation => "equation",
        }
    }
}

/// What was to be verified.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// The id under which the key was found.
    pub key_id: &'a KeyId,
    /// The key.
    pub key: &'a PublicKey,
    /// The message as the verifier rebuilt it: the base of a hop signature, or tag, key id and record.
    pub message: &'a [u8],
    /// The signature's bytes as they came, of whatever length.
    pub signature: &'a [u8],
    /// The message as the sender says that he signed it, where he says so: then the first difference can be named.
    pub claimed: Option<&'a [u8]>,
    /// Other keys that the sender may have taken, such as the rest of his party's.
    pub other_keys: &'a [(&'a KeyId, &'a PublicKey)],
}

/// Why a signature does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureExplanation {
    /// The key.
    pub key_id: KeyId,
    /// Where verification ended.
    pub step: VerificationStep,
    /// The length of the message that the verifier rebuilt, in bytes.
    pub byte_count: usize,
    /// The digest of that message by the key's suite, to compare with the sender's own.
    pub digest_of_base: Digest,
    /// The place of the first byte in which the claimed message differs, from 0.
    pub first_difference: Option<usize>,
    /// What the sender probably did, when one of the usual mistakes fits.
    pub likely_cause: Option<LikelyCause>,
}

impl SignatureExplanation {
    /// The explanation in one language, without anything of the message's content but its length and digest.
    pub fn message(&self, language: Language) -> String {
        let Self { key_id, step, byte_count, digest_of_base, first_difference, likely_cause } = self;
        let step = step.as_str();
        let mut text = match language {
            Language::Chinese => format!(
                "密钥 {key_id} 的签名未通过（步骤：{step}）。验签方的待签字节共 {byte_count} 字节，摘要 {digest_of_base}。"
            ),
            Language::English => format!(
                "The signature of key {key_id} failed at step {step}. The verifier's message has {byte_count} bytes and the \
                 digest {digest_of_base}."
            ),
        };
        if let Some(place) = first_difference {
            text.push_str(&match language {
                Language::Chinese => format!("双方字节自第 {place} 字节起不同（从 0 计）。"),
                Language::English => format!(" The two messages differ from byte {place} on, counted from 0."),
            });
        }
        let (lead, cause) = match (language, likely_cause) {
            (Language::Chinese, Some(cause)) => ("最可能的原因：", cause.zh()),
            (Language::Chinese, None) => ("", "常见错误均不符，请逐字节比对待签字节，并确认使用的是该密钥。"),
            (Language::English, Some(cause)) => (" Likely cause: ", cause.en()),
            (Language::English, None) => (
                " ",
                "None of the usual mistakes fits: compare the messages byte by byte, and check that this is the key.",
            ),
        };
        text.push_str(lead);
        text.push_str(cause);
        text
    }
}

/// Explains a signature that does not verify; `None` when it does.
///
/// `otherwise` holds verifiers that make a mistake on purpose, such as one for SM2 without a user id, each with the cause that
/// it stands for.
pub fn explain(
    failed: &Failed<'_>,
    verifier: &dyn Verifier,
    otherwise: &[(LikelyCause, &dyn Verifier)],
) -> Option<SignatureExplanation> {
    let step = match <[u8; 64]>::try_from(failed.signature) {
        Err(_) => VerificationStep::Length,
        Ok(bytes) => match verifier.verify(failed.key, failed.message, &SignatureValue::from_bytes(bytes)) {
            Ok(()) => return None,
            Err(VerifyError::KeyNotOnCurve) => VerificationStep::Key,
            Err(VerifyError::MalformedSignature) => VerificationStep::Encoding,
            Err(VerifyError::Mismatch) => VerificationStep::Equation,
        },
    };
    Some(SignatureExplanation {
        key_id: failed.key_id.clone(),
        step,
        byte_count: failed.message.len(),
        digest_of_base: Digest::of(failed.key.suite(), failed.message),
        first_difference: failed.claimed.and_then(|claimed| first_difference(failed.message, claimed)),
        likely_cause: candidate::find(failed, verifier, otherwise),
    })
}

/// The mistake that shows in the bytes of a signature alone, before any key is known: its encoding.
pub fn encoding_mistake(signature: &[u8]) -> Option<LikelyCause> {
    if signature.len() == 64 { None } else { candidate::encodings(signature).first().map(|(cause, _)| *cause) }
}

fn first_difference(ours: &[u8], theirs: &[u8]) -> Option<usize> {
    let differs = ours.iter().zip(theirs).position(|(a, b)| a != b);
    differs.or_else(|| (ours.len() != theirs.len()).then(|| ours.len().min(theirs.len())))
}

/// The suite whose hash somebody may have confused with the key's.
const fn other(suite: Suite) -> Suite {
    match suite {
        Suite::International => Suite::ShangMi,
        Suite::ShangMi => Suite::International,
    }
}
