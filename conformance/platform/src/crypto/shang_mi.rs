//! SM2 signatures over SM3 (GB/T 32918.2-2016), user id `1234567812345678` (GB/T 35276-2017 §10), 64 bytes r‖s.

use getrandom::SysRng;
use sm2::dsa::signature::hazmat::PrehashVerifier as _;
use sm2::dsa::signature::{RandomizedSigner as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use tongqiao_protocol::{Suite, VerifyError};

const USER_ID: &str = "1234567812345678";

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
    let bare = super::hash(Suite::ShangMi, &[message]);
    key.verify_prehash(&bare, &signature).map_err(|_| VerifyError::Mismatch)
}

pub(super) fn is_point(key: &[u8]) -> bool {
    VerifyingKey::from_sec1_bytes(USER_ID, key).is_ok()
}

/// `None` when the bytes are no scalar between 1 and the group order.
pub(super) fn public_key(secret: &[u8; 32]) -> Option<Vec<u8>> {
    let key = SigningKey::from_slice(USER_ID, secret).ok()?;
    Some(key.verifying_key().to_sec1_bytes().into_vec())
}

/// Signs with fresh randomness mixed into the nonce (hedged), so that neither a bad generator nor a fault is fatal.
pub(super) fn sign(secret: &[u8; 32], message: &[u8]) -> Option<[u8; 64]> {
    let key = SigningKey::from_slice(USER_ID, secret).ok()?;
    let signature: Signature = key.try_sign_with_rng(&mut SysRng, message).ok()?;
    Some(signature.to_bytes().into())
}
