//! Public functions read well at the place of the call.

use super::tree;

const LIBRARIES: &[&str] = &["sdk/", "conformance/platform/src/"];

/// The parameter lists of public functions in a text, each with the function's name.
fn public_signatures(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let without_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
    ["pub fn ", "pub async fn "].into_iter().flat_map(|start| without_tests.split(start).skip(1)).filter_map(|rest| {
        let (name, after) = rest.split_once('(')?;
        let end = closing_parenthesis(after)?;
        name.chars().all(|character| character.is_alphanumeric() || "_<>', :".contains(character)).then_some(())?;
        Some((name, &after[..end]))
    })
}

fn closing_parenthesis(text: &str) -> Option<usize> {
    let mut depth = 1;
    for (place, character) in text.char_indices() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

#[test]
fn no_public_function_takes_a_bool() {
    let mut findings = Vec::new();
    for file in tree::files().iter().filter(|file| file.has_extension(&["rs"])) {
        if !LIBRARIES.iter().any(|folder| file.path.starts_with(folder)) || !file.path.contains("src/") {
            continue;
        }
        let text = file.text().unwrap();
        for (name, parameters) in public_signatures(&text) {
            if parameters.contains(": bool") {
                findings.push(format!("{}: {name}({parameters})", file.path));
            }
        }
    }
    tree::assert_none(&findings, "`true` says nothing at the call; take an enum with two names");
}

#[test]
fn signatures_are_found_over_several_lines_and_tests_are_left_out() {
    let text = "impl A {\n pub fn one(\n  self,\n  quick: bool,\n ) -> B {}\n}\n#[cfg(test)]\nmod t { pub fn two(x: bool) {} }";
    let found = public_signatures(text).collect::<Vec<_>>();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "one");
    assert!(found[0].1.contains("quick: bool"));
}
