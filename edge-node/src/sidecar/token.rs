//! The token by which programs of this machine are let in.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tongqiao::Secret;

/// The file in the folder of data.
const FILE: &str = "token";

/// Where the token of a folder of data is.
pub(crate) fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// What a caller must show.
pub(super) struct Token(Secret);

impl Token {
    /// The token of this folder; made, and readable by its owner only, where there is none.
    pub(super) fn of(data: &Path) -> std::io::Result<Self> {
        let path = file(data);
        if let Ok(text) = std::fs::read_to_string(&path)
            && !text.trim().is_empty()
        {
            return Ok(Self(Secret::new(text.trim())));
        }
        let text = fresh()?;
        let mut file = tempfile::NamedTempFile::new_in(data)?;
        writeln!(file, "{text}")?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(Self(Secret::new(text)))
    }

    /// Whether a header `Authorization` shows it. Hashes are compared, so that the time tells nothing.
    pub(super) fn is(&self, header: &str) -> bool {
        let Some(shown) = header.strip_prefix("Bearer ") else { return false };
        Sha256::digest(shown.trim().as_bytes()) == Sha256::digest(self.0.expose())
    }
}

/// 256 bits, from the same source as keys.
fn fresh() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| std::io::Error::other("no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Token::of(folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.trim().len() == 64 && first.is(&format!("Bearer {}", text.trim())));
        assert!(!first.is(text.trim()) && !first.is("Bearer ") && !first.is("Bearer 0"));
        assert!(Token::of(folder.path()).unwrap().is(&format!("Bearer {}", text.trim())));
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        assert!(!Token::of(tempfile::tempdir().unwrap().path()).unwrap().is(&format!("Bearer {}", text.trim())));
    }
}
