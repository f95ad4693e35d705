//! The case number 办件编号: our own, because no national structure exists.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{
    CheckScheme, DivisionCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem,
    Part, Repair, Wording, check, division_code, mask, repair,
};

/// A case number: division 6, year 4, serial 10 and the check digit by ISO 7064 MOD 11,10; 21 digits.
///
/// Serials are leased in blocks per division and year, so that a case taken at the counter while the link is down has
/// its final number. A number skipped is no fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber(FixedText<21>);

text_form!(CaseNumber);

/// The largest serial of a division and year.
pub const CASE_SERIAL_MAX: u64 = 9_999_999_999;

const KIND: IdentifierKind = IdentifierKind::CaseNumber;
const LAYOUT: [Run; 4] = [
    Run::new(Part::Area, 6, CharacterClass::Digit),
    Run::new(Part::Year, 4, CharacterClass::Digit),
    Run::new(Part::Serial, 10, CharacterClass::Digit),
    Run::new(Part::Check, 1, CharacterClass::Digit),
];

impl CaseNumber {
    /// Reads a case number exactly as it stands.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.value` (province, or a year outside 2000 to
    /// 2199), `identifier.check`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        if let Some(fixed) = FixedText::new(text)
            && well_formed(fixed.as_bytes())
        {
            return Ok(Self(fixed));
        }
        Err(IdentifierFaults::from_found(faults(text)))
    }

    /// Joins the parts and adds the check digit. Of `division` the first six digits are used.
    ///
    /// # Errors
    /// `identifier.value` for a year outside 2000 to 2199 or a serial above [`CASE_SERIAL_MAX`].
    pub fn build(division: &DivisionCode, year: u16, serial: u64) -> Result<Self, IdentifierFaults> {
        if serial > CASE_SERIAL_MAX {
            let problem = IdentifierProblem::Value { allowed: Wording::plain("0-9999999999") };
            return Err(IdentifierFaults::one(KIND, Part::Serial, problem));
        }
        if !(2000..=2199).contains(&year) {
            let problem = IdentifierProblem::Value { allowed: YEARS };
            return Err(IdentifierFaults::one(KIND, Part::Year, problem));
        }
        let mut text = format!("{}{year:04}{serial:010}", division.as_six());
        text.extend(check::mod_11_10(text.as_bytes()).map(char::from));
        Self::parse(&text)
    }

    /// The 21 digits.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The six digits of the division whose block the number is from.
    pub fn division(&self) -> &str {
        &self.as_str()[..6]
    }

    /// The year.
    pub fn year(&self) -> u16 {
        self.as_str()[6..10].parse().unwrap_or_default()
    }

    /// The serial within division and year.
    pub fn serial(&self) -> u64 {
        self.as_str()[10..20].parse().unwrap_or_default()
    }

    /// The number with the first six places of the serial hidden.
    pub fn mask(&self) -> String {
        mask::middle(self.as_str(), 10, 5)
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let text = self.as_str();
        let area = DivisionCode::explain_area(self.division());
        let serial = self.serial();
        vec![
            ExplanationLine::new(Part::Area, self.division(), area.0, area.1),
            ExplanationLine::new(Part::Year, &text[6..10], format!("{}年", self.year()), format!("{}", self.year())),
            ExplanationLine::new(Part::Serial, &text[10..20], format!("第{serial}号"), format!("number {serial}")),
            ExplanationLine::new(Part::Check, &text[20..], "校验通过", "verifies"),
        ]
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 21,
            insertable: b"0123456789",
            appendable: b"",
            confusions: &[('O', '0'), ('I', '1'), ('L', '1')],
            keeps_case: false,
            ignored: "- ",
        };
        repair::suggest(text, &rules, |candidate| {
            let number = Self::parse(candidate).ok()?;
            Some(usize::from(division_code::names::find(number.division()).is_some()))
        })
    }
}

const YEARS: Wording = Wording::plain("2000-2199");

fn well_formed(bytes: &[u8; 21]) -> bool {
    let [body @ .., last] = bytes;
    division_code::is_province(bytes[0], bytes[1]) && has_known_year(bytes) && check::mod_11_10(body) == Some(*last)
}

fn has_known_year(bytes: &[u8; 21]) -> bool {
    bytes[6] == b'2' && matches!(bytes[7], b'0' | b'1')
}

fn faults(text: &str) -> Vec<IdentifierFault> {
    let mut faults = scan(KIND, text, &LAYOUT);
    let (true, Some(fixed)) = (faults.is_empty(), FixedText::<21>::new(text)) else { return faults };
    let bytes = fixed.as_bytes();
    if !division_code::is_province(bytes[0], bytes[1]) {
        let problem = IdentifierProblem::Value { allowed: division_code::PROVINCES };
        faults.push(IdentifierFault::new(KIND, Part::Area, problem));
    }
    if !has_known_year(bytes) {
        faults.push(IdentifierFault::new(KIND, Part::Year, IdentifierProblem::Value { allowed: YEARS }));
    }
    let [body @ .., last] = bytes;
    if check::mod_11_10(body) != Some(*last) {
        let problem = IdentifierProblem::Check { scheme: CheckScheme::Mod11_10 };
        faults.push(IdentifierFault::new(KIND, Part::Check, problem));
    }
    faults
}
