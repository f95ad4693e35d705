//! What an event means for the clocks of its case: small enough to be kept for good, and without a word about anybody.

use serde::{Deserialize, Serialize};
use tongqiao_protocol::case::{CaseEventData, Procedure};
use tongqiao_protocol::{EventId, Timestamp};

/// One step of the clocks. Times are those that the event states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockStep {
    /// Handed in: somebody must answer.
    Applied,
    /// Answered: something is missing, or refused.
    Answered,
    /// Taken up: somebody must decide.
    Accepted {
        /// When.
        on: Timestamp,
    },
    /// 延长审批: the deadline moves.
    Extended {
        /// By so many days.
        days: u32,
    },
    /// The clock stops.
    Suspended {
        /// When.
        on: Timestamp,
    },
    /// The clock goes on.
    Resumed {
        /// When.
        on: Timestamp,
    },
    /// Decided: somebody must hand the result over.
    Decided {
        /// When.
        on: Timestamp,
    },
    /// Handed over.
    Delivered {
        /// When.
        on: Timestamp,
    },
    /// Nobody must decide or hand over anything any more.
    Withdrawn,
    /// 投诉: somebody must answer it.
    Complained {
        /// The complaint.
        complaint: EventId,
    },
    /// A bad grade: somebody must look into it.
    GradedBadly {
        /// The evaluation.
        evaluation: EventId,
    },
    /// 督办: somebody must answer it.
    Ordered {
        /// The order.
        order: EventId,
        /// Within so many working days.
        working_days: u32,
    },
    /// A complaint or an order is answered, a bad grade was looked into.
    Replied {
        /// The complaint, the order or the evaluation.
        to: EventId,
    },
}

impl ClockStep {
    /// What the event with this id means; `None` for one that moves no clock.
    pub fn of(id: EventId, data: &CaseEventData) -> Option<Self> {
        Some(match data {
            CaseEventData::Applied(_) => Self::Applied,
            CaseEventData::CorrectionRequested(_) | CaseEventData::Rejected(_) => Self::Answered,
            CaseEventData::Accepted(acceptance) => Self::Accepted { on: acceptance.accepted_on },
            CaseEventData::SpecialBegun(begin) => match begin.procedure {
                Procedure::Extension => Self::Extended { days: begin.extension_days() },
                Procedure::Suspension => Self::Suspended { on: begin.begun },
            },
            CaseEventData::SpecialEnded(end) => match end.procedure {
                Procedure::Extension => return None,
                Procedure::Suspension => Self::Resumed { on: end.ended },
            },
            CaseEventData::Decided(decision) => Self::Decided { on: decision.decided_on },
            CaseEventData::Delivered(delivery) => Self::Delivered { on: delivery.delivered_on },
            CaseEventData::Withdrawn(_) => Self::Withdrawn,
            CaseEventData::Complained(_) => Self::Complained { complaint: id },
            CaseEventData::Evaluated(evaluation) if evaluation.is_bad() => Self::GradedBadly { evaluation: id },
            CaseEventData::SupervisionOrdered(order) => Self::Ordered { order: id, working_days: order.working_days },
            CaseEventData::ComplaintAnswered(answer) => Self::Replied { to: answer.complaint },
            CaseEventData::EvaluationFollowedUp(follow_up) => Self::Replied { to: follow_up.evaluation },
            CaseEventData::SupervisionAnswered(answer) => Self::Replied { to: answer.order },
            _ => return None,
        })
    }

    /// The time that the event states; `None` where the time of the event itself counts.
    pub const fn stated(self) -> Option<Timestamp> {
        match self {
            Self::Accepted { on }
            | Self::Suspended { on }
            | Self::Resumed { on }
            | Self::Decided { on }
            | Self::Delivered { on } => Some(on),
            Self::Applied
            | Self::Answered
            | Self::Extended { .. }
            | Self::Withdrawn
            | Self::Complained { .. }
            | Self::GradedBadly { .. }
            | Self::Ordered { .. }
            | Self::Replied { .. } => None,
        }
    }
}
