//! What the parts of a code mean, line by line.

use alloc::string::{String, ToString};
use core::fmt;

use super::Part;

/// One part of a code with its meaning in Chinese and English.
///
/// The lines of a person's number say birth date and sex: show them only to whom the number itself may be shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExplanationLine {
    part: Part,
    value: String,
    zh: String,
    en: String,
}

impl ExplanationLine {
    pub(crate) fn new(part: Part, value: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { part, value: value.to_string(), zh: zh.into(), en: en.into() }
    }

    /// The part of the code.
    pub fn part(&self) -> Part {
        self.part
    }

    /// The characters of that part.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Their meaning in Chinese.
    pub fn zh(&self) -> &str {
        &self.zh
    }

    /// Their meaning in English.
    pub fn en(&self) -> &str {
        &self.en
    }
}

impl fmt::Display for ExplanationLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}：{}  {}: {}", self.value, self.part.zh(), self.zh, self.part.en(), self.en)
    }
}

impl fmt::Debug for ExplanationLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The line may say a person's birth date, so only the part reaches a log.
        f.debug_struct("ExplanationLine").field("part", &self.part).finish_non_exhaustive()
    }
}
