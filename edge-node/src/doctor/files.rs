//! How many bytes files take.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// What is in these folders; what has two names is counted once, and a folder that is not there holds nothing.
pub(super) fn bytes(folders: &[PathBuf]) -> io::Result<u64> {
    let (mut seen, mut bytes) = (HashSet::new(), 0);
    for folder in folders {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            match entry?.metadata() {
                Ok(facts) if facts.is_file() && seen.insert((facts.dev(), facts.ino())) => bytes += facts.len(),
                Ok(_) => {}
                // It was taken or forgotten meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_file_with_two_names_takes_room_once() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        for path in [&one, &other] {
            std::fs::create_dir(path).unwrap();
        }
        std::fs::write(one.join("a"), [0; 1_000]).unwrap();
        std::fs::write(one.join("b"), [0; 20]).unwrap();
        std::fs::hard_link(one.join("a"), other.join("a")).unwrap();
        assert_eq!(bytes(&[one, other, folder.path().join("none")]).unwrap(), 1_020);
    }
}
