//! Item codes 事项编码 of every generation met in the field.
//!
//! The code in force (the rules of 2018, GB/T 39554.1-2020) grows by nesting: base code 12, with the agency's credit code
//! and the level in front 31, with a handling item's number behind 33 (14 without agency). Older and provincial forms
//! live on, so a message that can be ambiguous names the generation beside the code. An item is identified by (code,
//! version); this type is the code.

mod explanation;
mod generation;
mod part_rules;
mod parts;

pub mod dialect;
mod pattern;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

pub use generation::ItemCodeGeneration;
pub use parts::ItemCodeParts;

use super::character_class::scan;
use super::text_form::text_form;
use super::{
    CreditCode, ExplanationLine, IdentifierFault, IdentifierFaults, IdentifierKind, IdentifierProblem, Part, Repair,
    RepairStep, Wording, repair,
};

/// The code of a government-service item, and the generation of rules it was read by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemCode {
    text: String,
    generation: ItemCodeGeneration,
}

text_form!(ItemCode);

/// Longest text that is read as an item code, in characters (the longest dialect has 55).
pub const ITEM_CODE_MAX_CHARACTERS: usize = 64;

const KIND: IdentifierKind = IdentifierKind::ItemCode;

const SHAPES: Wording = Wording::new(
    "不带连字符的12、14、31或33位，或已收录的省内变体",
    "12, 14, 31 or 33 places without hyphens, or a known dialect",
);

impl ItemCode {
    /// Reads a code by the first generation that fits: those of 2018, those of 2016, then the provincial dialects in
    /// the order of their table. A generation that [must be named](ItemCodeGeneration::must_be_named) is never guessed:
    /// its codes are read by [`ItemCode::parse_as`].
    ///
    /// # Errors
    /// All faults by the generation that comes closest (by length, or by the segments of a dialect):
    /// `identifier.length`, `identifier.character`, `identifier.value`, `identifier.check` (of the agency),
    /// `identifier.shape`.
    pub fn parse(text: &str) -> Result<Self, IdentifierFaults> {
        let mut closest: Option<Vec<IdentifierFault>> = None;
        for generation in ItemCodeGeneration::fitting(text) {
            let faults = faults(text, generation);
            if faults.is_empty() {
                return Ok(Self { text: text.to_string(), generation });
            }
            // A dialect is only closer than a national form when its segments fit.
            closest.get_or_insert(faults);
        }
        Err(IdentifierFaults::from_found(closest.unwrap_or_else(|| shapeless_faults(text))))
    }

    /// Reads a code by the rules of one generation.
    ///
    /// # Errors
    /// All faults, as [`ItemCode::parse`].
    pub fn parse_as(generation: ItemCodeGeneration, text: &str) -> Result<Self, IdentifierFaults> {
        IdentifierFaults::none_or(faults(text, generation), || Self { text: text.to_string(), generation })
    }

    /// Every way to read a text without fault, also by generations that must be named. More than one means that the
    /// generation must be named beside the code.
    pub fn readings(text: &str) -> Vec<Self> {
        let readings = ItemCodeGeneration::all().filter_map(|generation| Self::parse_as(generation, text).ok());
        readings.collect()
    }

    /// The code as it stands.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The generation of rules it was read by.
    pub fn generation(&self) -> ItemCodeGeneration {
        self.generation
    }

    /// The parts, from which [`ItemCodeParts::build`] makes the same code again.
    pub fn parts(&self) -> ItemCodeParts {
        let parts = self.generation.split(&self.text).unwrap_or_default();
        ItemCodeParts::from_split(self.generation, &parts)
    }

    /// The implementing agency's credit code, where the code carries one.
    pub fn agency(&self) -> Option<CreditCode> {
        CreditCode::parse(self.parts().get(Part::Agency)?).ok()
    }

    /// The base code (12) inside a code of 2018, or the code itself when it is one.
    pub fn base(&self) -> Option<Self> {
        let text = match self.generation {
            ItemCodeGeneration::Base12 | ItemCodeGeneration::Handling14 => &self.text[..12],
            ItemCodeGeneration::Implementation31 | ItemCodeGeneration::HandlingItem33 => &self.text[19..31],
            _ => return None,
        };
        Some(Self { text: text.to_string(), generation: ItemCodeGeneration::Base12 })
    }

