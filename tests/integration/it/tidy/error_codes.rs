//! Tables and documents speak only of errors that the registry has.

use super::tree;

/// Files that name errors: `refuse:<code>` in tables, "`<area>.<name>`" in documents.
const SPEAKING: &[&str] = &["docs/", "conformance/", "sdk/", "README"];

fn registry() -> Vec<String> {
    let json = std::fs::read_to_string(tree::root().join("conformance/spec/errors.json")).unwrap();
    let entries = serde_json::from_str::<Vec<serde_json::Value>>(&json).unwrap();
    entries.iter().map(|entry| entry["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_error_code_named_in_a_table_or_document_is_in_the_registry() {
    let codes = registry();
    let areas = codes.iter().filter_map(|code| code.split('.').next()).collect::<Vec<_>>();
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_' || letter == '.';
    // `case.rs` is a file; a bare area followed by a file's ending is no error.
    let is_file = |word: &str| [".rs", ".md", ".toml", ".tsv", ".json", ".sql"].iter().any(|end| word.ends_with(end));
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| SPEAKING.iter().any(|start| file.path.starts_with(start))) {
        let Some(text) = file.text().filter(|_| file.has_extension(&["md", "tsv"])) else { continue };
        let quoted = text.split('`').skip(1).step_by(2);
        let refused = text.split("refuse:").skip(1).filter_map(|rest| rest.split(|end| !is_letter(end)).next());
        for word in quoted.chain(refused).filter(|word| word.chars().all(is_letter) && !is_file(word)) {
            let speaks_of_an_error = word.split_once('.').is_some_and(|(area, _)| areas.contains(&area));
            if speaks_of_an_error && !codes.iter().any(|code| code == word) {
                findings.push(format!("{}: {word}", file.path));
            }
        }
    }
    tree::assert_none(&findings, "add it to sdk/protocol/errors.toml, or use the code that exists");
}
