//! The outbox on its way to the platform: what is sent when, and what an answer means.

mod input;
mod output;
mod settings;

use alloc::collections::VecDeque;

pub use input::{
    BatchId, EpochNotice, Input, KeptPart, Missing, RecordAnswer, RequestNumber, TerminalReceipt, Verdict,
};
pub use output::{Notice, Output};
pub use settings::Settings;
use tongqiao_protocol::Timestamp;

use crate::EpochBook;

/// The delivery of one store's outbox.
///
/// The driver calls [`Delivery::handle`] with whatever happens, then [`Delivery::poll`] until it gives `None`, and calls
/// again with [`Input::Timer`] when [`Delivery::next_deadline`] has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delivery {
    settings: Settings,
    epochs: EpochBook,
    outputs: VecDeque<Output>,
}

impl Delivery {
    /// Starts over an existing store; `epochs` is what the document ("epoch", "book") holds, or the default.
    pub fn new(settings: Settings, epochs: EpochBook) -> Self {
        Self { settings, epochs, outputs: VecDeque::new() }
    }

    /// Takes notice of something. `random` must be unpredictable; it spreads retries.
    pub fn handle(&mut self, input: Input, now: Timestamp, random: u64) {
        let _ = (input, now, random, &self.settings, &self.epochs);
    }

    /// The next thing to do, or `None` until the next [`Delivery::handle`].
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timer`] is due, at the latest; `None` when nothing waits for time.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }
}
