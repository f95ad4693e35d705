//! Tables and documents speak only of errors that the registry has.

use super::tree;

/// Files that name errors: `refuse:<code>` in tables, "`<area>.<name>`" in documents.
const SPEAKING: &[&str] = &["docs/", "conformance/", "sdk/", "README"];

fn entries() -> Vec<serde_json::Value> {
    let json = std::fs::read_to_string(tree::root().join("conformance/spec/errors.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn registry() -> Vec<String> {
    entries().iter().map(|entry| entry["code"].as_str().unwrap().to_owned()).collect()
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

/// Where codes are given: libraries, the platform, and the tables that it interprets.
const GIVING: &[&str] = &["sdk/", "conformance/platform/src/", "conformance/spec/", "edge-node/"];

/// `case.conflict_lost` is `CaseConflictLost` in code.
fn variant(code: &str) -> String {
    let capitalised = code.split(['.', '_']).map(|word| word[..1].to_uppercase() + &word[1..]);
    capitalised.collect()
}

#[test]
fn a_code_is_reserved_exactly_while_nothing_gives_it() {
    let files = tree::files();
    let giving = files.iter().filter(|file| GIVING.iter().any(|start| file.path.starts_with(start)));
    let giving = giving.filter(|file| file.has_extension(&["rs", "tsv"]) && !file.is_generated());
    let text = giving.filter_map(tree::File::text).collect::<String>();
    let mut words = text.split(|letter: char| !letter.is_alphanumeric() && !"._".contains(letter)).collect::<Vec<_>>();
    words.sort_unstable();
    let mut findings = Vec::new();
    for entry in entries() {
        let code = entry["code"].as_str().unwrap();
        let is_given = [code, &variant(code)].iter().any(|word| words.binary_search(word).is_ok());
        match (is_given, entry["reserved"] == true) {
            (true, true) => findings.push(format!("{code} is given: it is no longer reserved")),
            (false, false) => findings.push(format!("{code} is given by nothing: mark it reserved, or withdraw it")),
            (true, false) | (false, true) => {}
        }
    }
    tree::assert_none(&findings, "change `reserved` in sdk/protocol/errors.toml, then `cargo verify --generate`");
}
