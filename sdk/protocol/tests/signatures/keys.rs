//! The two keys of the vectors, TEST ONLY, with signing and checking by the crates themselves.

use std::convert::Infallible;

use ed25519_dalek::Signer as _;
use sm2::dsa::signature::rand_core::{TryCryptoRng, TryRng};
use sm2::dsa::signature::{RandomizedSigner as _, Verifier as _};
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use tongqiao_protocol::{KeyId, PublicKey, SignError, SignatureValue, Signer, Suite, Verifier, VerifyError};

/// GB/T 35276's user id.
pub(crate) const USER_ID: &str = "1234567812345678";
pub(crate) const SUITES: [Suite; 2] = [Suite::International, Suite::ShangMi];

/// A key whose private bytes are published: never enrol it anywhere.
pub(crate) struct TestKey {
    id: KeyId,
    suite: Suite,
    pub(crate) private: [u8; 32],
}

impl TestKey {
    pub(crate) fn of(suite: Suite) -> Self {
        Self::named(&format!("test-only/{suite}").parse().unwrap(), suite)
    }

    pub(crate) fn named(id: &KeyId, suite: Suite) -> Self {
        let private = *tongqiao_protocol::Digest::of(Suite::International, id.as_str().as_bytes()).as_bytes();
        Self { id: id.clone(), suite, private }
    }

    pub(crate) fn public(&self) -> PublicKey {
        let bytes = match self.suite {
            Suite::International => {
                ed25519_dalek::SigningKey::from_bytes(&self.private).verifying_key().to_bytes().to_vec()
            }
            Suite::ShangMi => self.sm2(USER_ID).verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        };
        PublicKey::new(self.suite, bytes).unwrap()
    }

    /// An SM2 signature under any user id.
    pub(crate) fn sign_as(&self, user_id: &str, message: &[u8], random: &[u8; 32]) -> SignatureValue {
        let signature: sm2::dsa::Signature = self.sm2(user_id).try_sign_with_rng(&mut Given(*random), message).unwrap();
        SignatureValue::from_bytes(signature.to_bytes().into())
    }

    fn sm2(&self, user_id: &str) -> sm2::dsa::SigningKey {
        sm2::dsa::SigningKey::from_slice(user_id, &self.private).unwrap()
    }
}

impl Signer for TestKey {
    fn key_id(&self) -> &KeyId {
        &self.id
    }

    fn suite(&self) -> Suite {
        self.suite
    }

    fn sign(&self, message: &[u8], random: &[u8; 32]) -> Result<SignatureValue, SignError> {
        Ok(match self.suite {
            Suite::International => {
                let key = ed25519_dalek::SigningKey::from_bytes(&self.private);
                SignatureValue::from_bytes(key.sign(message).to_bytes())
            }
            Suite::ShangMi => self.sign_as(USER_ID, message, random),
        })
    }
}

/// Checks under one user id.
pub(crate) struct TestVerifier(pub(crate) &'static str);

impl Verifier for TestVerifier {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
        match key.suite() {
            Suite::International => {
                let bytes: &[u8; 32] = key.as_bytes().try_into().unwrap();
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| VerifyError::KeyNotOnCurve)?;
                let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
                key.verify_strict(message, &signature).map_err(|_| VerifyError::Mismatch)
            }
            Suite::ShangMi => {
                let key = sm2::dsa::VerifyingKey::from_sec1_bytes(self.0, key.as_bytes());
                let signature = sm2::dsa::Signature::from_slice(signature.as_bytes());
                let signature = signature.map_err(|_| VerifyError::MalformedSignature)?;
                key.map_err(|_| VerifyError::KeyNotOnCurve)?
                    .verify(message, &signature)
                    .map_err(|_| VerifyError::Mismatch)
            }
        }
    }
}

/// Gives the same 32 bytes again and again.
struct Given([u8; 32]);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.try_next_u32().map(u64::from)
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        target.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

impl TryCryptoRng for Given {}
