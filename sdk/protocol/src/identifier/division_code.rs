//! The administrative division code 行政区划代码 (GB/T 2260, GB/T 10114; statistical form of 12 digits).

pub mod names;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::character_class::{CharacterClass, Run, scan};
use super::fixed_text::FixedText;
use super::text_form::text_form;
use super::{
    ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem, Part, Repair, Wording,
    repair,
};

/// A division code of 6 digits (county and above), 9 (with the township, GB/T 10114) or 12 (with the village).
///
/// The three written lengths stay apart: `340705` and `340705000000` are different texts of the same place, which
/// [`DivisionCode::is_same_place`] knows. Whether the place exists is not checked: lists age faster than papers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode {
    /// Filled with zeros to twelve digits.
    padded: FixedText<12>,
    /// 6, 9 or 12.
    length: u8,
}

text_form!(DivisionCode);

/// How far down a code reaches, judged by its last part that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DivisionLevel {
    /// 省级.
    Province,
    /// 市级.
    City,
    /// 县级.
    County,
    /// 乡级.
    Township,
    /// 村级.
    Village,
}

/// What the first digit of the township part says (GB/T 10114).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TownshipKind {
    /// 街道 (0).
    SubDistrict,
    /// 镇 (1).
    Town,
    /// 乡 (2, 3).
    Township,
    /// 政企合一的单位 (4, 5): development zones, farms and, in Tongling, management communities.
    EnterpriseUnit,
}

const KIND: IdentifierKind = IdentifierKind::DivisionCode;

/// What the first two digits may be.
pub(crate) const PROVINCES: Wording = Wording::new("GB/T 2260的省级代码", "a province of GB/T 2260");

/// Whether two digits are a province, autonomous region or municipality of GB/T 2260.
pub(crate) fn is_province(first: u8, second: u8) -> bool {
    matches!(
        (first, second),
        (b'1', b'1'..=b'5')
            | (b'2', b'1'..=b'3')
            | (b'3', b'1'..=b'7')
            | (b'4', b'1'..=b'6')
            | (b'5', b'0'..=b'4')
            | (b'6', b'1'..=b'5')
            | (b'7', b'1')
            | (b'8', b'1'..=b'2')
    )
}

impl DivisionCode {
    /// Reads 6, 9 or 12 digits.
    ///
    /// # Errors
    /// All faults: `identifier.length`, `identifier.character`, `identifier.value` (unknown province, or a part that is
    /// zero above one that is not).
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let faults = faults(text);
        IdentifierFaults::none_or(faults, || ())?;
        let mut padded = text.to_string();
        padded.extend(core::iter::repeat_n('0', 12_usize.saturating_sub(text.len())));
        let unreadable = || IdentifierFaults::one(KIND, Part::Whole, length_problem(text));
        let padded = FixedText::new(&padded).ok_or_else(unreadable)?;
        Ok(Self { padded, length: text.len() as u8 })
    }

    /// The digits as they were written.
    pub fn as_str(&self) -> &str {
        &self.padded.as_str()[..usize::from(self.length)]
    }

    /// The twelve digits of the statistical form.
    pub fn as_twelve(&self) -> &str {
        self.padded.as_str()
    }

    /// The first six digits: the county, city or province.
    pub fn as_six(&self) -> &str {
        &self.padded.as_str()[..6]
    }

    /// How far down the code reaches.
    pub fn level(&self) -> DivisionLevel {
        let text = self.as_twelve();
        if &text[9..] != "000" {
            DivisionLevel::Village
        } else if &text[6..9] != "000" {
            DivisionLevel::Township
        } else if &text[4..6] != "00" {
            DivisionLevel::County
        } else if &text[2..4] != "00" {
            DivisionLevel::City
        } else {
            DivisionLevel::Province
        }
    }

    /// What kind of township it is in, where the code reaches that far and GB/T 10114 knows the digit.
    pub fn township_kind(&self) -> Option<TownshipKind> {
        if self.level() < DivisionLevel::Township {
            return None;
        }
        match self.padded.as_bytes()[6] {
            b'0' => Some(TownshipKind::SubDistrict),
            b'1' => Some(TownshipKind::Town),
            b'2' | b'3' => Some(TownshipKind::Township),
            b'4' | b'5' => Some(TownshipKind::EnterpriseUnit),
            _ => None,
        }
    }

    /// Whether both codes mean the same place, whatever lengths they are written in.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.padded == other.padded
    }

    /// Whether `other` is this place or lies within it.
    pub fn contains(&self, other: &Self) -> bool {
        let significant = match self.level() {
            DivisionLevel::Province => 2,
            DivisionLevel::City => 4,
            DivisionLevel::County => 6,
            DivisionLevel::Township => 9,
            DivisionLevel::Village => 12,
        };
        self.as_twelve()[..significant] == other.as_twelve()[..significant]
    }

    /// The name, where the embedded list (provinces, Tongling, Tongling's abolished counties) has the place.
    pub fn name(&self) -> Option<&'static str> {
        names::find(self.as_twelve()).map(|entry| entry.name())
    }

    /// Division codes are public: the mask hides nothing.
    pub fn mask(&self) -> String {
        self.as_str().to_string()
    }

    /// The parts and their meaning, from the province down.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        let text = self.as_twelve();
        let steps = [
            (Part::Province, 0, 2),
            (Part::City, 2, 4),
            (Part::County, 4, 6),
            (Part::Township, 6, 9),
            (Part::Village, 9, 12),
        ];
        let reached = steps.iter().rposition(|(_, from, to)| text[*from..*to].bytes().any(|byte| byte != b'0'));
        let mut lines = Vec::new();
        for (part, from, to) in &steps[..=reached.unwrap_or(0)] {
            let upper = format!("{:0<12}", &text[..*to]);
            let name = names::find(&upper).map(|entry| entry.describe());
            let (mut zh, mut en): (String, String) = match name {
                Some((zh, en)) => (zh, en),
                None => ("名称未收录".into(), "name not in the embedded list".into()),
            };
            if *part == Part::Township
                && let Some(kind) = self.township_kind()
            {
                zh = format!("{zh}（{}）", kind.zh());
                en = format!("{en} ({})", kind.en());
            }
            lines.push(ExplanationLine::new(*part, &text[*from..*to], zh, en));
        }
        lines
    }

    /// Name of a six-digit area that may be abolished or unknown, for explanations of other codes.
    pub(crate) fn explain_area(area: &str) -> (String, String) {
        if let Some(entry) = names::find(&format!("{area:0<12}")) {
            return entry.describe();
        }
        let province = names::find(&format!("{:0<12}", &area[..2])).map(|entry| entry.name());
        match province {
            Some(name) => {
                (format!("{name}内的区划（未收录或已撤销）"), format!("in {name} (not listed, or abolished)"))
            }
            None if area == "100000" => ("国家".into(), "national".into()),
            None => ("未收录的区划".into(), "an area the list does not have".into()),
        }
    }

    /// What the writer of a refused text may have meant. Lost digits cannot be told, as the code has no check.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 12,
            insertable: b"",
            appendable: b"",
            confusions: &[('O', '0'), ('I', '1'), ('L', '1')],
            keeps_case: false,
            ignored: "- ",
        };
        repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|_| 0))
    }
}

