//! Files in a folder that somebody may pull out at any time.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{FerryError, Unusable};
use crate::link::bundle::BUNDLE_BYTES_MOST;

/// Where bundles are put that a person has to look at.
const QUARANTINE: &str = "quarantine";

/// The end of the name of a bundle of records.
pub(super) const RECORDS: &str = ".records.tqb";
/// The end of the name of a bundle of receipts.
pub(super) const RECEIPTS: &str = ".receipts.tqb";

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> FerryError + '_ {
    |error| FerryError::Io(path.to_owned(), error)
}

/// Writes a file under another name, and gives it its own when all of it is on the medium: no reader ever sees a part.
pub(super) fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, FerryError> {
    let path = folder.join(name);
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".").suffix(".new").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(failed(&path))?;
    Ok(path)
}

/// The finished files with that end of the name, the oldest bundle first.
pub(super) fn list(folder: &Path, end: &str) -> Result<Vec<PathBuf>, FerryError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let is_one = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.ends_with(end) && !name.starts_with('.'));
        if is_one && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The bytes of a file that may be a bundle.
pub(super) fn read(path: &Path) -> Result<Result<Vec<u8>, Unusable>, FerryError> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed(path))?;
    file.take(BUNDLE_BYTES_MOST + 1).read_to_end(&mut bytes).map_err(failed(path))?;
    let is_too_large = u64::try_from(bytes.len()).map_or(true, |size| size > BUNDLE_BYTES_MOST);
    Ok(if is_too_large { Err(Unusable::TooLarge) } else { Ok(bytes) })
}

/// Takes away what has been read. A medium that cannot be written to keeps it, and it is read again without harm.
pub(super) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(file = %path.display(), %error, "a bundle that was read cannot be removed");
    }
}

/// Puts a file where only people look.
pub(super) fn quarantine(path: &Path) -> Result<(), FerryError> {
    let folder = path.parent().unwrap_or(Path::new(".")).join(QUARANTINE);
    std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let name = path.file_name().unwrap_or_default();
    std::fs::rename(path, folder.join(name)).map_err(failed(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_file_that_is_still_being_written_is_no_bundle_yet() {
        let folder = tempfile::tempdir().unwrap();
        // As a process leaves it that was killed in the middle of writing.
        std::fs::write(folder.path().join(".aBcDeF.new"), b"half").unwrap();
        std::fs::write(folder.path().join(".township-1.records.tqb"), b"half").unwrap();
        std::fs::create_dir(folder.path().join("folder.records.tqb")).unwrap();
        let written = write(folder.path(), "township-1.records.tqb", b"whole").unwrap();
        assert_eq!(list(folder.path(), RECORDS).unwrap(), std::slice::from_ref(&written));
        assert_eq!(read(&written).unwrap().unwrap(), b"whole");
        quarantine(&written).unwrap();
        assert!(list(folder.path(), RECORDS).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("name")).unwrap();
        assert!(write(folder.path(), "name", b"bytes").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
