//! The one place where what came back from a request becomes "may I try again, and did it happen".

use alloc::vec::Vec;

/// Whether the same thing may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retry {
    /// It will fail the same way for ever.
    Never,
    /// At once if need be, with the same bytes.
    SameRequest,
    /// With the same bytes, but later.
    AfterDelay,
    /// Only after a human or the program has changed something.
    AfterChange,
}

/// Whether the request took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It never left this machine.
    NotSent,
    /// The other side judged it and did nothing.
    Rejected,
    /// It may have taken effect.
    Unknown,
    /// It took effect.
    Applied,
}

/// What a failed request says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureScope {
    /// The link, the platform as a whole or our standing with it: the records are not to blame and wait.
    Endpoint,
    /// The request as sent: one of its records may be to blame, and the batch is split to find it.
    Request,
}

/// A request that brought no results.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// Who is to blame.
    pub scope: FailureScope,
    /// May it be tried again.
    pub retry: Retry,
    /// Did it happen.
    pub outcome: Outcome,
    /// What the platform asked for in `Retry-After`, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The problem document, or a text that names the failure; kept with a dead letter.
    pub problem: Vec<u8>,
}
