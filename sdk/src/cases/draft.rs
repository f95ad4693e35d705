//! What an application says, before anybody has looked whether it is right.

use serde_json::{Map, Value, json};
use tongqiao_protocol::case::{Joint, ProjectStage};
use tongqiao_protocol::code_set::GB39046;
use tongqiao_protocol::{CaseId, Digest, LicenceIdentifier, Timestamp};

use crate::{Item, MaterialHandle};

/// A draft of an application 申请. Everything is taken as it is; [`Cases::open`](crate::Cases::open) tells all faults
/// at once, with paths into the message (`/data/applicant/identity/number`).
///
/// ```
/// use tongqiao::CaseDraft;
///
/// let draft = CaseDraft::new("11340700TQ050001973000105804000", 1, "340700000000")
///     .organisation("测试企业", "91340700TEST0000XX")
///     .field("contact-phone", "13800000000")
///     .material("id-card", "居民身份证")
///     .channel("2");
/// ```
#[derive(Clone)]
#[must_use]
pub struct CaseDraft {
    case: Option<CaseId>,
    item: Value,
    division: String,
    applicant: Map<String, Value>,
    form: Map<String, Value>,
    materials: Vec<Value>,
    channel: Value,
    overrides: Vec<DraftOverride>,
    joint: Option<Joint>,
    project: Option<Value>,
}

/// Without the applicant and what he filled in: a draft is personal until somebody has looked at it.
impl std::fmt::Debug for CaseDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseDraft")
            .field("case", &self.case)
            .field("item", &self.item)
            .field("division", &self.division)
            .field("form", &self.form.keys().collect::<Vec<_>>())
            .field("materials", &self.materials.len())
            .field("overrides", &self.overrides.len())
            .finish_non_exhaustive()
    }
}

/// A human's decision to keep a number whose check character fails.
#[derive(Clone)]
struct DraftOverride {
    path: String,
    by: String,
    reason: String,
}

impl CaseDraft {
    /// An application for one version of an item, in a division (12 digits, or 6 or 9). It comes in at the counter 窗口
    /// unless [`CaseDraft::channel`] says otherwise.
    pub fn new(item: &str, version: u32, division: &str) -> Self {
        Self {
            case: None,
            item: json!({ "code": item, "version": version }),
            division: division.to_owned(),
            applicant: Map::new(),
            form: Map::new(),
            materials: Vec::new(),
            channel: json!({ "set": "handle_form", "generation": GB39046, "code": "1" }),
            overrides: Vec::new(),
            joint: None,
            project: None,
        }
    }

    /// An application whose `data` (specification, 5.2) another program has written as JSON. Nothing is judged here: what is
    /// missing or wrong is told when the case is opened, with paths into that very data. Members that are not known are left
    /// out; `channel` may also be the bare code of `handle_form`.
    pub fn from_json(data: &Map<String, Value>) -> Self {
        let object = |name: &str| data.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let item = data.get("item").cloned().unwrap_or_default();
        let mut draft = Self::new("", 0, data.get("division").and_then(Value::as_str).unwrap_or_default());
        draft.item = item;
        draft.applicant = object("applicant");
        draft.form = object("form");
        draft.materials = data.get("materials").and_then(Value::as_array).cloned().unwrap_or_default();
        match data.get("channel") {
            None | Some(Value::Null) => draft,
            Some(Value::String(code)) => draft.channel(code),
            Some(other) => Self { channel: other.clone(), ..draft },
        }
    }

    /// An application for an item of the catalogue, where it is handled, by the first way that it offers.
    pub fn for_item(item: &Item) -> Self {
        let draft = Self::new(&item.code, item.version, item.division.as_deref().unwrap_or_default());
        match item.channels.codes.first() {
            Some(channel) => draft.channel(channel),
            None => draft,
        }
    }

