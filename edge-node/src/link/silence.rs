//! How long an answer is waited for, and what its absence means.

use std::time::Duration;

use tongqiao::{Arrival, Silence, TransportFailure};

/// The longest silence after a request is away.
const SILENCE_MOST: Duration = Duration::from_secs(75);
/// The slowest upload that is waited for.
const SLOWEST_BYTES_A_SECOND: u64 = 1_024;

/// How long the answer to a frame of this size is waited for.
pub(super) const fn patience(bytes: usize) -> Duration {
    Duration::from_secs(SILENCE_MOST.as_secs() + bytes as u64 / SLOWEST_BYTES_A_SECOND)
}

/// Nothing was sent.
pub(super) fn not_connected(detail: &str) -> TransportFailure {
    TransportFailure::new(Silence::NotConnected, Arrival::No, detail)
}

/// It was sent, and nobody knows what became of it.
pub(super) fn answer_lost(detail: &str) -> TransportFailure {
    TransportFailure::new(Silence::Broken, Arrival::Perhaps, detail)
}

/// It was sent, and nothing came back in the time that was given.
pub(super) fn timed_out() -> TransportFailure {
    TransportFailure::new(Silence::TimedOut, Arrival::Perhaps, "the hub is silent")
}
