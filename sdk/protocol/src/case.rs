//! Cases 办件 are events: the kinds, and the envelope in which each travels.

mod application;
mod correction;
mod decision;
mod envelope;
mod joint;
mod kind;
mod open_value;
mod oversight;
mod progress;

pub use application::{Agent, Applicant, ApplicantKind, Application, IdentityDocument, ItemReference, Material};
pub use correction::{Citation, Correction, CorrectionLine, CorrectionNotice};
pub use decision::{Acceptance, Decision, DecisionResult, Delivery, DeliveryMethod, Promise, Rejection};
pub use envelope::{CaseEvent, ClockStanding, DataClass, Replacement};
pub use joint::{Joint, JointClosing, PartnerOutcome, PartnerResult, Project, ProjectStage};
pub use kind::CaseEventKind;
pub use open_value::OpenValue;
pub(crate) use open_value::words;
pub use oversight::{
    Complaint, ComplaintAnswer, ComplaintChannel, EvaluationFollowUp, Finding, Grievance, SupervisionAnswer,
    SupervisionOrder,
};
pub use progress::{
    Abandonment, Evaluation, EvaluationChannel, PreReview, Procedure, SpecialBegin, SpecialEnd, Step, Withdrawal,
};

use alloc::boxed::Box;
use alloc::string::String;

use serde_json::{Map, Value};

use crate::reading::Reading;
use crate::{ErrorCode, Fault, Faults};

/// What an event says, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseEventData {
    /// 申请
    Applied(Box<Application>),
    /// 预审
    PreReviewed(PreReview),
    /// 补正告知
    CorrectionRequested(CorrectionNotice),
    /// 补正
    Corrected(Correction),
    /// 受理
    Accepted(Acceptance),
    /// 不予受理
    Rejected(Rejection),
    /// 环节
    StepRecorded(Step),
    /// 特别程序开始
    SpecialBegun(SpecialBegin),
    /// 特别程序结束
    SpecialEnded(SpecialEnd),
    /// 办结
    Decided(Decision),
    /// 送达
    Delivered(Delivery),
    /// 评价
    Evaluated(Evaluation),
    /// 撤回
    Withdrawn(Withdrawal),
    /// 投诉
    Complained(Complaint),
    /// 投诉答复
    ComplaintAnswered(ComplaintAnswer),
    /// 差评整改
    EvaluationFollowedUp(EvaluationFollowUp),
    /// 督办
    SupervisionOrdered(SupervisionOrder),
    /// 督办回复
    SupervisionAnswered(SupervisionAnswer),
    /// Nothing happened here: takes the place of a refused event that its author gives up.
    Abandoned(Abandonment),
}

impl CaseEventData {
    /// The kind; `None` for an abandonment, to which nothing happens.
    pub const fn kind(&self) -> Option<CaseEventKind> {
        Some(match self {
            Self::Applied(_) => CaseEventKind::Applied,
            Self::PreReviewed(_) => CaseEventKind::PreReviewed,
            Self::CorrectionRequested(_) => CaseEventKind::CorrectionRequested,
            Self::Corrected(_) => CaseEventKind::Corrected,
            Self::Accepted(_) => CaseEventKind::Accepted,
            Self::Rejected(_) => CaseEventKind::Rejected,
            Self::StepRecorded(_) => CaseEventKind::StepRecorded,
            Self::SpecialBegun(_) => CaseEventKind::SpecialBegun,
            Self::SpecialEnded(_) => CaseEventKind::SpecialEnded,
            Self::Decided(_) => CaseEventKind::Decided,
            Self::Delivered(_) => CaseEventKind::Delivered,
            Self::Evaluated(_) => CaseEventKind::Evaluated,
            Self::Withdrawn(_) => CaseEventKind::Withdrawn,
            Self::Complained(_) => CaseEventKind::Complained,
            Self::ComplaintAnswered(_) => CaseEventKind::ComplaintAnswered,
            Self::EvaluationFollowedUp(_) => CaseEventKind::EvaluationFollowedUp,
            Self::SupervisionOrdered(_) => CaseEventKind::SupervisionOrdered,
            Self::SupervisionAnswered(_) => CaseEventKind::SupervisionAnswered,
            Self::Abandoned(_) => return None,
        })
    }

