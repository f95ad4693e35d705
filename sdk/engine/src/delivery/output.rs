//! Everything a delivery can ask for.

use alloc::vec::Vec;

use tongqiao_protocol::{EpochId, ErrorCode, RecordId, Timestamp};

use super::{BatchId, Missing, RequestNumber};
use crate::{Change, EntryKind, Failure, Lane, LogPlace, StreamKey};

/// What the driver has to do. Every output except [`Output::Notify`] is answered by exactly one input, unless the process
/// dies before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Output {
    /// Read pending entries from the store; answer with [`Input::Loaded`](super::Input::Loaded).
    Load {
        /// The lane.
        lane: Lane,
        /// Only ordinals above this one.
        after_ordinal: u64,
        /// At most so many.
        limit: u32,
    },
    /// Commit atomically, in order; answer with [`Input::Durable`](super::Input::Durable) or
    /// [`Input::PersistFailed`](super::Input::PersistFailed). The driver adds the fence of its delivery role.
    Persist {
        /// The name of the commit.
        batch: BatchId,
        /// What to do.
        changes: Vec<Change>,
    },
    /// Send these records as one request, in this order; answer with [`Input::Answered`](super::Input::Answered) or
    /// [`Input::Failed`](super::Input::Failed), at the latest when the driver's own timeout has passed.
    Transmit {
        /// The name of the request.
        request: RequestNumber,
        /// The lane it counts against.
        lane: Lane,
        /// One kind for all records; it decides the route.
        kind: EntryKind,
        /// The records; one, except for case events.
        ids: Vec<RecordId>,
    },
    /// Ask the platform for its epoch; answer with [`Input::EpochSeen`](super::Input::EpochSeen) or
    /// [`Input::EpochUnavailable`](super::Input::EpochUnavailable).
    FetchEpoch,
    /// Read entries with a terminal receipt of this epoch behind this place; answer with
    /// [`Input::Retained`](super::Input::Retained).
    LoadRetained {
        /// The epoch.
        epoch: EpochId,
        /// The place of the last one read.
        after: LogPlace,
        /// At most so many.
        limit: u32,
    },
    /// Tell the application. What a notice states about a record is durable by now.
    Notify(Notice),
}

/// What the application and the operator are told. Each is given at least once per terminal answer that became durable; a
/// crash between commit and notice loses the notice, not the state, so an application that must not miss one reads the
/// store at start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Notice {
    /// The platform applied it.
    Settled {
        /// The record.
        id: RecordId,
        /// Its stream.
        stream: StreamKey,
        /// The receipt's epoch.
        epoch: EpochId,
        /// The receipt's position.
        position: u64,
    },
    /// The platform refused it; its stream waits for a replacement.
    Refused {
        /// The record.
        id: RecordId,
        /// Its stream.
        stream: StreamKey,
        /// The receipt, which says why.
        receipt: Vec<u8>,
    },
    /// Its `not_after` passed without an answer; whether it arrived must be asked by fencing.
    Expired {
        /// The record.
        id: RecordId,
        /// Its stream.
        stream: StreamKey,
    },
    /// It became a dead letter: a human must look.
    Buried {
        /// The record.
        id: RecordId,
        /// Its stream.
        stream: StreamKey,
        /// Why.
        problem: Vec<u8>,
    },
    /// It waits for something else to arrive first.
    Deferred {
        /// The record.
        id: RecordId,
        /// What is missing.
        missing: Missing,
        /// How often it was deferred or failed so far.
        attempts: u32,
        /// When it is tried again.
        next_attempt_at: Timestamp,
    },
    /// An edge node has it on disk; the platform has not judged it yet.
    InCustody {
        /// The record, which stays pending.
        id: RecordId,
        /// When the node is asked again.
        next_attempt_at: Timestamp,
    },
    /// Somebody answered with a receipt that proves nothing. An alarm: the link or the platform is not what it says.
    ReceiptUnverifiable {
        /// The record, which stays pending.
        id: RecordId,
    },
    /// A lane's requests fail; its records wait.
    LaneWaits {
        /// The lane.
        lane: Lane,
        /// The last failure.
        failure: Failure,
        /// Failures in a row.
        failures: u32,
        /// When it is tried again.
        next_attempt_at: Timestamp,
    },
    /// A lane that waited works again.
    LaneRecovered {
        /// The lane.
        lane: Lane,
    },
    /// The store will never take this result, because the record's row is damaged or gone; the record is left alone. A person
    /// must look: the store's check names the row.
    StoreRefuses {
        /// The record.
        id: RecordId,
    },
    /// The store refuses to commit; nothing is lost, but nothing is finished either.
    StoreWaits {
        /// When it is tried again.
        next_attempt_at: Timestamp,
    },
    /// The platform runs a new epoch; what it had lost has been offered again.
    EpochChanged {
        /// The new epoch.
        epoch: EpochId,
        /// How many records went back to pending.
        reoffered: u64,
    },
    /// The platform's log is not what it was, or lacks a receipt that it gave. An alarm, with the evidence in the store: somebody
    /// has changed the past.
    LogDisputed {
        /// `log.forked`, `log.rolled_back` or `log.not_included`.
        code: ErrorCode,
    },
}
