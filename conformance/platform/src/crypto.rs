//! Signing, verifying and hashing of both suites.
//!
//! Written for the platform alone, apart from the client's signer: examiner and student share no cryptographic code.

mod ed25519;
mod merkle;
mod platform_key;
mod shang_mi;

pub(crate) use merkle::MerkleTree;
pub(crate) use platform_key::PlatformKey;

use sha2::Digest as _;
use tongqiao_protocol::{PublicKey, SignatureValue, Suite, Verifier, VerifyError};

/// The suite's hash of the concatenation of `parts`.
pub(crate) fn hash(suite: Suite, parts: &[&[u8]]) -> [u8; 32] {
    match suite {
        Suite::International => {
            let mut hash = sha2::Sha256::new();
            parts.iter().for_each(|part| hash.update(part));
            hash.finalize().into()
        }
        Suite::ShangMi => {
            let mut hash = sm3::Sm3::new();
            parts.iter().for_each(|part| hash.update(part));
            hash.finalize().into()
        }
    }
}

/// Checks `signature` over `message`; the suite comes from the key record, never from the message.
pub(crate) fn verify(key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
    match key.suite() {
        Suite::International => ed25519::verify(key.as_bytes(), message, signature.as_bytes()),
        Suite::ShangMi => shang_mi::verify(key.as_bytes(), message, signature.as_bytes()),
    }
}

/// The platform's arithmetic as the explanation of failed signatures asks for it.
pub(crate) struct OwnVerifier;

impl Verifier for OwnVerifier {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
        verify(key, message, signature)
    }
}

/// Accepts SM2 signatures made without a user id, or with one that is seen in the field instead of the standard's.
pub(crate) struct OtherUserIds<'a>(pub(crate) &'a [&'a str]);

impl Verifier for OtherUserIds<'_> {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
        match key.suite() {
            Suite::International => Err(VerifyError::Mismatch),
            Suite::ShangMi => shang_mi::verify_otherwise(key.as_bytes(), message, signature.as_bytes(), self.0),
        }
    }
}

/// Whether a key's bytes are a point that signatures can be checked against.
pub(crate) fn is_point(key: &PublicKey) -> bool {
    match key.suite() {
        Suite::International => ed25519::is_point(key.as_bytes()),
        Suite::ShangMi => shang_mi::is_point(key.as_bytes()),
    }
}

/// Fills `bytes` from the operating system.
///
/// # Errors
/// When the system has no randomness to give; nothing may be signed or named then.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn each_suite_verifies_its_own_signature_and_nothing_else() {
        for suite in [Suite::International, Suite::ShangMi] {
            let key = PlatformKey::generate(suite).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert_eq!(verify(key.public_key(), b"message", &signature), Ok(()));
            assert_eq!(verify(key.public_key(), b"massage", &signature), Err(VerifyError::Mismatch));
            let zeros = SignatureValue::from_bytes([0; 64]);
            assert!(verify(key.public_key(), b"message", &zeros).is_err());
        }
    }

    #[test]
    fn a_key_survives_being_stored() {
        for suite in [Suite::International, Suite::ShangMi] {
            let key = PlatformKey::generate(suite).unwrap();
            let again = PlatformKey::from_secret(suite, key.secret()).unwrap();
            assert_eq!(key.public_key(), again.public_key());
            assert_eq!(key.key_id(), again.key_id());
        }
    }

    #[test]
    fn the_hashes_are_the_published_ones() {
        // FIPS 180-4 and GB/T 32905-2016 appendix A, both of "abc".
        assert_eq!(hash(Suite::International, &[b"a", b"bc"])[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(hash(Suite::ShangMi, &[b"ab", b"c"])[..4], [0x66, 0xc7, 0xf0, 0xf4]);
    }
}
