//! Ed25519 (RFC 8032), checked strictly: small-order keys and non-canonical encodings are refused.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use tongqiao_protocol::VerifyError;

use crate::Secret;

/// A private key; wiped when dropped.
pub(super) struct Key(SigningKey);

impl Key {
    pub(super) fn from_secret(secret: &[u8]) -> Option<Self> {
        Some(Self(SigningKey::from_bytes(secret.try_into().ok()?)))
    }

    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        SigningKey::from_pkcs8_pem(pem).ok().map(Self)
    }

    pub(super) fn to_pem(&self) -> Option<Secret> {
        Some(Secret::new(self.0.to_pkcs8_pem(LineEnding::LF).ok()?.as_bytes()))
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        self.0.verifying_key().to_bytes().to_vec()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8; 64]) -> Result<(), VerifyError> {
    let key: &[u8; 32] = key.try_into().map_err(|_| VerifyError::KeyNotOnCurve)?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| VerifyError::KeyNotOnCurve)?;
    key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| VerifyError::Mismatch)
}
