//! Signing and checking in software, for both suites.
//!
//! A password machine or a token takes the place of [`SoftwareSigner`] by implementing [`Signer`].

mod ed25519;
mod shang_mi;

use std::fmt;

use tongqiao_protocol::{KeyId, PublicKey, SignError, SignatureValue, Signer, Suite, Verifier, VerifyError};

use crate::{Error, Secret, entropy};

/// A private key in memory.
///
/// ```
/// use tongqiao::SoftwareSigner;
/// use tongqiao::protocol::{Signer, Suite};
///
/// let signer = SoftwareSigner::generate(Suite::ShangMi, "civil-affairs/2026".parse()?)?;
/// let pem = signer.to_pkcs8_pem()?;
/// let again = SoftwareSigner::from_pkcs8_pem("civil-affairs/2026".parse()?, &pem)?;
/// assert_eq!(again.public_key(), signer.public_key());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SoftwareSigner {
    keyid: KeyId,
    key: PrivateKey,
    public_key: PublicKey,
}

enum PrivateKey {
    International(ed25519::Key),
    ShangMi(shang_mi::Key),
}

impl SoftwareSigner {
    /// Makes a new key.
    ///
    /// # Errors
    /// `client.signing_failed` when the operating system gives no randomness.
    pub fn generate(suite: Suite, keyid: KeyId) -> Result<Self, Error> {
        loop {
            let secret = Secret::new(entropy::bytes::<32>()?);
            let key = match suite {
                Suite::International => ed25519::Key::from_secret(secret.expose()).map(PrivateKey::International),
                // One value in 2^32 is no scalar of the curve's group; then another is drawn.
                Suite::ShangMi => shang_mi::Key::from_secret(secret.expose()).map(PrivateKey::ShangMi),
            };
            if let Some(key) = key {
                return Self::new(keyid, key);
            }
        }
    }

    /// Reads a private key in PKCS#8 PEM. The suite follows from the key's algorithm.
    ///
    /// # Errors
    /// `client.configuration` when it is neither an Ed25519 nor an SM2 key.
    pub fn from_pkcs8_pem(keyid: KeyId, pem: &Secret) -> Result<Self, Error> {
        let text = pem.expose_text().unwrap_or_default();
        let key = ed25519::Key::from_pem(text)
            .map(PrivateKey::International)
            .or_else(|| shang_mi::Key::from_pem(text).map(PrivateKey::ShangMi))
            .ok_or_else(|| Error::configuration("private key", "neither an Ed25519 nor an SM2 key in PKCS#8 PEM"))?;
        Self::new(keyid, key)
    }

    /// The private key in PKCS#8 PEM, unencrypted: keep it where only the service can read it.
    ///
    /// # Errors
    /// `internal.defect`; does not happen with keys of this type.
    pub fn to_pkcs8_pem(&self) -> Result<Secret, Error> {
        let pem = match &self.key {
            PrivateKey::International(key) => key.to_pem(),
            PrivateKey::ShangMi(key) => key.to_pem(),
        };
        pem.ok_or_else(|| Error::internal("a private key cannot be written"))
    }

    /// The public half.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn new(keyid: KeyId, key: PrivateKey) -> Result<Self, Error> {
        let (suite, bytes) = match &key {
            PrivateKey::International(key) => (Suite::International, key.public_key()),
            PrivateKey::ShangMi(key) => (Suite::ShangMi, key.public_key()),
        };
        let public_key = PublicKey::new(suite, bytes).map_err(Error::internal)?;
        Ok(Self { keyid, key, public_key })
    }
}

impl Signer for SoftwareSigner {
    fn key_id(&self) -> &KeyId {
        &self.keyid
    }

    fn suite(&self) -> Suite {
        self.public_key.suite()
    }

