//! The project code 投资项目代码 of the investment projects' online platforms.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{
    DivisionCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem, Part, Repair,
    division_code, mask, repair,
};

/// A project code: period 4, division 6, industry 2, procedure 2, serial 6, joined by hyphens; 24 characters.
///
/// By it everything that is applied for in one construction project belongs together, from the first stage to the last. No
/// check digit is published, so of its parts only the province is judged. The period is a year (`2017`) in older codes and a
/// year and month (`2105`) in newer ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectCode(FixedText<24>);

text_form!(ProjectCode);

const KIND: IdentifierKind = IdentifierKind::ProjectCode;
const LAYOUT: [Run; 9] = [
    Run::new(Part::Year, 4, CharacterClass::Digit),
    Run::new(Part::Whole, 1, CharacterClass::Hyphen),
    Run::new(Part::Area, 6, CharacterClass::Digit),
    Run::new(Part::Whole, 1, CharacterClass::Hyphen),
    Run::new(Part::Industry, 2, CharacterClass::Digit),
    Run::new(Part::Whole, 1, CharacterClass::Hyphen),
    Run::new(Part::Procedure, 2, CharacterClass::Digit),
    Run::new(Part::Whole, 1, CharacterClass::Hyphen),
    Run::new(Part::Serial, 6, CharacterClass::Digit),
];

impl ProjectCode {
    /// Reads a project code exactly as it stands.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.value` (province).
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let mut faults = scan(KIND, text, &LAYOUT);
        match FixedText::<24>::new(text) {
            Some(fixed) if faults.is_empty() => {
                let bytes = fixed.as_bytes();
                if division_code::is_province(bytes[5], bytes[6]) {
                    return Ok(Self(fixed));
                }
                let problem = IdentifierProblem::Value { allowed: division_code::PROVINCES };
                faults.push(IdentifierFault::new(KIND, Part::Area, problem));
                Err(IdentifierFaults::from_found(faults))
            }
            _ => Err(IdentifierFaults::from_found(faults)),
        }
    }

    /// The 24 characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The six digits of the division in which the project lies.
    pub fn division(&self) -> &str {
        &self.as_str()[5..11]
    }

    /// The code with its serial hidden but for the last two digits.
    pub fn mask(&self) -> String {
        mask::middle(self.as_str(), 18, 2)
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let text = self.as_str();
        let area = DivisionCode::explain_area(self.division());
        let serial = text[18..].trim_start_matches('0');
        vec![
            ExplanationLine::new(Part::Year, &text[..4], "编码年份，或年份后两位加月份", "year, or year and month"),
            ExplanationLine::new(Part::Area, self.division(), area.0, area.1),
            ExplanationLine::new(Part::Industry, &text[12..14], "国民经济行业大类", "division of industry"),
            ExplanationLine::new(
                Part::Procedure,
                &text[15..17],
                "审批、核准或备案",
                "approval, verification or filing",
            ),
            ExplanationLine::new(Part::Serial, &text[18..], format!("第{serial}号"), format!("number {serial}")),
        ]
    }

    /// What the writer of a refused text may have meant: full width, blanks, letters read for digits.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 24,
            insertable: b"",
            appendable: b"",
            confusions: &[('O', '0'), ('I', '1'), ('L', '1')],
            keeps_case: false,
            ignored: " ",
        };
        repair::suggest(text, &rules, |candidate| {
            let code = Self::parse(candidate).ok()?;
            Some(usize::from(division_code::names::find(code.division()).is_some()))
        })
    }
}
