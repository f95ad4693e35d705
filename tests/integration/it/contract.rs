//! The OpenAPI document as a judge: of every answer that a department of these tests hears, and of everything that the
//! platform accepted from it.
//!
//! What stands in base64 is opened and judged by the schema of its content, receipts within receipts included.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonschema::Validator;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use tongqiao_protocol::{Digest, Suite, routes};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/spec/openapi.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Contents that were judged and found good, by the schema.
static GOOD: LazyLock<Mutex<HashSet<(String, Digest)>>> = LazyLock::new(Mutex::default);

/// The document, whole.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// The operation of a request; `None` where the table of routes has no such address.
pub(crate) fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let route = routes::find(method, path)?;
    let operation = &DOCUMENT["paths"][route.path][method.to_lowercase()];
    assert!(operation.is_object(), "{method} {} is not in conformance/spec/openapi.json", route.path);
    Some(operation)
}

/// What is wrong with a value by a schema of the document, named by its pointer.
pub(crate) fn faults_by(pointer: &str, value: &Value) -> Vec<String> {
    let validator = validator(pointer);
    let mut faults: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path())).collect();
    let schema = DOCUMENT.pointer(pointer.trim_start_matches('#')).unwrap();
    open_content(schema, value, &mut faults);
    faults
}

fn validator(pointer: &str) -> Arc<Validator> {
    if let Some(known) = VALIDATORS.lock().unwrap().get(pointer) {
        return known.clone();
    }
    let root = json!({ "$ref": pointer, "components": DOCUMENT["components"], "paths": DOCUMENT["paths"] });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    let validator = Arc::new(options.build(&root).unwrap());
    VALIDATORS.lock().unwrap().insert(pointer.to_owned(), validator.clone());
    validator
}

/// Follows the schema to whatever has a `contentSchema`, and judges what is inside.
fn open_content(schema: &Value, value: &Value, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        open_content(DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(), value, faults);
    }
    if let (Some(inner), Some(text)) = (schema["contentSchema"]["$ref"].as_str(), value.as_str()) {
        // Every test reads the same catalogue: what was found good once is not judged again.
        let seen = (inner.to_owned(), Digest::of(Suite::International, text.as_bytes()));
        if GOOD.lock().unwrap().contains(&seen) {
            return;
        }
        let before = faults.len();
        match STANDARD.decode(text).map(|bytes| serde_json::from_slice::<Value>(without_mark(&bytes))) {
            Ok(Ok(content)) => {
                let within = faults_by(inner, &content);
                faults.extend(within.into_iter().map(|fault| format!("inside {inner}: {fault}")));
            }
            other => faults.push(format!("no JSON in base64 where {inner} is expected: {other:?}")),
        }
        if faults.len() == before {
            GOOD.lock().unwrap().insert(seen);
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        open_content(part, value, faults);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            open_content(member, value, faults);
        }
    }
    if let (Some(elements), false) = (value.as_array(), schema["items"].is_null()) {
        elements.iter().for_each(|element| open_content(&schema["items"], element, faults));
    }
}

/// Fails the test when an answer is not as the document says, or when the platform accepted what its schemas do not.
pub(crate) fn judge(method: &str, path: &str, request: &[u8], status: StatusCode, headers: &HeaderMap, answer: &Value) {
    let path = path.split('?').next().unwrap_or(path);
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Pages and broken answers are of a device between, which a sandbox plays: they are nobody's contract.
    let is_of_the_platform = status == StatusCode::NOT_MODIFIED || media.contains("json") || media == "text/csv";
    let Some(operation) = operation(method, path).filter(|_| is_of_the_platform) else { return };
    let place = format!("{method} {path} answered {status}: {answer:#}");
    let described = &operation["responses"][status.as_str()];
    assert!(described.is_object(), "conformance/spec/openapi.json has no such status for it\n{place}");
    for (name, header) in described["headers"].as_object().into_iter().flatten() {
        let header = DOCUMENT.pointer(header["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
        assert!(header["required"] == false || headers.contains_key(name), "no header {name}\n{place}");
    }
    if status.is_client_error() || status.is_server_error() {
        let is_named = operation["x-tongqiao-codes"].as_array().unwrap().contains(&answer["code"]);
        assert!(is_named, "conformance/spec/openapi.json does not name this code for it\n{place}");
        assert_no_faults(&faults_by("#/components/schemas/problem", answer), &place);
        return;
    }
    if media.contains("json") {
        let schema = described["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        assert_no_faults(&faults_by(schema, answer), &place);
    }
    if status == StatusCode::OK && operation["requestBody"].is_object() {
        judge_accepted(operation, request, answer, &place);
    }
}

/// What the platform accepted must be what the schemas allow; of a batch, each event that was settled.
fn judge_accepted(operation: &Value, request: &[u8], answer: &Value, place: &str) {
    let Ok(request) = serde_json::from_slice::<Value>(request).map(without_nulls) else { return };
    let Some(results) = answer["results"].as_array() else {
        // A body of bytes may happen to be JSON, and an empty object says nothing.
        let described = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(schema) = described["$ref"].as_str() else { return };
        assert_no_faults(&faults_by(schema, &request), &format!("accepted: {request:#}\n{place}"));
        return;
    };
    let allowed = operation["x-tongqiao-result-codes"].as_array().unwrap();
    for (result, event) in results.iter().zip(request["events"].as_array().unwrap()) {
        let problem = &result["problem"];
        // Faults of several kinds are told under one code; each kind must be named too.
        let kinds = problem["faults"].as_array().into_iter().flatten().map(|fault| &fault["code"]);
        for code in kinds.chain([&problem["code"]]).filter(|code| !code.is_null()) {
            assert!(allowed.contains(code), "{code} is not named as a result\n{place}");
        }
        if result["status"] == "settled" {
            assert_no_faults(&faults_by("#/components/schemas/signed-case-event", event), &format!("settled\n{place}"));
        }
    }
}

fn assert_no_faults(faults: &[String], place: &str) {
    assert!(faults.is_empty(), "{}\n{place}", faults.join("\n"));
}

/// A byte order mark before the value is ignored (TQ-TRN-009).
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A member that is `null` is read as absent (TQ-TRN-014).
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, member)| !member.is_null());
            Value::Object(members.map(|(name, member)| (name, without_nulls(member))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
