//! Questions to a store that have more than two parts.

use tongqiao_engine::Lane;
use tongqiao_protocol::Timestamp;

/// Which entries may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingQuery {
    /// The lane to load from.
    pub lane: Lane,
    /// Only entries behind this one; 0 for the beginning.
    pub after_ordinal: u64,
    /// At most so many.
    pub limit: u32,
    /// The present: entries whose next attempt is later are not due.
    pub now: Timestamp,
}
