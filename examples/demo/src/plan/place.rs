//! Where a case comes in: a street, town or township of Tongling's own list.

use tongqiao_protocol::DivisionCode;
use tongqiao_protocol::identifier::division_code::names;

/// A township inside the place that an item's agency serves, by chance; the place itself when none lies inside it.
pub(crate) fn of(chance: &mut fastrand::Rng, served: &str) -> String {
    let townships: Vec<&str> = names::all()
        .filter(|place| place.abolished().is_empty() && is_township(place.code()))
        .map(|place| place.code())
        .filter(|code| lies_in(code, served))
        .collect();
    if townships.is_empty() { served.to_owned() } else { townships[chance.usize(..townships.len())].to_owned() }
}

/// Whether one division lies in another.
pub(crate) fn lies_in(code: &str, served: &str) -> bool {
    matches!((DivisionCode::parse(served), DivisionCode::parse(code)), (Ok(served), Ok(code)) if served.contains(&code))
}

/// Twelve digits of which the seventh to the ninth say which township, and the last three no village.
fn is_township(code: &str) -> bool {
    code.len() == 12 && code.ends_with("000") && !code.ends_with("000000")
}