    /// The implementation code (31) that a handling item belongs to, or the code itself when it is one.
    pub fn implementation(&self) -> Option<Self> {
        let has_agency =
            matches!(self.generation, ItemCodeGeneration::Implementation31 | ItemCodeGeneration::HandlingItem33);
        let generation = ItemCodeGeneration::Implementation31;
        has_agency.then(|| Self { text: self.text[..31].to_string(), generation })
    }

    /// Item codes are public: the mask hides nothing.
    pub fn mask(&self) -> String {
        self.text.clone()
    }

    /// The parts and their meaning.
    pub fn explain(&self) -> Vec<ExplanationLine> {
        explanation::explain(&self.parts())
    }

    /// What the writer of a refused text may have meant; every proposal verifies. Empty when the text is right as it is.
    ///
    /// In the national forms a letter in the place of a digit is read as the digit it looks like; in the sub-item letters
    /// are right and stay. A lost character is looked for only in a code that should have 31 or 33 places, and only
    /// inside its agency, whose check tells right from wrong.
    pub fn suggest_repairs(text: &str) -> Vec<Repair> {
        let rules = repair::Rules {
            length: 0,
            insertable: b"",
            appendable: b"",
            confusions: &[],
            keeps_case: false,
            ignored: " ",
        };
        let whole = repair::suggest(text, &rules, |candidate| Self::parse(candidate).ok().map(|_| 0));
        if !whole.is_empty() || Self::parse(text).is_ok() {
            return whole;
        }
        let Some((tidy, steps)) = repair::tidied(text, &rules) else { return Vec::new() };
        let national = ItemCodeGeneration::all().filter_map(ItemCodeGeneration::layout);
        let mut confused = national.map(|layout| repair::read_by(&tidy, layout));
        if let Some(read) = confused.find(|read| read.len() == tidy.len() && Self::parse(read).is_ok()) {
            return vec![Repair::new(read, repair::joined(&steps, &[RepairStep::Confusion]))];
        }
        with_lost_agency_character(&tidy, &steps)
    }
}

/// The codes of which `tidy` is what is left after one of the 18 places of the agency was lost.
fn with_lost_agency_character(tidy: &str, steps: &[RepairStep]) -> Vec<Repair> {
    let whole = match tidy.len() {
        30 => ItemCodeGeneration::Implementation31,
        32 => ItemCodeGeneration::HandlingItem33,
        _ => return Vec::new(),
    };
    let (agency, rest) = tidy.split_at(17);
    let after_agency = whole.layout().into_iter().flatten().filter(|run| run.part != Part::Agency);
    let read = repair::read_by(rest, after_agency);
    let mut steps = steps.to_vec();
    if read != rest {
        steps.push(RepairStep::Confusion);
    }
    let repairs = CreditCode::suggest_repairs(agency).into_iter().filter_map(|repair| {
        let candidate = [repair.proposed(), &read].concat();
        let steps = repair::joined(&steps, repair.steps());
        ItemCode::parse(&candidate).is_ok().then(|| Repair::new(candidate, steps))
    });
    repairs.collect()
}

fn faults(text: &str, generation: ItemCodeGeneration) -> Vec<IdentifierFault> {
    let mut faults = match generation.layout() {
        Some(layout) => scan(KIND, text, layout),
        None => Vec::new(),
    };
    if faults.iter().any(|fault| fault.part() == Part::Whole) {
        return faults;
    }
    let Some(parts) = generation.split(text) else {
        if faults.is_empty() {
            let problem = IdentifierProblem::Shape { expected: Wording::plain(generation.shape()) };
            faults.push(IdentifierFault::new(KIND, Part::Whole, problem));
        }
        return faults;
    };
    for (part, value) in parts {
        // A part with a wrong character needs no second complaint about its value.
        if faults.iter().all(|fault| fault.part() != part) {
            part_rules::check(generation, part, &value, &mut faults);
        }
    }
    faults
}

/// The faults of a text that fits no generation by length and no dialect by segments.
fn shapeless_faults(text: &str) -> Vec<IdentifierFault> {
    let problem = if text.contains('-') {
        IdentifierProblem::Shape { expected: SHAPES }
    } else {
        IdentifierProblem::Length { lengths: generation::NATIONAL_LENGTHS.to_vec(), found: text.chars().count() }
    };
    vec![IdentifierFault::new(KIND, Part::Whole, problem)]
}
