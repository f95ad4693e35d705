//! One signed record in the outbox, without its bytes.

use core::fmt;

use serde::{Deserialize, Serialize};
use tongqiao_protocol::{BillId, CaseId, Digest, EpochId, IncarnationId, ProducerId, RecordId, Timestamp};

/// What overtakes what on a link: strict priority in this order, with a floor for bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Keys, leases, epochs.
    Control,
    /// Bills, voids and refunds.
    Payment,
    /// Case events.
    Case,
    /// Materials.
    Bulk,
}

impl Lane {
    /// All lanes, most urgent first.
    pub const ALL: [Self; 4] = [Self::Control, Self::Payment, Self::Case, Self::Bulk];
}

/// What kind of record an entry is; decides the route it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A case event.
    CaseEvent,
    /// A bill.
    Bill,
    /// The withdrawal of a bill.
    Void,
    /// A refund.
    Refund,
}

impl EntryKind {
    /// The lane this kind travels in.
    pub const fn lane(self) -> Lane {
        match self {
            Self::CaseEvent => Lane::Case,
            Self::Bill | Self::Void | Self::Refund => Lane::Payment,
        }
    }
}

/// What a stream is about: a case, or a bill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectId([u8; 16]);

impl SubjectId {
    /// The sixteen bytes of the case's or bill's id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Rebuilds a subject that a store kept.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl From<CaseId> for SubjectId {
    fn from(id: CaseId) -> Self {
        Self(*id.as_bytes())
    }
}

impl From<BillId> for SubjectId {
    fn from(id: BillId) -> Self {
        Self(*id.as_bytes())
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectId({})", CaseId::from_bytes(self.0))
    }
}

/// Records of one stream reach the platform first in, first out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey {
    /// The installation that writes.
    pub producer: ProducerId,
    /// The life of its store.
    pub incarnation: IncarnationId,
    /// The case or bill.
    pub subject: SubjectId,
}

/// The place of a record in its stream: 1, 2, 3 …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(u64);

impl Sequence {
    /// The first place in a stream.
    pub const FIRST: Self = Self(1);

    /// A place; `None` for zero and above 2^53 − 1, which JSON readers could not hold.
    pub const fn new(value: u64) -> Option<Self> {
        if value == 0 || value > 9_007_199_254_740_991 { None } else { Some(Self(value)) }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an entry stands. Only `Pending` entries are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryState {
    /// Safe on disk, no terminal receipt yet.
    Pending,
    /// The platform applied it; the receipt is stored.
    Settled {
        /// The platform's epoch.
        epoch: EpochId,
        /// The receipt's position in that epoch's log.
        position: u64,
    },
    /// The platform refused it; its stream waits for a replacement.
    Refused {
        /// The platform's epoch.
        epoch: EpochId,
        /// The receipt's position in that epoch's log.
        position: u64,
    },
    /// A refused entry whose replacement has been signed.
    Replaced {
        /// The replacement.
        by: RecordId,
    },
    /// Its `not_after` passed before any answer; it is never sent again and its outcome is asked for by fencing.
    Expired,
    /// No answer can be had for it (it does not even form a request that the platform reads); a human must look.
    Dead,
}

/// A place in the log of one of the platform's epochs, as a store walks along it. Several entries may share a position (voids
/// and bills that were asked for have none of their own), so the ordinal tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPlace {
    /// The position in the log.
    pub position: u64,
    /// The entry's ordinal in this store.
    pub ordinal: u64,
}

impl LogPlace {
    /// Before every entry of this position: ordinals begin at 1.
    pub const fn before(position: u64) -> Self {
        Self { position, ordinal: 0 }
    }
}

/// One signed record in the outbox, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The record's own id.
    pub id: RecordId,
    /// What it is.
    pub kind: EntryKind,
    /// The lane it travels in.
    pub lane: Lane,
    /// Its stream.
    pub stream: StreamKey,
    /// Its place in the stream.
    pub sequence: Sequence,
    /// The order of insertion into this store; given by the store.
    pub ordinal: u64,
    /// The digest of the record's bytes.
    pub digest: Digest,
    /// The size of the signed record in bytes.
    pub size_bytes: u32,
    /// When the store accepted it.
    pub accepted_at: Timestamp,
    /// Where it stands.
    pub state: EntryState,
    /// How often sending it has failed since the last success.
    pub attempts: u32,
    /// Not to be sent before.
    pub next_attempt_at: Timestamp,
    /// Not to be sent after (bills and refunds).
    pub not_after: Option<Timestamp>,
    /// The refused entry whose place it takes.
    pub replaces: Option<RecordId>,
    /// When it left `Pending`.
    pub terminal_at: Option<Timestamp>,
}

impl Entry {
    /// Nothing is ever put off by more than this, so a time further away was written by a clock that was wrong: the longest
    /// `Retry-After` that is obeyed, and an hour for jitter.
    pub const PUT_OFF_LIMIT_MS: i64 = 25 * 3_600_000;

    /// Whether it may be sent at `now`, as far as its own time is concerned. What was never tried waits for nothing, and what
    /// a clock a year ahead has put off does not wait for that year.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.attempts == 0
            || self.next_attempt_at <= now
            || self.next_attempt_at > now.plus_millis(Self::PUT_OFF_LIMIT_MS)
    }

    /// Whether what follows it in its stream stands still when it is refused, expired or dead. Only case events carry their
    /// place on the wire; a bill's records do not, and a refund that was refused must not hold up a void.
    pub const fn holds_its_stream(&self) -> bool {
        matches!(self.kind, EntryKind::CaseEvent)
    }

    /// Where its receipt stands in the platform's log; `None` without one.
    pub const fn log_place(&self) -> Option<LogPlace> {
        match self.state {
            EntryState::Settled { position, .. } | EntryState::Refused { position, .. } => {
                Some(LogPlace { position, ordinal: self.ordinal })
            }
            _ => None,
        }
    }
}
