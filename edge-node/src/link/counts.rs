//! What a hub has counted since its start.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a hub has counted since its start.
#[derive(Default)]
pub(crate) struct Counts {
    /// Frames that the platform has answered.
    pub(crate) passed: AtomicU64,
    /// Frames that have certainly not reached the platform.
    pub(crate) not_reached: AtomicU64,
    /// Frames that may have reached it, without an answer.
    pub(crate) unanswered: AtomicU64,
    /// What came and was no frame.
    pub(crate) malformed: AtomicU64,
    /// Whoever dialled and is not known.
    pub(crate) strangers: AtomicU64,
    http2: AtomicU64,
    quic: AtomicU64,
}

impl Counts {
    pub(crate) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A node is connected by HTTP/2 for as long as this is held.
    pub(crate) fn http2(&self) -> Connected<'_> {
        Connected::by(&self.http2)
    }

    /// A node is connected by QUIC for as long as this is held.
    pub(crate) fn quic(&self) -> Connected<'_> {
        Connected::by(&self.quic)
    }

    /// Nodes that are connected: by HTTP/2, and by QUIC.
    pub(crate) fn connected(&self) -> (u64, u64) {
        (self.http2.load(Ordering::Relaxed), self.quic.load(Ordering::Relaxed))
    }
}

/// One connection.
pub(crate) struct Connected<'a>(&'a AtomicU64);

impl<'a> Connected<'a> {
    fn by(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
