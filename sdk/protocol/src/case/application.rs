//! 申请: who wants what, where, with which papers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::joint::{Joint, Project};
use super::open_value::words;
use crate::code_set::CodedValue;
use crate::identifier::{
    DivisionCode, ItemCode, ItemCodeGeneration, LicenceIdentifier, OrganisationCode, Override, OverrideRecord,
};
use crate::reading::Reading;
use crate::{CitizenNumber, CreditCode, Digest, ErrorCode, Fault, PermanentResidentNumber, Timestamp, limits};

/// An item of the catalogue: its identity is code *and* version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemReference {
    /// The 实施编码 (31) or 业务办理项编码 (33), or a code of an older generation.
    pub code: ItemCode,
    /// The version of the item that the application was made under, from 1.
    pub version: u32,
    /// The generation of rules that the code is to be read by, as it was named; needed where the code alone does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
}

impl ItemReference {
    /// Names the generation where the code alone would be read in another way, or in more than one.
    pub fn new(code: ItemCode, version: u32) -> Self {
        let alone = [code.clone()];
        let is_clear = ItemCode::readings(code.as_str()) == alone && !code.generation().must_be_named();
        let generation = (!is_clear).then(|| code.generation().name().to_string());
        Self { code, version, generation }
    }

    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let generation = reading.optional_text("generation");
        let code = match generation.as_deref().map(|name| (name, ItemCodeGeneration::from_name(name))) {
            Some((_, Some(known))) => reading.identifier_by("code", |text| ItemCode::parse_as(known, text)),
            Some((name, None)) => {
                let code = reading.identifier("code");
                let unknown = Fault::new(&reading.path_of("generation"), ErrorCode::IdentifierUnknownSet);
                let unknown = unknown.with("set", ITEM_CODE).with("generation", name);
                // A code of rules that are not known here is kept where any rule reads it.
                if code.is_some() {
                    reading.remark(unknown)
                } else {
                    reading.push(unknown)
                }
                code
            }
            None => reading.identifier("code").inspect(|code| remark_on_ambiguity(reading, code)),
        };
        let version = reading.number("version", 1, u64::from(u32::MAX));
        Some(Self { code: code?, version: u32::try_from(version?).ok()?, generation })
    }
}

/// How remarks name the set that the generations of item codes belong to.
const ITEM_CODE: &str = "item_code";

/// Two generations read the code, and the message does not say which is meant: the first is taken.
fn remark_on_ambiguity(reading: &mut Reading<'_>, code: &ItemCode) {
    let readings = ItemCode::readings(code.as_str());
    if readings.len() > 1 {
        let names: Vec<&str> = readings.iter().map(|code| code.generation().name()).collect();
        let remark = Fault::new(&reading.path_of("generation"), ErrorCode::IdentifierUnknownSet);
        reading.remark(remark.with("set", ITEM_CODE).with("generation", names.join(", ")));
    }
}

words! {
    /// Who applies: a natural person or an organisation.
    ApplicantKind {
        /// 自然人
        Person = "person",
        /// 法人或其他组织
        Organisation = "organisation",
    }
}

/// A document that says who somebody is. Its `Debug` hides the number.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IdentityDocument {
    /// The kind of document, with its code set: `id_type` 111 is the resident identity card.
    pub kind: CodedValue,
    /// The number on it. Personal: never logged; see the `mask()` of its kind.
    pub number: String,
}

/// The code set in which kinds of identity documents are named.
const ID_TYPE: &str = "id_type";
/// The code set in which the numbers of organisations are named.
const ORGANISATION_ID: &str = "organisation_id";

impl IdentityDocument {
    fn read(reading: &mut Reading<'_>, overrides: &[OverrideRecord], path: &str) -> Option<Self> {
        let kind = reading.coded("kind");
        let number = reading.short_text("number");
        let (kind, number) = (kind?, number?);
        let decision = overrides.iter().find(|record| record.path == path).map(OverrideRecord::decision);
        // An invalid decision is a fault of its own, told where it stands.
        if let Ok(decision) = decision.transpose() {
            check_number(reading, &kind, &number, decision.as_ref());
        }
        Some(Self { kind, number })
    }
}

