//! The kinds of case event.

use core::fmt;

/// Something that happens to a case. The table of case life says which may follow which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseEventKind {
    /// 申请: somebody applies.
    Applied,
    /// 预审: looked at before acceptance.
    PreReviewed,
    /// 补正告知: the one complete notice of what is missing.
    CorrectionRequested,
    /// 补正: what was missing has come.
    Corrected,
    /// 受理: taken on; the clock runs.
    Accepted,
    /// 不予受理: not taken on.
    Rejected,
    /// 环节: a step of the handling.
    StepRecorded,
    /// 特别程序开始: extension, or a stop of the clock.
    SpecialBegun,
    /// 特别程序结束.
    SpecialEnded,
    /// 办结: decided.
    Decided,
    /// 送达: the result has been handed over.
    Delivered,
    /// 评价: the applicant's grade.
    Evaluated,
    /// 撤回: the applicant withdraws.
    Withdrawn,
    /// 投诉: the applicant complains.
    Complained,
    /// 投诉答复: a complaint is answered.
    ComplaintAnswered,
    /// 差评整改: a bad grade was looked into.
    EvaluationFollowedUp,
    /// 督办: the supervisor demands something.
    SupervisionOrdered,
    /// 督办回复: an order of the supervisor is answered.
    SupervisionAnswered,
}

impl CaseEventKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Applied,
        Self::PreReviewed,
        Self::CorrectionRequested,
        Self::Corrected,
        Self::Accepted,
        Self::Rejected,
        Self::StepRecorded,
        Self::SpecialBegun,
        Self::SpecialEnded,
        Self::Decided,
        Self::Delivered,
        Self::Evaluated,
        Self::Withdrawn,
        Self::Complained,
        Self::ComplaintAnswered,
        Self::EvaluationFollowedUp,
        Self::SupervisionOrdered,
        Self::SupervisionAnswered,
    ];

    /// The name in tables and in the CloudEvents type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::PreReviewed => "pre-reviewed",
            Self::CorrectionRequested => "correction-requested",
            Self::Corrected => "corrected",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::StepRecorded => "step-recorded",
            Self::SpecialBegun => "special-begun",
            Self::SpecialEnded => "special-ended",
            Self::Decided => "decided",
            Self::Delivered => "delivered",
            Self::Evaluated => "evaluated",
            Self::Withdrawn => "withdrawn",
            Self::Complained => "complained",
            Self::ComplaintAnswered => "complaint-answered",
            Self::EvaluationFollowedUp => "evaluation-followed-up",
            Self::SupervisionOrdered => "supervision-ordered",
            Self::SupervisionAnswered => "supervision-answered",
        }
    }

    /// Whether it is said about the handling of a case, in whatever state, and moves nothing: complaints, follow-ups, orders
    /// of the supervisor and the answers to them.
    pub const fn is_aside(self) -> bool {
        matches!(
            self,
            Self::Complained
                | Self::ComplaintAnswered
                | Self::EvaluationFollowedUp
                | Self::SupervisionOrdered
                | Self::SupervisionAnswered
        )
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for CaseEventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
