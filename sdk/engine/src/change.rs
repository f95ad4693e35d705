//! What a store is asked to do, atomically and in order.

use alloc::string::String;
use alloc::vec::Vec;

use tongqiao_protocol::{RecordId, Timestamp};

use crate::{Collection, Entry, EntryState, Expected};

/// One step of an atomic commit. A store applies all changes of a commit or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// Takes a new record. Refused as "sequence taken" unless its sequence is the next of its stream, or it replaces a
    /// refused entry of the same stream and sequence (which thereby becomes `Replaced`). The store gives the ordinal.
    Append {
        /// The record's row.
        entry: Entry,
        /// The signed record exactly as it will be sent.
        bytes: Vec<u8>,
    },
    /// A terminal receipt has come; `state` is `Settled` or `Refused`. Settling a settled entry again changes nothing.
    Settle {
        /// The record.
        id: RecordId,
        /// `Settled` or `Refused`.
        state: EntryState,
        /// The receipt as received.
        receipt: Vec<u8>,
        /// When.
        at: Timestamp,
    },
    /// Sending failed; try again later.
    Reschedule {
        /// The record.
        id: RecordId,
        /// Failures so far.
        attempts: u32,
        /// Not before.
        next_attempt_at: Timestamp,
    },
    /// Its `not_after` has passed.
    Expire {
        /// The record.
        id: RecordId,
        /// When.
        at: Timestamp,
    },
    /// It becomes a dead letter.
    Bury {
        /// The record.
        id: RecordId,
        /// When.
        at: Timestamp,
        /// The problem document that says why.
        problem: Vec<u8>,
    },
    /// A new epoch of the platform lost it: back to `Pending`, with the same bytes. Its `not_after` goes: that was kept the
    /// first time, and expiring silently what was settled would lose it.
    Reoffer {
        /// The record.
        id: RecordId,
    },
    /// Its retention is over: bytes, receipt and row go.
    Forget {
        /// The record.
        id: RecordId,
    },
    /// Writes a document if the writer's belief holds.
    PutDocument {
        /// The kind.
        collection: Collection,
        /// The key.
        key: String,
        /// The writer's belief.
        expected: Expected,
        /// The new value.
        bytes: Vec<u8>,
    },
    /// Removes a document if the writer's belief holds.
    DeleteDocument {
        /// The kind.
        collection: Collection,
        /// The key.
        key: String,
        /// The writer's belief.
        expected: Expected,
    },
    /// The whole commit is void unless the document has this version (a fence).
    RequireDocument {
        /// The kind.
        collection: Collection,
        /// The key.
        key: String,
        /// The version that must be stored.
        version: u64,
    },
}
