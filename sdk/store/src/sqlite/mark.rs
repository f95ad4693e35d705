//! How far the store has come, noted beside it: a file that is behind its own mark was set back.
//!
//! A backup copied *into* the existing file (`cp backup outbox.db`) keeps device and inode, so those do not tell. The mark is
//! written after each commit and never synchronised: it may be behind the store (after a power cut), but never ahead of it,
//! unless the store went back.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::row::seal_of_bytes;

/// The file beside the store that holds the last ordinal that was committed.
pub(super) struct Mark {
    file: Option<File>,
}

impl Mark {
    /// Where the mark of a store stands.
    pub(super) fn path(store: &Path) -> PathBuf {
        let mut name = OsString::from(store);
        name.push("-mark");
        PathBuf::from(name)
    }

    /// Opens the mark for writing. Without it (a folder that cannot be written) a store set back is not recognised, and all
    /// else works.
    pub(super) fn open(store: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let opened = options.open(Self::path(store));
        if let Err(error) = &opened {
            tracing::warn!(%error, "the store's mark cannot be written: a backup copied into the file would not be noticed");
        }
        Self { file: opened.ok() }
    }

    /// The ordinal that the store must have reached; nothing when there is no mark or it cannot be read.
    pub(super) fn read(store: &Path) -> Option<i64> {
        let mut bytes = [0; 16];
        File::open(Self::path(store)).and_then(|mut file| file.read_exact(&mut bytes)).ok()?;
        let (ordinal, seal) = bytes.split_first_chunk::<8>()?;
        let is_whole = seal == seal_of_bytes(ordinal).to_le_bytes();
        is_whole.then(|| i64::from_le_bytes(*ordinal))
    }

    /// Notes that the store has come this far. What is noted too late or not at all only makes the mark less sharp.
    pub(super) fn write(&mut self, ordinal: i64) {
        let Some(file) = &mut self.file else { return };
        let mut bytes = ordinal.to_le_bytes().to_vec();
        bytes.extend(seal_of_bytes(&bytes).to_le_bytes());
        let written: io::Result<()> = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&bytes));
        if let Err(error) = written {
            tracing::debug!(%error, "the store's mark could not be written");
        }
    }
}
