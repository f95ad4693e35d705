//! The platform's statement of its epoch (`GET /v1/epoch`, a signed record of kind `epoch`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{EpochId, Timestamp};

/// The header on every answer that names the current epoch.
pub const EPOCH_HEADER: &str = "tongqiao-epoch";

/// What is left of an earlier epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEpoch {
    /// The earlier epoch.
    pub epoch: EpochId,
    /// Positions below this survive; everything at or above it is lost and must be sent again.
    pub kept: u64,
}

/// The epoch, and what is left of those before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStatement {
    /// The current epoch.
    pub epoch: EpochId,
    /// When it began.
    pub started: Timestamp,
    /// How many log positions it has.
    pub log_size: u64,
    /// The earlier epochs, oldest first.
    #[serde(default)]
    pub previous: Vec<KeptEpoch>,
}
