//! What may happen to a case, and who wins when two producers act at once.
//!
//! This is `conformance/spec/case-life.tsv` and `case-conflicts.tsv` as code; tests compare both ways, line by line.
//!
//! ```
//! use tongqiao_engine::case_life::{CaseState, Happening};
//! use tongqiao_protocol::case::CaseEventKind;
//!
//! let applied = Happening::plain(CaseEventKind::Applied);
//! assert_eq!(CaseState::None.after(applied), Some(CaseState::Applied));
//! // A case is not decided before it was accepted.
//! assert_eq!(CaseState::Applied.after(Happening::plain(CaseEventKind::Decided)), None);
//! ```

use alloc::vec::Vec;

use tongqiao_protocol::case::{CaseEventData, CaseEventKind, Procedure};
use tongqiao_protocol::{IncarnationId, ProducerId};

use CaseEventKind as Kind;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CaseState {
    /// There is no such case yet.
    #[default]
    None,
    /// 已申请: handed in, waiting for acceptance.
    Applied,
    /// 已预审
    PreReviewed,
    /// 补正中: the applicant has been told what is missing.
    Correcting,
    /// 已受理: the clock runs.
    Accepted,
    /// 特别程序中: accepted, and the clock stands.
    Suspended,
    /// 已办结
    Decided,
    /// 已送达
    Delivered,
    /// 不予受理; final.
    Rejected,
    /// 已撤回; final.
    Withdrawn,
}

impl CaseState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::Applied,
        Self::PreReviewed,
        Self::Correcting,
        Self::Accepted,
        Self::Suspended,
        Self::Decided,
        Self::Delivered,
        Self::Rejected,
        Self::Withdrawn,
    ];

    /// The name in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Applied => "applied",
            Self::PreReviewed => "pre-reviewed",
            Self::Correcting => "correcting",
            Self::Accepted => "accepted",
            Self::Suspended => "suspended",
            Self::Decided => "decided",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state after something has happened; `None` if it cannot happen here (`case.transition_impossible`).
    pub const fn after(self, happening: Happening) -> Option<Self> {
        Some(match (self, happening.kind, happening.procedure) {
            (Self::None, Kind::Applied, _) | (Self::Correcting, Kind::Corrected, _) => Self::Applied,
            (Self::Applied, Kind::PreReviewed, _) => Self::PreReviewed,
            (Self::Applied | Self::PreReviewed, Kind::CorrectionRequested, _) => Self::Correcting,
            (Self::Applied | Self::PreReviewed, Kind::Accepted, _) => Self::Accepted,
            (Self::Applied | Self::PreReviewed | Self::Correcting, Kind::Rejected, _) => Self::Rejected,
            (
                Self::Applied | Self::PreReviewed | Self::Correcting | Self::Accepted | Self::Suspended,
                Kind::Withdrawn,
                _,
            ) => Self::Withdrawn,
            (Self::Accepted, Kind::Decided, _) => Self::Decided,
            (Self::Decided | Self::Delivered, Kind::Delivered, _) => Self::Delivered,
            // An extension moves the deadline and leaves the clock running; everything else stops it.
            (Self::Accepted, Kind::SpecialBegun, Some(Procedure::Suspension)) => Self::Suspended,
            (Self::Suspended, Kind::SpecialEnded, Some(Procedure::Suspension)) => Self::Accepted,
            (Self::Accepted | Self::Suspended, Kind::SpecialBegun | Kind::SpecialEnded, Some(Procedure::Extension))
            | (Self::Accepted | Self::Suspended | Self::Decided | Self::Delivered, Kind::Evaluated, _) => self,
            (Self::None, kind, _) if kind.is_aside() => return None,
            (
                Self::Accepted | Self::Suspended | Self::Decided | Self::Delivered | Self::Withdrawn,
                Kind::EvaluationFollowedUp,
                _,
            ) => self,
            (
                _,
                Kind::Complained | Kind::ComplaintAnswered | Kind::SupervisionOrdered | Kind::SupervisionAnswered,
                _,
            ) => self,
            (Self::None | Self::Rejected | Self::Withdrawn, Kind::StepRecorded, _) => return None,
            (_, Kind::StepRecorded, _) => self,
            _ => return None,
        })
    }

    /// Whether the procedure is over; what is said about its handling may still follow.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Rejected | Self::Withdrawn)
    }
}

/// Something that happens to a case, as far as the tables care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Happening {
    kind: CaseEventKind,
    procedure: Option<Procedure>,
}

impl Happening {
    /// Something without a special procedure.
    pub const fn plain(kind: CaseEventKind) -> Self {
        Self { kind, procedure: None }
    }

    /// The begin or end of a special procedure.
    pub const fn special(kind: CaseEventKind, procedure: Procedure) -> Self {
        Self { kind, procedure: Some(procedure) }
    }

    /// What an event's data says; `None` for an abandonment, by which nothing happens.
    pub fn of(data: &CaseEventData) -> Option<Self> {
        let kind = data.kind()?;
        let procedure = match data {
            CaseEventData::SpecialBegun(begin) => Some(begin.procedure),
            CaseEventData::SpecialEnded(end) => Some(end.procedure),
            _ => None,
        };
        Some(Self { kind, procedure })
    }

    /// The kind.
    pub const fn kind(self) -> CaseEventKind {
        self.kind
    }
}

