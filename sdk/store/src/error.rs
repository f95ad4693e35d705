//! Why a store refused, and whether the change may have taken effect all the same.

use std::fmt;

use tongqiao_engine::{Collection, Sequence};
use tongqiao_protocol::{ErrorCode, Outcome, RecordId};

/// What happened, for a caller that can do something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The sequence is not the next of its stream: another writer was faster, sign again with `next`.
    SequenceTaken {
        /// The sequence that the stream expects.
        next: Sequence,
    },
    /// The document does not have the version that the writer believed.
    VersionConflict {
        /// The kind of document.
        collection: Collection,
        /// Its key.
        key: String,
        /// The version that is stored; `None` when there is no such document.
        found: Option<u64>,
    },
    /// A record with this id is already stored.
    IdTaken {
        /// The id.
        id: RecordId,
    },
    /// No entry has this id.
    EntryUnknown {
        /// The id.
        id: RecordId,
    },
    /// The entry to be replaced is not a refused or dead one of the same stream and sequence.
    NotReplaceable {
        /// The entry that was to be replaced.
        id: RecordId,
    },
    /// The entry has no terminal receipt yet, or its stream still waits behind it.
    NotForgettable {
        /// The entry that was to be forgotten.
        id: RecordId,
    },
    /// The change makes no sense (a receipt that leaves an entry pending, an entry appended in another state …).
    InvalidChange {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The disk, or the space given to the store, is full. Accepted work is safe.
    Full,
    /// The file's structure is damaged. What can be read is still given out; new work is refused.
    Corrupt,
    /// One record or document is not what was written. It alone is lost; everything else goes on.
    CorruptRow,
    /// Other processes held the store for too long.
    Busy,
    /// The file is a database, but not a store of ours.
    NotAStore,
    /// The file was written by a newer version of this program.
    NewerSchema {
        /// The version in the file.
        found: u32,
        /// The newest version this program knows.
        supported: u32,
    },
    /// The operating system reported an error.
    Io,
}

/// A store could not do what it was asked to.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    reason: Reason,
    outcome: Outcome,
    detail: String,
}

impl StoreError {
    pub(crate) fn new(reason: Reason) -> Self {
        Self(Box::new(Inner { reason, outcome: Outcome::Rejected, detail: String::new() }))
    }

    pub(crate) fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.0.detail = detail.to_string();
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// What happened.
    pub const fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// Whether the change may have taken effect all the same: `Rejected` when it has not and never will, `Unknown` when the
    /// disk failed while confirming it (it may be there after the next start, or not).
    pub const fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The code under which the error registry explains it.
    pub const fn code(&self) -> ErrorCode {
        match self.0.reason {
            Reason::SequenceTaken { .. } | Reason::VersionConflict { .. } => ErrorCode::StoreConflict,
            Reason::IdTaken { .. }
            | Reason::EntryUnknown { .. }
            | Reason::NotReplaceable { .. }
            | Reason::NotForgettable { .. }
            | Reason::InvalidChange { .. } => ErrorCode::StoreInvalidChange,
            Reason::Full => ErrorCode::StoreFull,
            Reason::Corrupt | Reason::CorruptRow => ErrorCode::StoreCorrupt,
            Reason::Busy => ErrorCode::StoreBusy,
            Reason::NotAStore => ErrorCode::StoreNotAStore,
            Reason::NewerSchema { .. } => ErrorCode::StoreNewerVersion,
            Reason::Io => ErrorCode::StoreFailed,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.reason {
            Reason::SequenceTaken { next } => write!(f, "the stream expects sequence {next}")?,
            Reason::VersionConflict { collection, key, found: Some(found) } => {
                write!(f, "document {}/{key} has version {found}", collection.as_str())?;
            }
            Reason::VersionConflict { collection, key, found: None } => {
                write!(f, "there is no document {}/{key}", collection.as_str())?;
            }
            Reason::IdTaken { id } => write!(f, "record {id} is already stored")?,
            Reason::EntryUnknown { id } => write!(f, "no entry has the id {id}")?,
            Reason::NotReplaceable { id } => {
                write!(f, "record {id} is not a refused or dead one of the same stream and sequence")?;
            }
            Reason::NotForgettable { id } => write!(f, "record {id} is still needed")?,
            Reason::InvalidChange { what } => f.write_str(what)?,
            Reason::Full => f.write_str("no space is left for new work; accepted work is safe")?,
            Reason::Corrupt => f.write_str("the store is damaged; what can be read is still given out")?,
            Reason::CorruptRow => f.write_str("one row of the store is damaged; the others are not affected")?,
            Reason::Busy => f.write_str("other processes held the store for too long")?,
            Reason::NotAStore => f.write_str("the file is not a store of this program")?,
            Reason::NewerSchema { found, supported } => {
                write!(f, "the file has schema {found}; this program knows up to {supported}")?;
            }
            Reason::Io => f.write_str("the disk reported an error")?,
        }
        if !self.0.detail.is_empty() {
            write!(f, " ({})", self.0.detail)?;
        }
        Ok(())
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code().code())
    }
}

impl std::error::Error for StoreError {}
