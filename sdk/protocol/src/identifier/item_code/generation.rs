//! The generations of item-coding rules and the layouts of their codes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::dialect::Dialect;
use super::pattern;
use crate::identifier::Part;
use crate::identifier::character_class::{CharacterClass, Run};

/// A generation of rules by which item codes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ItemCodeGeneration {
    /// 基本编码 of 2018: prefix 2, type 2, main item 5, sub-item 3.
    Base12,
    /// 办理项 without agency: base code and number 2.
    Handling14,
    /// 实施编码 of 2018: agency 18, level 1, base code 12.
    Implementation31,
    /// 业务办理项编码 of 2018: implementation code and number 2.
    HandlingItem33,
    /// 基本编码 of 2016: type 2 (letters or digits), main item 5, sub-item 3.
    Base10,
    /// 实施编码 of 2016: 24 places whose parts differ by province, kept whole.
    Implementation24,
    /// A provincial dialect of the embedded table.
    Dialect(Dialect),
}

/// The lengths of the national forms, ascending.
pub(crate) const NATIONAL_LENGTHS: [usize; 6] = [10, 12, 14, 24, 31, 33];

const NATIONAL: [ItemCodeGeneration; 6] = [
    ItemCodeGeneration::Base12,
    ItemCodeGeneration::Handling14,
    ItemCodeGeneration::Implementation31,
    ItemCodeGeneration::HandlingItem33,
    ItemCodeGeneration::Base10,
    ItemCodeGeneration::Implementation24,
];

const PREFIX: Run = Run::new(Part::Prefix, 2, CharacterClass::Digit);
const TYPE: Run = Run::new(Part::ItemType, 2, CharacterClass::Digit);
const MAIN: Run = Run::new(Part::MainItem, 5, CharacterClass::Digit);
// Letters are right here: a main item that has sub-items is written 00Y, and Hubei has W00.
const SUB: Run = Run::new(Part::SubItem, 3, CharacterClass::Alphanumeric);
const HANDLING: Run = Run::new(Part::Handling, 2, CharacterClass::Digit);
const AGENCY: [Run; 3] = [
    Run::new(Part::Agency, 2, CharacterClass::CreditAlphabet),
    Run::new(Part::Agency, 6, CharacterClass::Digit),
    Run::new(Part::Agency, 10, CharacterClass::CreditAlphabet),
];
const LEVEL: Run = Run::new(Part::Level, 1, CharacterClass::Digit);

const BASE_12: [Run; 4] = [PREFIX, TYPE, MAIN, SUB];
const HANDLING_14: [Run; 5] = [PREFIX, TYPE, MAIN, SUB, HANDLING];
const IMPLEMENTATION_31: [Run; 8] = [AGENCY[0], AGENCY[1], AGENCY[2], LEVEL, PREFIX, TYPE, MAIN, SUB];
const HANDLING_ITEM_33: [Run; 9] = [AGENCY[0], AGENCY[1], AGENCY[2], LEVEL, PREFIX, TYPE, MAIN, SUB, HANDLING];
const BASE_10: [Run; 3] = [Run::new(Part::ItemType, 2, CharacterClass::Alphanumeric), MAIN, SUB];
const IMPLEMENTATION_24: [Run; 1] = [Run::new(Part::Key, 24, CharacterClass::Alphanumeric)];

impl ItemCodeGeneration {
    /// Every generation: the national ones, then the dialects in the order of their table.
    pub fn all() -> impl Iterator<Item = Self> {
        NATIONAL.into_iter().chain(Dialect::all().map(Self::Dialect))
    }

