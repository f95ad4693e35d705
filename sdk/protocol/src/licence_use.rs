//! Citing an electronic licence 电子证照 instead of handing in a paper: by identifier, for a stated cause 用证事由.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::case::{IdentityDocument, ItemReference, words};
use crate::reading::{self, Reading};
use crate::{CaseId, CivilDate, Faults, LicenceIdentifier, LicenceUseId, PartyId, Timestamp};

/// Whose licence it is said to be. The `Debug` hides who it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct LicenceHolder {
    /// Name as on the licence.
    pub name: String,
    /// The document that the holder was recognised by.
    pub identity: IdentityDocument,
}

impl fmt::Debug for LicenceHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LicenceHolder").field("name", &"***").field("identity", &self.identity).finish()
    }
}

/// What `POST /v1/licence-uses` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LicenceUseRequest {
    /// The use, for ever: said again with the same content it is answered alike.
    #[serde(rename = "use")]
    pub id: LicenceUseId,
    /// Who uses it: the caller, or an author that he carries.
    pub party: PartyId,
    /// Which licence.
    pub licence: LicenceIdentifier,
    /// Whose it is said to be.
    pub holder: LicenceHolder,
    /// 用证事由: what it is needed for.
    pub cause: String,
    /// For which item.
    pub item: ItemReference,
    /// For which case, when that is known already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

impl LicenceUseRequest {
    /// Reads a request and tells every fault.
    ///
    /// # Errors
    /// All faults, each with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        let object = reading::object(bytes).map_err(Faults::one)?;
        let mut reading = Reading::new(&object, "");
        match Self::read(&mut reading) {
            Some(request) if reading.is_clean() => Ok(request),
            _ => Err(reading.into_faults()),
        }
    }

    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let (id, party) = (reading.parsed("use"), reading.parsed("party"));
        let licence = reading.identifier("licence");
        let holder = reading.nested("holder", |holder| {
            let name = holder.short_text("name");
            let identity = holder.nested("identity", IdentityDocument::read_strictly);
            Some(LicenceHolder { name: name?, identity: identity? })
        });
        let cause = reading.long_text("cause");
        let item = reading.nested("item", ItemReference::read);
        let case = reading.optional_parsed("case");
        let (id, party, licence) = (id?, party?, licence?);
        Some(Self { id, party, licence, holder: holder?, cause: cause?, item: item?, case })
    }

    /// The request as it travels; equal requests have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

words! {
    /// How a licence stands in its issuer's register.
    LicenceState {
        /// In force.
        Valid = "valid",
        /// Its last day is over.
        Expired = "expired",
        /// Taken back by its issuer.
        Revoked = "revoked",
    }
}

/// What the register says, and that the use was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceUse {
    /// The use.
    #[serde(rename = "use")]
    pub id: LicenceUseId,
    /// The licence.
    pub licence: LicenceIdentifier,
    /// What kind of licence it is.
    pub name: String,
    /// The holder, masked.
    pub holder: String,
    /// The first day.
    pub valid_from: CivilDate,
    /// The last day; none for a licence without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<CivilDate>,
    /// The platform's time of the use.
    pub time: Timestamp,
}