    /// The last part of the CloudEvents type: the kind, or `abandoned`.
    pub const fn name(&self) -> &'static str {
        match self.kind() {
            Some(kind) => kind.as_str(),
            None => "abandoned",
        }
    }

    /// Reads the `data` of an event of a kind, from JSON that is not signed yet. Paths of faults begin with `/data`.
    ///
    /// ```
    /// use tongqiao_protocol::case::CaseEventData;
    ///
    /// let data = serde_json::json!({ "reason": "申请人改变主意" });
    /// let read = CaseEventData::from_json("withdrawn", data.as_object().unwrap()).unwrap();
    /// assert_eq!(read.name(), "withdrawn");
    /// let faults = CaseEventData::from_json("withdrawn", &serde_json::Map::new()).unwrap_err();
    /// assert_eq!(faults.0[0].path, "/data/reason");
    /// ```
    ///
    /// # Errors
    /// All faults; `event.unknown_kind` at `/kind` for a kind that is not known.
    pub fn from_json(kind: &str, data: &Map<String, Value>) -> Result<Self, Faults> {
        let mut reading = Reading::new(data, "/data");
        match Self::read(kind, &mut reading) {
            Some(read) if reading.is_clean() => Ok(read),
            None if reading.is_clean() => Err(Faults::one(Fault::new("/kind", ErrorCode::EventUnknownKind))),
            _ => Err(reading.into_faults()),
        }
    }

    fn read(name: &str, reading: &mut Reading<'_>) -> Option<Self> {
        if name == "abandoned" {
            return Abandonment::read(reading).map(Self::Abandoned);
        }
        match CaseEventKind::from_name(name)? {
            CaseEventKind::Applied => Application::read(reading).map(Box::new).map(Self::Applied),
            CaseEventKind::PreReviewed => PreReview::read(reading).map(Self::PreReviewed),
            CaseEventKind::CorrectionRequested => CorrectionNotice::read(reading).map(Self::CorrectionRequested),
            CaseEventKind::Corrected => Correction::read(reading).map(Self::Corrected),
            CaseEventKind::Accepted => Acceptance::read(reading).map(Self::Accepted),
            CaseEventKind::Rejected => Rejection::read(reading).map(Self::Rejected),
            CaseEventKind::StepRecorded => Step::read(reading).map(Self::StepRecorded),
            CaseEventKind::SpecialBegun => SpecialBegin::read(reading).map(Self::SpecialBegun),
            CaseEventKind::SpecialEnded => SpecialEnd::read(reading).map(Self::SpecialEnded),
            CaseEventKind::Decided => Decision::read(reading).map(Self::Decided),
            CaseEventKind::Delivered => Delivery::read(reading).map(Self::Delivered),
            CaseEventKind::Evaluated => Evaluation::read(reading).map(Self::Evaluated),
            CaseEventKind::Withdrawn => Withdrawal::read(reading).map(Self::Withdrawn),
            CaseEventKind::Complained => Complaint::read(reading).map(Self::Complained),
            CaseEventKind::ComplaintAnswered => ComplaintAnswer::read(reading).map(Self::ComplaintAnswered),
            CaseEventKind::EvaluationFollowedUp => EvaluationFollowUp::read(reading).map(Self::EvaluationFollowedUp),
            CaseEventKind::SupervisionOrdered => SupervisionOrder::read(reading).map(Self::SupervisionOrdered),
            CaseEventKind::SupervisionAnswered => SupervisionAnswer::read(reading).map(Self::SupervisionAnswered),
        }
    }

    fn to_json(&self) -> Map<String, Value> {
        let value = match self {
            Self::Applied(data) => serde_json::to_value(data),
            Self::PreReviewed(data) => serde_json::to_value(data),
            Self::CorrectionRequested(data) => serde_json::to_value(data),
            Self::Corrected(data) => serde_json::to_value(data),
            Self::Accepted(data) => serde_json::to_value(data),
            Self::Rejected(data) => serde_json::to_value(data),
            Self::StepRecorded(data) => serde_json::to_value(data),
            Self::SpecialBegun(data) => serde_json::to_value(data),
            Self::SpecialEnded(data) => serde_json::to_value(data),
            Self::Decided(data) => serde_json::to_value(data),
            Self::Delivered(data) => serde_json::to_value(data),
            Self::Evaluated(data) => serde_json::to_value(data),
            Self::Withdrawn(data) => serde_json::to_value(data),
            Self::Complained(data) => serde_json::to_value(data),
            Self::ComplaintAnswered(data) => serde_json::to_value(data),
            Self::EvaluationFollowedUp(data) => serde_json::to_value(data),
            Self::SupervisionOrdered(data) => serde_json::to_value(data),
            Self::SupervisionAnswered(data) => serde_json::to_value(data),
            Self::Abandoned(data) => serde_json::to_value(data),
        };
        match value {
            Ok(Value::Object(object)) => object,
            // Structs of strings, numbers and lists always become an object.
            Ok(_) | Err(_) => Map::new(),
        }
    }
}
