//! Copies of what everybody may read, on disk, for when the link is down.
//!
//! Only addresses of the list are kept, and of these only answers that anybody may have: nothing of a person, nothing that was
//! signed for by a caller. What is in them the platform has signed, so that a reader need not believe the node; how old they are,
//! the node says.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use http::header::{CONTENT_TYPE, ETAG};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tongqiao_protocol::Timestamp;

use crate::link::Answered;

/// What is kept, and for how many seconds a copy is given without asking the platform.
const KEPT: [(&str, i64); 9] = [
    ("/v1/epoch", 10),
    ("/v1/directory", 30),
    ("/v1/catalogue", 300),
    ("/v1/working-calendar", 3_600),
    ("/v1/supervision-rules", 3_600),
    ("/v1/guides/", 300),
    ("/v1/agencies", 3_600),
    ("/v1/intermediaries", 3_600),
    ("/v1/questions", 3_600),
];
/// More copies than this are not made; guides are the only addresses of which there are many.
const COPIES_MOST: usize = 10_000;

/// The folder of the copies.
pub(crate) struct Copies(PathBuf);

/// A copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

/// What is known of a copy; the first line of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// When the platform gave it, by this machine's clock.
    pub(crate) at: Timestamp,
    pub(crate) content_type: Option<String>,
    pub(crate) etag: Option<String>,
}

impl Copy {
    pub(crate) fn now(answer: &Answered, at: Timestamp) -> Self {
        let text = |name| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let head = Head { at, content_type: text(CONTENT_TYPE), etag: text(ETAG) };
        Self { head, body: answer.body.clone() }
    }

    /// How old it is, in whole seconds; a clock that was set back makes it no younger than new.
    pub(crate) fn age_seconds(&self, now: Timestamp) -> i64 {
        now.millis_since(self.head.at).max(0) / 1_000
    }
}

impl Copies {
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// Whether an answer at this address may be kept.
    pub(crate) fn may_keep(target: &str) -> bool {
        Self::fresh_seconds(target).is_some()
    }

    /// For how long a copy is as good as the platform's answer; `None` where none may be kept.
    pub(crate) fn fresh_seconds(target: &str) -> Option<i64> {
        let fits = |kept: &str| match kept.strip_suffix('/') {
            Some(folder) => target.strip_prefix(folder).is_some_and(|rest| {
                rest.strip_prefix('/').is_some_and(|name| !name.is_empty() && !name.contains(['/', '?']))
            }),
            None => target == kept,
        };
        KEPT.iter().find(|(kept, _)| fits(kept)).map(|(_, seconds)| *seconds)
    }

    /// Keeps a copy in place of an earlier one: after a power cut there is the one or the other.
    pub(crate) fn keep(&self, target: &str, copy: &Copy) -> std::io::Result<()> {
        let path = self.path(target);
        if !path.exists() && std::fs::read_dir(&self.0)?.count() >= COPIES_MOST {
            return Ok(());
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        serde_json::to_writer(&mut file, &copy.head)?;
        file.write_all(b"\n")?;
        file.write_all(&copy.body)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// The copy of an address; `None` where there is none that can be read.
    pub(crate) fn find(&self, target: &str) -> Option<Copy> {
        let bytes = std::fs::read(self.path(target)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = serde_json::from_slice(&bytes[..end]).ok()?;
        Some(Copy { head, body: bytes[end + 1..].to_vec() })
    }

    fn path(&self, target: &str) -> PathBuf {
        let name = Sha256::digest(target.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.0.join(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::routes::{Access, Method, ROUTES};

    use super::*;

    fn copy(body: &[u8], at: i64) -> Copy {
        let head = Head {
            at: Timestamp::from_millis(at),
            content_type: Some("application/json".to_owned()),
            etag: Some("\"sha-256:1\"".to_owned()),
        };
        Copy { head, body: body.to_vec() }
    }

    #[test]
    fn only_what_everybody_may_read_is_kept() {
        let target = |path: &str| path.replace(['{', '}'], "");
        let kept = ROUTES.iter().filter(|route| Copies::may_keep(&target(route.path))).collect::<Vec<_>>();
        assert_eq!(kept.len(), KEPT.len(), "every entry of the list is an address of the table");
        assert!(kept.iter().all(|route| route.access == Access::Open && route.method == Method::Get));
        for other in
            ["/v1/catalogue/changes?since=x", "/v1/catalogue?x", "/v1/guides/", "/v1/guides/a/b", "/v1/guides/a?b"]
        {
            assert!(!Copies::may_keep(other), "{other}");
        }
    }

    #[test]
    fn a_copy_comes_back_whole_and_a_later_one_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::open(folder.path()).unwrap();
        assert_eq!(copies.find("/v1/directory"), None);
        copies.keep("/v1/directory", &copy(b"first\nline", 1_000)).unwrap();
        copies.keep("/v1/directory", &copy(b"second\n\nline", 3_000)).unwrap();
        let found = Copies::open(folder.path()).unwrap().find("/v1/directory").unwrap();
        assert_eq!(found, copy(b"second\n\nline", 3_000));
        assert_eq!(found.age_seconds(Timestamp::from_millis(8_500)), 5);
        assert_eq!(found.age_seconds(Timestamp::from_millis(0)), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_torn_copy_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::open(folder.path()).unwrap();
        copies.keep("/v1/epoch", &copy(b"{}", 0)).unwrap();
        std::fs::write(copies.path("/v1/epoch"), b"{\"at\":").unwrap();
        assert_eq!(copies.find("/v1/epoch"), None);
    }
}
