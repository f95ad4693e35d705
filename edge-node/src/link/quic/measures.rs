//! What makes the link good on a weak line, each with a switch.

/// Whether a measure is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    /// It is.
    #[default]
    On,
    /// It is not.
    Off,
}

impl Switch {
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// How the rate of sending is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Control {
    /// By the rate at which data arrive; losses say nothing.
    #[default]
    Rate,
    /// As TCP does it: every loss is taken for a full queue.
    Cubic,
}

/// What makes the link over QUIC good on a weak line. A node takes every measure; a bench leaves single ones out, to see what
/// they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measures {
    /// How the rate of sending is found.
    pub control: Control,
    /// Sending a little more slowly than the line, where its rate is known.
    pub shaper: Switch,
    /// Lanes have priorities.
    pub priorities: Switch,
    /// A silent line is noticed, listened to, and dialled as soon as it is back.
    pub watchdog: Switch,
    /// What may be said twice is said in the first packet of a new connection.
    pub early_data: Switch,
    /// The last packet of a frame is followed by almost empty ones, so that its loss is noticed.
    pub nudges: Switch,
    /// Payments are sent twice, a moment apart.
    pub twin: Switch,
    /// Compressing with the shared dictionary.
    pub dictionary: Switch,
}
