//! What the value of each part may be.

use alloc::vec::Vec;

use super::{ItemCodeGeneration, KIND};
use crate::identifier::{
    CreditCode, DivisionCode, IdentifierFault, IdentifierProblem, OrganisationCode, Part, Wording, division_code,
};

/// Adds the faults of one part whose characters are right.
pub(super) fn check(generation: ItemCodeGeneration, part: Part, value: &str, faults: &mut Vec<IdentifierFault>) {
    let national = !matches!(generation, ItemCodeGeneration::Dialect(_));
    let allowed = match part {
        Part::Agency => return check_agency(value, faults),
        Part::Level if !matches!(value, "1" | "2" | "3" | "4" | "5" | "6" | "7") => Wording::plain("1-7"),
        Part::Prefix if national && !is_catalogue_prefix(value) => {
            Wording::new("00或GB/T 2260的省级代码", "00, or a province of GB/T 2260")
        }
        Part::ItemType if national && !is_item_type(value) => {
            Wording::new("00至29，2016年规则也可为两个字母", "00-29, or two letters in the code of 2016")
        }
        Part::Area if DivisionCode::parse(value).is_err() => {
            Wording::new("GB/T 2260的区划代码", "a division of GB/T 2260")
        }
        _ => return,
    };
    faults.push(IdentifierFault::new(KIND, part, IdentifierProblem::Value { allowed }));
}

/// The agency is a credit code, or an organisation code of nine places in some dialects.
fn check_agency(value: &str, faults: &mut Vec<IdentifierFault>) {
    let found = if value.len() == 9 { OrganisationCode::parse(value).err() } else { CreditCode::parse(value).err() };
    for fault in found.into_iter().flatten() {
        faults.push(IdentifierFault::new(KIND, Part::Agency, fault.problem().clone()));
    }
}

fn is_catalogue_prefix(value: &str) -> bool {
    match value.as_bytes() {
        b"00" => true,
        [first, second] => division_code::is_province(*first, *second),
        _ => false,
    }
}

fn is_item_type(value: &str) -> bool {
    match value.as_bytes() {
        [b'0'..=b'2', b'0'..=b'9'] => true,
        [first, second] => first.is_ascii_uppercase() && second.is_ascii_uppercase(),
        _ => false,
    }
}
