//! How far the store has come, noted beside it: a file that is behind its own mark was set back.
//!
//! A backup copied *into* the existing file (`cp backup outbox.db`) keeps device and inode, so those do not tell. The mark is
//! written after each commit and never synchronised: it may be behind the store (after a power cut), but never ahead of it,
//! unless the store went back.
//!
//! It holds two numbers, each with its seal and in a place of its own, so that a commit of the one kind says nothing of the
//! other: several processes write here, and none knows all that the others did.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::row::seal_of_bytes;

/// How far a store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Come {
    /// The last ordinal that was committed.
    pub(super) ordinal: i64,
    /// How many transactions have written documents.
    pub(super) document_turn: i64,
}

impl Come {
    /// Whether a store that is here was once at `mark`.
    pub(super) const fn is_behind(self, mark: Self) -> bool {
        self.ordinal < mark.ordinal || self.document_turn < mark.document_turn
    }
}

/// A number and its seal.
const SLOT_BYTES: usize = 16;

/// The file beside the store that holds how far it has come.
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

    /// Where the store must have come to; nought where the mark says nothing, because it is not there or cannot be read.
    pub(super) fn read(store: &Path) -> Come {
        let mut bytes = Vec::new();
        let most = 2 * SLOT_BYTES as u64;
        let read = File::open(Self::path(store)).and_then(|file| file.take(most).read_to_end(&mut bytes));
        let number = |slot: usize| {
            let slot = bytes.get(slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES).filter(|_| read.is_ok())?;
            let (number, seal) = slot.split_first_chunk::<8>()?;
            (seal == seal_of_bytes(number).to_le_bytes()).then(|| i64::from_le_bytes(*number))
        };
        Come { ordinal: number(0).unwrap_or(0), document_turn: number(1).unwrap_or(0) }
    }

    /// Notes that this ordinal is committed. What is noted too late or not at all only makes the mark less sharp.
    pub(super) fn write_ordinal(&mut self, ordinal: i64) {
        self.write(0, ordinal);
    }

    /// Notes that documents were committed for the so many-th time.
    pub(super) fn write_document_turn(&mut self, turn: i64) {
        self.write(1, turn);
    }

    fn write(&mut self, slot: u64, number: i64) {
        let Some(file) = &mut self.file else { return };
        let mut bytes = number.to_le_bytes().to_vec();
        bytes.extend(seal_of_bytes(&bytes).to_le_bytes());
        let place = SeekFrom::Start(slot * SLOT_BYTES as u64);
        let written: io::Result<()> = file.seek(place).and_then(|_| file.write_all(&bytes));
        if let Err(error) = written {
            tracing::debug!(%error, "the store's mark could not be written");
        }
    }
}