impl TownshipKind {
    /// The kind in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::SubDistrict => "街道",
            Self::Town => "镇",
            Self::Township => "乡",
            Self::EnterpriseUnit => "政企合一的单位",
        }
    }

    /// The kind in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::SubDistrict => "sub-district",
            Self::Town => "town",
            Self::Township => "township",
            Self::EnterpriseUnit => "unit that is both administration and enterprise",
        }
    }
}

fn length_problem(text: &str) -> IdentifierProblem {
    IdentifierProblem::Length { lengths: vec![6, 9, 12], found: text.chars().count() }
}

fn faults(text: &str) -> Vec<IdentifierFault> {
    let found = text.chars().count();
    let layout = [Run::new(Part::Whole, if matches!(found, 6 | 9) { found } else { 12 }, CharacterClass::Digit)];
    let mut faults = scan(KIND, text, &layout);
    if let Some(first) = faults.first_mut()
        && matches!(first.problem(), IdentifierProblem::Length { .. })
    {
        *first = IdentifierFault::new(KIND, Part::Whole, length_problem(text));
    }
    if !faults.is_empty() {
        return faults;
    }
    let digits = text.as_bytes();
    if !is_province(digits[0], digits[1]) {
        let problem = IdentifierProblem::Value { allowed: PROVINCES };
        faults.push(IdentifierFault::new(KIND, Part::Province, problem));
    }
    let zero = |from: usize, to: usize| digits.get(from..to).is_none_or(|part| part.iter().all(|digit| *digit == b'0'));
    // A county part may be zero above a township: Dongguan and Zhongshan are cities without counties.
    if zero(2, 4) && !(zero(4, 6) && zero(6, 9) && zero(9, 12)) {
        let problem = IdentifierProblem::Value {
            allowed: Wording::new("01至99（下级段不为零时）", "01-99 above a county"),
        };
        faults.push(IdentifierFault::new(KIND, Part::City, problem));
    }
    if zero(6, 9) && !zero(9, 12) {
        let problem = IdentifierProblem::Value {
            allowed: Wording::new("001至999（村级段不为零时）", "001-999 above a village"),
        };
        faults.push(IdentifierFault::new(KIND, Part::Township, problem));
    }
    faults
}