/// Checks the numbers whose rules are known; the others are taken as they are. A human's decision lets a failed check
/// pass where the identifier allows it.
fn check_number(reading: &mut Reading<'_>, kind: &CodedValue, number: &str, decision: Option<&Override>) {
    let faults = match (kind.set(), kind.generation(), kind.code()) {
        (ID_TYPE, "ga2000.156", "111" | "112" | "154") | (ID_TYPE, "zhejiang-personal", "1") => match decision {
            Some(decision) => CitizenNumber::accept_with_override(number, decision).err(),
            None => CitizenNumber::parse(number).err(),
        },
        (ID_TYPE, "ga2000.156", "553") | (ID_TYPE, "zhejiang-personal", "6") => match decision {
            Some(decision) => PermanentResidentNumber::accept_with_override(number, decision).err(),
            None => PermanentResidentNumber::parse(number).err(),
        },
        // These are words and no numbers, so they mean the same in every generation.
        (ORGANISATION_ID, _, "credit-code") => match decision {
            Some(decision) => CreditCode::accept_with_override(number, decision).err(),
            None => CreditCode::parse(number).err(),
        },
        (ORGANISATION_ID, _, "organisation-code") => match decision {
            Some(decision) => OrganisationCode::accept_with_override(number, decision).err(),
            None => OrganisationCode::parse(number).err(),
        },
        _ => None,
    };
    let Some(faults) = faults else { return };
    let mut found = crate::Faults::new();
    found.push_identifier(&reading.path_of("number"), &faults);
    found.0.into_iter().for_each(|fault| reading.push(fault));
}

/// Somebody who acts for the applicant 经办人 / 代办. The `Debug` hides who it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// Name.
    pub name: String,
    /// Who it is.
    pub identity: IdentityDocument,
    /// Until when the authority holds.
    pub valid_until: Timestamp,
}

/// Who applies. The `Debug` hides who it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Applicant {
    /// Person or organisation.
    pub kind: ApplicantKind,
    /// Name as on the document.
    pub name: String,
    /// The document.
    pub identity: IdentityDocument,
    /// The stable user id of the city's identity provider, when the applicant signed in. Never a name or a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Who acts for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
}

/// Where the numbers stand that a human can let pass.
const APPLICANT_NUMBER: &str = "/data/applicant/identity/number";
const AGENT_NUMBER: &str = "/data/applicant/agent/identity/number";

/// Every record says who decided and why, and is about a number of this application, one record about one number.
fn check_overrides(reading: &mut Reading<'_>, overrides: &[OverrideRecord]) {
    let applicant = reading.value("applicant");
    let has_number = |pointer: &str| applicant.and_then(|applicant| applicant.pointer(pointer)).is_some();
    for (index, record) in overrides.iter().enumerate() {
        let place = format!("{}/{index}", reading.path_of("overrides"));
        if let Err(invalid) = record.decision() {
            reading.push(Fault::new(&place, invalid.error_code()));
        }
        let has_target = match record.path.as_str() {
            APPLICANT_NUMBER => has_number("/identity/number"),
            AGENT_NUMBER => has_number("/agent/identity/number"),
            _ => false,
        };
        let is_first = overrides[..index].iter().all(|earlier| earlier.path != record.path);
        if !has_target || !is_first {
            reading.push(Fault::new(&format!("{place}/path"), ErrorCode::IdentifierOverrideRefused));
        }
    }
}

impl Applicant {
    fn read(reading: &mut Reading<'_>, overrides: &[OverrideRecord]) -> Option<Self> {
        let kind = reading.parsed("kind");
        let name = reading.short_text("name");
        let identity =
            reading.nested("identity", |identity| IdentityDocument::read(identity, overrides, APPLICANT_NUMBER));
        let user = reading.optional_text("user");
        let agent = reading.optional_nested("agent", |agent| {
            let name = agent.short_text("name");
            let identity =
                agent.nested("identity", |identity| IdentityDocument::read(identity, overrides, AGENT_NUMBER));
            let valid_until = agent.parsed("valid_until");
            Some(Agent { name: name?, identity: identity?, valid_until: valid_until? })
        });
        Some(Self { kind: kind?, name: name?, identity: identity?, user, agent })
    }
}

