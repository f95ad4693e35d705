//! 预审, 环节, 特别程序, 评价, 撤回, and the giving up of a refused event.

use alloc::string::String;

use serde::Serialize;

use super::open_value::{OpenValue, words};
use crate::Timestamp;
use crate::code_set::CodedValue;
use crate::reading::Reading;

/// 预审.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreReview {
    /// What came of it, in the reviewer's words (`passed`, or what to look at).
    pub result: String,
    /// Who looked.
    pub handler: String,
}

impl PreReview {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (result, handler) = (reading.long_text("result"), reading.short_text("handler"));
        Some(Self { result: result?, handler: handler? })
    }
}

/// 环节. GB/T 39046 repeats the start time when there is no end yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What the step is called.
    pub step: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; the start again while it has not.
    pub ended: Timestamp,
    /// Who did it.
    pub handler: String,
    /// What they say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opinion: Option<String>,
}

impl Step {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let step = reading.short_text("step");
        let (started, ended): (Option<Timestamp>, Option<Timestamp>) =
            (reading.parsed("started"), reading.parsed("ended"));
        if let (Some(started), Some(ended)) = (started, ended)
            && ended < started
        {
            reading.fault("ended", crate::ErrorCode::RequestInvalidValue);
        }
        let handler = reading.short_text("handler");
        let opinion = reading.optional_text("opinion");
        Some(Self { step: step?, started: started?, ended: ended?, handler: handler?, opinion })
    }
}

words! {
    /// 特别程序种类 (GB/T 39046: 1 and 2).
    Procedure {
        /// 1 延长审批: moves the deadline.
        Extension = "extension",
        /// 2 除延长审批之外的情况: stops the clock (行政许可法 art. 45).
        Suspension = "suspension",
    }
}

/// 特别程序开始.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpecialBegin {
    /// Which procedure.
    pub procedure: Procedure,
    /// When it began.
    pub begun: Timestamp,
    /// Why: 听证, 检验, 专家评审 …
    pub reason: String,
    /// The working days it should take, as told to the applicant in writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_working_days: Option<u64>,
    /// For an extension: by how many days the deadline moves. Absent, it is what art. 42 allows one agency: ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_by_days: Option<u64>,
    /// Who granted it above the agencies: for an extension of a leading case, the government's approval (art. 42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// 行政许可法 art. 42: what the head of an agency may grant.
const EXTENSION_DAYS_USUAL: u32 = 10;
/// The longest extension that is written: ten years.
const EXTENSION_DAYS_MAX: u64 = 3_650;

impl SpecialBegin {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (procedure, begun) = (reading.parsed("procedure"), reading.parsed("begun"));
        let reason = reading.long_text("reason");
        let expected_working_days = reading.optional_number("expected_working_days", 1, 3_650);
        let extended_by_days = reading.optional_number("extended_by_days", 1, EXTENSION_DAYS_MAX);
        if matches!(procedure, Some(Procedure::Suspension)) && extended_by_days.is_some() {
            // A suspension stops the clock; it moves nothing by a number of days.
            reading.fault("extended_by_days", crate::ErrorCode::RequestInvalidValue);
        }
        let approved_by = reading.optional_text("approved_by");
        Some(Self {
            procedure: procedure?,
            begun: begun?,
            reason: reason?,
            expected_working_days,
            extended_by_days,
            approved_by,
        })
    }

    /// By how many days an extension moves the deadline; 0 for a suspension.
    pub fn extension_days(&self) -> u32 {
        match self.procedure {
            Procedure::Extension => {
                self.extended_by_days.map_or(EXTENSION_DAYS_USUAL, |days| u32::try_from(days).unwrap_or(u32::MAX))
            }
            Procedure::Suspension => 0,
        }
    }
}

/// 特别程序结束.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpecialEnd {
    /// Which procedure.
    pub procedure: Procedure,
    /// When it ended.
    pub ended: Timestamp,
    /// What came of it.
    pub result: String,
}

impl SpecialEnd {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (procedure, ended) = (reading.parsed("procedure"), reading.parsed("ended"));
        let result = reading.long_text("result");
        Some(Self { procedure: procedure?, ended: ended?, result: result? })
    }
}

words! {
    /// Where an evaluation was given.
    EvaluationChannel {
        /// 窗口
        Window = "window",
        /// 网上
        Online = "online",
        /// 短信
        Message = "message",
    }
}

/// 评价. 1 is best, 5 is worst (GB/T 39046 满意度); 4 and 5 call for a follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// 1 非常满意 … 5 非常不满意.
    pub score: u8,
    /// Where it was given.
    pub channel: OpenValue<EvaluationChannel>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Evaluation {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (score, channel) = (reading.number("score", 1, 5), OpenValue::read(reading, "channel"));
        let comment = reading.optional_text("comment");
        Some(Self { score: u8::try_from(score?).ok()?, channel: channel?, comment })
    }

    /// Whether the grade calls for a follow-up.
    pub const fn is_bad(&self) -> bool {
        self.score >= 4
    }

    /// The score as a code value.
    pub fn satisfaction(&self) -> CodedValue {
        CodedValue::new("satisfaction", crate::code_set::GB39046, &alloc::format!("{}", self.score))
    }
}

/// 撤回.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdrawal {
    /// Why.
    pub reason: String,
}

impl Withdrawal {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        Some(Self { reason: reading.long_text("reason")? })
    }
}

/// A refused event is given up: nothing happened at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Abandonment {
    /// Who gives it up.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Abandonment {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (by, reason) = (reading.short_text("by"), reading.long_text("reason"));
        Some(Self { by: by?, reason: reason? })
    }
}