/// Who may cause something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The department itself.
    Department,
    /// The applicant's will, signed by the department's system.
    ApplicantViaDepartment,
    /// The platform: for the applicant who used its portal, and as supervisor.
    Platform,
}

impl Actor {
    /// The name in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::ApplicantViaDepartment => "applicant-via-department",
            Self::Platform => "platform",
        }
    }

    /// Who may cause events of a kind.
    pub const fn of(kind: CaseEventKind) -> &'static [Self] {
        match kind {
            Kind::Applied | Kind::Corrected | Kind::Evaluated | Kind::Withdrawn | Kind::Complained => {
                &[Self::ApplicantViaDepartment, Self::Platform]
            }
            Kind::SupervisionOrdered => &[Self::Platform],
            _ => &[Self::Department],
        }
    }
}

/// What becomes of two events whose authors had not seen one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Winner {
    /// The earlier stands, the later is refused with `case.conflict_lost`.
    First,
    /// Both are effective, and the later prevails.
    Later,
    /// Both are effective, and neither takes anything from the other.
    Both,
}

impl Winner {
    /// The name in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Later => "later",
            Self::Both => "both",
        }
    }

    /// Who wins; `None` for a pair that cannot be proposed in one state: there the transition alone decides.
    pub fn between(earlier: CaseEventKind, later: CaseEventKind) -> Option<Self> {
        let together = CaseState::ALL.into_iter().any(|state| can_happen(state, earlier) && can_happen(state, later));
        if !together {
            return None;
        }
        Some(match (earlier, later) {
            // These change nothing about the case.
            (one, other) if one.is_aside() || other.is_aside() => Self::Both,
            // After these nothing else is possible, whoever did not know.
            (Kind::Rejected | Kind::Withdrawn, _) | (Kind::Decided, Kind::Withdrawn) => Self::First,
            (Kind::StepRecorded | Kind::Evaluated, _) | (_, Kind::StepRecorded | Kind::Evaluated) => Self::Both,
            (_, Kind::Withdrawn) => Self::Later,
            (Kind::PreReviewed, Kind::PreReviewed) => Self::First,
            (Kind::PreReviewed | Kind::SpecialEnded | Kind::Delivered, _)
            | (Kind::SpecialBegun, Kind::SpecialEnded | Kind::Decided) => Self::Both,
            _ => Self::First,
        })
    }
}

/// Whether a kind can happen in a state, under some procedure.
pub fn can_happen(state: CaseState, kind: CaseEventKind) -> bool {
    let special = [Procedure::Extension, Procedure::Suspension].map(|procedure| Happening::special(kind, procedure));
    state.after(Happening::plain(kind)).is_some() || special.into_iter().any(|one| state.after(one).is_some())
}

/// A case's history, as far as it decides what may come next.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CaseLife {
    state: CaseState,
    /// Kind and author of each effective event; the first has revision 1.
    effective: Vec<(CaseEventKind, Author)>,
}

/// Who wrote an event: one life of one installation's store.
pub type Author = (ProducerId, IncarnationId);

/// Why an event has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoEffect {
    /// It cannot happen in this state.
    #[error("{} cannot happen to a case that is {}", kind.as_str(), state.as_str())]
    Impossible {
        /// The state.
        state: CaseState,
        /// What was to happen.
        kind: CaseEventKind,
    },
    /// Another producer's event, which its author had not seen, wins.
    #[error("{} loses to {}, which is revision {revision}", kind.as_str(), winner.as_str())]
    ConflictLost {
        /// What was to happen.
        kind: CaseEventKind,
        /// What had happened.
        winner: CaseEventKind,
        /// The winner's revision.
        revision: u64,
    },
    /// Its author saw a revision that is not here (yet); it must wait.
    #[error("revision {missing} is missing")]
    RevisionAhead {
        /// The first one that is missing.
        missing: u64,
    },
}

impl CaseLife {
    /// Where the case stands.
    pub const fn state(&self) -> CaseState {
        self.state
    }

    /// The number of effective events.
    pub fn revision(&self) -> u64 {
        self.effective.len() as u64
    }

    /// What an event whose author had seen `revision` would lead to. Changes nothing.
    ///
    /// # Errors
    /// [`NoEffect`] says why it would have none.
    pub fn judge(&self, happening: Happening, author: Author, revision: u64) -> Result<CaseState, NoEffect> {
        if revision > self.revision() {
            return Err(NoEffect::RevisionAhead { missing: self.revision() + 1 });
        }
        let kind = happening.kind;
        let seen = usize::try_from(revision).unwrap_or(usize::MAX);
        for (place, (before, by)) in self.effective.iter().enumerate().skip(seen) {
            if *by != author && Winner::between(*before, kind) == Some(Winner::First) {
                return Err(NoEffect::ConflictLost { kind, winner: *before, revision: place as u64 + 1 });
            }
        }
        self.state.after(happening).ok_or(NoEffect::Impossible { state: self.state, kind })
    }

    /// Lets an event happen and gives the new revision.
    ///
    /// # Errors
    /// As for [`CaseLife::judge`]; nothing has changed then.
    pub fn happen(&mut self, happening: Happening, author: Author, revision: u64) -> Result<u64, NoEffect> {
        self.state = self.judge(happening, author, revision)?;
        self.effective.push((happening.kind, author));
        Ok(self.revision())
    }
}
