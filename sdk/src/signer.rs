//! Keys in software: signing and checking in both suites.
//!
//! A signing key may as well live in a password machine 密码机 or a token; then that device implements
//! [`Signer`] and nothing here is used but [`SoftwareVerifier`].
//!
//! ```
//! use tongqiao::signer::{SoftwareSigner, SoftwareVerifier};
//! use tongqiao_protocol::{Signer as _, Suite, Verifier as _};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Real callers pass fresh random bytes, both times.
//! let signer = SoftwareSigner::generate("civil-affairs/2026".parse()?, Suite::ShangMi, &[7; 32])?;
//! let signature = signer.sign("铜陵".as_bytes(), &[9; 32])?;
//! SoftwareVerifier.verify(&signer.public_key(), "铜陵".as_bytes(), &signature)?;
//! # Ok(()) }
//! ```

mod ed25519;
mod shang_mi;

use tongqiao_protocol::{KeyId, PublicKey, SignError, SignatureValue, Signer, Suite, Verifier, VerifyError};
use zeroize::Zeroizing;

/// The bytes are no key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// The PEM is neither an Ed25519 nor an SM2 key, or is damaged.
    #[error("the PEM holds no unencrypted PKCS#8 (or SPKI) key of Ed25519 or SM2")]
    Pem,
    /// The bytes lead to no key of the suite's group.
    #[error("the bytes lead to no key of the suite")]
    Bytes,
}

/// A signing key in the memory of this process.
///
/// The key is wiped when the signer is dropped. Intermediate values of the arithmetic are not; whoever may read this
/// process's memory can sign anyway, and belongs behind a password machine.
pub struct SoftwareSigner {
    id: KeyId,
    key: Key,
}

enum Key {
    International(Box<ed25519::Key>),
    ShangMi(shang_mi::Key),
}

impl SoftwareSigner {
    /// Makes a key from 32 fresh random bytes.
    ///
    /// # Errors
    /// [`InvalidKey::Bytes`] cannot happen with random bytes in the lifetime of the sun.
    pub fn generate(id: KeyId, suite: Suite, random: &[u8; 32]) -> Result<Self, InvalidKey> {
        let key = match suite {
            Suite::International => Key::International(Box::new(ed25519::Key::from_seed(random))),
            Suite::ShangMi => Key::ShangMi(shang_mi::Key::from_random(random)?),
        };
        Ok(Self { id, key })
    }

    /// Reads a key from unencrypted PKCS#8 in PEM (`BEGIN PRIVATE KEY`); the algorithm stands in it.
    ///
    /// # Errors
    /// [`InvalidKey::Pem`].
    pub fn from_pem(id: KeyId, pem: &str) -> Result<Self, InvalidKey> {
        let key = match ed25519::Key::from_pem(pem) {
            Ok(key) => Key::International(Box::new(key)),
            Err(_) => Key::ShangMi(shang_mi::Key::from_pem(pem)?),
        };
        Ok(Self { id, key })
    }

    /// The key as PKCS#8 in PEM, wiped when dropped.
    ///
    /// # Errors
    /// [`InvalidKey::Bytes`] when the key cannot be written down.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, InvalidKey> {
        match &self.key {
            Key::International(key) => key.to_pem(),
            Key::ShangMi(key) => key.to_pem(),
        }
    }

    /// The public half, for enrolment.
    pub fn public_key(&self) -> PublicKey {
        match &self.key {
            Key::International(key) => key.public_key(),
            Key::ShangMi(key) => key.public_key(),
        }
    }
}

impl std::fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareSigner").field("id", &self.id).field("suite", &self.suite()).finish_non_exhaustive()
    }
}

impl Signer for SoftwareSigner {
    fn key_id(&self) -> &KeyId {
        &self.id
    }

    fn suite(&self) -> Suite {
        match &self.key {
            Key::International(_) => Suite::International,
            Key::ShangMi(_) => Suite::ShangMi,
        }
    }

    /// Signs, and checks the signature before giving it out: a fault in the machine must not leak the key.
    fn sign(&self, message: &[u8], random: &[u8; 32]) -> Result<SignatureValue, SignError> {
        let signature = match &self.key {
            Key::International(key) => key.sign(message),
            Key::ShangMi(key) => key.sign(message, random)?,
        };
        SoftwareVerifier
            .verify(&self.public_key(), message, &signature)
            .map_err(|error| SignError(format!("a fresh signature does not verify: {error}")))?;
        Ok(signature)
    }
}

/// Checks signatures of both suites.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftwareVerifier;

impl Verifier for SoftwareVerifier {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
        match key.suite() {
            Suite::International => ed25519::verify(key.as_bytes(), message, signature),
            Suite::ShangMi => shang_mi::verify(key.as_bytes(), message, signature),
        }
    }
}

/// Reads a public key from SPKI in PEM (`BEGIN PUBLIC KEY`), as `openssl pkey -pubout` writes it.
///
/// # Errors
/// [`InvalidKey::Pem`].
pub fn public_key_from_pem(pem: &str) -> Result<PublicKey, InvalidKey> {
    ed25519::public_key_from_pem(pem).or_else(|_| shang_mi::public_key_from_pem(pem))
}

/// A public key as SPKI in PEM, for `openssl` and others.
///
/// # Errors
/// [`InvalidKey::Bytes`] when the bytes are no point of the suite's curve.
pub fn public_key_to_pem(key: &PublicKey) -> Result<String, InvalidKey> {
    match key.suite() {
        Suite::International => ed25519::public_key_to_pem(key.as_bytes()),
        Suite::ShangMi => shang_mi::public_key_to_pem(key.as_bytes()),
    }
}
