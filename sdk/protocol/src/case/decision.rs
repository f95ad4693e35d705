//! 受理, 不予受理, 办结, 送达.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::joint::PartnerResult;
use super::open_value::{OpenValue, words};
use crate::Timestamp;
use crate::identifier::LicenceIdentifier;
use crate::limits;
use crate::reading::Reading;

/// 承诺: until when it will be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// Working days promised by the item's guide.
    pub working_days: u32,
    /// The instant that follows from it.
    pub due: Timestamp,
}

impl Promise {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (days, due) = (reading.number("working_days", 0, 3_650), reading.parsed("due"));
        Some(Self { working_days: u32::try_from(days?).ok()?, due: due? })
    }
}

/// 受理.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// When it was accepted.
    pub accepted_on: Timestamp,
    /// By whom.
    pub handler: String,
    /// The number of the acceptance document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_number: Option<String>,
    /// The promise.
    pub promise: Promise,
}

impl Acceptance {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let accepted_on = reading.parsed("accepted_on");
        let handler = reading.short_text("handler");
        let document_number = reading.optional_text("document_number");
        let promise = reading.nested("promise", Promise::read);
        Some(Self { accepted_on: accepted_on?, handler: handler?, document_number, promise: promise? })
    }
}

/// 不予受理: with reason, legal basis and remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Why.
    pub reason: String,
    /// By which provision.
    pub legal_basis: String,
    /// What the applicant can do against it.
    pub remedy: String,
    /// By whom.
    pub handler: String,
}

impl Rejection {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (reason, legal_basis) = (reading.long_text("reason"), reading.long_text("legal_basis"));
        let (remedy, handler) = (reading.long_text("remedy"), reading.short_text("handler"));
        Some(Self { reason: reason?, legal_basis: legal_basis?, remedy: remedy?, handler: handler? })
    }
}

words! {
    /// How a case was decided.
    DecisionResult {
        /// 准予
        Granted = "granted",
        /// 不予
        Refused = "refused",
        /// 其他办结
        Other = "other",
    }
}

/// 办结.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// How it was decided.
    pub result: OpenValue<DecisionResult>,
    /// When.
    pub decided_on: Timestamp,
    /// By whom.
    pub handler: String,
    /// The reasons; required by law for a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The licence that was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceIdentifier>,
    /// Of a leading case: what became of every partner, in the order of the application; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<PartnerResult>,
}

impl Decision {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let result: Option<OpenValue<DecisionResult>> = OpenValue::read(reading, "result");
        let (decided_on, handler) = (reading.parsed("decided_on"), reading.short_text("handler"));
        let explanation = reading.optional_text("explanation");
        if matches!(result, Some(OpenValue::Known(DecisionResult::Refused))) && explanation.is_none() {
            reading.fault("explanation", crate::ErrorCode::RequestMissingField);
        }
        let licence = reading.optional_identifier("licence");
        let partners = reading.optional_list("partners", limits::JOINT_PARTNERS_MAX, PartnerResult::read);
        Some(Self {
            result: result?,
            decided_on: decided_on?,
            handler: handler?,
            explanation,
            licence,
            partners: partners?,
        })
    }
}

words! {
    /// How a result reached the applicant.
    DeliveryMethod {
        /// 窗口领取
        Window = "window",
        /// 邮寄
        Express = "express",
        /// 电子送达
        Electronic = "electronic",
    }
}

/// 送达.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// How.
    pub method: OpenValue<DeliveryMethod>,
    /// When.
    pub delivered_on: Timestamp,
    /// The carrier's number of the parcel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logistics_number: Option<String>,
}

impl Delivery {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (method, delivered_on) = (OpenValue::read(reading, "method"), reading.parsed("delivered_on"));
        let logistics_number = reading.optional_text("logistics_number");
        Some(Self { method: method?, delivered_on: delivered_on?, logistics_number })
    }
}
