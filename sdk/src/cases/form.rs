//! The form of an application against the fields of the published guide.

use std::str::FromStr as _;

use serde_json::{Map, Value};
use tongqiao_protocol::{
    Amount, CitizenNumber, CreditCode, DivisionCode, ErrorCode, Fault, Faults, PermanentResidentNumber,
};

use crate::{FormField, Item};

/// How many digits a number that can be dialled has.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// What is missing, what does not fit its field, and what the guide does not ask for: nothing may be collected that the
/// guide does not say.
pub(super) fn judge(item: &Item, form: &Map<String, Value>, faults: &mut Faults) {
    for field in &item.form {
        let path = path_of(&field.key);
        match form.get(&field.key).filter(|value| !is_blank(value)) {
            Some(value) => faults.0.extend(against(field, value, &path)),
            None if field.required => {
                faults.push(Fault::new(&path, ErrorCode::ItemFormFieldMissing).with("field", &field.label.zh));
            }
            None => {}
        }
    }
    for key in form.keys().filter(|key| item.form.iter().all(|field| field.key != **key)) {
        let fault = Fault::new(&path_of(key), ErrorCode::RequestInvalidValue);
        faults.push(fault.with("field", key).with("expected", "a field of the guide"));
    }
}

/// The JSON pointer (RFC 6901) of a member of the form.
fn path_of(key: &str) -> String {
    format!("/data/form/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A field that was left empty, as forms are.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn against(field: &FormField, value: &Value, path: &str) -> Option<Fault> {
    let fault = || Fault::new(path, ErrorCode::RequestInvalidValue);
    if field.choices.is_empty() {
        return (!fits(&field.kind, value)).then(|| fault().with("expected", &field.kind));
    }
    let chosen = value.as_str();
    let offered = field.choices.iter().any(|choice| chosen == Some(&choice.zh) || chosen == choice.en.as_deref());
    let choices = || field.choices.iter().map(|choice| choice.zh.as_str()).collect::<Vec<_>>().join(" ");
    (!offered || chosen.is_none()).then(|| fault().with("allowed", choices()))
}

/// Whether a value is of its field's kind. A kind of a later guide takes any text.
fn fits(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("boolean", value) => value.is_boolean(),
        ("integer", Value::Number(number)) => number.is_u64(),
        ("number", Value::Number(number)) => number.as_f64().is_some_and(|number| number >= 0.0),
        ("integer", Value::String(text)) => is_digits(text),
        ("number", Value::String(text)) => match text.split_once('.') {
            Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
            None => is_digits(text),
        },
        ("amount", Value::String(text)) => Amount::from_str(text).is_ok(),
        ("date", Value::String(text)) => text.len() == 10 && jiff::civil::Date::from_str(text).is_ok(),
        ("phone", Value::String(text)) => is_phone(text),
        ("division", Value::String(text)) => DivisionCode::parse(text).is_ok(),
        ("citizen-number", Value::String(text)) => {
            CitizenNumber::parse(text).is_ok() || PermanentResidentNumber::parse(text).is_ok()
        }
        ("credit-code", Value::String(text)) => CreditCode::parse(text).is_ok(),
        (_, value) => value.is_string(),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A mobile or landline number with area code and extension, or one abroad.
fn is_phone(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    PHONE_DIGITS.contains(&digits) && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b' '))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_takes_what_it_means_and_nothing_else() {
        for (kind, good, bad) in [
            ("text", json!("办理入职手续"), json!(7)),
            ("integer", json!("3"), json!(3.5)),
            ("number", json!(2.5), json!("2.")),
            ("amount", json!("30.00"), json!("30")),
            ("date", json!("2024-02-29"), json!("2023-02-29")),
            ("date", json!("2026-11-23"), json!("2026/11/23")),
            ("phone", json!("0562-2345678"), json!("打我手机")),
            ("phone", json!("+86 13800000000"), json!("138+00000000")),
            ("division", json!("340702000000"), json!("34")),
            ("boolean", json!(true), json!("true")),
            ("of-a-later-guide", json!("随便"), json!([])),
        ] {
            assert!(fits(kind, &good), "{kind}: {good}");
            assert!(!fits(kind, &bad), "{kind}: {bad}");
        }
    }
}
