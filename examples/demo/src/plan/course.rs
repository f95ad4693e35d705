//! How a case goes: from application to its end, along the table of case life.

use serde::{Deserialize, Serialize};

/// One event after the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    RequestCorrection,
    Correct,
    Accept,
    Reject,
    Review,
    Suspend,
    Resume,
    Grant,
    Refuse,
    Deliver,
    Evaluate { score: u8 },
    Withdraw,
}

impl Step {
    /// The kind of event that stands in the platform's log.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::RequestCorrection => "correction-requested",
            Self::Correct => "corrected",
            Self::Accept => "accepted",
            Self::Reject => "rejected",
            Self::Review => "step-recorded",
            Self::Suspend => "special-begun",
            Self::Resume => "special-ended",
            Self::Grant | Self::Refuse => "decided",
            Self::Deliver => "delivered",
            Self::Evaluate { .. } => "evaluated",
            Self::Withdraw => "withdrawn",
        }
    }

    /// The state to which it moves a case; `None` when the case stays where it is.
    const fn state(self) -> Option<&'static str> {
        match self {
            Self::RequestCorrection => Some("correcting"),
            Self::Correct => Some(APPLIED),
            Self::Accept | Self::Resume => Some("accepted"),
            Self::Reject => Some("rejected"),
            Self::Suspend => Some("suspended"),
            Self::Grant | Self::Refuse => Some("decided"),
            Self::Deliver => Some("delivered"),
            Self::Withdraw => Some("withdrawn"),
            Self::Review | Self::Evaluate { .. } => None,
        }
    }
}

/// Kind of the first event, and the state after it.
pub(crate) const APPLIED: &str = "applied";

/// Where a case stands after these steps.
pub(crate) fn end_of(steps: &[Step]) -> &'static str {
    steps.iter().rev().find_map(|step| step.state()).unwrap_or(APPLIED)
}

/// A course by chance: most cases are granted and delivered, some are corrected, suspended, refused or withdrawn.
/// A correction notice cites the guide, so it needs an item whose guide asks for `materials`.
pub(crate) fn course(chance: &mut fastrand::Rng, materials: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    if chance.u8(..10) < 2 && materials > 0 {
        steps.extend([Step::RequestCorrection, Step::Correct]);
    }
    match chance.u8(..20) {
        0 => {
            steps.push(Step::Reject);
            return steps;
        }
        1 => {
            steps.push(Step::Withdraw);
            return steps;
        }
        _ => steps.push(Step::Accept),
    }
    for _ in 0..chance.u8(1..3) {
        steps.push(Step::Review);
    }
    if chance.u8(..10) == 0 {
        steps.extend([Step::Suspend, Step::Resume]);
    }
    if chance.u8(..10) == 0 {
        steps.push(Step::Refuse);
    } else {
        steps.extend([Step::Grant, Step::Deliver]);
    }
    if chance.bool() {
        steps.push(Step::Evaluate { score: chance.u8(1..=5) });
    }
    steps
}
