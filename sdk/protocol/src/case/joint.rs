//! Joint processing 联办: several agencies handle one matter at the same time, each its own case; one leads and gives the answer.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::open_value::{OpenValue, words};
use crate::identifier::ProjectCode;
use crate::reading::Reading;
use crate::{CaseId, ErrorCode, Fault, limits};

words! {
    /// When the leading case may be decided.
    JointClosing {
        /// 一般联办: when every partner's case has ended.
        AfterPartners = "after-partners",
        /// 前置联办: when every partner has accepted, and so promised, or ended.
        AfterPromises = "after-promises",
    }
}

/// A case's part in a joint procedure. It is fixed by the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Joint {
    /// 牵头件: this case leads, and its decision is the answer to the applicant.
    Lead {
        /// The partners' cases, all of them, in the order in which they are told to the applicant.
        partners: Vec<CaseId>,
        /// When this case may be decided.
        closes: JointClosing,
    },
    /// 协办件: this case is handled beside others, for the case that leads.
    Partner {
        /// The leading case.
        lead: CaseId,
    },
}

impl Joint {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        match (reading.value("lead").is_some(), reading.value("partners").is_some()) {
            (true, false) => Some(Self::Partner { lead: reading.parsed("lead")? }),
            (true, true) => {
                reading.fault("lead", ErrorCode::RequestInvalidValue);
                None
            }
            (false, _) => {
                let partners: Option<Vec<CaseId>> = reading.parsed_list("partners", 1, limits::JOINT_PARTNERS_MAX);
                let closes = reading.parsed("closes");
                for (place, partner) in partners.iter().flatten().enumerate() {
                    if partners.iter().flatten().take(place).any(|before| before == partner) {
                        let path = alloc::format!("{}/{place}", reading.path_of("partners"));
                        reading.push(Fault::new(&path, ErrorCode::RequestInvalidValue).with("expected", "each once"));
                    }
                }
                Some(Self::Lead { partners: partners?, closes: closes? })
            }
        }
    }

    /// The case that leads: this one, or the one that it names.
    pub const fn lead_of(&self, case: CaseId) -> CaseId {
        match self {
            Self::Lead { .. } => case,
            Self::Partner { lead } => *lead,
        }
    }

    /// The cases that this one names.
    pub fn named(&self) -> &[CaseId] {
        match self {
            Self::Lead { partners, .. } => partners,
            Self::Partner { lead } => core::slice::from_ref(lead),
        }
    }
}

words! {
    /// What became of a partner's case, as the leading case's decision tells it.
    PartnerOutcome {
        /// 准予
        Granted = "granted",
        /// 不予
        Refused = "refused",
        /// 其他办结
        Other = "other",
        /// 不予受理
        Rejected = "rejected",
        /// 已撤回
        Withdrawn = "withdrawn",
        /// 已受理并承诺: not decided yet; only where the case closes after promises.
        Promised = "promised",
    }
}

/// One partner in the decision of the leading case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerResult {
    /// The partner's case.
    pub case: CaseId,
    /// What became of it.
    pub outcome: OpenValue<PartnerOutcome>,
}

impl PartnerResult {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (case, outcome) = (reading.parsed("case"), OpenValue::read(reading, "outcome"));
        Some(Self { case: case?, outcome: outcome? })
    }
}

words! {
    /// The stage of a construction project 工程建设项目审批阶段.
    ProjectStage {
        /// 立项用地规划许可
        LandUse = "land-use",
        /// 工程建设许可
        Planning = "planning",
        /// 施工许可
        Construction = "construction",
        /// 竣工验收
        Completion = "completion",
    }
}

/// The construction project for which something is applied for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Project {
    /// By which everything of the project belongs together.
    pub code: ProjectCode,
    /// In which stage.
    pub stage: OpenValue<ProjectStage>,
}

impl Project {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (code, stage) = (reading.identifier("code"), OpenValue::read(reading, "stage"));
        Some(Self { code: code?, stage: stage? })
    }
}
