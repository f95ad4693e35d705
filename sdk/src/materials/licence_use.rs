//! 用证: who relied on an e-licence.

use serde::Deserialize;
use serde_json::Value;
use tongqiao_protocol::{CaseId, CaseNumber, LicenceIdentifier, PartyId, Timestamp};

use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// One use of an e-licence; see [`Materials::licence_uses`](crate::Materials::licence_uses).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LicenceUse {
    /// The case in which it was cited.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// Its item: code and version.
    pub item: Value,
    /// By whom.
    pub party: PartyId,
    /// For what.
    pub cause: String,
    /// When the platform took the citation.
    pub used: Timestamp,
}

#[derive(Deserialize)]
struct Answer {
    uses: Vec<LicenceUse>,
}

pub(super) async fn of(shared: &Shared, licence: &LicenceIdentifier) -> Result<Vec<LicenceUse>, Error> {
    let answer = shared.exchange.ask(Ask::get(format!("/v1/licences/{licence}/uses"))).await?;
    let answer = serde_json::from_slice::<Answer>(answer.body()).map_err(Error::malformed_answer)?;
    Ok(answer.uses)
}
