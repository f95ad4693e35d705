//! What can be wrong with an identifier.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt;
use core::ops::Deref;

use super::{CheckScheme, IdentifierKind, Part, Wording};
use crate::ErrorCode;

/// One fault of a text that should have been an identifier.
///
/// A fault never carries the text itself (it may be a person's number), at most the one character it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdentifierFault {
    identifier: IdentifierKind,
    part: Part,
    problem: IdentifierProblem,
}

/// The kinds of fault with what is known of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentifierProblem {
    /// Wrong number of characters.
    Length {
        /// The lengths that would be right, in characters, ascending.
        lengths: Vec<usize>,
        /// The length found, in characters.
        found: usize,
    },
    /// A character that may not stand where it stands.
    Character {
        /// Its place, counted in characters from 1.
        position: usize,
        /// The character.
        found: char,
        /// What may stand there, such as `0-9 A-Z`.
        allowed: &'static str,
    },
    /// The check character does not follow from the others.
    Check {
        /// The scheme that was used.
        scheme: CheckScheme,
    },
    /// The digits are no date of the calendar.
    Date,
    /// A part has a value that its code set does not know.
    Value {
        /// The values that would be right, such as `1-7`.
        allowed: Wording,
    },
    /// Separators or segments are not where they belong.
    Shape {
        /// The shape that would be right.
        expected: Wording,
    },
    /// A human may not override the check of this identifier.
    OverrideRefused,
}

impl IdentifierFault {
    pub(crate) fn new(identifier: IdentifierKind, part: Part, problem: IdentifierProblem) -> Self {
        Self { identifier, part, problem }
    }

    /// The kind of identifier that was asked for.
    pub fn identifier(&self) -> IdentifierKind {
        self.identifier
    }

    /// The part that is wrong.
    pub fn part(&self) -> Part {
        self.part
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &IdentifierProblem {
        &self.problem
    }

    /// The entry of the error registry.
    pub fn error_code(&self) -> ErrorCode {
        match self.problem {
            IdentifierProblem::Length { .. } => ErrorCode::IdentifierLength,
            IdentifierProblem::Character { .. } => ErrorCode::IdentifierCharacter,
            IdentifierProblem::Check { .. } => ErrorCode::IdentifierCheck,
            IdentifierProblem::Date => ErrorCode::IdentifierDate,
            IdentifierProblem::Value { .. } => ErrorCode::IdentifierValue,
            IdentifierProblem::Shape { .. } => ErrorCode::IdentifierShape,
            IdentifierProblem::OverrideRefused => ErrorCode::IdentifierOverrideRefused,
        }
    }

    /// The stable code, as the error registry lists it: `identifier.length` and so on.
    pub fn code(&self) -> &'static str {
        self.error_code().code()
    }

    /// The parameters for messages and machines: `identifier`, `part` and those of the problem.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let mut params =
            vec![("identifier", self.identifier.name().to_string()), ("part", self.part.name().to_string())];
        match &self.problem {
            IdentifierProblem::Length { lengths, found } => {
                params.push(("expected", join(lengths, ", ")));
                params.push(("found", found.to_string()));
            }
            IdentifierProblem::Character { position, found, allowed } => {
                params.push(("position", position.to_string()));
                params.push(("found", printable(*found)));
                params.push(("allowed", (*allowed).to_string()));
            }
            IdentifierProblem::Check { scheme } => params.push(("scheme", scheme.name().to_string())),
            IdentifierProblem::Value { allowed } => params.push(("allowed", allowed.en().to_string())),
            IdentifierProblem::Shape { expected } => params.push(("expected", expected.en().to_string())),
            IdentifierProblem::Date | IdentifierProblem::OverrideRefused => {}
        }
        params
    }

    /// The fault in Chinese, for the person at the counter.
    pub fn zh(&self) -> String {
        let name = self.identifier.zh();
        let part = self.part.zh();
        match &self.problem {
            IdentifierProblem::Length { lengths, found } => {
                format!("{name}应为{}位，现为{found}位", join(lengths, "、"))
            }
            IdentifierProblem::Character { position, found, allowed } => {
                format!("{name}第{position}位“{}”不允许，此处应为{allowed}", printable(*found))
            }
            IdentifierProblem::Check { scheme } => {
                format!("{name}的{part}校验不通过（{}），请核对每一位", scheme.name())
            }
            IdentifierProblem::Date => format!("{name}中的{part}不是有效日期"),
            IdentifierProblem::Value { allowed } => format!("{name}中的{part}取值无效，应为{}", allowed.zh()),
            IdentifierProblem::Shape { expected } => format!("{name}的格式不对，应为{}", expected.zh()),
            IdentifierProblem::OverrideRefused => format!("该{name}的校验不能人工放行"),
        }
    }

    /// The fault in English.
    pub fn en(&self) -> String {
        let name = self.identifier.en();
        let part = self.part.en();
        match &self.problem {
            IdentifierProblem::Length { lengths, found } => {
                format!("the {name} has {found} characters and should have {}", join(lengths, " or "))
            }
            IdentifierProblem::Character { position, found, allowed } => {
                format!("the {name} has '{}' at place {position}, where only {allowed} may stand", printable(*found))
            }
            IdentifierProblem::Check { scheme } => {
                format!("the {name} does not verify ({}: {part}); compare every character", scheme.name())
            }
            IdentifierProblem::Date => format!("the {part} in the {name} is no date"),
            IdentifierProblem::Value { allowed } => {
                format!("the {part} in the {name} has an unknown value; known are {}", allowed.en())
            }
            IdentifierProblem::Shape { expected } => format!("the {name} should have the shape {}", expected.en()),
            IdentifierProblem::OverrideRefused => format!("the check of this {name} cannot be overridden"),
        }
    }

    /// Whether a human may override exactly this fault, given a kind of identifier that allows overrides.
    pub(crate) fn is_check(&self) -> bool {
        matches!(self.problem, IdentifierProblem::Check { .. })
    }
}

impl fmt::Display for IdentifierFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en())
    }
}

/// All faults of one text; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdentifierFaults(Vec<IdentifierFault>);

impl IdentifierFaults {
    /// `Err` with the faults, or `Ok(value())` when there are none.
    pub(crate) fn none_or<T>(faults: Vec<IdentifierFault>, value: impl FnOnce() -> T) -> Result<T, Self> {
        if faults.is_empty() { Ok(value()) } else { Err(Self(faults)) }
    }

    pub(crate) fn one(identifier: IdentifierKind, part: Part, problem: IdentifierProblem) -> Self {
        Self(vec![IdentifierFault::new(identifier, part, problem)])
    }

    /// Turns faults that must not be empty into the error; a parser that reaches this has found some.
    pub(crate) fn from_found(faults: Vec<IdentifierFault>) -> Self {
        debug_assert!(!faults.is_empty(), "a refused text has a fault");
        Self(faults)
    }
}

impl Deref for IdentifierFaults {
    type Target = [IdentifierFault];

    fn deref(&self) -> &[IdentifierFault] {
        &self.0
    }
}

impl IntoIterator for IdentifierFaults {
    type Item = IdentifierFault;
    type IntoIter = vec::IntoIter<IdentifierFault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for IdentifierFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for IdentifierFaults {}

fn join(lengths: &[usize], separator: &str) -> String {
    lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(separator)
}

/// A character as it can be shown: controls and invisible ones by number.
fn printable(character: char) -> String {
    if character.is_control() || character.is_whitespace() || character == '\u{feff}' {
        format!("U+{:04X}", character as u32)
    } else {
        character.to_string()
    }
}
