//! What happened on one direction of a link.

/// What happened on one direction of a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that were handed to the link.
    pub offered: u64,
    /// Their bytes, headers included: what a carrier would bill.
    pub offered_bytes: u64,
    /// Packets for which the queue had no room.
    pub overflowed: u64,
    /// Packets that the weather took.
    pub lost: u64,
    /// Packets that came while the link was dark.
    pub darkened: u64,
    /// Packets that were filtered: too long, or UDP where that is blocked.
    pub filtered: u64,
    /// Packets that came out at the other end.
    pub delivered: u64,
    /// Bytes that came out at the other end.
    pub delivered_bytes: u64,
    /// The deepest that the queue has been, in bytes.
    pub deepest_queue_bytes: u64,
}
