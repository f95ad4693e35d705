//! From the fields of a form to an application, and from its faults back to the fields.

use serde_json::{Map, Value, json};
use tongqiao::{CaseDraft, Item};
use tongqiao_protocol::code_set::GB39046;
use tongqiao_protocol::{CaseId, CivilDate, Fault, Language};

use crate::console::fields::Fields;
use crate::console::ledger::Taken;

/// The counter 窗口, in `handle_form`.
const COUNTER: &str = "1";

/// How a material came, as the form says it.
pub(super) const SHOWN: &str = "shown";
pub(super) const LICENCE: &str = "licence";
pub(super) const FILE: &str = "file";

/// A fault beside its field; an empty name stands for the form as a whole.
pub(super) struct FieldFault {
    pub(super) field: String,
    pub(super) said: String,
}

/// The `data` of an application (specification, 5.2), exactly as filled in: what is wrong with it, the library says.
pub(super) fn data(item: &Item, fields: &Fields) -> Map<String, Value> {
    let kind = if fields.get("kind") == "organisation" { "organisation" } else { "person" };
    let identity = match (kind, fields.get("document")) {
        ("organisation", _) => coded("organisation_id", "gb32100-2015", "credit-code"),
        (_, "") => coded("id_type", "ga2000.156", "111"),
        (_, document) => coded("id_type", "ga2000.156", document),
    };
    let mut applicant = json!({
        "kind": kind,
        "name": fields.get("name"),
        "identity": { "kind": identity, "number": fields.get("number") },
    });
    if ["agent_name", "agent_number", "agent_until"].iter().any(|field| !fields.get(field).is_empty()) {
        applicant["agent"] = json!({
            "name": fields.get("agent_name"),
            "identity": { "kind": coded("id_type", "ga2000.156", "111"), "number": fields.get("agent_number") },
            "valid_until": until(fields.get("agent_until")),
        });
    }
    let form = item.form.iter().map(|field| (field.key.clone(), fields.get(&format!("form.{}", field.key))));
    let form = form.filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, json!(value)));
    let channel = item.channels.codes.iter().find(|code| *code == COUNTER).or(item.channels.codes.first());
    let data = json!({
        "item": { "code": item.code, "version": item.version },
        "division": item.division,
        "applicant": applicant,
        "form": form.collect::<Map<_, _>>(),
        "materials": item.materials.iter().filter_map(|material| given(&material.key, &material.name.zh, fields)).collect::<Vec<_>>(),
        "channel": coded("handle_form", GB39046, channel.map_or(COUNTER, String::as_str)),
    });
    data.as_object().cloned().unwrap_or_default()
}

fn coded(set: &str, generation: &str, code: &str) -> Value {
    json!({ "set": set, "generation": generation, "code": code })
}

/// The end of a day; what is no day is left as it is, for the library to object to.
fn until(day: &str) -> String {
    day.parse::<CivilDate>().map_or_else(|_| day.to_owned(), |day| day.ends().plus_millis(-1).to_string())
}

fn given(key: &str, name: &str, fields: &Fields) -> Option<Value> {
    let of = |what: &str| fields.get(&format!("{what}.{key}"));
    match of("material") {
        SHOWN => Some(json!({ "guide": key, "name": name })),
        LICENCE => Some(json!({ "guide": key, "name": name, "licence": of("licence"), "cause": of("cause") })),
        FILE if !of("digest").is_empty() => Some(json!({ "guide": key, "name": name, "digest": of("digest") })),
        _ => None,
    }
}

/// What the library opens.
pub(super) fn draft(data: &Map<String, Value>, case: CaseId) -> CaseDraft {
    CaseDraft::from_json(data).case_id(case)
}

/// The fields of a form that was filled in before.
pub(super) fn fields(taken: &Taken) -> Fields {
    let mut fields = Fields::default();
    let data = Value::Object(taken.data.clone());
    let text = |pointer: &str| data.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    fields.set("case", taken.case.to_string());
    for (field, pointer) in [
        ("kind", "/applicant/kind"),
        ("name", "/applicant/name"),
        ("document", "/applicant/identity/kind/code"),
        ("number", "/applicant/identity/number"),
        ("agent_name", "/applicant/agent/name"),
        ("agent_number", "/applicant/agent/identity/number"),
    ] {
        fields.set(field, text(pointer));
    }
    fields.set("agent_until", text("/applicant/agent/valid_until").chars().take(10).collect());
    fields.set("paper_at", taken.paper_at.clone().unwrap_or_default());
    for (key, value) in data.get("form").and_then(Value::as_object).into_iter().flatten() {
        fields.set(&format!("form.{key}"), value.as_str().unwrap_or_default().to_owned());
    }
    for material in data.get("materials").and_then(Value::as_array).into_iter().flatten() {
        let of = |name: &str| material.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(key) = of("guide") else { continue };
        let how = if material.get("licence").is_some() {
            LICENCE
        } else if material.get("digest").is_some() {
            FILE
        } else {
            SHOWN
        };
        fields.set(&format!("material.{key}"), how.to_owned());
        for name in ["licence", "cause", "digest"] {
            if let Some(value) = of(name) {
                fields.set(&format!("{name}.{key}"), value);
            }
        }
    }
    fields
}

