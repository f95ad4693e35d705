//! `POST /v1/case-number-leases`: blocks of case numbers, so that a case accepted offline has its final number.

use serde::{Deserialize, Serialize};

use crate::identifier::DivisionCode;
use crate::{IncarnationId, LeaseId, PartyId, ProducerId, RequestId, SignedRecord, Timestamp};

/// The request; repeated with the same `request` it is answered with the same lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberLeaseRequest {
    /// Makes the request idempotent.
    pub request: RequestId,
    /// For cases of this division (its six-digit county or city stands in the number).
    pub division: DivisionCode,
    /// How many numbers, 1 to [`crate::limits::LEASE_NUMBERS_MAX`].
    pub count: u64,
    /// The installation that will take them.
    pub producer: ProducerId,
    /// The life of its store; a new incarnation burns the leases it finds.
    pub incarnation: IncarnationId,
}

/// A block of numbers. `expires` ends the *taking* of numbers, never the validity of one taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberLease {
    /// Its id.
    pub lease: LeaseId,
    /// The division in the numbers.
    pub division: DivisionCode,
    /// The year in the numbers.
    pub year: u16,
    /// The first serial.
    pub first: u64,
    /// The last serial.
    pub last: u64,
    /// No number is taken after this.
    pub expires: Timestamp,
    /// An edge node's word, where the numbers are of a lease of its own: a signed [`NumberPart`]. `lease` is its id then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<SignedRecord>,
}

/// Numbers of an edge node's lease that it passes on to a department behind it; signed by the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberPart {
    /// Its id.
    pub part: LeaseId,
    /// The node's lease.
    pub lease: LeaseId,
    /// Whose the numbers are.
    pub to: PartyId,
    /// The installation that will take them.
    pub producer: ProducerId,
    /// The life of its store.
    pub incarnation: IncarnationId,
    /// The first serial.
    pub first: u64,
    /// The last serial.
    pub last: u64,
    /// When, by the node's clock.
    pub given: Timestamp,
}
