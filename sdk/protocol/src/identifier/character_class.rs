//! Which characters may stand at a place, and the scan that finds every place where another one stands.

use alloc::vec::Vec;

use super::{IdentifierFault, IdentifierKind, IdentifierProblem, Part};

/// A set of characters allowed at one place of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CharacterClass {
    Digit,
    Letter,
    Alphanumeric,
    /// GB 32100: digits and capital letters without I, O, S, V and Z.
    CreditAlphabet,
    /// The last place of MOD 11-2 and GB 11714.
    DigitOrX,
    Hexadecimal,
    /// Digits and letters of both cases: where the source says only "opaque".
    Opaque,
    /// The first digit of the permanent-resident number of 2023.
    Nine,
    /// The hyphen between the parts of a project code.
    Hyphen,
}

impl CharacterClass {
    pub(crate) fn allows(self, character: char) -> bool {
        match self {
            Self::Digit => character.is_ascii_digit(),
            Self::Letter => character.is_ascii_uppercase(),
            Self::Alphanumeric => character.is_ascii_digit() || character.is_ascii_uppercase(),
            Self::CreditAlphabet => {
                (character.is_ascii_digit() || character.is_ascii_uppercase()) && !"IOSVZ".contains(character)
            }
            Self::DigitOrX => character.is_ascii_digit() || character == 'X',
            Self::Hexadecimal => character.is_ascii_hexdigit(),
            Self::Opaque => character.is_ascii_alphanumeric(),
            Self::Nine => character == '9',
            Self::Hyphen => character == '-',
        }
    }

    /// How the class is written in fault parameters and texts.
    pub(crate) const fn notation(self) -> &'static str {
        match self {
            Self::Digit => "0-9",
            Self::Letter => "A-Z",
            Self::Alphanumeric => "0-9 A-Z",
            Self::CreditAlphabet => "0-9 A-H J-N P-R T U W-Y",
            Self::DigitOrX => "0-9 X",
            Self::Hexadecimal => "0-9 a-f A-F",
            Self::Opaque => "0-9 A-Z a-z",
            Self::Nine => "9",
            Self::Hyphen => "-",
        }
    }
}

/// One run of places of a code: its part, its length and what may stand there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) part: Part,
    pub(crate) length: usize,
    pub(crate) class: CharacterClass,
}

impl Run {
    pub(crate) const fn new(part: Part, length: usize, class: CharacterClass) -> Self {
        Self { part, length, class }
    }
}

/// Compares `text` with the runs of a fixed layout and returns every fault of length and characters.
///
/// With a wrong length the places are unreliable (one character may be lost), so a character is then only reported when
/// no run would allow it. At most as many characters are looked at as the layout has, plus one.
pub(crate) fn scan(identifier: IdentifierKind, text: &str, layout: &[Run]) -> Vec<IdentifierFault> {
    let expected: usize = layout.iter().map(|run| run.length).sum();
    let found = text.chars().count();
    let mut faults = Vec::new();
    if found != expected {
        let lengths = alloc::vec![expected];
        faults.push(IdentifierFault::new(identifier, Part::Whole, IdentifierProblem::Length { lengths, found }));
    }
    for (index, character) in text.chars().take(expected + 1).enumerate() {
        let run = run_at(layout, index);
        let allowed = if found == expected {
            run.is_some_and(|run| run.class.allows(character))
        } else {
            layout.iter().any(|run| run.class.allows(character))
        };
        if !allowed {
            let (part, class) = run.map_or((Part::Whole, CharacterClass::Alphanumeric), |run| (run.part, run.class));
            let problem =
                IdentifierProblem::Character { position: index + 1, found: character, allowed: class.notation() };
            faults.push(IdentifierFault::new(identifier, part, problem));
        }
    }
    faults
}

/// The characters that may stand nowhere in a text whose segments cannot be told apart; `separator` may.
///
/// At most `most` characters are looked at.
pub(crate) fn scan_unsegmented(
    identifier: IdentifierKind,
    text: &str,
    (class, separator): (CharacterClass, char),
    most: usize,
) -> Vec<IdentifierFault> {
    let characters = text.chars().take(most).enumerate();
    let wrong = characters.filter(|(_, character)| *character != separator && !class.allows(*character));
    let faults = wrong.map(|(index, found)| {
        let problem = IdentifierProblem::Character { position: index + 1, found, allowed: class.notation() };
        IdentifierFault::new(identifier, Part::Whole, problem)
    });
    faults.collect()
}

fn run_at(layout: &[Run], index: usize) -> Option<&Run> {
    let mut end = 0;
    layout.iter().find(|run| {
        end += run.length;
        index < end
    })
}
