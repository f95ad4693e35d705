//! What a route may be refused with, and the answers that follow from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::registry::Registry;

/// The registry and the groups of codes that many routes share.
pub(super) struct Codes<'a> {
    /// Number, status and retry of each code that is given.
    given: BTreeMap<&'a str, (u16, u16, &'a str)>,
    groups: BTreeMap<String, Vec<String>>,
}

impl<'a> Codes<'a> {
    pub(super) fn new(registry: &'a Registry, groups: &Value) -> Result<Self, String> {
        let given = registry.entries.iter().filter(|entry| !entry.facts.reserved);
        let given = given
            .map(|entry| (entry.code.as_str(), (entry.facts.number, entry.facts.http, entry.facts.retry.as_str())));
        let groups =
            serde_json::from_value(groups.clone()).map_err(|error| format!("x-tongqiao-code-groups: {error}"))?;
        Ok(Self { given: given.collect(), groups })
    }

    /// Writes into an operation what follows from its access, its parameters, its body and its codes.
    pub(super) fn complete(&self, operation: &mut Value) -> Result<(), String> {
        let is_signed = operation["x-tongqiao-access"] == "signed";
        operation["security"] = if is_signed { json!([{ "hopSignature": [] }]) } else { json!([]) };
        let mut groups = vec!["any"];
        groups.extend(is_signed.then_some("signed"));
        groups.extend((!operation["parameters"].is_null()).then_some("address"));
        groups.extend((!operation["requestBody"].is_null()).then_some("body"));
        let codes = self.all_of(operation, "x-tongqiao-codes", "x-tongqiao-code-groups", &groups)?;
        operation["x-tongqiao-codes"] = json!(codes);
        if !operation["x-tongqiao-result-codes"].is_null() {
            let results = self.all_of(operation, "x-tongqiao-result-codes", "x-tongqiao-result-code-groups", &[])?;
            operation["x-tongqiao-result-codes"] = json!(results);
        }
        let members = operation.as_object_mut().ok_or("no object")?;
        members.remove("x-tongqiao-code-groups");
        members.remove("x-tongqiao-result-code-groups");
        let answers = members.entry("responses").or_insert_with(|| json!({}));
        let answers = answers.as_object_mut().ok_or("`responses` is no object")?;
        answers.extend(self.refusals(&codes));
        for answer in answers.values_mut() {
            for name in ["date", "tongqiao-epoch", "tongqiao-request"] {
                let component = name.trim_start_matches("tongqiao-");
                answer["headers"][name] = json!({ "$ref": format!("#/components/headers/{component}") });
            }
        }
        Ok(())
    }

    /// The operation's own codes and those of its groups, by number.
    fn all_of(&self, operation: &Value, own: &str, named: &str, groups: &[&str]) -> Result<Vec<String>, String> {
        let texts = |name: &str| -> Vec<String> {
            let list = operation[name].as_array().into_iter().flatten();
            list.map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
        };
        let mut codes: BTreeSet<String> = texts(own).into_iter().collect();
        for group in groups.iter().map(|group| (*group).to_owned()).chain(texts(named)) {
            let members = self.groups.get(&group).ok_or_else(|| format!("there is no group of codes {group:?}"))?;
            codes.extend(members.iter().cloned());
        }
        let mut numbered = Vec::new();
        for code in codes {
            let (number, ..) = self.given.get(code.as_str()).ok_or_else(|| format!("no code {code:?} is given"))?;
            numbered.push((*number, code));
        }
        numbered.sort();
        Ok(numbered.into_iter().map(|(_, code)| code).collect())
    }

    /// An answer for each status of these codes.
    fn refusals(&self, codes: &[String]) -> Map<String, Value> {
        let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for code in codes {
            if let Some((_, status, _)) = self.given.get(code.as_str()) {
                by_status.entry(*status).or_default().push(code);
            }
        }
        let answer = |(status, codes): (u16, Vec<&str>)| {
            let schema = json!({ "$ref": "#/components/schemas/problem" });
            let mut answer = json!({
                "description": codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
                "content": { "application/problem+json": { "schema": schema } },
            });
            if codes.iter().any(|code| self.given.get(code).is_some_and(|(.., retry)| *retry == "after_delay")) {
                answer["headers"]["retry-after"] = json!({ "$ref": "#/components/headers/retry-after" });
            }
            (status.to_string(), answer)
        };
        by_status.into_iter().map(answer).collect()
    }
}
