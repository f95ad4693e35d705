//! What a store says about itself.

use tongqiao_protocol::{RecordId, Timestamp};

/// How much is where. Every number is of entries unless its name says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Accepted, no terminal receipt yet; includes `blocked`.
    pub pending: u64,
    /// Pending behind a refused, dead or expired entry of the same stream.
    pub blocked: u64,
    /// Refused by the platform and not replaced yet.
    pub refused: u64,
    /// Expired before any answer came.
    pub expired: u64,
    /// Dead letters.
    pub dead: u64,
    /// Settled or replaced, kept until their retention is over.
    pub retained: u64,
    /// When the oldest pending entry was accepted.
    pub oldest_pending_at: Option<Timestamp>,
    /// The space that the data takes, in bytes (without the write-ahead log).
    pub size_bytes: u64,
}

/// A row whose checksum does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorruptRow {
    /// Its place in the store.
    pub ordinal: u64,
    /// Its id, as far as that can still be read.
    pub id: Option<RecordId>,
}

/// The result of reading everything once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntegrityReport {
    /// Rows whose checksum was compared.
    pub rows_checked: u64,
    /// Rows whose checksum does not fit; each costs one record.
    pub corrupt_rows: Vec<CorruptRow>,
    /// Damage to the file's structure, in the database's own words.
    pub structure_faults: Vec<String>,
}

impl IntegrityReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.corrupt_rows.is_empty() && self.structure_faults.is_empty()
    }
}
