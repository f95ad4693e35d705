//! The chain's head: a place in it, signed by the node's link key.

use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tongqiao::{Credentials, SoftwareSigner, SoftwareVerifier};
use tongqiao_protocol::{KeyId, SignatureValue, Signer as _, Verifier as _};

use super::Mark;

/// The head as it stands in its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) mark: Mark,
    /// Where the marked line ends in the file.
    pub(super) end: u64,
    keyid: KeyId,
    signature: SignatureValue,
}

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Signed by the node's present key.
    Signed,
    /// By a key that the node has no more, or none is here: it cannot be told.
    OtherKey,
    /// Not what the key that it names has signed.
    Forged,
}

fn message(mark: &Mark, end: u64) -> Vec<u8> {
    format!("tongqiao-audit-head-v1\n{mark}\n{end}").into_bytes()
}

impl Head {
    pub(super) fn sign(mark: Mark, end: u64, key: &SoftwareSigner) -> std::io::Result<Self> {
        // A link key is Ed25519, which needs no chance.
        let signature = key.sign(&message(&mark, end), &[0; 32]).map_err(std::io::Error::other)?;
        Ok(Self { mark, end, keyid: key.key_id().clone(), signature })
    }

    /// `None` when there is no file; what cannot be read is an error of its own kind.
    pub(super) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn standing(&self, credentials: Option<&Credentials>) -> Standing {
        let Some(key) = credentials.and_then(Credentials::link_key).filter(|key| *key.key_id() == self.keyid) else {
            return Standing::OtherKey;
        };
        let verified = SoftwareVerifier.verify(key.public_key(), &message(&self.mark, self.end), &self.signature);
        if verified.is_ok() { Standing::Signed } else { Standing::Forged }
    }
}
