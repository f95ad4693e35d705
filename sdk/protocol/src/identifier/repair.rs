//! Proposals for a text that is no code, but nearly one.
//!
//! A repair is *suggested, never applied*: whoever shows it to a human, and the human takes it, has decided. Every
//! proposal verifies; a text that is right, or beyond these few slips, gets none.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::cmp::Reverse;
use core::fmt;
use core::iter::repeat_n;

use super::character_class::{CharacterClass, Run};

/// Most proposals for one text.
pub const REPAIRS_MAX: usize = 8;
/// Longest text that is looked at, in characters: longer ones are no slip of the pen.
pub const REPAIRABLE_TEXT_MAX_CHARACTERS: usize = 128;

/// One slip that a proposal undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RepairStep {
    /// Blanks or separators were removed.
    Separators,
    /// Full-width characters were written in half width.
    FullWidth,
    /// Lower case was written in upper case.
    Case,
    /// A letter was read as the digit it looks like (O/0, I/1 …).
    Confusion,
    /// A lost character was put back.
    LostCharacter,
    /// A number of 15 digits of before 1999 was written with 18.
    FifteenDigits,
}

impl RepairStep {
    /// The stable name in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Separators => "separators",
            Self::FullWidth => "full_width",
            Self::Case => "case",
            Self::Confusion => "confusion",
            Self::LostCharacter => "lost_character",
            Self::FifteenDigits => "fifteen_digits",
        }
    }

    /// What was done, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Separators => "去掉空格或分隔符",
            Self::FullWidth => "全角改为半角",
            Self::Case => "小写改为大写",
            Self::Confusion => "形近字母改为数字（如O改为0、I改为1）",
            Self::LostCharacter => "补上可能漏掉的一位",
            Self::FifteenDigits => "15位老号码升为18位",
        }
    }

    /// What was done, in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Separators => "removed blanks or separators",
            Self::FullWidth => "wrote full-width characters in half width",
            Self::Case => "wrote lower case in upper case",
            Self::Confusion => "read letters as the digits they look like (O as 0, I as 1)",
            Self::LostCharacter => "put back one character that may be lost",
            Self::FifteenDigits => "wrote the old number of 15 digits with 18",
        }
    }
}

/// A code that verifies, and the steps from the text to it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Repair {
    proposed: String,
    steps: Vec<RepairStep>,
}

impl Repair {
    pub(crate) fn new(proposed: String, steps: Vec<RepairStep>) -> Self {
        Self { proposed, steps }
    }

    /// The proposed code, in full: show it only to whom the text itself may be shown.
    pub fn proposed(&self) -> &str {
        &self.proposed
    }

    /// The slips that the proposal undoes, each once.
    pub fn steps(&self) -> &[RepairStep] {
        &self.steps
    }

    /// The steps in Chinese.
    pub fn zh(&self) -> String {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.zh()).collect();
        format!("{}，请与证件原件核对", steps.join("，"))
    }

    /// The steps in English.
    pub fn en(&self) -> String {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.en()).collect();
        format!("{}; compare with the original", steps.join(", "))
    }
}

impl fmt::Debug for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The proposal may be a person's number, so it stays out of logs.
        f.debug_struct("Repair").field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// What may be mended in one kind of identifier.
pub(crate) struct Rules {
    /// Length of a right code, in characters, without ignored ones.
    pub(crate) length: usize,
    /// The characters that a lost one may have been; empty when losing one is not looked into.
    pub(crate) insertable: &'static [u8],
    /// The characters that a lost *last* one may have been beside these.
    pub(crate) appendable: &'static [u8],
    /// Letters that never stand in this kind of code, and the digit each looks like.
    pub(crate) confusions: &'static [(char, char)],
    /// Whether small letters mean something else than capital ones, so that case is not mended.
    pub(crate) keeps_case: bool,
    /// Characters that people put between groups.
    pub(crate) ignored: &'static str,
}

/// Proposes codes for `text`. `judge` returns `None` for a candidate that is no code, otherwise how plausible it is.
pub(crate) fn suggest(text: &str, rules: &Rules, judge: impl Fn(&str) -> Option<usize>) -> Vec<Repair> {
    if judge(text).is_some() || text.chars().nth(REPAIRABLE_TEXT_MAX_CHARACTERS).is_some() {
        return Vec::new();
    }
    // In kinds of code where O and I may stand, they are first taken for what they seem.
    let mut tidied = vec![tidy(text, rules, &[])];
    let with_confusions = tidy(text, rules, rules.confusions);
    if with_confusions.0 != tidied[0].0 {
        tidied.push(with_confusions);
    }
    if let Some((right, steps)) = tidied.iter().find(|(candidate, _)| judge(candidate).is_some()) {
        return vec![Repair::new(right.clone(), steps.clone())];
    }
    let mut lost = tidied.iter().map(|(tidy, steps)| with_lost_character(tidy, steps, rules, &judge));
    lost.find(|repairs| !repairs.is_empty()).unwrap_or_default()
}

