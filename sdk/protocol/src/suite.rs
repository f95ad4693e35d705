//! The two cryptographic suites, and the seams behind which signing happens.
//!
//! A suite is bound to a *key record*; it is never read from a message. Signing is a trait so that a password machine or a
//! token can do it; this crate holds no private key and no signing code.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::KeyId;

/// A cryptographic suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Suite {
    /// Ed25519 signatures (RFC 8032) with SHA-256 digests.
    #[serde(rename = "international")]
    International,
    /// SM2 signatures (GB/T 32918.2) with SM3 digests (GB/T 32905); user id `1234567812345678`.
    #[serde(rename = "sm")]
    ShangMi,
}

impl Suite {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::International => "international",
            Self::ShangMi => "sm",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A signature of 64 bytes: Ed25519's own form, or SM2's r‖s with each half padded with zeros to 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignatureValue([u8; 64]);

impl SignatureValue {
    /// Wraps the 64 bytes that a signing device gave.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for SignatureValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl Serialize for SignatureValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SignatureValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        let bytes: [u8; 64] = bytes.try_into().map_err(|_| serde::de::Error::custom("a signature is 64 bytes"))?;
        Ok(Self(bytes))
    }
}

/// A public key with its suite: 32 bytes for Ed25519, 65 bytes (uncompressed, beginning with 04) for SM2.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    suite: Suite,
    bytes: Vec<u8>,
}

/// The bytes are not a public key of that suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is 32 bytes (Ed25519) or 65 bytes beginning with 04 (SM2)")]
pub struct InvalidPublicKey;

impl PublicKey {
    /// Checks length and form; whether the point is on the curve is for the verifier to say.
    ///
    /// # Errors
    /// [`InvalidPublicKey`] when the length or the leading byte does not fit the suite.
    pub fn new(suite: Suite, bytes: Vec<u8>) -> Result<Self, InvalidPublicKey> {
        let fits = match suite {
            Suite::International => bytes.len() == 32,
            Suite::ShangMi => bytes.len() == 65 && bytes.first() == Some(&4),
        };
        if fits { Ok(Self { suite, bytes }) } else { Err(InvalidPublicKey) }
    }

    /// The suite this key belongs to.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Signing failed: the device is gone, locked or refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing device failed: {0}")]
pub struct SignError(pub String);

/// The signature does not fit the message and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key's bytes are no point of the suite's curve.
    #[error("the public key is not on the curve")]
    KeyNotOnCurve,
    /// r or s is zero or not below the group order (SM2), or the encoding is not canonical (Ed25519).
    #[error("the signature is malformed")]
    MalformedSignature,
    /// Everything is well formed and the equation does not hold.
    #[error("the signature does not verify")]
    Mismatch,
}

/// Something that holds a private key: software, a password machine 密码机 or a token.
pub trait Signer: Send + Sync {
    /// The id under which the public key stands in the platform's key directory.
    fn key_id(&self) -> &KeyId;
    /// The suite of the key.
    fn suite(&self) -> Suite;
    /// Signs `message` (not a digest of it). `random` hedges suites that need randomness; others ignore it.
    ///
    /// # Errors
    /// [`SignError`] when the device cannot sign now.
    fn sign(&self, message: &[u8], random: &[u8; 32]) -> Result<SignatureValue, SignError>;
}

/// Something that checks signatures of both suites.
pub trait Verifier: Send + Sync {
    /// Checks `signature` over `message` under `key`.
    ///
    /// # Errors
    /// [`VerifyError`] says which step failed.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError>;
}
