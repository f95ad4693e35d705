//! SM2 with SM3 (GB/T 32918.2, GB/T 32905), user id `1234567812345678` (GB/T 35276).
//!
//! What others got wrong before, and is fixed here: the signature is r‖s with each half padded to 32 bytes and not DER; the
//! message is signed and not its digest; the user id is stated; the public key is uncompressed.

use std::convert::Infallible;

use sm2::dsa::signature::rand_core::{TryCryptoRng, TryRng};
use sm2::dsa::signature::{RandomizedSigner as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use sm2::pkcs8::spki::DecodePublicKey as _;
use sm2::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use sm2::{PublicKey as Point, SecretKey};
use tongqiao_protocol::{Digest, PublicKey, SignError, SignatureValue, Suite, VerifyError};
use zeroize::Zeroizing;

use super::InvalidKey;

/// The user id that GB/T 35276 gives where none was agreed.
const USER_ID: &str = "1234567812345678";
/// How often another scalar is tried. One attempt in 2^32 fails.
const ATTEMPTS_MAX: u8 = 8;

pub(super) struct Key {
    // `SigningKey` does not wipe itself: see `drop`.
    signing: Box<SigningKey>,
    public: PublicKey,
}

impl Key {
    pub(super) fn from_random(random: &[u8; 32]) -> Result<Self, InvalidKey> {
        let mut candidate = Zeroizing::new(*random);
        for attempt in 0..ATTEMPTS_MAX {
            if let Ok(key) =
                SecretKey::from_slice(candidate.as_slice()).map_err(|_| InvalidKey::Bytes).and_then(Self::new)
            {
                return Ok(key);
            }
            *candidate = *Digest::of_parts(Suite::ShangMi, &[random, &[attempt]]).as_bytes();
        }
        Err(InvalidKey::Bytes)
    }

    fn new(secret: SecretKey) -> Result<Self, InvalidKey> {
        // n − 1 is a scalar of the group and no key: signing divides by 1 + d.
        let plus_one = *secret.to_nonzero_scalar().as_ref() + sm2::Scalar::ONE;
        if bool::from(sm2::elliptic_curve::Field::is_zero(&plus_one)) {
            return Err(InvalidKey::Bytes);
        }
        let signing = SigningKey::new(USER_ID, &secret).map_err(|_| InvalidKey::Bytes)?;
        let public = wrap(&signing.verifying_key().to_sec1_point(false))?;
        Ok(Self { signing: Box::new(signing), public })
    }

    pub(super) fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        SecretKey::from_pkcs8_pem(pem).map_err(|_| InvalidKey::Pem).and_then(Self::new)
    }

    pub(super) fn to_pem(&self) -> Result<Zeroizing<String>, InvalidKey> {
        let secret = SecretKey::from(self.signing.as_nonzero_scalar());
        secret.to_pkcs8_pem(LineEnding::LF).map_err(|_| InvalidKey::Bytes)
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    /// Hedged: the nonce depends on key, message and `random`, so that neither a bad generator nor a repeated fault alone
    /// gives the key away.
    pub(super) fn sign(&self, message: &[u8], random: &[u8; 32]) -> Result<SignatureValue, SignError> {
        let mut given = Given { random: Zeroizing::new(*random) };
        for _ in 0..ATTEMPTS_MAX {
            if let Ok(signature) = self.signing.try_sign_with_rng(&mut given, message) {
                return Ok(SignatureValue::from_bytes(signature.to_bytes().into()));
            }
        }
        Err(SignError("no nonce was found".to_owned()))
    }
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

/// A generator that gives the caller's random bytes, and after them their digest, and so on.
struct Given {
    random: Zeroizing<[u8; 32]>,
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for chunk in target.chunks_mut(32) {
            chunk.copy_from_slice(&self.random[..chunk.len()]);
            *self.random = *Digest::of(Suite::ShangMi, self.random.as_slice()).as_bytes();
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}

pub(super) fn verify(key: &[u8], message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
    let key = VerifyingKey::from_sec1_bytes(USER_ID, key).map_err(|_| VerifyError::KeyNotOnCurve)?;
    let signature = Signature::from_slice(signature.as_bytes()).map_err(|_| VerifyError::MalformedSignature)?;
    key.verify(message, &signature).map_err(|_| VerifyError::Mismatch)
}

fn wrap(point: &sm2::Sec1Point) -> Result<PublicKey, InvalidKey> {
    PublicKey::new(Suite::ShangMi, point.as_bytes().to_vec()).map_err(|_| InvalidKey::Bytes)
}

pub(super) fn public_key_from_pem(pem: &str) -> Result<PublicKey, InvalidKey> {
    let point = Point::from_public_key_pem(pem).map_err(|_| InvalidKey::Pem)?;
    wrap(&point.to_sec1_point(false))
}

pub(super) fn public_key_to_pem(key: &[u8]) -> Result<String, InvalidKey> {
    let point = Point::from_sec1_bytes(key).map_err(|_| InvalidKey::Bytes)?;
    point.to_public_key_pem(LineEnding::LF).map_err(|_| InvalidKey::Bytes)
}
