//! References between files become references within the one document; marks of vectors become the vectors.

use serde_json::Value;

use crate::repository::Repository;

const VECTORS: &str = "conformance/vectors/signatures";

/// References of the schema `name`: to other files, and to its own parts.
pub(super) fn of_schema(schema: &mut Value, name: &str) {
    each_reference(schema, &|reference| match reference.strip_prefix('#') {
        Some(part) => format!("#/components/schemas/{name}{part}"),
        None => inside(reference),
    });
}

/// References of the document's own parts: to files of schemas, and to components.
pub(super) fn to_schemas(document: &mut Value) {
    each_reference(document, &|reference| match reference.strip_prefix("../schemas/") {
        Some(file) => inside(file),
        None => reference.to_owned(),
    });
}

/// `bill.json#/properties/lines` becomes `#/components/schemas/bill/properties/lines`.
fn inside(reference: &str) -> String {
    let (file, part) = reference.split_once('#').unwrap_or((reference, ""));
    format!("#/components/schemas/{}{part}", file.trim_end_matches(".json"))
}

fn each_reference(value: &mut Value, rewrite: &dyn Fn(&str) -> String) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => *reference = rewrite(reference),
                    _ => each_reference(member, rewrite),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| each_reference(element, rewrite)),
        _ => {}
    }
}

/// Replaces every `{"$vector": file, "name" or "index", "member"}` by that member of that vector.
pub(super) fn resolve_vectors(value: &mut Value, repository: &Repository) -> Result<(), String> {
    if let Some(file) = value["$vector"].as_str() {
        *value = vector(value, file, repository)?;
        return Ok(());
    }
    match value {
        Value::Object(members) => members.values_mut().try_for_each(|member| resolve_vectors(member, repository)),
        Value::Array(elements) => elements.iter_mut().try_for_each(|element| resolve_vectors(element, repository)),
        _ => Ok(()),
    }
}

fn vector(mark: &Value, file: &str, repository: &Repository) -> Result<Value, String> {
    let path = format!("{VECTORS}/{file}");
    let text = std::fs::read_to_string(repository.root().join(&path)).map_err(|error| format!("{path}: {error}"))?;
    let document: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    let vectors = document["vectors"].as_array().cloned().unwrap_or_default();
    let wanted = |(index, vector): &(usize, Value)| {
        let is_named = !mark["name"].is_null() && vector["name"] == mark["name"];
        is_named || mark["index"].as_u64() == u64::try_from(*index).ok()
    };
    let found = vectors.into_iter().enumerate().find(wanted);
    let member = found.and_then(|(_, vector)| vector.get(mark["member"].as_str()?).cloned());
    member.ok_or_else(|| format!("{path} has nothing for {mark}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{of_schema, to_schemas};

    #[test]
    fn a_reference_leads_to_the_same_place_within_the_one_document() {
        let mut schema = json!({ "a": { "$ref": "id.json" }, "b": [{ "$ref": "#/$defs/part" }] });
        of_schema(&mut schema, "bill");
        let expected = json!({
            "a": { "$ref": "#/components/schemas/id" }, "b": [{ "$ref": "#/components/schemas/bill/$defs/part" }],
        });
        assert_eq!(schema, expected);
        let mut group =
            json!({ "a": { "$ref": "../schemas/id.json#/x" }, "b": { "$ref": "#/components/headers/date" } });
        to_schemas(&mut group);
        let expected =
            json!({ "a": { "$ref": "#/components/schemas/id/x" }, "b": { "$ref": "#/components/headers/date" } });
        assert_eq!(group, expected);
    }
}