/// Every fault with the name of the field that it is about.
pub(super) fn beside_fields(data: &Map<String, Value>, faults: &[Fault], language: Language) -> Vec<FieldFault> {
    let beside = |fault: &Fault| FieldFault { field: field_of(data, fault), said: said(fault, language) };
    faults.iter().map(beside).collect()
}

/// What is wrong, for somebody who sees the field: without its path, and with what would do.
pub(super) fn said(fault: &Fault, language: Language) -> String {
    let words = fault.words.as_ref().map_or_else(|| fault.code.title(language), |words| words.text(language));
    let hint = fault.params.iter().find(|(name, _)| ["allowed", "offered", "expected"].contains(&name.as_str()));
    match (hint, language) {
        (None, _) => words.to_owned(),
        (Some((_, hint)), Language::Chinese) => format!("{words}（{hint}）"),
        (Some((_, hint)), Language::English) => format!("{words} ({hint})"),
    }
}

fn field_of(data: &Map<String, Value>, fault: &Fault) -> String {
    let path = fault.path.strip_prefix("/data").unwrap_or(&fault.path);
    let steps = path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>();
    let steps = steps.iter().map(String::as_str).collect::<Vec<_>>();
    let of_material = |index: &str, field: &str| {
        let index = index.parse::<usize>().ok();
        let one = index.and_then(|index| data.get("materials").and_then(|list| list.get(index)));
        let key = one.and_then(|one| one.get("guide")).and_then(Value::as_str).unwrap_or_default();
        match field {
            "licence" | "cause" => format!("{field}.{key}"),
            _ => format!("material.{key}"),
        }
    };
    match steps.as_slice() {
        ["applicant", "agent", "name"] => "agent_name".to_owned(),
        ["applicant", "agent", "valid_until"] => "agent_until".to_owned(),
        ["applicant", "agent", ..] => "agent_number".to_owned(),
        ["applicant", "identity", "kind", ..] => "document".to_owned(),
        ["applicant", "identity", ..] => "number".to_owned(),
        ["applicant", "name"] => "name".to_owned(),
        ["applicant", "kind"] => "kind".to_owned(),
        ["form", key, ..] => format!("form.{key}"),
        ["materials"] => {
            let missing = fault.params.iter().find(|(name, _)| name == "material");
            missing.map_or_else(String::new, |(_, key)| format!("material.{key}"))
        }
        ["materials", index] => of_material(index, ""),
        ["materials", index, field, ..] => of_material(index, field),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use tongqiao_protocol::ErrorCode;

    use super::*;

    #[test]
    fn every_fault_finds_its_field_and_the_rest_stands_above_the_form() {
        let data = json!({ "materials": [{ "guide": "id-card" }, { "guide": "photo" }] });
        let data = data.as_object().cloned().unwrap_or_default();
        for (path, field) in [
            ("/data/applicant/identity/number", "number"),
            ("/data/applicant/agent/identity/number", "agent_number"),
            ("/data/applicant/agent/valid_until", "agent_until"),
            ("/data/form/a~1b", "form.a/b"),
            ("/data/materials/1/licence", "licence.photo"),
            ("/data/materials/0/digest", "material.id-card"),
            ("/data/materials/9/digest", "material."),
            ("/data/channel", ""),
            ("", ""),
        ] {
            assert_eq!(field_of(&data, &Fault::new(path, ErrorCode::RequestInvalidValue)), field, "{path}");
        }
        let missing = Fault::new("/data/materials", ErrorCode::CaseMaterialMissing).with("material", "photo");
        assert_eq!(field_of(&data, &missing), "material.photo");
    }

    #[test]
    fn a_day_of_an_agent_is_whole_and_what_is_no_day_is_left_for_the_library() {
        assert!(until("2026-12-31").starts_with("2026-12-31T23:59:59.999"));
        assert_eq!(until("soon"), "soon");
    }
}