    /// The stable name for data and messages, such as `2018-implementation`, or the dialect's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base12 => "2018-base",
            Self::Handling14 => "2018-handling",
            Self::Implementation31 => "2018-implementation",
            Self::HandlingItem33 => "2018-handling-item",
            Self::Base10 => "2016-base",
            Self::Implementation24 => "2016-implementation",
            Self::Dialect(dialect) => dialect.name(),
        }
    }

    /// The generation with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|generation| generation.name() == name)
    }

    /// The generation in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Base12 => "基本编码（2018年规则）",
            Self::Handling14 => "办理项编码（2018年规则，不含实施主体）",
            Self::Implementation31 => "实施编码（2018年规则）",
            Self::HandlingItem33 => "业务办理项编码（2018年规则）",
            Self::Base10 => "基本编码（2016年规则）",
            Self::Implementation24 => "实施编码（2016年规则）",
            Self::Dialect(dialect) => dialect.zh(),
        }
    }

    /// The generation in English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Base12 => "base code, rules of 2018",
            Self::Handling14 => "handling item without agency, rules of 2018",
            Self::Implementation31 => "implementation code, rules of 2018",
            Self::HandlingItem33 => "handling-item code, rules of 2018",
            Self::Base10 => "base code, rules of 2016",
            Self::Implementation24 => "implementation code, rules of 2016",
            Self::Dialect(dialect) => dialect.en(),
        }
    }

    /// Whether a code of this generation is read only where the generation is named beside it.
    ///
    /// Such a form is one key and nothing else: neither its segments nor a check say what it is. The 32 characters of a
    /// portal's key are also what is left of a handling-item code that lost one, and that must stay a fault, not become
    /// the key of another item.
    pub fn must_be_named(self) -> bool {
        match self {
            Self::Dialect(dialect) => pattern::is_bare_key(dialect.pattern()),
            _ => false,
        }
    }

    /// The generations whose length or segments a text has, without those that must be named.
    pub(super) fn fitting(text: &str) -> impl Iterator<Item = Self> {
        let length = text.chars().count();
        let national = NATIONAL.into_iter().filter(move |generation| generation.length() == Some(length));
        // Walking the table of dialects is slow, and only needed when no national form is right.
        let dialects = Dialect::all().filter(|dialect| pattern::split(dialect.pattern(), text).is_some());
        national.chain(dialects.map(Self::Dialect).filter(|generation| !generation.must_be_named()))
    }

    fn length(self) -> Option<usize> {
        self.layout().map(|layout| layout.iter().map(|run| run.length).sum())
    }

    /// The runs of a national form; `None` for a dialect.
    pub(super) fn layout(self) -> Option<&'static [Run]> {
        match self {
            Self::Base12 => Some(&BASE_12),
            Self::Handling14 => Some(&HANDLING_14),
            Self::Implementation31 => Some(&IMPLEMENTATION_31),
            Self::HandlingItem33 => Some(&HANDLING_ITEM_33),
            Self::Base10 => Some(&BASE_10),
            Self::Implementation24 => Some(&IMPLEMENTATION_24),
            Self::Dialect(_) => None,
        }
    }

    /// How a fault names the right shape.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Dialect(dialect) => dialect.pattern(),
            national => national.name(),
        }
    }

    /// The parts of a text of this generation; `None` when lengths or segments do not fit. Neighbouring runs of one part
    /// come as one.
    pub(super) fn split<'a>(self, text: &'a str) -> Option<Vec<(Part, Cow<'a, str>)>> {
        let Some(layout) = self.layout() else { return pattern::split(self.shape(), text).map(merged) };
        if !text.is_ascii() || self.length() != Some(text.len()) {
            return None;
        }
        let mut rest = text;
        let pieces = layout.iter().map(|run| {
            let (piece, after) = rest.split_at(run.length);
            rest = after;
            (run.part, piece)
        });
        Some(merged(pieces.collect()))
    }
}

/// Joins neighbours of the same part.
fn merged<'a>(pieces: Vec<(Part, &'a str)>) -> Vec<(Part, Cow<'a, str>)> {
    let mut parts: Vec<(Part, Cow<'a, str>)> = Vec::with_capacity(pieces.len());
    for (part, piece) in pieces {
        match parts.last_mut() {
            Some((last, text)) if *last == part => {
                let mut joined = String::from(&**text);
                joined.push_str(piece);
                *text = Cow::Owned(joined);
            }
            _ => parts.push((part, Cow::Borrowed(piece))),
        }
    }
    parts
}
