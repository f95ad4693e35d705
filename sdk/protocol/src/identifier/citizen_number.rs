//! The citizen number 公民身份号码 (GB 11643-1999), also of residence permits for Hong Kong, Macao and Taiwan residents.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use jiff::civil::Date;

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{
    CheckScheme, CheckStanding, DivisionCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind,
    IdentifierProblem, Override, Part, Repair, RepairStep, Wording, birth_date, check, check_override, division_code,
    mask, repair,
};

/// A citizen number: area 6, birth date 8, serial 3 (odd for men), check character 1 (digit or `X`).
///
/// Of the area only the province is looked at. The rest is the county of the *first* registration, and counties that
/// were renamed or moved long ago live on in people's numbers: 340721 铜陵县, 340823 枞阳县 under Anqing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenNumber {
    text: FixedText<18>,
    standing: CheckStanding,
}

text_form!(CitizenNumber);

/// Whose number it is, as the area says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CitizenNumberHolder {
    /// A citizen with an identity card.
    Citizen,
    /// A Hong Kong resident with a residence permit (area 810000).
    HongKongResident,
    /// A Macao resident with a residence permit (area 820000).
    MacaoResident,
    /// A Taiwan resident with a residence permit (area 830000).
    TaiwanResident,
}

/// The sex that the serial number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Even serial number.
    Female,
    /// Odd serial number.
    Male,
}

const KIND: IdentifierKind = IdentifierKind::CitizenNumber;
const LAYOUT: [Run; 4] = [
    Run::new(Part::Area, 6, CharacterClass::Digit),
    Run::new(Part::BirthDate, 8, CharacterClass::Digit),
    Run::new(Part::Serial, 3, CharacterClass::Digit),
    Run::new(Part::Check, 1, CharacterClass::DigitOrX),
];

