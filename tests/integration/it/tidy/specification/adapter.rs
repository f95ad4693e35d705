//! The contract of adapters: its table of commands and its schema say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{chapter, text_of};

/// What a row names: members of the command, and of its result.
type Members = (BTreeSet<String>, BTreeSet<String>);

/// The words in code of a cell, without shapes in braces and without what is a value of a member.
fn members(cell: &str) -> BTreeSet<String> {
    let words = cell.split('`').skip(1).step_by(2);
    words.filter(|word| !word.starts_with('{') && !VALUES.contains(word)).map(str::to_owned).collect()
}

/// What a member's value may be; it stands in code as the members do.
const VALUES: [&str; 7] = ["pending", "settled", "refused", "expired", "confirmed", "absent", "unknown"];

fn table(chapter: &chapter::Chapter) -> BTreeMap<String, Members> {
    let text = chapter.text.split("## 18.3").nth(1).unwrap().split("## 18.4").next().unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells = row.split('|').map(str::trim).collect::<Vec<_>>();
        (cells[1].trim_matches('`').to_owned(), (members(cells[2]), members(cells[3])))
    })
    .collect()
}

fn names(object: &Value) -> BTreeSet<String> {
    object["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_commands_of_the_text_are_those_of_the_schema_with_the_same_members() {
    let schema: Value = serde_json::from_str(&text_of("conformance/spec/adapter.schema.json")).unwrap();
    let mut expected = BTreeMap::new();
    for branch in schema["$defs"]["command"]["allOf"].as_array().unwrap() {
        let name = branch["if"]["properties"]["command"]["const"].as_str().unwrap();
        let result = names(&schema["$defs"]["results"][name]);
        expected.insert(name.to_owned(), (names(&branch["then"]), result));
    }
    assert_eq!(expected.len(), schema["$defs"]["results"].as_object().unwrap().len());
    for chapter in chapter::both("18-adapter") {
        assert_eq!(table(&chapter), expected, "{}", chapter.path);
    }
}

#[test]
fn the_lines_of_the_example_are_those_of_the_schema() {
    let schema: Value = serde_json::from_str(&text_of("conformance/spec/adapter.schema.json")).unwrap();
    let validator = |part: &str| {
        let root = serde_json::json!({ "$ref": format!("#/$defs/{part}"), "$defs": schema["$defs"] });
        jsonschema::options().should_validate_formats(true).build(&root).unwrap()
    };
    let (command, answer) = (validator("command"), validator("answer"));
    for chapter in chapter::both("18-adapter") {
        let mut lines = 0;
        for line in chapter.code_lines() {
            let (judge, text) = match (line.strip_prefix("→ "), line.strip_prefix("← ")) {
                (Some(text), _) => (&command, text),
                (_, Some(text)) => (&answer, text),
                _ => continue,
            };
            lines += 1;
            let value: Value = serde_json::from_str(text).unwrap();
            let faults = judge.iter_errors(&value).map(|error| error.to_string()).collect::<Vec<_>>();
            assert!(faults.is_empty(), "{text}: {faults:?}");
        }
        assert_eq!(lines, 8, "{}", chapter.path);
    }
    assert!(!answer.is_valid(&serde_json::json!({ "id": 1, "result": {}, "unimplemented": true })));
    assert!(!command.is_valid(&serde_json::json!({ "id": 1, "command": "await", "record": "x" })));
}
