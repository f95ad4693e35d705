//! Ed25519 (RFC 8032).

use ed25519_dalek::pkcs8::spki::DecodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, KeypairBytes};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use tongqiao_protocol::{PublicKey, SignatureValue, Suite, VerifyError};
use zeroize::Zeroizing;

use super::InvalidKey;

/// The key; `SigningKey` wipes itself when dropped.
pub(super) struct Key {
    signing: SigningKey,
    public: PublicKey,
}

impl Key {
    pub(super) fn from_seed(seed: &[u8; 32]) -> Self {
        Self::new(SigningKey::from_bytes(seed))
    }

    fn new(signing: SigningKey) -> Self {
        let public = wrap(&signing.verifying_key());
        Self { signing, public }
    }

    pub(super) fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        SigningKey::from_pkcs8_pem(pem).map(Self::new).map_err(|_| InvalidKey::Pem)
    }

    pub(super) fn to_pem(&self) -> Result<Zeroizing<String>, InvalidKey> {
        // Without the public half (version 1 of PKCS#8): OpenSSL 3.0 does not read version 2.
        let private = KeypairBytes { secret_key: self.signing.to_bytes(), public_key: None };
        private.to_pkcs8_pem(LineEnding::LF).map_err(|_| InvalidKey::Bytes)
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    pub(super) fn sign(&self, message: &[u8]) -> SignatureValue {
        SignatureValue::from_bytes(self.signing.sign(message).to_bytes())
    }
}

#[allow(clippy::expect_used, reason = "32 bytes of a verifying key always are a public key")]
fn wrap(key: &VerifyingKey) -> PublicKey {
    PublicKey::new(Suite::International, key.to_bytes().to_vec()).expect("32 bytes")
}

/// The order of the group, little-endian: a signature's second half must be smaller (RFC 8032 §5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub(super) fn verify(key: &[u8], message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
    let key = read(key).ok_or(VerifyError::KeyNotOnCurve)?;
    let second_half = &signature.as_bytes()[32..];
    if !second_half.iter().rev().lt(ORDER.iter().rev()) {
        return Err(VerifyError::MalformedSignature);
    }
    // Strict: keys and commitments of small order fit many messages.
    key.verify_strict(message, &Signature::from_bytes(signature.as_bytes())).map_err(|_| VerifyError::Mismatch)
}

fn read(bytes: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()
}

pub(super) fn public_key_from_pem(pem: &str) -> Result<PublicKey, InvalidKey> {
    VerifyingKey::from_public_key_pem(pem).map(|key| wrap(&key)).map_err(|_| InvalidKey::Pem)
}

pub(super) fn public_key_to_pem(key: &[u8]) -> Result<String, InvalidKey> {
    let key = read(key).ok_or(InvalidKey::Bytes)?;
    key.to_public_key_pem(LineEnding::LF).map_err(|_| InvalidKey::Bytes)
}
