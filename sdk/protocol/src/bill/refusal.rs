//! The platform's signed word that it refuses an order about money.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{Digest, EpochId, PartyId, Timestamp};

/// What the platform signs ([`RecordKind::Refusal`](crate::RecordKind::Refusal)) beside the problem with which it refuses a bill, void,
/// fence or refund. Without it somebody on the way could make an author believe that a bill never was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyRefusal {
    /// Who asked.
    pub party: PartyId,
    /// The digest of the whole body that was refused.
    pub body: Digest,
    /// The problem's code.
    pub code: String,
    /// The platform's epoch.
    pub epoch: EpochId,
    /// When.
    pub time: Timestamp,
}
