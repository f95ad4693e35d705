//! The cases of a construction project.

use serde::Deserialize;
use tongqiao_protocol::{CaseId, CaseNumber, PartyId, ProjectCode, Timestamp};

use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// One case of a construction project; see [`Cases::project`](crate::Cases::project).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProjectCase {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// The stage's word, such as `planning`; one of a later version is kept.
    pub stage: String,
    /// The state's word.
    pub state: String,
    /// Who handles it.
    pub responsible: Option<PartyId>,
    /// When the platform took the application.
    pub opened: Timestamp,
    /// When the platform took the last event.
    pub changed: Timestamp,
    /// The leading case of the joint procedure that it belongs to.
    #[serde(default)]
    pub lead: Option<CaseId>,
}

#[derive(Deserialize)]
struct Answer {
    cases: Vec<ProjectCase>,
}

pub(super) async fn cases(shared: &Shared, code: &ProjectCode) -> Result<Vec<ProjectCase>, Error> {
    let answer = shared.exchange.ask(Ask::get(format!("/v1/projects/{code}"))).await?;
    let answer = serde_json::from_slice::<Answer>(answer.body()).map_err(Error::malformed_answer)?;
    Ok(answer.cases)
}
