//! What the parts of an item code mean.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{ItemCodeGeneration, ItemCodeParts};
use crate::code_set::{self, GB39046};
use crate::identifier::{CreditCode, DivisionCode, ExplanationLine, Part};

pub(super) fn explain(parts: &ItemCodeParts) -> Vec<ExplanationLine> {
    let generation = parts.generation();
    let mut lines = Vec::new();
    for (part, text) in parts.iter() {
        let (zh, en) = meaning(generation, part, text);
        lines.push(ExplanationLine::new(part, text, zh, en));
    }
    lines
}

fn meaning(generation: ItemCodeGeneration, part: Part, text: &str) -> (String, String) {
    match part {
        Part::Agency => agency(text),
        Part::Area => DivisionCode::explain_area(&text[..6]),
        Part::Level => named("use_level", GB39046, text),
        Part::Prefix => prefix(text),
        Part::ItemType => match generation {
            ItemCodeGeneration::Dialect(dialect) if text.len() == 1 => {
                named("item_type", dialect_family(dialect.name()), text)
            }
            _ => named("item_type", GB39046, text),
        },
        Part::MainItem if text.len() == 5 => main_item(text),
        Part::SubItem => sub_item(text),
        Part::Handling => (format!("第{text}个业务办理项"), format!("handling item {text}")),
        _ => (part.zh().into(), part.en().into()),
    }
}

/// The name under which the code sets list a dialect: `sichuan-base` belongs to `sichuan`.
fn dialect_family(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

fn named(set: &str, generation: &str, code: &str) -> (String, String) {
    match code_set::find(set, generation, code) {
        Some(entry) => (entry.zh().into(), entry.en().into()),
        None => ("未收录".into(), "not in the table".into()),
    }
}

fn agency(text: &str) -> (String, String) {
    let Ok(code) = CreditCode::parse(text) else { return ("组织机构代码".into(), "organisation code".into()) };
    let area = DivisionCode::explain_area(code.area());
    match code.registration() {
        Some(entry) => (format!("{}，{}", entry.zh(), area.0), format!("{}, {}", entry.en(), area.1)),
        None => area,
    }
}

fn prefix(text: &str) -> (String, String) {
    if text == "00" {
        return ("国家级基本目录".into(), "national catalogue".into());
    }
    let province = text.get(..2).unwrap_or_default();
    let area = DivisionCode::explain_area(&format!("{province}0000"));
    (format!("{}自有目录", area.0), format!("catalogue of {}", area.1))
}

/// The first two digits name the guiding central ministry: derived from real codes, so said with that reserve.
fn main_item(text: &str) -> (String, String) {
    match code_set::find("ministry", "derived-2018", &text[..2]) {
        Some(entry) => {
            (format!("主项，业务指导部门多为{}", entry.zh()), format!("main item, usually guided by {}", entry.en()))
        }
        None => ("主项".into(), "main item".into()),
    }
}

fn sub_item(text: &str) -> (String, String) {
    match text {
        "000" => ("没有子项".into(), "no sub-items".into()),
        "00Y" => ("有子项的主项本身".into(), "the main item itself, which has sub-items".into()),
        _ => (format!("子项{text}"), format!("sub-item {text}")),
    }
}
