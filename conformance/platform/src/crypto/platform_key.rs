//! A signing key of the platform.
//!
//! A real platform keeps it in a password machine 密码机; the sandbox keeps it in its database, and says so.

use core::fmt::Write as _;

use tongqiao_protocol::{KeyId, PublicKey, SignError, SignatureValue, Suite};

use super::{ed25519, hash, random, shang_mi};

/// A key pair with the id under which it stands in the key directory.
pub(crate) struct PlatformKey {
    id: KeyId,
    public: PublicKey,
    secret: [u8; 32],
}

impl PlatformKey {
    /// A new key from the operating system's randomness.
    pub(crate) fn generate(suite: Suite) -> Result<Self, SignError> {
        // One draw in 2^32 is no SM2 scalar; drawing again is the standard's own remedy.
        for _ in 0..8 {
            let secret = random::<32>().map_err(|error| SignError(error.to_string()))?;
            if let Some(key) = Self::from_secret(suite, secret) {
                return Ok(key);
            }
        }
        Err(SignError("no usable private key in eight draws".to_owned()))
    }

    /// The key that [`Self::secret`] described; `None` when the bytes are none.
    pub(crate) fn from_secret(suite: Suite, secret: [u8; 32]) -> Option<Self> {
        let bytes = match suite {
            Suite::International => ed25519::public_key(&secret),
            Suite::ShangMi => shang_mi::public_key(&secret)?,
        };
        let mut id = format!("platform/{suite}/");
        for byte in &hash(suite, &[&bytes])[..6] {
            write!(id, "{byte:02x}").ok()?;
        }
        Some(Self { id: id.parse().ok()?, public: PublicKey::new(suite, bytes).ok()?, secret })
    }

    pub(crate) const fn key_id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) const fn suite(&self) -> Suite {
        self.public.suite()
    }

    pub(crate) const fn secret(&self) -> [u8; 32] {
        self.secret
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<SignatureValue, SignError> {
        let bytes = match self.suite() {
            Suite::International => ed25519::sign(&self.secret, message),
            Suite::ShangMi => shang_mi::sign(&self.secret, message)
                .ok_or_else(|| SignError("the SM2 signer gave no signature".to_owned()))?,
        };
        Ok(SignatureValue::from_bytes(bytes))
    }
}
