//! One OpenAPI document from a file for each group of routes, the JSON Schemas and the registry of errors.
//!
//! What can be derived is not written by hand: answers of refusal follow from the codes, codes of the hop from the access,
//! headers of every answer from the protocol. Examples stand in the vectors and are taken from there.

mod answers;
mod printing;
mod references;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use self::answers::Codes;
use super::registry::Registry;
use crate::repository::Repository;

const GROUPS: &str = "conformance/spec/openapi";
const SCHEMAS: &str = "conformance/spec/schemas";
/// What is common to all groups.
const DOCUMENT: &str = "document";

/// The text of `conformance/spec/openapi.json`; the error names the file and what is wrong with it.
pub(super) fn text(repository: &Repository, registry: &Registry) -> Result<String, String> {
    let mut document = Value::Null;
    let mut paths = Map::new();
    for (name, group) in folder(repository, GROUPS)? {
        if name == DOCUMENT {
            document = group;
            continue;
        }
        for (path, methods) in group.as_object().into_iter().flatten() {
            let known = paths.entry(path).or_insert_with(|| json!({}));
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if !known[method].is_null() {
                    return Err(format!("{GROUPS}/{name}.json: {method} {path} stands twice"));
                }
                known[method] = operation.clone();
            }
        }
    }
    let codes = Codes::new(registry, &document["x-tongqiao-code-groups"])?;
    for (path, methods) in &mut paths {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            codes.complete(operation).map_err(|fault| format!("{method} {path}: {fault}"))?;
        }
    }
    document["paths"] = Value::Object(paths);
    let mut schemas = Map::new();
    for (name, mut schema) in folder(repository, SCHEMAS)? {
        references::of_schema(&mut schema, &name);
        if let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
        }
        schemas.insert(name, schema);
    }
    references::to_schemas(&mut document);
    document["components"]["schemas"] = Value::Object(schemas);
    references::resolve_vectors(&mut document, repository)?;
    Ok(printing::pretty(&document))
}

/// The JSON files of a folder by name, in the order of the names.
fn folder(repository: &Repository, folder: &str) -> Result<Vec<(String, Value)>, String> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let root = repository.root().join(folder);
    let entries = std::fs::read_dir(&root).map_err(|error| unreadable(&root, &error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        is_json.then(|| {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let value = serde_json::from_str(&text).map_err(|error| unreadable(&path, &error))?;
            Ok((name, value))
        })
    };
    paths.into_iter().filter_map(read).collect()
}
