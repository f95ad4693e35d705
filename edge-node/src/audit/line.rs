//! One line: what was done, the digest of the line before, and its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tongqiao_protocol::Timestamp;

use super::Deed;

const DOMAIN: &[u8] = b"tongqiao-audit-line-v1\n";
/// Between a line's body and its digest.
const DIGEST: &str = ",\"digest\":\"";
const END: &str = "\"}";
/// A digest in hexadecimal.
const DIGEST_LENGTH: usize = 64;

/// A place in the chain: the number of a line and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The line's number.
    pub number: u64,
    /// Its digest in hexadecimal.
    pub digest: String,
}

impl Mark {
    /// Before the first line.
    pub(super) fn beginning() -> Self {
        Self { number: 0, digest: "0".repeat(DIGEST_LENGTH) }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.digest)
    }
}

/// A text that names no place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place in the chain is a number, a colon and 64 hexadecimal digits 应为“行号:64 位十六进制摘要”")]
pub struct NotAMark;

impl FromStr for Mark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let (number, digest) = text.split_once(':').ok_or(NotAMark)?;
        let number = number.parse().map_err(|_| NotAMark)?;
        is_digest(digest).then(|| Self { number, digest: digest.to_owned() }).ok_or(NotAMark)
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST_LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A line without its own digest.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) n: u64,
    pub(super) at: Timestamp,
    pub(super) who: &'a str,
    pub(super) deed: Deed,
    pub(super) about: &'a str,
    pub(super) before: &'a str,
}

impl Body<'_> {
    /// The line with its end, and its digest.
    pub(super) fn line(&self) -> std::io::Result<(Vec<u8>, String)> {
        let body = serde_json::to_string(self)?;
        let digest = digest(body.as_bytes());
        let open = body.strip_suffix('}').unwrap_or(&body);
        Ok((format!("{open}{DIGEST}{digest}{END}\n").into_bytes(), digest))
    }
}

fn digest(body: &[u8]) -> String {
    let hash = Sha256::new().chain_update(DOMAIN).chain_update(body).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A line as it stands in the file, sound in itself. Deeds of a later version are none of a reader's business.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Seen {
    pub(super) n: u64,
    pub(super) deed: String,
    pub(super) about: String,
    pub(super) before: String,
    #[serde(skip)]
    pub(super) digest: String,
}

impl Seen {
    /// Reads a line without its end; `None` when it does not have the digest that it says.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (open, own) = line.strip_suffix(END)?.rsplit_once(DIGEST)?;
        let body = format!("{open}}}");
        if digest(body.as_bytes()) != own {
            return None;
        }
        let seen = serde_json::from_str::<Self>(&body).ok()?;
        Some(Self { digest: own.to_owned(), ..seen })
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { number: self.n, digest: self.digest.clone() }
    }
}
