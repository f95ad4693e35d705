//! The form of an application, judged by the fields of the published guide.

use std::str::FromStr as _;

use serde_json::{Map, Value};
use tongqiao_protocol::{
    Amount, CitizenNumber, CreditCode, DivisionCode, ErrorCode, Fault, Override, OverrideRecord,
    PermanentResidentNumber,
};

use crate::catalogue::{FormField, Item};

/// Adds a fault for every field that is missing, for every value that is not what its field asks for, and for every key
/// that the guide does not know: nothing may be collected that it does not say.
///
/// A human's decision lets a number pass that fails its check and stands so on the paper, as it does for the applicant's own.
pub(super) fn judge(item: &Item, form: &Map<String, Value>, overrides: &[OverrideRecord], faults: &mut Vec<Fault>) {
    for field in &item.form {
        let path = path_of(&field.key);
        match form.get(&field.key).filter(|value| !is_blank(value)) {
            None if field.required => {
                faults.push(Fault::new(&path, ErrorCode::ItemFormFieldMissing).with("field", &field.key));
            }
            None => {}
            Some(value) => {
                let decided = overrides.iter().find(|record| record.path == path);
                let decided = decided.and_then(|record| record.decision().ok());
                faults.extend(fault_of(field, value, &path, decided.as_ref()));
            }
        }
    }
    for key in form.keys().filter(|key| !item.form.iter().any(|field| field.key == **key)) {
        let fault = Fault::new(&path_of(key), ErrorCode::RequestInvalidValue).with("field", key);
        faults.push(fault.with("expected", "a field of the guide"));
    }
}

fn path_of(key: &str) -> String {
    format!("/data/form/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// What people leave empty.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn fault_of(field: &FormField, value: &Value, path: &str, decided: Option<&Override>) -> Option<Fault> {
    if !field.choices.is_empty() {
        let chosen = value.as_str().unwrap_or_default();
        let offered = field.choices.iter().any(|choice| choice.zh == chosen || choice.en.as_deref() == Some(chosen));
        let allowed = || field.choices.iter().map(|choice| choice.zh.as_str()).collect::<Vec<_>>().join(" ");
        return (!offered).then(|| Fault::new(path, ErrorCode::RequestInvalidValue).with("allowed", allowed()));
    }
    let fits = match (field.kind.as_str(), value) {
        ("boolean", value) => value.is_boolean(),
        ("integer", Value::Number(number)) => number.is_u64(),
        ("number", Value::Number(number)) => number.as_f64().is_some_and(|number| number >= 0.0),
        (kind, Value::String(text)) => text_fits(kind, text, decided),
        _ => false,
    };
    (!fits).then(|| Fault::new(path, ErrorCode::RequestInvalidValue).with("expected", &field.kind))
}

fn text_fits(kind: &str, text: &str, decided: Option<&Override>) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        "integer" => digits(text),
        "number" => match text.split_once('.') {
            Some((whole, fraction)) => digits(whole) && digits(fraction),
            None => digits(text),
        },
        "amount" => Amount::from_str(text).is_ok(),
        "date" => text.len() == 10 && jiff::civil::Date::from_str(text).is_ok(),
        "phone" => is_phone(text),
        "division" => DivisionCode::parse(text).is_ok(),
        "citizen-number" => {
            CitizenNumber::parse(text).is_ok()
                || PermanentResidentNumber::parse(text).is_ok()
                || decided.is_some_and(|decision| CitizenNumber::accept_with_override(text, decision).is_ok())
        }
        "credit-code" => {
            CreditCode::parse(text).is_ok()
                || decided.is_some_and(|decision| CreditCode::accept_with_override(text, decision).is_ok())
        }
        "boolean" => false,
        // Plain text, and kinds that a later guide brings.
        _ => true,
    }
}

/// A number that can be dialled: mobile, landline with area code and extension, or abroad.
fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let legal = |(index, byte): (usize, u8)| {
        byte.is_ascii_digit() || matches!(byte, b'-' | b' ') || (byte == b'+' && index == 0)
    };
    (5..=20).contains(&digits) && text.bytes().enumerate().all(legal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_fits_its_kind_or_does_not() {
        let field = |kind: &str| FormField {
            key: "field".to_owned(),
            label: crate::catalogue::Text::chinese("项"),
            kind: kind.to_owned(),
            required: true,
            choices: Vec::new(),
        };
        let fits = |kind: &str, value: &Value| fault_of(&field(kind), value, "/data/form/field", None).is_none();
        for (kind, good, bad) in [
            ("text", json!("随便写"), json!(7)),
            ("integer", json!(3), json!(3.5)),
            ("integer", json!("3"), json!("三")),
            ("number", json!(2.5), json!(-1)),
            ("number", json!("2.5"), json!("2.")),
            ("amount", json!("30.00"), json!("30")),
            ("date", json!("2024-02-29"), json!("2023-02-29")),
            ("date", json!("2026-11-23"), json!("2026/11/23")),
            ("phone", json!("0562-2345678"), json!("打我手机")),
            ("phone", json!("+8613800000000"), json!("1380")),
            ("division", json!("340702000000"), json!("34")),
            ("boolean", json!(true), json!("true")),
            ("of-a-later-guide", json!("anything"), json!([])),
        ] {
            assert!(fits(kind, &good), "{kind}: {good}");
            assert!(!fits(kind, &bad), "{kind}: {bad}");
        }
    }
}
