//! The OpenAPI document says the same as the table of routes, the registry, the limits and the chapters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tongqiao_protocol::ErrorCode;
use tongqiao_protocol::routes::{Access, ROUTES};

use super::super::tree;
use super::{chapter, text_of};
use crate::contract;

/// Method in lower case, path and operation of every route that the document has.
fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
    let paths = contract::document()["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    each.collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_document_has_exactly_the_routes_of_the_table_with_their_access_and_their_largest_body() {
    let row = |method: &str, path: &str, access: &str, bytes: u64| format!("{method} {path} {access} {bytes}");
    let table = ROUTES.iter().map(|route| {
        let access = match route.access {
            Access::Open => "open",
            Access::Signed => "signed",
            Access::OneTimeCode => "one-time code",
        };
        row(route.method.as_str(), route.path, access, route.body_bytes_max.try_into().unwrap())
    });
    let document = operations().into_iter().map(|(method, path, operation)| {
        let access = operation["x-tongqiao-access"].as_str().unwrap_or("no access");
        let bytes = operation["x-tongqiao-body"]["bytes"].as_u64().unwrap_or_default();
        row(&method.to_uppercase(), path, access, bytes)
    });
    let (table, document): (BTreeSet<_>, BTreeSet<_>) = (table.collect(), document.collect());
    let findings = table.symmetric_difference(&document).cloned().collect::<Vec<_>>();
    tree::assert_none(&findings, "describe the route in conformance/spec/openapi, then `cargo verify --generate`");
}

#[test]
fn a_route_that_is_signed_demands_the_hop_signature_and_names_all_its_refusals() {
    let [signatures, _] = chapter::both("02-signatures");
    let steps = signatures.section("2.4").unwrap().lines().filter(|line| line.ends_with("` |"));
    let hop = steps.filter_map(|line| line.rsplit('`').nth(1)).collect::<BTreeSet<_>>();
    let mut findings = Vec::new();
    for (method, path, operation) in operations() {
        let is_signed = operation["x-tongqiao-access"] == "signed";
        let secured = !operation["security"][0]["hopSignature"].is_null();
        let codes = texts(&operation["x-tongqiao-codes"]).into_iter().collect::<BTreeSet<_>>();
        let named = hop.intersection(&codes).count();
        if secured != is_signed || named != if is_signed { hop.len() } else { 0 } {
            findings.push(format!("{method} {path}: signed {is_signed}, secured {secured}, {named} codes of the hop"));
        }
    }
    assert!(hop.len() >= 10, "{hop:?}");
    tree::assert_none(&findings, "the group `signed` of conformance/spec/openapi/document.json holds the hop's codes");
}

#[test]
fn every_code_that_the_document_names_is_given_and_its_status_is_described() {
    let mut findings = Vec::new();
    for (method, path, operation) in operations() {
        let codes = texts(&operation["x-tongqiao-codes"]);
        for code in codes.iter().chain(&texts(&operation["x-tongqiao-result-codes"])) {
            if !ErrorCode::ALL.iter().any(|known| known.code() == *code) {
                findings.push(format!("{method} {path}: {code} is in no registry"));
            }
        }
        let status =
            |code: &&str| ErrorCode::ALL.iter().find(|known| known.code() == *code).map(|code| code.http_status());
        let expected = codes.iter().filter_map(status).map(|status| status.to_string()).collect::<BTreeSet<_>>();
        let described = operation["responses"].as_object().unwrap().keys().filter(|status| status.as_str() >= "400");
        let described = described.cloned().collect::<BTreeSet<_>>();
        findings.extend(expected.symmetric_difference(&described).map(|status| format!("{method} {path}: {status}")));
    }
    tree::assert_none(&findings, "run `cargo verify --generate`");
}

/// Every object within a value, with where it stands.
fn objects<'a>(value: &'a Value, place: String, found: &mut Vec<(String, &'a serde_json::Map<String, Value>)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| objects(member, format!("{place}/{name}"), found));
            found.push((place, members));
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, one)| objects(one, format!("{place}/{index}"), found));
        }
        _ => {}
    }
}

/// The table of limits, which another test compares with the code.
fn limits() -> BTreeMap<String, u64> {
    let [english, _] = chapter::both("11-limits");
    let rows = english.rows().into_iter().filter(|row| row.starts_with("| `"));
    let rows = rows.map(|row| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).skip(1);
        (cells.next().unwrap(), cells.next().unwrap().parse().unwrap())
    });
    rows.collect()
}

#[test]
fn every_bound_is_a_limit_by_name_or_a_number_of_the_section_it_names() {
    const BOUNDS: [&str; 3] = ["maxLength", "maxItems", "maximum"];
    let limits = limits();
    let chapters = chapter::all();
    let mut found = Vec::new();
    objects(contract::document(), String::new(), &mut found);
    let (mut findings, mut seen) = (Vec::new(), 0);
    for (place, members) in &found {
        let bytes = members.get("bytes").filter(|_| place.ends_with("/x-tongqiao-body"));
        let named = members.get("x-tongqiao-limit").or_else(|| members.get("limit").filter(|_| bytes.is_some()));
        let bound = BOUNDS.iter().find_map(|name| members.get(*name)).or(bytes);
        // A member of an example or a property may bear such a name too.
        let Some(bound) = bound.and_then(Value::as_u64) else {
            if members.contains_key("x-tongqiao-limit") {
                findings.push(format!("{place}: a limit is named and none is set"));
            }
            continue;
        };
        seen += 1;
        if let Some(name) = named.and_then(Value::as_str) {
            if limits.get(name) != Some(&bound) {
                findings.push(format!("{place}: {bound} is not {name}"));
            }
            continue;
        }
        let section = members.get("x-tongqiao-section").and_then(Value::as_str).unwrap_or_default();
        let text = chapters.iter().find_map(|(english, _)| english.section(section));
        let is_written = text.is_some_and(|text| {
            text.split(|letter: char| !letter.is_ascii_digit()).any(|number| number == bound.to_string())
        });
        if !is_written {
            findings.push(format!("{place}: {bound} does not stand in section {section:?}"));
        }
    }
    assert!(seen > 30, "found only {seen} bounds");
    tree::assert_none(&findings, "name the limit with x-tongqiao-limit, or the section with x-tongqiao-section");
}

