//! The fiscal e-receipt's code, number and check code 财政电子票据代码、号码、校验码.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::character_class::{CharacterClass, Run, scan_unsegmented};
use super::text_form::text_form;
use super::{
    ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem, Part, Repair, RepairStep,
    Wording, mask, repair,
};

/// What names one fiscal e-receipt: code 8 (region 2, class 2, kind 2, year 2), number 10 and the random check code.
///
/// Written `code-number-check`, such as `34010126-0000000017-a1b2c3`. The check code is drawn by the finance platform:
/// it proves that its bearer has seen the receipt, and cannot be computed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EReceiptCode(String);

text_form!(EReceiptCode);

/// Longest check code, in characters. Six are usual; no text gives a length.
pub const RECEIPT_CHECK_MAX_CHARACTERS: usize = 20;

const KIND: IdentifierKind = IdentifierKind::EReceiptCode;
/// The longest right text, in characters.
const LONGEST: usize = 8 + 1 + 10 + 1 + RECEIPT_CHECK_MAX_CHARACTERS;
const SHAPE: Wording = Wording::new("代码(8)-号码(10)-校验码", "code(8)-number(10)-check code");

impl EReceiptCode {
    /// Reads code, number and check code joined by hyphens.
    ///
    /// # Errors
    /// All faults: `identifier.shape`, `identifier.length`, `identifier.character`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let mut segments = text.split('-');
        let (Some(code), Some(number), Some(check), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            let shape = IdentifierFault::new(KIND, Part::Whole, IdentifierProblem::Shape { expected: SHAPE });
            let mut faults = vec![shape];
            faults.extend(scan_unsegmented(KIND, text, (CharacterClass::Opaque, '-'), LONGEST));
            return Err(IdentifierFaults::from_found(faults));
        };
        let mut faults = Vec::new();
        segment_faults(Part::ReceiptCode, code, 8, CharacterClass::Digit, &mut faults);
        segment_faults(Part::ReceiptNumber, number, 10, CharacterClass::Digit, &mut faults);
        let check_length = check.chars().count().clamp(1, RECEIPT_CHECK_MAX_CHARACTERS);
        segment_faults(Part::ReceiptCheck, check, check_length, CharacterClass::Opaque, &mut faults);
        IdentifierFaults::none_or(faults, || Self(text.to_string()))
    }

    /// Joins code, number and check code as a receipt prints them.
    ///
    /// # Errors
    /// As [`EReceiptCode::parse`].
    pub fn build(code: &str, number: &str, check: &str) -> Result<Self, IdentifierFaults> {
        Self::parse(&format!("{code}-{number}-{check}"))
    }

    /// The three parts joined by hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code of eight digits.
    pub fn code(&self) -> &str {
        &self.0[..8]
    }

    /// The number of ten digits.
    pub fn number(&self) -> &str {
        &self.0[9..19]
    }

    /// The check code.
    pub fn check(&self) -> &str {
        &self.0[20..]
    }

    /// Code and the last four digits of the number; the check code is hidden whole.
    pub fn mask(&self) -> String {
        let number = mask::middle(self.number(), 0, 4);
        format!("{}-{number}-{}", self.code(), "*".repeat(self.check().len()))
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let code = self.code();
        vec![
            ExplanationLine::new(
                Part::ReceiptCode,
                code,
                format!("区划{}，分类{}，种类{}，20{}年度", &code[..2], &code[2..4], &code[4..6], &code[6..]),
                format!("region {}, class {}, kind {}, year 20{}", &code[..2], &code[2..4], &code[4..6], &code[6..]),
            ),
            ExplanationLine::new(Part::ReceiptNumber, self.number(), "顺序号", "running number"),
            ExplanationLine::new(Part::ReceiptCheck, self.check(), "随机校验码", "random check code"),
        ]
    }

    /// What the writer of a refused text may have meant: blanks, full width, and letters among the digits of code and
    /// number. The check code is left alone.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        // The check code tells the cases apart, so a text with small letters is mended nowhere else.
        let rules = repair::Rules {
            length: 0,
            insertable: b"",
            appendable: b"",
            confusions: &[],
            keeps_case: true,
            ignored: " ",
        };
        let repairs = repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|_| 0));
        if !repairs.is_empty() || Self::parse(text).is_ok() {
            return repairs;
        }
        let Some((tidy, steps)) = repair::tidied(text, &rules) else { return repairs };
        let mut segments = tidy.splitn(3, '-');
        let (Some(code), Some(number), Some(check)) = (segments.next(), segments.next(), segments.next()) else {
            return repairs;
        };
        let digits = |text: &str| repair::read_by(text, &[Run::new(Part::Whole, text.len(), CharacterClass::Digit)]);
        let read = format!("{}-{}-{check}", digits(code), digits(number));
        let is_right = Self::parse(&read).is_ok();
        is_right.then(|| Repair::new(read, repair::joined(&steps, &[RepairStep::Confusion]))).into_iter().collect()
    }
}

fn segment_faults(part: Part, text: &str, length: usize, class: CharacterClass, faults: &mut Vec<IdentifierFault>) {
    let found = text.chars().count();
    if found != length {
        faults.push(IdentifierFault::new(KIND, part, IdentifierProblem::Length { lengths: vec![length], found }));
    }
    for (index, character) in text.chars().take(length).enumerate() {
        if !class.allows(character) {
            let problem =
                IdentifierProblem::Character { position: index + 1, found: character, allowed: class.notation() };
            faults.push(IdentifierFault::new(KIND, part, problem));
        }
    }
}
