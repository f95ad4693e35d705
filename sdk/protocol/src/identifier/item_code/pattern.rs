//! The patterns of dialects: literal text and parts of given classes and lengths.

use alloc::vec::Vec;

use crate::identifier::Part;
use crate::identifier::character_class::CharacterClass;

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element<'p> {
    /// Text that stands as it is.
    Literal(&'p str),
    /// A part of one of several lengths, which stay as written: `9|18`.
    Field { part: Part, class: CharacterClass, lengths: &'p str },
}

/// The elements of a pattern; `None` where the pattern itself is wrong (a test reads every line of the table).
pub(super) fn elements(pattern: &str) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let (literal, field) = rest.split_once('{').unwrap_or((rest, ""));
        if !literal.is_empty() {
            elements.push(Element::Literal(literal));
        }
        if field.is_empty() {
            break;
        }
        let (inside, after) = field.split_once('}')?;
        let (part, form) = inside.split_once(':')?;
        let digit = form.find(|character: char| character.is_ascii_digit())?;
        let (class, lengths) = form.split_at(digit);
        let class = match class {
            "n" => CharacterClass::Digit,
            "a" => CharacterClass::Letter,
            "an" => CharacterClass::Alphanumeric,
            "h" => CharacterClass::Hexadecimal,
            _ => return None,
        };
        elements.push(Element::Field { part: Part::from_name(part)?, class, lengths });
        rest = after;
    }
    Some(elements)
}

/// Whether a pattern is one key and nothing else.
pub(super) fn is_bare_key(pattern: &str) -> bool {
    let elements = elements(pattern).unwrap_or_default();
    matches!(elements.as_slice(), [Element::Field { part: Part::Key, .. }])
}

/// The lengths of a field, as written.
fn lengths(written: &str) -> impl Iterator<Item = usize> {
    written.split('|').filter_map(|length| length.parse().ok())
}

/// Cuts `text` by `pattern`; `None` when it does not fit. The first lengths that fit to the end are taken.
pub(super) fn split<'t>(pattern: &str, text: &'t str) -> Option<Vec<(Part, &'t str)>> {
    if !text.is_ascii() || text.len() > super::ITEM_CODE_MAX_CHARACTERS {
        return None;
    }
    let mut parts = Vec::new();
    fits(&elements(pattern)?, text, &mut parts).then_some(parts)
}

fn fits<'t>(elements: &[Element<'_>], text: &'t str, parts: &mut Vec<(Part, &'t str)>) -> bool {
    let Some((first, later)) = elements.split_first() else { return text.is_empty() };
    match *first {
        Element::Literal(literal) => text.strip_prefix(literal).is_some_and(|rest| fits(later, rest, parts)),
        Element::Field { part, class, lengths: written } => lengths(written).any(|length| {
            let Some((piece, rest)) = text.split_at_checked(length) else { return false };
            if !piece.chars().all(|character| class.allows(character)) {
                return false;
            }
            parts.push((part, piece));
            let fitted = fits(later, rest, parts);
            if !fitted {
                parts.pop();
            }
            fitted
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_first_lengths_that_fit_to_the_end_are_taken() {
        let parts = split("{main:n2|3}-{sub:an1|2}", "123-A9").unwrap();
        assert_eq!(parts, [(Part::MainItem, "123"), (Part::SubItem, "A9")]);
        assert_eq!(split("{main:n2|3}-{sub:an1|2}", "1234-A9"), None);
        assert_eq!(split("{main:n2}", "1２"), None);
    }

    #[test]
    fn a_pattern_with_an_unknown_part_or_class_is_no_pattern() {
        for wrong in ["{main:x2}", "{nonsense:n2}", "{main:n2", "{main}"] {
            assert_eq!(elements(wrong), None, "{wrong}");
        }
    }
}
