//! The number of a foreigner's permanent-resident card 外国人永久居留身份证号码, of both generations.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use jiff::civil::Date;

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{
    CheckScheme, CheckStanding, DivisionCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind,
    IdentifierProblem, Override, Part, Repair, RepairStep, birth_date, check, check_override, mask, repair,
};

/// A permanent-resident number; cards of both generations are valid side by side.
///
/// From 2023-12-01: 18 digits beginning with 9, MOD 11-2 check character. Before: 15, three letters of the country and
/// twelve digits. The inner parts of neither were found in a text that could be cited, so they are explained (with that
/// remark) but never a reason to refuse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermanentResidentNumber {
    text: Text,
    standing: CheckStanding,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Text {
    Fifteen(FixedText<15>),
    Eighteen(FixedText<18>),
}

text_form!(PermanentResidentNumber);

const KIND: IdentifierKind = IdentifierKind::PermanentResidentNumber;
const LAYOUT_15: [Run; 2] =
    [Run::new(Part::Country, 3, CharacterClass::Letter), Run::new(Part::Serial, 12, CharacterClass::Digit)];
const LAYOUT_18: [Run; 3] = [
    Run::new(Part::Country, 1, CharacterClass::Nine),
    Run::new(Part::Serial, 16, CharacterClass::Digit),
    Run::new(Part::Check, 1, CharacterClass::DigitOrX),
];

impl PermanentResidentNumber {
    /// Reads a number of either generation exactly as it stands.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.check` (18 characters only).
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let faults = faults(text);
        match Self::read(text, CheckStanding::Verified) {
            Some(number) if faults.is_empty() => Ok(number),
            _ => Err(IdentifierFaults::from_found(faults)),
        }
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
        Self::read(text, standing).ok_or_else(|| IdentifierFaults::from_found(faults(text)))
    }

    /// Takes the text by its length; the caller has looked at its faults.
    fn read(text: &str, standing: CheckStanding) -> Option<Self> {
        let fifteen = FixedText::new(text).map(Text::Fifteen);
        let text = fifteen.or_else(|| FixedText::new(text).map(Text::Eighteen))?;
        Some(Self { text, standing })
    }

    /// The 15 or 18 characters.
    pub fn as_str(&self) -> &str {
        match &self.text {
            Text::Fifteen(text) => text.as_str(),
            Text::Eighteen(text) => text.as_str(),
        }
    }

    /// Whether the check character verified or a human let the number pass. The older 15 have none that is known.
    pub fn standing(&self) -> CheckStanding {
        self.standing
    }

    /// The birth date, where the 18 digits have one at the places usually described (7 to 14).
    pub fn birth_date(&self) -> Option<Date> {
        match &self.text {
            Text::Fifteen(_) => None,
            Text::Eighteen(text) => birth_date::read(&text.as_bytes()[6..14]),
        }
    }

    /// The number with the middle hidden: four characters stay at each end of 18, three and two of 15.
    pub fn mask(&self) -> String {
        match self.text {
            Text::Fifteen(_) => mask::middle(self.as_str(), 3, 2),
            Text::Eighteen(_) => mask::middle(self.as_str(), 4, 4),
        }
    }

    /// The parts and their meaning. Personal: show them only to whom the number itself may be shown.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let text = self.as_str();
        if let Text::Fifteen(_) = self.text {
            return vec![
                ExplanationLine::new(Part::Country, &text[..3], "国籍（三位字母代码）", "country, by three letters"),
                ExplanationLine::new(Part::Serial, &text[3..], "旧版证件的12位数字", "the older card's twelve digits"),
            ];
        }
        let province = DivisionCode::explain_area(&format!("{}0000", &text[1..3]));
        let born = self.birth_date().map_or(("未能识别".into(), "not recognised".into()), |born| {
            (
                format!("{}年{}月{}日（通行说法）", born.year(), born.month(), born.day()),
                format!("{born} (as usually described)"),
            )
        });
        let check = match self.standing {
            CheckStanding::Verified => ("校验通过", "verifies"),
            CheckStanding::Overridden => ("校验不通过，已人工放行", "does not verify; let pass by a human"),
        };
        vec![
            ExplanationLine::new(Part::Country, &text[..1], "外国人标识", "mark of a foreigner"),
            ExplanationLine::new(
                Part::Province,
                &text[1..3],
                format!("{}（通行说法）", province.0),
                format!("{} (as usually described)", province.1),
            ),
            ExplanationLine::new(
                Part::Country,
                &text[3..6],
                "国籍数字代码（通行说法）",
                "country, by number (as usually described)",
            ),
            ExplanationLine::new(Part::BirthDate, &text[6..14], born.0, born.1),
            ExplanationLine::new(Part::Serial, &text[14..17], "顺序码", "serial number"),
            ExplanationLine::new(Part::Check, &text[17..], check.0, check.1),
        ]
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let older = text.chars().next().is_some_and(char::is_alphabetic);
        let rules = repair::Rules {
            length: 18,
            insertable: b"0123456789",
            appendable: b"X",
            // The older numbers begin with letters, among which O and I are what they seem.
            confusions: if older { &[] } else { &[('O', '0'), ('I', '1'), ('L', '1')] },
            keeps_case: false,
            ignored: "- ",
        };
        let repairs = repair::suggest(text, &rules, |candidate| {
            let number = Self::parse(candidate).ok()?;
            Some(usize::from(number.birth_date().is_some()))
        });
        if !older || !repairs.is_empty() || Self::parse(text).is_ok() {
            return repairs;
        }
        let Some((tidy, steps)) = repair::tidied(text, &rules).filter(|(tidy, _)| tidy.len() == 15) else {
            return repairs;
        };
        let read = repair::read_by(&tidy, &LAYOUT_15);
        let is_right = Self::parse(&read).is_ok();
        is_right.then(|| Repair::new(read, repair::joined(&steps, &[RepairStep::Confusion]))).into_iter().collect()
    }
}

fn faults(text: &str) -> Vec<IdentifierFault> {
    let length = text.chars().count();
    if length == 15 {
        return scan(KIND, text, &LAYOUT_15);
    }
    // Of another length, the first character says which card it was meant to be.
    let is_older = length != 18 && text.chars().next().is_some_and(|first| CharacterClass::Letter.allows(first));
    let mut faults = if is_older { scan(KIND, text, &LAYOUT_15) } else { scan(KIND, text, &LAYOUT_18) };
    if length != 18 {
        let problem = IdentifierProblem::Length { lengths: vec![15, 18], found: length };
        faults.retain(|fault| !matches!(fault.problem(), IdentifierProblem::Length { .. }));
        faults.insert(0, IdentifierFault::new(KIND, Part::Whole, problem));
        return faults;
    }
    if let (true, Some(fixed)) = (faults.is_empty(), FixedText::<18>::new(text)) {
        let [body @ .., last] = fixed.as_bytes();
        if check::mod_11_2(body) != Some(*last) {
            let problem = IdentifierProblem::Check { scheme: CheckScheme::Mod11_2 };
            faults.push(IdentifierFault::new(KIND, Part::Check, problem));
        }
    }
    faults
}