/// The most plausible codes that have one character more than `tidy`.
fn with_lost_character(
    tidy: &str,
    steps: &[RepairStep],
    rules: &Rules,
    judge: &impl Fn(&str) -> Option<usize>,
) -> Vec<Repair> {
    if tidy.chars().count() + 1 != rules.length || !tidy.is_ascii() {
        return Vec::new();
    }
    let appended = rules.appendable.iter().map(|byte| [tidy, char::from(*byte).encode_utf8(&mut [0; 4])].concat());
    let mut candidates: Vec<(usize, String)> = BTreeSet::from_iter(insertions(tidy, rules.insertable).chain(appended))
        .into_iter()
        .filter_map(|candidate| judge(&candidate).map(|plausibility| (plausibility, candidate)))
        .collect();
    candidates.sort_by_key(|(plausibility, _)| Reverse(*plausibility));
    candidates.truncate(REPAIRS_MAX);
    let steps = [steps, &[RepairStep::LostCharacter]].concat();
    candidates.into_iter().map(|(_, candidate)| Repair::new(candidate, steps.clone())).collect()
}

/// `text` in half width, without ignored characters and by `rules` in upper case; `None` when it is too long to look at or
/// still not ASCII.
pub(crate) fn tidied(text: &str, rules: &Rules) -> Option<(String, Vec<RepairStep>)> {
    if text.chars().nth(REPAIRABLE_TEXT_MAX_CHARACTERS).is_some() {
        return None;
    }
    Some(tidy(text, rules, &[])).filter(|(tidied, _)| tidied.is_ascii())
}

/// `text` by the runs of a layout: a letter that may not stand at its place is read as the digit it looks like.
pub(crate) fn read_by<'a>(text: &str, layout: impl IntoIterator<Item = &'a Run>) -> String {
    let classes = layout.into_iter().flat_map(|run| repeat_n(run.class, run.length));
    text.chars().zip(classes).map(|(character, class)| read_as(character, class)).collect()
}

fn read_as(character: char, class: CharacterClass) -> char {
    if class.allows(character) {
        return character;
    }
    let digit = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'B' => '8',
        _ => return character,
    };
    if class.allows(digit) { digit } else { character }
}

/// `steps` and `more`, each once, in their order.
pub(crate) fn joined(steps: &[RepairStep], more: &[RepairStep]) -> Vec<RepairStep> {
    BTreeSet::from_iter(steps.iter().chain(more).copied()).into_iter().collect()
}

/// Every text that has one character more than `tidy`, which is ASCII.
fn insertions<'a>(tidy: &'a str, insertable: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    (0..=tidy.len()).flat_map(move |place| {
        insertable.iter().map(move |byte| {
            let (head, tail) = tidy.split_at(place);
            let mut candidate = String::with_capacity(tidy.len() + 1);
            candidate.push_str(head);
            candidate.push(char::from(*byte));
            candidate.push_str(tail);
            candidate
        })
    })
}

/// `text` in half width and upper case, without ignored characters, confused letters read as digits.
fn tidy(text: &str, rules: &Rules, confusions: &[(char, char)]) -> (String, Vec<RepairStep>) {
    let mut steps = BTreeSet::new();
    let mut tidy = String::with_capacity(text.len());
    for original in text.chars() {
        let mut character = original;
        if let Some(half) = half_width(character) {
            character = half;
            steps.insert(RepairStep::FullWidth);
        }
        if character.is_whitespace() || character == '\u{feff}' || rules.ignored.contains(character) {
            steps.insert(RepairStep::Separators);
            continue;
        }
        let upper = if rules.keeps_case { character } else { character.to_ascii_uppercase() };
        let looks_like = confusions.iter().find(|(letter, _)| *letter == upper).map(|(_, digit)| *digit);
        if let Some(digit) = looks_like {
            steps.insert(RepairStep::Confusion);
            tidy.push(digit);
        } else {
            if upper != character {
                steps.insert(RepairStep::Case);
            }
            tidy.push(upper);
        }
    }
    (tidy, steps.into_iter().collect())
}

/// The ASCII character that a full-width one stands for.
fn half_width(character: char) -> Option<char> {
    match character {
        '\u{3000}' => Some(' '),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0),
        _ => None,
    }
}
