//! How a joint procedure stands.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;
use tongqiao_engine::CaseState;
use tongqiao_engine::joint::{self, PartnerStanding};
use tongqiao_protocol::case::{JointClosing, OpenValue, PartnerResult};
use tongqiao_protocol::{CaseId, CaseNumber, PartyId};

/// A joint procedure by the platform's word; see [`Cases::joint`](crate::Cases::joint).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JointView {
    /// The leading case; of a case of its own itself.
    pub lead: CaseId,
    /// When it may be decided; `None` for a case of its own, and where the leading case is not at the platform yet.
    pub closes: Option<JointClosing>,
    /// All cases, the leading one first, then the partners in the order of the application.
    pub cases: Vec<JointCase>,
}

/// One case of a joint procedure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JointCase {
    /// The case.
    pub case: CaseId,
    /// Its part.
    pub role: JointRole,
    /// Where it stands; [`CaseState::None`] when it is not at the platform yet.
    #[serde(deserialize_with = "state")]
    pub state: CaseState,
    /// Its number, once it is at the platform.
    #[serde(default)]
    pub number: Option<CaseNumber>,
    /// Its item: code and version.
    #[serde(default)]
    pub item: Option<Value>,
    /// Who handles it.
    #[serde(default)]
    pub responsible: Option<PartyId>,
    /// Its revision.
    #[serde(default)]
    pub revision: Option<u64>,
    /// The result of its decision.
    #[serde(default)]
    pub result: Option<String>,
}

/// A case's part in a joint procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JointRole {
    /// 牵头
    Lead,
    /// 协办
    Partner,
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CaseState, D::Error> {
    let name = String::deserialize(deserializer)?;
    CaseState::from_name(&name).ok_or_else(|| D::Error::custom("a state that this version does not know"))
}

impl JointView {
    /// The partners.
    pub fn partners(&self) -> impl Iterator<Item = &JointCase> {
        self.cases.iter().filter(|one| one.role == JointRole::Partner)
    }

    /// What the decision of the leading case must say of its partners ([`Decision::partners`]); empty for a case of its own.
    ///
    /// [`Decision::partners`]: crate::protocol::case::Decision::partners
    ///
    /// # Errors
    /// The cases that must be waited for.
    pub fn results(&self) -> Result<Vec<PartnerResult>, Vec<CaseId>> {
        let standings: Vec<PartnerStanding> = self.partners().map(JointCase::standing).collect();
        match self.closes {
            Some(closes) => joint::results(closes, &standings),
            None if standings.is_empty() => Ok(Vec::new()),
            None => Err(vec![self.lead]),
        }
    }
}

impl JointCase {
    fn standing(&self) -> PartnerStanding {
        let result = self.result.as_deref().and_then(|word| word.parse::<OpenValue<_>>().ok());
        PartnerStanding { case: self.case, state: self.state, result }
    }
}
