//! One line of `joint-closing.tsv`: what a partner in a state means for the case that leads.

use super::{Row, TableError};

/// What a partner means for the leading case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It must be waited for.
    Open,
    /// It has ended with the result of its own decision.
    Result,
    /// It has ended, and this is the word for it.
    Word(String),
}

impl Outcome {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, TableError> {
        match (row.text("ended")?.as_str(), row.text("outcome")?.as_str()) {
            ("no", "-") => Ok(Self::Open),
            ("yes", "result") => Ok(Self::Result),
            ("yes", "-") => Err(row.wrong("an end without an outcome")),
            ("yes", word) => Ok(Self::Word(word.to_owned())),
            _ => Err(row.wrong("ended is yes or no")),
        }
    }
}
