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
