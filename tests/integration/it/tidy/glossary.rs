//! A noun has one name, and the glossary has it.

use std::collections::BTreeSet;

use super::tree;

/// Endings of types that explain themselves by the noun in front of them.
const DERIVED: &[&str] = &["Error", "Fault", "Kind", "Data", "State"];

#[test]
fn every_type_at_the_root_of_the_protocol_stands_in_the_glossary() {
    let glossary = std::fs::read_to_string(tree::root().join("docs/glossary.md")).unwrap();
    let library = std::fs::read_to_string(tree::root().join("sdk/protocol/src/lib.rs")).unwrap();
    let exported = library.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let names = exported
        .flat_map(|list| list.split(|character: char| !character.is_alphanumeric() && character != '_'))
        .filter(|name| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase))
        .filter(|name| !name.starts_with("Invalid") && !DERIVED.iter().any(|ending| name.ends_with(ending)))
        .collect::<Vec<_>>();
    assert!(names.len() >= 10, "found only {names:?}: does lib.rs still re-export its types?");
    // `RepairStep` is explained by `Repair`: a noun also explains what is built from it.
    let explained = glossary.split('`').skip(1).step_by(2).filter(|word| word.starts_with(char::is_uppercase));
    let explained = explained.collect::<Vec<_>>();
    let missing = names
        .iter()
        .filter(|name| !explained.iter().any(|noun| name.starts_with(noun)))
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>();
    tree::assert_none(&missing, "give it a row in docs/glossary.md, in both languages");
}

/// Nouns of the protocol that have no type here yet: the directory is read without one.
const WITHOUT_TYPE: &[&str] = &["KeyRecord", "KeyDirectory"];

#[test]
fn every_type_that_the_glossary_names_exists_in_the_code() {
    let glossary = std::fs::read_to_string(tree::root().join("docs/glossary.md")).unwrap();
    let mut in_code = BTreeSet::new();
    for file in tree::files().iter().filter(|file| file.has_extension(&["rs"])) {
        let text = file.text().unwrap();
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        in_code.extend(words.filter(|word| word.starts_with(char::is_uppercase)).map(str::to_owned));
    }
    let rows = glossary.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.split('|').nth(3));
    let identifiers = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let types = identifiers.filter(|word| word.starts_with(char::is_uppercase)).collect::<Vec<_>>();
    assert!(types.len() > 50, "found only {types:?}: is the third column still the identifier?");
    let missing = types.iter().filter(|name| !in_code.contains(**name) && !WITHOUT_TYPE.contains(name));
    let missing = missing.map(|name| format!("`{name}`")).collect::<Vec<_>>();
    tree::assert_none(&missing, "a noun's identifier is what stands in the code; correct the row");
}