/// A paper that belongs to the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Material {
    /// The material's id in the item's guide; a paper that the guide does not ask for has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// What it is called.
    pub name: String,
    /// The digest of its content, when it comes as a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The electronic licence that is cited instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<LicenceIdentifier>,
    /// 用证事由: for what it is cited; stands beside every licence, and is on record for its issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Material {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let guide = reading.optional_text("guide");
        let name = reading.short_text("name");
        let digest = reading.optional_parsed("digest");
        let licence = reading.optional_identifier("licence");
        let cause = reading.optional_text("cause");
        match (reading.value("licence").is_some(), reading.value("cause").is_some()) {
            (true, false) => reading.fault("cause", ErrorCode::RequestMissingField),
            (false, true) => reading.fault("cause", ErrorCode::RequestInvalidValue),
            _ => {}
        }
        Some(Self { guide, name: name?, digest, licence, cause })
    }
}

/// 申请. The `Debug` hides who applies and what was filled in.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Application {
    /// What is applied for.
    pub item: ItemReference,
    /// Where: the division whose agency handles it.
    pub division: DivisionCode,
    /// By whom.
    pub applicant: Applicant,
    /// The item's form, as filled in.
    pub form: Map<String, Value>,
    /// The papers.
    pub materials: Vec<Material>,
    /// How it came in: 办理形式 (`handle_form`).
    pub channel: CodedValue,
    /// The verifier of the password with which the applicant may ask how the case stands; see
    /// [`QueryPassword`](crate::QueryPassword). Without one nobody can ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Digest>,
    /// Checks that a human overrode, with who and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverrideRecord>,
    /// The case's part in a joint procedure; `None` for a case of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joint: Option<Joint>,
    /// The construction project that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<Project>,
}

/// What stands where a log must not show a value.
const HIDDEN: &str = "***";

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityDocument").field("kind", &self.kind).field("number", &HIDDEN).finish()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = f.debug_struct("Agent");
        written.field("name", &HIDDEN).field("identity", &self.identity);
        written.field("valid_until", &self.valid_until).finish()
    }
}

impl fmt::Debug for Applicant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = f.debug_struct("Applicant");
        written.field("kind", &self.kind).field("name", &HIDDEN).field("identity", &self.identity);
        written.field("user", &self.user.as_ref().map(|_| HIDDEN)).field("agent", &self.agent).finish()
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = f.debug_struct("Application");
        written.field("item", &self.item).field("division", &self.division).field("applicant", &self.applicant);
        written.field("form", &self.form.keys().collect::<Vec<_>>()).field("materials", &self.materials.len());
        written.field("channel", &self.channel).field("overrides", &self.overrides.len());
        written.field("joint", &self.joint).field("project", &self.project).finish()
    }
}

impl Application {
    pub(crate) fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let overrides = reading.optional_list("overrides", limits::MATERIALS_MAX, |record| {
            let (path, code) = (record.short_text("path"), record.short_text("code"));
            let (by, reason, at) = (record.short_text("by"), record.long_text("reason"), record.parsed("at"));
            Some(OverrideRecord { path: path?, code: code?, by: by?, reason: reason?, at: at? })
        });
        let known = overrides.clone().unwrap_or_default();
        let item = reading.nested("item", ItemReference::read);
        let division = reading.identifier("division");
        let applicant = reading.nested("applicant", |applicant| Applicant::read(applicant, &known));
        check_overrides(reading, &known);
        // An item without a form of its own has an empty one; leaving it out is forgetting it.
        let form = match reading.value("form") {
            Some(_) => reading.free_object("form"),
            None => {
                reading.fault("form", ErrorCode::RequestMissingField);
                None
            }
        };
        let materials = reading.list("materials", 0, limits::MATERIALS_MAX, Material::read);
        let channel = reading.coded("channel");
        let query = reading.optional_parsed("query");
        let joint = reading.optional_nested("joint", Joint::read);
        let project = reading.optional_nested("project", Project::read);
        Some(Self {
            item: item?,
            division: division?,
            applicant: applicant?,
            form: form?,
            materials: materials?,
            channel: channel?,
            query,
            overrides: overrides?,
            joint,
            project,
        })
    }
}
