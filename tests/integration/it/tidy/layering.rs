//! Arrows point down only.

use std::process::Command;

use super::tree;

/// Which of our packages each may use, in any kind of dependency. A new package needs a row.
const MAY_USE: &[(&str, &[&str])] = &[
    ("tongqiao-protocol", &[]),
    ("tongqiao-engine", &["tongqiao-protocol"]),
    ("tongqiao-store", &["tongqiao-protocol", "tongqiao-engine"]),
    ("tongqiao", &["tongqiao-protocol", "tongqiao-engine", "tongqiao-store"]),
    // The examiner shares no machine, no store and no signing with the student.
    ("tongqiao-reference-platform", &["tongqiao-protocol"]),
    // The public SDK and what is on the wire; its store and machines only through the SDK.
    ("tongqiao-edge", &["tongqiao-protocol", "tongqiao"]),
    ("tongqiao-examples", &["tongqiao"]),
    // The ledger is read from outside: no engine and no store, so that nothing of the SDK can vouch for itself.
    (
        "tongqiao-demo",
        &["tongqiao-protocol", "tongqiao", "tongqiao-reference-platform", "tongqiao-edge", "tongqiao-link-lab"],
    ),
    ("tongqiao-integration", EVERYTHING),
    ("tongqiao-bench", EVERYTHING),
    ("tongqiao-link-lab", &[]),
    ("tongqiao-model", &["tongqiao-protocol", "tongqiao-engine"]),
    ("tongqiao-simulation", &["tongqiao-protocol", "tongqiao-engine", "tongqiao-store", "tongqiao", "tongqiao-edge"]),
    ("tongqiao-verify", &[]),
];

const EVERYTHING: &[&str] = &[
    "tongqiao-protocol",
    "tongqiao-engine",
    "tongqiao-store",
    "tongqiao",
    "tongqiao-reference-platform",
    "tongqiao-edge",
    "tongqiao-link-lab",
];

/// Packages without `std`, so that "no I/O" is checked by the compiler.
const WITHOUT_STD: &[&str] = &["sdk/protocol/src/lib.rs", "sdk/engine/src/lib.rs"];

#[test]
fn every_package_uses_only_what_stands_below_it() {
    let mut findings = Vec::new();
    for (package, uses) in workspace() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package) else {
            findings.push(format!("{package} has no row in the table of layers"));
            continue;
        };
        for used in uses.iter().filter(|used| !allowed.contains(&used.as_str())) {
            findings.push(format!("{package} may not use {used}"));
        }
    }
    tree::assert_none(&findings, "see ARCHITECTURE.md, and the table in tests/integration/it/tidy/layering.rs");
}

#[test]
fn the_table_of_layers_names_only_packages_that_exist() {
    let existing = workspace().into_iter().map(|(package, _)| package).collect::<Vec<_>>();
    for (package, _) in MAY_USE {
        assert!(existing.iter().any(|name| name == package), "{package} is gone; take its row out");
    }
}

#[test]
fn protocol_and_engine_have_no_std() {
    for path in WITHOUT_STD {
        let text = std::fs::read_to_string(tree::root().join(path)).unwrap();
        assert!(text.lines().any(|line| line.trim() == "#![no_std]"), "{path} must say #![no_std]");
        let brings_std = text.lines().zip(text.lines().skip(1));
        for (before, line) in brings_std {
            let is_std = line.trim_start().starts_with("extern crate std");
            assert!(!is_std || before.contains("cfg(test)"), "{path}: `extern crate std` only under cfg(test)");
        }
    }
}

/// Our packages and which of ours each depends on, from cargo.
fn workspace() -> Vec<(String, Vec<String>)> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(tree::root())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr));
    let metadata = serde_json::from_slice::<serde_json::Value>(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap().iter().map(|dependency| &dependency["name"]);
            let ours = uses.map(|name| name.as_str().unwrap().to_owned()).filter(|name| name.starts_with("tongqiao"));
            (package["name"].as_str().unwrap().to_owned(), ours.collect())
        })
        .collect()
}
