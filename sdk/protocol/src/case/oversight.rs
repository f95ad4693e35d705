//! 投诉, 差评整改, 督办: what is said about the handling of a case, and what the department answers.

use alloc::string::String;

use serde::Serialize;

use super::open_value::{OpenValue, words};
use crate::reading::Reading;
use crate::{EventId, limits};

words! {
    /// What is found fault with: the grounds that cities' supervision rules list. No national list of codes exists.
    Grievance {
        /// 应受理不受理
        RefusedApplication = "refused-application",
        /// 超过承诺或法定时限
        Overdue = "overdue",
        /// 单个环节超时
        StepOverdue = "step-overdue",
        /// 未按时转报上级
        LateReferral = "late-referral",
        /// 不予受理、不予许可未说明理由
        Unreasoned = "unreasoned",
        /// 体外循环
        OutsideSystem = "outside-system",
        /// 违规收费
        UnlawfulFee = "unlawful-fee",
        /// 服务态度
        Conduct = "conduct",
        /// 其他
        Other = "other",
    }
}

words! {
    /// How a complaint came.
    ComplaintChannel {
        /// 窗口
        Window = "window",
        /// 网上
        Online = "online",
        /// 热线
        Hotline = "hotline",
    }
}

words! {
    /// What checking back has shown 核实结果.
    Finding {
        /// 属实
        Founded = "founded",
        /// 部分属实
        PartlyFounded = "partly-founded",
        /// 不属实
        Unfounded = "unfounded",
    }
}

/// 投诉.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// What is found fault with.
    pub grounds: OpenValue<Grievance>,
    /// What the applicant says.
    pub text: String,
    /// How it came.
    pub channel: OpenValue<ComplaintChannel>,
}

impl Complaint {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let grounds = OpenValue::read(reading, "grounds");
        let (text, channel) = (reading.long_text("text"), OpenValue::read(reading, "channel"));
        Some(Self { grounds: grounds?, text: text?, channel: channel? })
    }
}

/// 投诉答复: the answer to one complaint, given once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComplaintAnswer {
    /// The event by which the applicant complained.
    pub complaint: EventId,
    /// What checking has shown.
    pub finding: OpenValue<Finding>,
    /// What the applicant is told.
    pub answer: String,
    /// Who answers.
    pub handler: String,
}

impl ComplaintAnswer {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (complaint, finding) = (reading.parsed("complaint"), OpenValue::read(reading, "finding"));
        let (answer, handler) = (reading.long_text("answer"), reading.short_text("handler"));
        Some(Self { complaint: complaint?, finding: finding?, answer: answer?, handler: handler? })
    }
}

/// 差评整改: what became of one evaluation of 4 or 5, said once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvaluationFollowUp {
    /// The event by which the grade was given.
    pub evaluation: EventId,
    /// What checking back with the person has shown.
    pub finding: OpenValue<Finding>,
    /// What was done about it.
    pub measures: String,
    /// Who did it.
    pub handler: String,
}

impl EvaluationFollowUp {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (evaluation, finding) = (reading.parsed("evaluation"), OpenValue::read(reading, "finding"));
        let (measures, handler) = (reading.long_text("measures"), reading.short_text("handler"));
        Some(Self { evaluation: evaluation?, finding: finding?, measures: measures?, handler: handler? })
    }
}

/// 督办: the supervisor demands something of the department by a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupervisionOrder {
    /// Because of what.
    pub grounds: OpenValue<Grievance>,
    /// What is to be done.
    pub content: String,
    /// The answer is due after so many working days, 1 to `SUPERVISION_ANSWER_DAYS_MAX`, from the day of the order.
    pub working_days: u32,
    /// 监察规则编号: the id of the published rule whose card led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl SupervisionOrder {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (grounds, content) = (OpenValue::read(reading, "grounds"), reading.long_text("content"));
        let days = reading.number("working_days", 1, limits::SUPERVISION_ANSWER_DAYS_MAX);
        let rule = reading.optional_text("rule");
        let working_days = u32::try_from(days?).ok()?;
        Some(Self { grounds: grounds?, content: content?, working_days, rule })
    }
}

/// 督办回复: the answer to one order, given once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupervisionAnswer {
    /// The event by which the order was given.
    pub order: EventId,
    /// What was done.
    pub answer: String,
    /// Who answers.
    pub handler: String,
}

impl SupervisionAnswer {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (order, answer) = (reading.parsed("order"), reading.long_text("answer"));
        let handler = reading.short_text("handler");
        Some(Self { order: order?, answer: answer?, handler: handler? })
    }
}
