//! The document as text: what a reader looks for stands first, the rest by name.

use serde_json::Value;

/// Names that come first, in this order; every other follows by the alphabet.
const FIRST: [&str; 24] = [
    "openapi",
    "info",
    "jsonSchemaDialect",
    "servers",
    "tags",
    "paths",
    "operationId",
    "title",
    "summary",
    "description",
    "x-tongqiao-chapter",
    "x-tongqiao-requirements",
    "x-tongqiao-access",
    "x-tongqiao-body",
    "x-tongqiao-codes",
    "x-tongqiao-result-codes",
    "security",
    "parameters",
    "requestBody",
    "responses",
    "name",
    "type",
    "required",
    "properties",
];

/// Two blanks a level, a line feed at the end.
pub(super) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| (rank(name), *name));
            for (index, (name, member)) in members.into_iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                line(text, depth + 1);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push_str(": ");
                write(member, depth + 1, text);
            }
            line(text, depth);
            text.push('}');
        }
        // A list of plain values is one line.
        Value::Array(elements) if elements.iter().any(|element| element.is_object() || element.is_array()) => {
            for (index, element) in elements.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                line(text, depth + 1);
                write(element, depth + 1, text);
            }
            line(text, depth);
            text.push(']');
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(Value::to_string).collect();
            text.push_str(&format!("[{}]", elements.join(", ")));
        }
        other => text.push_str(&other.to_string()),
    }
}

fn rank(name: &str) -> usize {
    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::pretty;

    #[test]
    fn what_is_printed_reads_back_and_begins_with_the_title() {
        let value = json!({ "b": [1, 2], "a": {}, "title": "\"x\"", "list": [{ "z": 1, "type": null }] });
        let text = pretty(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
        assert!(text.starts_with("{\n  \"title\": \"\\\"x\\\"\",\n  \"a\": {},\n  \"b\": [1, 2],"), "{text}");
    }
}
