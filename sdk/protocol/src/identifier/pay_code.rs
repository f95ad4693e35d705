//! The pay code 缴款码 of the non-tax messages.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{ExplanationLine, IdentifierFaults, IdentifierKind, Part, Repair, mask, repair};

/// A pay code: 20 digits or letters, opaque.
///
/// The finance platform assigns it. Its official structure was not found, and no check digit either, so nothing is read
/// into it and letters keep their case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayCode(FixedText<20>);

text_form!(PayCode);

const KIND: IdentifierKind = IdentifierKind::PayCode;
const LAYOUT: [Run; 1] = [Run::new(Part::Whole, 20, CharacterClass::Opaque)];

impl PayCode {
    /// Reads a pay code exactly as it stands.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        match FixedText::new(text) {
            Some(fixed) if fixed.as_bytes().iter().all(u8::is_ascii_alphanumeric) => Ok(Self(fixed)),
            _ => Err(IdentifierFaults::from_found(scan(KIND, text, &LAYOUT))),
        }
    }

    /// The 20 characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The code with all but the first four and last four characters hidden: who knows it all can see the bill.
    pub fn mask(&self) -> String {
        mask::middle(self.as_str(), 4, 4)
    }

    /// The code has no parts: one line says so.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        vec![ExplanationLine::new(
            Part::Whole,
            self.as_str(),
            "由财政非税系统生成，不解释内部结构",
            "given by the non-tax system; its inside is not interpreted",
        )]
    }

    /// What the writer of a refused text may have meant: blanks, hyphens and full width only.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 0,
            insertable: b"",
            appendable: b"",
            confusions: &[],
            keeps_case: true,
            ignored: "- ",
        };
        repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|_| 0))
    }
}