    fn sign(&self, message: &[u8], random: &[u8; 32]) -> Result<SignatureValue, SignError> {
        let bytes = match &self.key {
            PrivateKey::International(key) => key.sign(message),
            PrivateKey::ShangMi(key) => key.sign(message, random)?,
        };
        let signature = SignatureValue::from_bytes(bytes);
        // A fault in the machine while signing can give the key away; such a signature never leaves.
        SoftwareVerifier
            .verify(&self.public_key, message, &signature)
            .map_err(|error| SignError(format!("a fresh signature does not verify: {error}")))?;
        Ok(signature)
    }
}

impl fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareSigner").field("keyid", &self.keyid.as_str()).finish_non_exhaustive()
    }
}

/// Checks signatures of both suites in software.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftwareVerifier;

impl Verifier for SoftwareVerifier {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
        match key.suite() {
            Suite::International => ed25519::verify(key.as_bytes(), message, signature.as_bytes()),
            Suite::ShangMi => shang_mi::verify(key.as_bytes(), message, signature.as_bytes()),
        }
    }
}

/// Accepts SM2 signatures made without a user id, or with one of these: to say what went wrong, never to believe anything.
pub(crate) struct OtherUserIds<'a>(pub(crate) &'a [&'a str]);

impl Verifier for OtherUserIds<'_> {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureValue) -> Result<(), VerifyError> {
        match key.suite() {
            Suite::International => Err(VerifyError::Mismatch),
            Suite::ShangMi => shang_mi::verify_otherwise(key.as_bytes(), message, signature.as_bytes(), self.0),
        }
    }
}

/// Reads a public key in SPKI PEM (`BEGIN PUBLIC KEY`), as `openssl pkey -pubout` writes it.
///
/// # Errors
/// `client.configuration` when it is neither an Ed25519 nor an SM2 key.
pub fn public_key_from_pem(pem: &str) -> Result<PublicKey, Error> {
    let (suite, bytes) = ed25519::public_key_from_pem(pem)
        .map(|bytes| (Suite::International, bytes))
        .or_else(|| shang_mi::public_key_from_pem(pem).map(|bytes| (Suite::ShangMi, bytes)))
        .ok_or_else(|| Error::configuration("public key", "neither an Ed25519 nor an SM2 key in SPKI PEM"))?;
    PublicKey::new(suite, bytes).map_err(Error::internal)
}

/// A public key in SPKI PEM, for OpenSSL and others.
///
/// # Errors
/// `client.configuration` when the bytes are no point of the suite's curve.
pub fn public_key_to_pem(key: &PublicKey) -> Result<String, Error> {
    let pem = match key.suite() {
        Suite::International => ed25519::public_key_to_pem(key.as_bytes()),
        Suite::ShangMi => shang_mi::public_key_to_pem(key.as_bytes()),
    };
    pem.ok_or_else(|| Error::configuration("public key", "not on the suite's curve"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn what_is_signed_verifies_and_one_changed_byte_does_not() {
        for suite in [Suite::International, Suite::ShangMi] {
            let signer = SoftwareSigner::generate(suite, "test-only".parse().unwrap()).unwrap();
            let signature = signer.sign(b"an application", &[7; 32]).unwrap();
            assert!(SoftwareVerifier.verify(signer.public_key(), b"an application", &signature).is_ok());
            let changed = SoftwareVerifier.verify(signer.public_key(), b"An application", &signature);
            assert_eq!(changed, Err(VerifyError::Mismatch));
        }
    }

    #[test]
    fn a_key_survives_being_written_and_read() {
        for suite in [Suite::International, Suite::ShangMi] {
            let signer = SoftwareSigner::generate(suite, "test-only".parse().unwrap()).unwrap();
            let pem = signer.to_pkcs8_pem().unwrap();
            let again = SoftwareSigner::from_pkcs8_pem("test-only".parse().unwrap(), &pem).unwrap();
            assert_eq!(again.public_key(), signer.public_key());
            assert_eq!(format!("{again:?}"), "SoftwareSigner { keyid: \"test-only\", .. }");
        }
    }
}
