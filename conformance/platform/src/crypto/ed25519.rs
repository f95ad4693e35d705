//! Ed25519 (RFC 8032), checked strictly: small-order keys and non-canonical encodings are refused.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use tongqiao_protocol::VerifyError;

pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8; 64]) -> Result<(), VerifyError> {
    let key: &[u8; 32] = key.try_into().map_err(|_| VerifyError::KeyNotOnCurve)?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| VerifyError::KeyNotOnCurve)?;
    key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| VerifyError::Mismatch)
}

/// Small-order points are none: under them a signature verifies that nobody made.
pub(super) fn is_point(key: &[u8]) -> bool {
    let key = <&[u8; 32]>::try_from(key).ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    key.is_some_and(|key| !key.is_weak())
}

pub(super) fn public_key(secret: &[u8; 32]) -> Vec<u8> {
    SigningKey::from_bytes(secret).verifying_key().to_bytes().to_vec()
}

pub(super) fn sign(secret: &[u8; 32], message: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(secret).sign(message).to_bytes()
}
