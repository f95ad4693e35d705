//! Small versioned values that are changed together with the outbox, by compare-and-swap.

use alloc::vec::Vec;

/// What kind of thing a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// The local view of a case, by case id.
    Case,
    /// The local view of a bill, by bill id.
    Bill,
    /// A block of case numbers and how far it is used.
    NumberLease,
    /// The catalogue snapshot in use.
    Catalogue,
    /// The platform's key directory.
    KeyDirectory,
    /// The platform's epoch as last seen.
    Epoch,
    /// A duty that only one process may hold at a time (such as delivery).
    Role,
    /// Where a reader of a stream of notices stands.
    Checkpoint,
    /// Signed checkpoints of the platform's log of receipts, and a dispute about it.
    TransparencyLog,
    /// Identity: sessions and cached keys.
    Identity,
    /// The city's working calendar and supervision rules, as the platform signed them.
    Arrangement,
    /// The secret from which query passwords of cases are made.
    QueryPassword,
    /// What the platform has for this party: entries that are open, and the names of those that were acknowledged.
    Inbox,
    /// Uploads of materials, and which content each brings.
    Material,
}

impl Collection {
    /// The name under which a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Bill => "bill",
            Self::NumberLease => "number-lease",
            Self::Catalogue => "catalogue",
            Self::KeyDirectory => "key-directory",
            Self::Epoch => "epoch",
            Self::Role => "role",
            Self::Checkpoint => "checkpoint",
            Self::TransparencyLog => "transparency-log",
            Self::Identity => "identity",
            Self::Arrangement => "arrangement",
            Self::QueryPassword => "query-password",
            Self::Inbox => "inbox",
            Self::Material => "material",
        }
    }
}

/// A stored value with its version; the version grows by one with each write, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Grows by one with each write.
    pub version: u64,
    /// The value.
    pub bytes: Vec<u8>,
}

/// What a writer believes to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expected {
    /// Nothing yet.
    Absent,
    /// Exactly this version.
    Version(u64),
    /// Whatever; the last writer wins.
    Any,
}
