//! Decision records: one page each, numbered, with the same three questions answered.

use super::tree;

const FOLDER: &str = "docs/decisions/";
const LINES_MAX: usize = 80;

#[test]
fn decisions_are_one_page_with_context_decision_and_consequences() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.path.starts_with(FOLDER)) {
        let text = file.text().unwrap();
        if text.lines().count() > LINES_MAX {
            findings.push(format!("{} is longer than {LINES_MAX} lines", file.path));
        }
        for heading in ["## Context", "## Decision", "## Consequences"] {
            if !text.lines().any(|line| line == heading) {
                findings.push(format!("{} has no `{heading}`", file.path));
            }
        }
    }
    tree::assert_none(&findings, "a decision is one page: why, what, and what follows");
}

#[test]
fn decisions_are_numbered_without_gap_or_repetition() {
    let files = tree::files();
    let names = files.iter().filter_map(|file| file.path.strip_prefix(FOLDER));
    let mut numbers = names.map(|name| name[..4].parse::<usize>().unwrap()).collect::<Vec<_>>();
    numbers.sort_unstable();
    let expected = (1..=numbers.len()).collect::<Vec<_>>();
    assert_eq!(numbers, expected);
}

#[test]
fn every_dependency_of_the_workspace_has_a_line_with_its_reason() {
    let manifest = std::fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    let manifest = manifest.parse::<toml::Table>().unwrap();
    let decision = std::fs::read_to_string(tree::root().join(FOLDER).join("0002-dependencies.md")).unwrap();
    let rows = decision.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split('|').nth(1));
    let explained = rows.flat_map(|cell| cell.split(',')).map(str::trim).collect::<Vec<_>>();
    let used = manifest["workspace"]["dependencies"].as_table().unwrap();
    let others = used.iter().filter(|(_, value)| value.get("path").is_none()).map(|(name, _)| name.as_str());
    let others = others.collect::<Vec<_>>();
    for name in &others {
        assert!(explained.contains(name), "{name} needs a line in docs/decisions/0002-dependencies.md");
    }
    for name in explained.iter().skip_while(|name| **name != "serde") {
        assert!(others.contains(name), "{name} is no longer a dependency; take its line out of decision 0002");
    }
}
