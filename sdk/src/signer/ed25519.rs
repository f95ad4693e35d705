//! Ed25519 (RFC 8032), checked strictly: small-order keys and non-canonical encodings are refused.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, KeypairBytes,
};
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
        // Without the public half (version 1 of PKCS#8): OpenSSL 3.0 does not read version 2.
        let private = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        Some(Secret::new(private.to_pkcs8_pem(LineEnding::LF).ok()?.as_bytes()))
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        self.0.verifying_key().to_bytes().to_vec()
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// The order of the group, little-endian: a signature's second half must be smaller (RFC 8032 §5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8; 64]) -> Result<(), VerifyError> {
    let key = read(key).ok_or(VerifyError::KeyNotOnCurve)?;
    if !signature[32..].iter().rev().lt(ORDER.iter().rev()) {
        return Err(VerifyError::MalformedSignature);
    }
    key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| VerifyError::Mismatch)
}

fn read(key: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(key.try_into().ok()?).ok()
}

pub(super) fn public_key_from_pem(pem: &str) -> Option<Vec<u8>> {
    Some(VerifyingKey::from_public_key_pem(pem).ok()?.to_bytes().to_vec())
}

pub(super) fn public_key_to_pem(key: &[u8]) -> Option<String> {
    read(key)?.to_public_key_pem(LineEnding::LF).ok()
}
