//! Digests of exact bytes, written with the name of their algorithm.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

use crate::Suite;

/// A SHA-256 or SM3 digest; on the wire `sha-256:<64 hex>` or `sm3:<64 hex>`, lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    suite: Suite,
    bytes: [u8; 32],
}

/// The text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is `sha-256:` or `sm3:` followed by 64 lower-case hexadecimal digits")]
pub struct InvalidDigest;

impl Digest {
    /// The digest of `bytes` by the suite's hash.
    pub fn of(suite: Suite, bytes: &[u8]) -> Self {
        Self::of_parts(suite, &[bytes])
    }

    /// The digest of the concatenation of `parts`.
    pub fn of_parts(suite: Suite, parts: &[&[u8]]) -> Self {
        let bytes = match suite {
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
        };
        Self { suite, bytes }
    }

    /// Rebuilds a digest that a store kept.
    pub const fn from_bytes(suite: Suite, bytes: [u8; 32]) -> Self {
        Self { suite, bytes }
    }

    /// Whose hash made it.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.suite {
            Suite::International => "sha-256:",
            Suite::ShangMi => "sm3:",
        })?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let (name, hex) = text.split_once(':').ok_or(InvalidDigest)?;
        let suite = match name {
            "sha-256" => Suite::International,
            "sm3" => Suite::ShangMi,
            _ => return Err(InvalidDigest),
        };
        let lower = hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex.len() != 64 || !lower {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Self { suite, bytes })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