impl CitizenNumber {
    /// Reads a citizen number exactly as it stands (a lower-case `x` is a fault that a repair mends).
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.value` (province), `identifier.date`,
    /// `identifier.check`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let standing = CheckStanding::Verified;
        if let Some(text) = FixedText::<18>::new(text)
            && well_formed(text.as_bytes())
            && verifies(text.as_bytes())
        {
            return Ok(Self { text, standing });
        }
        Err(IdentifierFaults::from_found(faults(text)))
    }

    /// Reads a number whose failed check a human has decided to overlook. A number that verifies is taken as verified.
    ///
    /// # Errors
    /// All faults when there is any other than the failed check.
    pub fn accept_with_override(text: &str, _decision: &Override) -> Result<Self, IdentifierFaults> {
        let found = match Self::parse(text) {
            Ok(number) => return Ok(number),
            Err(found) => found,
        };
        let standing = check_override::tolerate_check(found)?;
        let text = FixedText::new(text).ok_or_else(|| IdentifierFaults::from_found(faults(text)))?;
        Ok(Self { text, standing })
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Whether the check character verified or a human let the number pass.
    pub fn standing(&self) -> CheckStanding {
        self.standing
    }

    /// The six digits of the area of first registration.
    pub fn area(&self) -> &str {
        &self.as_str()[..6]
    }

    /// Whose number it is, as the area says.
    pub fn holder(&self) -> CitizenNumberHolder {
        match self.area() {
            "810000" => CitizenNumberHolder::HongKongResident,
            "820000" => CitizenNumberHolder::MacaoResident,
            "830000" => CitizenNumberHolder::TaiwanResident,
            _ => CitizenNumberHolder::Citizen,
        }
    }

    /// The birth date.
    pub fn birth_date(&self) -> Date {
        // Read by the parser already; the default can never be seen.
        birth_date::read(&self.text.as_bytes()[6..14]).unwrap_or_default()
    }

    /// The sex that the serial number says.
    pub fn sex(&self) -> Sex {
        if self.text.as_bytes()[16].is_multiple_of(2) { Sex::Female } else { Sex::Male }
    }

    /// The number with all but the first four and last four characters hidden: `3407**********0016`.
    pub fn mask(&self) -> String {
        mask::middle(self.as_str(), 4, 4)
    }

    /// The parts and their meaning. Personal: show them only to whom the number itself may be shown.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let text = self.as_str();
        let area = match self.holder() {
            CitizenNumberHolder::Citizen => DivisionCode::explain_area(self.area()),
            CitizenNumberHolder::HongKongResident => ("香港居民居住证".into(), "residence permit, Hong Kong".into()),
            CitizenNumberHolder::MacaoResident => ("澳门居民居住证".into(), "residence permit, Macao".into()),
            CitizenNumberHolder::TaiwanResident => ("台湾居民居住证".into(), "residence permit, Taiwan".into()),
        };
        let born = self.birth_date();
        let sex = match self.sex() {
            Sex::Female => ("女", "female"),
            Sex::Male => ("男", "male"),
        };
        let check = match self.standing {
            CheckStanding::Verified => ("校验通过", "verifies"),
            CheckStanding::Overridden => ("校验不通过，已人工放行", "does not verify; let pass by a human"),
        };
        let born_zh = format!("{}年{}月{}日", born.year(), born.month(), born.day());
        vec![
            ExplanationLine::new(Part::Area, self.area(), area.0, area.1),
            ExplanationLine::new(Part::BirthDate, &text[6..14], born_zh, format!("{born}")),
            ExplanationLine::new(Part::Serial, &text[14..17], sex.0, sex.1),
            ExplanationLine::new(Part::Check, &text[17..], check.0, check.1),
        ]
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    ///
    /// A lost digit among 17 is looked for at every place; a number of 15 digits is written with 18.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 18,
            insertable: b"0123456789",
            appendable: b"X",
            confusions: &[('O', '0'), ('I', '1'), ('L', '1'), ('Z', '2'), ('S', '5'), ('B', '8')],
            keeps_case: false,
            ignored: "- ",
        };
        let from_fifteen = from_fifteen_digits(text);
        if let Some(proposed) = from_fifteen {
            return vec![Repair::new(proposed, vec![RepairStep::FifteenDigits])];
        }
        repair::suggest(text, &rules, |candidate| {
            let number = Self::parse(candidate).ok()?;
            Some(usize::from(division_code::names::find(number.area()).is_some()))
        })
    }
}

/// The number with 18 characters of someone whose card of before 1999 has 15 digits.
fn from_fifteen_digits(text: &str) -> Option<String> {
    if text.len() != 15 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut number = format!("{}19{}", &text[..6], &text[6..]);
    let check = CheckScheme::Mod11_2.check_character(number.as_bytes())?;
    number.push(char::from(check));
    CitizenNumber::parse(&number).is_ok().then_some(number)
}

fn well_formed(bytes: &[u8; 18]) -> bool {
    has_known_area(&bytes[..6])
        && bytes[14..17].iter().all(u8::is_ascii_digit)
        && CharacterClass::DigitOrX.allows(char::from(bytes[17]))
        && birth_date::read(&bytes[6..14]).is_some()
}

/// A province of GB/T 2260 followed by anything, or one of the three areas of the residence permits.
fn has_known_area(area: &[u8]) -> bool {
    match area {
        [b'8', b'1'..=b'3', rest @ ..] => rest.iter().all(|byte| *byte == b'0'),
        [first, second, rest @ ..] => {
            division_code::is_province(*first, *second) && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn verifies(bytes: &[u8; 18]) -> bool {
    let [body @ .., last] = bytes;
    check::mod_11_2(body) == Some(*last)
}

fn faults(text: &str) -> Vec<IdentifierFault> {
    let mut faults = scan(KIND, text, &LAYOUT);
    let Some(fixed) = FixedText::<18>::new(text) else { return faults };
    let bytes = fixed.as_bytes();
    let digits = |range: core::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
    if digits(0..6) && !has_known_area(&bytes[..6]) {
        let allowed = Wording::new(
            "GB/T 2260的省级代码，或810000、820000、830000",
            "a province of GB/T 2260, 810000, 820000, 830000",
        );
        faults.push(IdentifierFault::new(KIND, Part::Area, IdentifierProblem::Value { allowed }));
    }
    if digits(6..14) && birth_date::read(&bytes[6..14]).is_none() {
        faults.push(IdentifierFault::new(KIND, Part::BirthDate, IdentifierProblem::Date));
    }
    if digits(0..17) && CharacterClass::DigitOrX.allows(char::from(bytes[17])) && !verifies(bytes) {
        let problem = IdentifierProblem::Check { scheme: CheckScheme::Mod11_2 };
        faults.push(IdentifierFault::new(KIND, Part::Check, problem));
    }
    faults
}