#[test]
fn chapters_and_requirements_that_the_document_names_exist() {
    let chapters = chapter::all();
    let sections = chapters.iter().flat_map(|(english, _)| english.sections()).collect::<BTreeSet<_>>();
    let ids =
        chapters.iter().flat_map(|(english, _)| english.requirements()).map(|one| one.id).collect::<BTreeSet<_>>();
    let mut found = Vec::new();
    objects(contract::document(), String::new(), &mut found);
    let mut findings = Vec::new();
    for (place, members) in found {
        for name in ["x-tongqiao-chapter", "x-tongqiao-section"] {
            if members.get(name).and_then(Value::as_str).is_some_and(|section| !sections.contains(section)) {
                findings.push(format!("{place}: {name}"));
            }
        }
        let named = members.get("x-tongqiao-requirements").map(texts).unwrap_or_default();
        findings.extend(named.into_iter().filter(|id| !ids.contains(*id)).map(|id| format!("{place}: {id}")));
    }
    tree::assert_none(&findings, "name a section and a requirement of conformance/spec");
}

#[test]
fn every_operation_is_described_in_both_languages_and_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    let mut findings = Vec::new();
    for (method, path, operation) in operations() {
        let is_new = operation["operationId"].as_str().is_some_and(|name| names.insert(name));
        let is_english = operation["summary"].as_str().is_some_and(|text| text.is_ascii() && !text.is_empty());
        let is_chinese = operation["description"].as_str().is_some_and(|text| !text.is_ascii());
        let has_chapter = operation["x-tongqiao-chapter"].is_string();
        let has_body = operation["requestBody"].is_object();
        if !(is_new && is_english && is_chinese && has_chapter) || has_body != (method == "post") {
            findings.push(format!("{method} {path}"));
        }
    }
    tree::assert_none(&findings, "operationId, English summary, Chinese description, x-tongqiao-chapter, requestBody");
}

#[test]
fn every_schema_has_two_languages_is_referred_to_and_takes_its_examples() {
    let schemas = contract::document()["components"]["schemas"].as_object().unwrap();
    let text = text_of("conformance/spec/openapi.json");
    let (mut findings, mut examples) = (Vec::new(), 0);
    for (name, schema) in schemas {
        let pointer = format!("#/components/schemas/{name}");
        let is_titled = schema["title"].as_str().is_some_and(str::is_ascii) && schema["x-tongqiao-chapter"].is_string();
        if !is_titled || schema["description"].as_str().is_none_or(str::is_ascii) {
            findings.push(format!("{name}: English title, Chinese description, x-tongqiao-chapter"));
        }
        // A schema of what speaks on no HTTP route stands in the folder only.
        if !text.contains(&format!("\"{pointer}")) {
            findings.push(format!("{name}: nothing refers to it"));
        }
        for example in schema["examples"].as_array().into_iter().flatten() {
            examples += 1;
            // The bytes of the vectors for signatures are any bytes: only the outer shape is judged.
            let faults = contract::faults_by(&pointer, example);
            findings.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(examples > 30, "found only {examples} examples");
    tree::assert_none(&findings, "complete conformance/spec/schemas, then `cargo verify --generate`");
}

#[test]
fn a_schema_refuses_an_example_that_lacks_what_it_demands() {
    let schemas = contract::document()["components"]["schemas"].as_object().unwrap();
    let (mut findings, mut tried) = (Vec::new(), 0);
    for (name, schema) in schemas {
        let example = schema["examples"][0].as_object();
        for member in texts(&schema["required"]).into_iter().filter(|_| example.is_some()) {
            let mut less = example.unwrap().clone();
            less.remove(member);
            tried += 1;
            if contract::faults_by(&format!("#/components/schemas/{name}"), &Value::Object(less)).is_empty() {
                findings.push(format!("{name} without {member}"));
            }
        }
    }
    assert!(tried > 60, "tried only {tried}");
    tree::assert_none(&findings, "a member that is required must be missed");
}

#[test]
fn the_receipts_of_the_vectors_have_the_shape_of_receipts_down_to_their_bodies() {
    let mut seen = 0;
    for suite in ["international", "sm"] {
        let text = text_of(&format!("conformance/vectors/signatures/receipts-{suite}.json"));
        let vectors: Value = serde_json::from_str(&text).unwrap();
        for vector in vectors["vectors"].as_array().unwrap().iter().filter(|vector| vector["valid"] == true) {
            seen += 1;
            let faults = contract::faults_by("#/components/schemas/receipt", &vector["receipt"]);
            tree::assert_none(&faults, vector["name"].as_str().unwrap());
        }
    }
    assert!(seen > 20, "found only {seen} receipts");
}
