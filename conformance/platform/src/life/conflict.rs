//! The `winner` column of `case-conflicts.tsv`.

use super::{Row, TableError};

/// Who prevails when two producers did not see each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Winner {
    First,
    Later,
    Both,
}

impl Winner {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, TableError> {
        match row.text("winner")?.as_str() {
            "first" => Ok(Self::First),
            "later" => Ok(Self::Later),
            "both" => Ok(Self::Both),
            _ => Err(row.wrong("a winner is first, later or both")),
        }
    }
}
