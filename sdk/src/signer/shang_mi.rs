//! SM2 with SM3 (GB/T 32918.2-2016), user id `1234567812345678` (GB/T 35276-2017 §10), 64 bytes r‖s.

use std::convert::Infallible;

use sm2::dsa::signature::hazmat::PrehashVerifier as _;
use sm2::dsa::signature::{RandomizedSigner as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use sm2::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding,
};
use sm2::{PublicKey as Point, Scalar, SecretKey};
use tongqiao_protocol::{Digest, SignError, Suite, VerifyError};
use zeroize::Zeroize as _;

use crate::Secret;

const USER_ID: &str = "1234567812345678";

/// A private key; wiped when dropped.
pub(super) struct Key {
    secret: SecretKey,
    // On the heap, so that moving the key leaves no copy behind; `SigningKey` does not wipe itself, see `drop`.
    signing: Box<SigningKey>,
}

impl Drop for Key {
    fn drop(&mut self) {
        let mut one = [0; 32];
        one[31] = 1;
        if let Ok(nothing) = SigningKey::from_slice(USER_ID, &one) {
            *self.signing = nothing;
            // Or the compiler would see that nobody reads it any more.
            std::hint::black_box(&self.signing);
        }
    }
}

impl Key {
    /// `None` when the bytes are no scalar between 1 and the group's order.
    pub(super) fn from_secret(secret: &[u8]) -> Option<Self> {
        Self::new(SecretKey::from_slice(secret).ok()?)
    }

    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        Self::new(SecretKey::from_pkcs8_pem(pem).ok()?)
    }

    fn new(secret: SecretKey) -> Option<Self> {
        // n − 1 is a scalar of the group and no key: signing divides by 1 + d.
        if bool::from((*secret.to_nonzero_scalar().as_ref() + Scalar::ONE).is_zero()) {
            return None;
        }
        let signing = Box::new(SigningKey::new(USER_ID, &secret).ok()?);
        Some(Self { secret, signing })
    }

    pub(super) fn to_pem(&self) -> Option<Secret> {
        Some(Secret::new(self.secret.to_pkcs8_pem(LineEnding::LF).ok()?.as_bytes()))
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        self.signing.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    /// Signs with `random` mixed into the nonce (hedged), so that neither a bad generator nor a fault is fatal.
    pub(super) fn sign(&self, message: &[u8], random: &[u8; 32]) -> Result<[u8; 64], SignError> {
        let mut given = Given { seed: *random, block: 0 };
        let signature: Signature =
            self.signing.try_sign_with_rng(&mut given, message).map_err(|error| SignError(error.to_string()))?;
        Ok(signature.to_bytes().into())
    }
}

pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8; 64]) -> Result<(), VerifyError> {
    let key = VerifyingKey::from_sec1_bytes(USER_ID, key).map_err(|_| VerifyError::KeyNotOnCurve)?;
    let signature = Signature::from_slice(signature).map_err(|_| VerifyError::MalformedSignature)?;
    key.verify(message, &signature).map_err(|_| VerifyError::Mismatch)
}

/// Checks with each of `user_ids`, and without the prefix that a user id makes.
pub(super) fn verify_otherwise(
    key: &[u8],
    message: &[u8],
    signature: &[u8; 64],
    user_ids: &[&str],
) -> Result<(), VerifyError> {
    let signature = Signature::from_slice(signature).map_err(|_| VerifyError::MalformedSignature)?;
    for user_id in user_ids {
        let key = VerifyingKey::from_sec1_bytes(user_id, key).map_err(|_| VerifyError::KeyNotOnCurve)?;
        if key.verify(message, &signature).is_ok() {
            return Ok(());
        }
    }
    let key = VerifyingKey::from_sec1_bytes(USER_ID, key).map_err(|_| VerifyError::KeyNotOnCurve)?;
    let bare = Digest::of(Suite::ShangMi, message);
    key.verify_prehash(bare.as_bytes(), &signature).map_err(|_| VerifyError::Mismatch)
}

pub(super) fn public_key_from_pem(pem: &str) -> Option<Vec<u8>> {
    Some(Point::from_public_key_pem(pem).ok()?.to_sec1_point(false).as_bytes().to_vec())
}

pub(super) fn public_key_to_pem(key: &[u8]) -> Option<String> {
    Point::from_sec1_bytes(key).ok()?.to_public_key_pem(LineEnding::LF).ok()
}

/// The 32 bytes that were given, drawn out by SM3 as far as they are asked for.
struct Given {
    seed: [u8; 32],
    block: u32,
}

impl Drop for Given {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(32) {
            let block = Digest::of_parts(Suite::ShangMi, &[&self.seed, &self.block.to_be_bytes()]);
            self.block = self.block.wrapping_add(1);
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}