    /// The case's id, made and stored by the application before it opens the case. Opening a case that this store already
    /// has under that id with the same content changes nothing and gives the handle of the first opening, so that an
    /// application that was killed can simply open again; with other content it is `event.id_conflict`. Recommended
    /// wherever the answer of [`Cases::open`](crate::Cases::open) might not be heard.
    pub const fn case_id(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    pub(super) const fn chosen_id(&self) -> Option<CaseId> {
        self.case
    }

    /// A natural person applies, with a resident identity card.
    pub fn person(self, name: &str, citizen_number: &str) -> Self {
        self.applicant("person", name, identity("id_type", "111", citizen_number))
    }

    /// An organisation applies, with its credit code.
    pub fn organisation(self, name: &str, credit_code: &str) -> Self {
        self.applicant("organisation", name, identity("organisation_id", "credit-code", credit_code))
    }

    /// A natural person applies, with another document; `kind` is a value of the code set `id_type` (GA/T 2000.156).
    pub fn person_with_document(self, name: &str, kind: &str, number: &str) -> Self {
        self.applicant("person", name, identity("id_type", kind, number))
    }

    fn applicant(mut self, kind: &str, name: &str, identity: Value) -> Self {
        self.applicant.insert("kind".to_owned(), json!(kind));
        self.applicant.insert("name".to_owned(), json!(name));
        self.applicant.insert("identity".to_owned(), identity);
        self
    }

    /// The stable user id of the city's identity provider, when the applicant signed in.
    pub fn user(mut self, subject: &str) -> Self {
        self.applicant.insert("user".to_owned(), json!(subject));
        self
    }

    /// Somebody who acts for the applicant, with a resident identity card and until when.
    pub fn agent(mut self, name: &str, citizen_number: &str, valid_until: Timestamp) -> Self {
        let agent = json!({
            "name": name,
            "identity": identity("id_type", "111", citizen_number),
            "valid_until": valid_until,
        });
        self.applicant.insert("agent".to_owned(), agent);
        self
    }

    /// One field of the item's form.
    pub fn field(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.form.insert(key.to_owned(), value.into());
        self
    }

    /// A material that was shown or handed in on paper; `guide` is its key in the item's guide.
    pub fn material(mut self, guide: &str, name: &str) -> Self {
        self.materials.push(json!({ "guide": guide, "name": name }));
        self
    }

    /// A material as a file, named by its digest.
    pub fn material_file(mut self, guide: &str, name: &str, digest: Digest) -> Self {
        self.materials.push(json!({ "guide": guide, "name": name, "digest": digest }));
        self
    }

    /// A material whose file was added: it is cited by its digest, and need not be delivered yet.
    pub fn attach(self, guide: &str, name: &str, material: &MaterialHandle) -> Self {
        self.material_file(guide, name, material.digest())
    }

    /// An electronic licence that is cited instead of a file, and for what 用证事由: its issuer can see so.
    pub fn licence(mut self, guide: &str, name: &str, licence: &LicenceIdentifier, cause: &str) -> Self {
        self.materials.push(json!({ "guide": guide, "name": name, "licence": licence, "cause": cause }));
        self
    }

    /// How the application came in: a value of `handle_form` (1 counter, 2 online, 3 mobile, 4 post, 9 other).
    pub fn channel(mut self, code: &str) -> Self {
        self.channel = json!({ "set": "handle_form", "generation": GB39046, "code": code });
        self
    }

    /// A named person keeps a number although its check character fails, because the paper really says so. Only check
    /// characters can be overridden; the decision travels with the application.
    pub fn override_check(mut self, path: &str, by: &str, reason: &str) -> Self {
        self.overrides.push(DraftOverride { path: path.to_owned(), by: by.to_owned(), reason: reason.to_owned() });
        self
    }

    /// The construction project that it is a part of: its investment project code (`2601-340705-04-01-000017`), and the stage.
    pub fn project(mut self, code: &str, stage: ProjectStage) -> Self {
        self.project = Some(json!({ "code": code, "stage": stage }));
        self
    }

    /// The same with a part in a joint procedure.
    pub(super) fn joined(mut self, joint: Joint) -> Self {
        self.joint = Some(joint);
        self
    }

    /// The event's `data` member.
    pub(super) fn to_data(&self, now: Timestamp) -> Value {
        let mut data = json!({
            "item": self.item,
            "division": self.division,
            "applicant": self.applicant,
            "form": self.form,
            "materials": self.materials,
            "channel": self.channel,
        });
        if let Some(joint) = &self.joint {
            data["joint"] = json!(joint);
        }
        if let Some(project) = &self.project {
            data["project"] = project.clone();
        }
        if !self.overrides.is_empty() {
            let records = self.overrides.iter().map(|one| {
                json!({
                    "path": one.path, "code": "identifier.check", "by": one.by, "reason": one.reason, "at": now,
                })
            });
            data["overrides"] = records.collect();
        }
        data
    }
}

fn identity(set: &str, code: &str, number: &str) -> Value {
    json!({ "kind": { "set": set, "generation": generation(set), "code": code }, "number": number })
}

fn generation(set: &str) -> &'static str {
    match set {
        "id_type" => "ga2000.156",
        "organisation_id" => "gb32100-2015",
        _ => GB39046,
    }
}
