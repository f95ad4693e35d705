//! Names of files, modules and folders.

use std::path::Path;

use super::tree;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "managers", "info", "misc", "shared", "stuff"];

/// What may stand at the top: folders are fixed, the rest are documents and tool configuration.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "ARCHITECTURE.zh-CN.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "NOTICE",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "SECURITY.zh-CN.md",
    "bindings",
    "clippy.toml",
    "conformance",
    "deny.toml",
    "docs",
    "edge-node",
    "examples",
    "rustfmt.toml",
    "sdk",
    "tests",
];

#[test]
fn every_file_is_named_after_what_is_inside() {
    let mut findings = Vec::new();
    for file in tree::files() {
        let path = Path::new(&file.path);
        let words = path.iter().filter_map(|part| part.to_str()).map(|part| part.split('.').next().unwrap_or(part));
        for word in words.filter(|word| EMPTY_NAMES.contains(&word.to_lowercase().as_str())) {
            findings.push(format!("{}: {word:?} does not say what is inside", file.path));
        }
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            findings.push(format!("{}: write foo.rs beside foo/", file.path));
        }
    }
    tree::assert_none(&findings, "name the noun");
}

#[test]
fn nothing_new_stands_at_the_top() {
    let findings = tree::files()
        .iter()
        .filter_map(|file| file.path.split('/').next().map(str::to_owned))
        .filter(|top| !TOP.contains(&top.as_str()))
        .collect::<Vec<_>>();
    tree::assert_none(&findings, "the top-level names are fixed, see docs/decisions/0001-shape-of-the-workspace.md");
}

#[test]
fn lib_rs_holds_only_documentation_modules_and_reexports() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.path.ends_with("src/lib.rs")) {
        for (number, line) in file.text().unwrap().lines().enumerate() {
            let forbidden = ["fn ", "pub fn ", "struct ", "pub struct ", "enum ", "pub enum ", "impl", "pub trait "];
            if forbidden.iter().any(|start| line.starts_with(start)) {
                findings.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    tree::assert_none(&findings, "move it into a module named after it");
}
