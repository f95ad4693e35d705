//! Everything that can happen to a delivery.

use alloc::vec::Vec;
use core::fmt;

use tongqiao_protocol::{EpochId, EventId, RecordId, Timestamp};

use crate::{Entry, Failure, Lane, Sequence};

/// Names one request of one [`Delivery`](super::Delivery); never used twice by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub(crate) u64);

/// Names one atomic commit asked for by one [`Delivery`](super::Delivery); never used twice by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub(crate) u64);

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the driver tells the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The answer to [`Output::Load`](super::Output::Load): durable pending entries in the order of their ordinals.
    /// A load that failed is answered with no entries and `exhausted` false.
    Loaded {
        /// The lane that was asked for.
        lane: Lane,
        /// At most `limit` entries.
        entries: Vec<Entry>,
        /// There were no more.
        exhausted: bool,
    },
    /// New entries have become durable in this lane (a hint; may be late, repeated or lost if a [`Input::Timer`] follows).
    Appended {
        /// Where.
        lane: Lane,
    },
    /// A commit is on disk.
    Durable(BatchId),
    /// A commit did not happen. The machine keeps what it knows and asks again later.
    PersistFailed(BatchId),
    /// A commit did not happen and never will, because of what was asked for: a record is unknown, its row is damaged. The
    /// machine finds out which piece of work is to blame, leaves that one and goes on with the others.
    PersistRefused(BatchId),
    /// The platform answered.
    Answered {
        /// The request it answers. Late, repeated and unknown ones are harmless.
        request: RequestNumber,
        /// One result per record, in any order; records without one are sent again.
        results: Vec<RecordAnswer>,
    },
    /// No answer, or one that is about the request as a whole.
    Failed {
        /// The request.
        request: RequestNumber,
        /// What it means.
        failure: Failure,
    },
    /// The platform's signed epoch record was read and verified; the answer to
    /// [`Output::FetchEpoch`](super::Output::FetchEpoch), and also welcome unasked (at start, or when the
    /// `tongqiao-epoch` header of an answer differs from what was seen before).
    EpochSeen(EpochNotice),
    /// An answer's unsigned `tongqiao-epoch` header names this epoch. If the book does not know it, the platform is asked, until
    /// it answers.
    EpochHeard(EpochId),
    /// The epoch could not be had.
    EpochUnavailable,
    /// The answer to [`Output::LoadRetained`](super::Output::LoadRetained): entries by position and ordinal.
    Retained {
        /// The epoch that was asked for.
        epoch: EpochId,
        /// At most `limit` entries.
        entries: Vec<Entry>,
        /// There were no more. Must be false when the load failed, with no entries.
        exhausted: bool,
    },
    /// Time has passed; due work is done.
    Timer,
    /// The driver believes the link is up again (a network change, a person pressing "now"): backoff of links ends.
    Nudged,
    /// An entry whose commit is only beginning. A sound machine has no use for it; one with the planted bug sends it.
    #[cfg(feature = "planted")]
    Offered(Entry),
}

/// The platform's epoch and what it kept of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EpochNotice {
    /// The epoch that is running.
    pub epoch: EpochId,
    /// Of these earlier epochs, positions below `kept` have survived. An epoch not named here is lost as a whole.
    pub previous: Vec<KeptPart>,
}

/// How much of an earlier epoch survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptPart {
    /// The earlier epoch.
    pub epoch: EpochId,
    /// Positions below this one are still in the platform's log.
    pub kept: u64,
}

/// What the platform said about one record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordAnswer {
    /// The record.
    pub id: RecordId,
    /// The verdict.
    pub verdict: Verdict,
}

/// A verdict, after the driver has verified the receipt's signature, record id and digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Applied; also the verdict for `duplicate` when the first receipt says `settled`.
    Settled(TerminalReceipt),
    /// Judged and not applied; also for `duplicate` when the first receipt says `refused`.
    Refused(TerminalReceipt),
    /// Something earlier is missing; send it again later.
    Deferred(Missing),
    /// An edge node has it on disk and passes it on. Not an answer: the platform's is asked for again and again, at the node's
    /// own door.
    InCustody,
    /// A receipt came, but it does not prove anything: bad signature, other record, other digest. Not an answer.
    Unverifiable,
    /// A problem without a receipt, about this record alone.
    Failed(Failure),
}

/// A verified terminal receipt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TerminalReceipt {
    /// The platform's epoch at the time.
    pub epoch: EpochId,
    /// The position in that epoch's log.
    pub position: u64,
    /// When the platform judged, by its own clock; `None` when the receipt says nothing of this record's time. Retention counts
    /// from here, because this machine's clock may have stood in another year.
    pub time: Option<Timestamp>,
    /// The receipt as received; what the store keeps.
    pub bytes: Vec<u8>,
}

/// What a deferred record waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// An earlier place of the same stream.
    Sequence(Sequence),
    /// Another producer's event.
    Event(EventId),
    /// A revision of the case that the platform does not have (yet).
    Revision(u64),
    /// The platform did not say.
    Unnamed,
}
