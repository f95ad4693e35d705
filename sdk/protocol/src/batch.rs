//! `POST /v1/case-events`: a batch of signed events, and one answer for each, in the order sent.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::receipt::Receipt;
use crate::{EpochId, EventId, SignedRecord};

/// The body of the request; at most [`crate::limits::BATCH_RECORDS_MAX`] events and
/// [`crate::limits::BATCH_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBatch {
    /// The events, in the order in which they should be looked at.
    pub events: Vec<SignedRecord>,
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventStatus {
    /// Applied now.
    Settled,
    /// Refused: `problem` says why. With a receipt it is terminal; without one (an id or sequence used for something
    /// else, a signature that does not verify) nothing was recorded.
    Refused,
    /// Came before, with the same bytes: the first receipt again.
    Duplicate,
    /// An earlier event is missing; send it first and this one again.
    Deferred,
    /// An edge node keeps it and passes it on: `custody` proves that. Ask the node again for the platform's receipt.
    Custody,
}

/// What a deferred event waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingEvent {
    /// The event with this sequence in the same stream.
    Sequence(u64),
    /// The replacement of this refused event.
    Event(EventId),
    /// Another producer's event that leads to this revision.
    Revision(u64),
}

/// The answer for one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventResult {
    /// The event; absent only when the record was not readable enough to have an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// What became of it.
    pub status: EventStatus,
    /// The terminal receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Why it was refused (RFC 9457).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Value>,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingEvent>,
    /// The edge node's receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custody: Option<Receipt>,
}

/// The body of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventResults {
    /// The platform's epoch.
    pub epoch: EpochId,
    /// One result an event, in the order sent.
    pub results: Vec<EventResult>,
}
