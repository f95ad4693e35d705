//! The life of a case, read from the specification's tables.
//!
//! Nothing here is known to the program: states, events and winners are text from `conformance/spec`. So what the
//! platform does is what the tables say, and a difference to the client's own machine is found by running both.

mod closing;
mod conflict;
mod transition;

use std::collections::HashMap;

pub(crate) use self::closing::Outcome;
use self::conflict::Winner;
pub(crate) use self::transition::Office;
use self::transition::Transition;

const CASE_LIFE: &str = include_str!("../../spec/case-life.tsv");
const CASE_CONFLICTS: &str = include_str!("../../spec/case-conflicts.tsv");

const JOINT_CLOSING: &str = include_str!("../../spec/joint-closing.tsv");

/// The state of a case that was never applied for.
pub(crate) const NO_CASE: &str = "none";

/// The tables.
pub(crate) struct CaseLife {
    transitions: Vec<Transition>,
    conflicts: HashMap<(String, String), Winner>,
    closings: HashMap<(String, String), Outcome>,
}

/// A table of the specification is not what its header says.
#[derive(Debug, thiserror::Error)]
#[error("specification table {table}, line {line}: {reason}")]
pub(crate) struct TableError {
    table: &'static str,
    line: usize,
    reason: &'static str,
}

impl CaseLife {
    /// Reads the tables that were compiled in.
    pub(crate) fn from_specification() -> Result<Self, TableError> {
        let transitions = rows("case-life.tsv", CASE_LIFE)?.iter().map(Transition::read).collect::<Result<_, _>>()?;
        let conflicts = rows("case-conflicts.tsv", CASE_CONFLICTS)?
            .iter()
            .map(|row| Ok(((row.text("earlier")?, row.text("later")?), Winner::read(row)?)))
            .collect::<Result<_, _>>()?;
        let closings = rows("joint-closing.tsv", JOINT_CLOSING)?
            .iter()
            .map(|row| Ok(((row.text("closes")?, row.text("state")?), Outcome::read(row)?)))
            .collect::<Result<_, _>>()?;
        Ok(Self { transitions, conflicts, closings })
    }

    /// What a partner in `state` means for the case that leads; what the table does not have is waited for.
    pub(crate) fn partner(&self, closes: &str, state: &str) -> &Outcome {
        self.closings.get(&(closes.to_owned(), state.to_owned())).unwrap_or(&Outcome::Open)
    }

    /// The line for `event` in state `from`, whose condition (if any) holds for `data`.
    pub(crate) fn transition(&self, from: &str, event: &str, data: &serde_json::Value) -> Option<&Transition> {
        self.transitions.iter().find(|line| line.from == from && line.event == event && line.holds(data))
    }

    /// Whether the tables know this kind of event at all.
    pub(crate) fn knows(&self, event: &str) -> bool {
        self.transitions.iter().any(|line| line.event == event)
    }

    /// Whether `later` must give way because its author had not seen `earlier`.
    pub(crate) fn earlier_stands(&self, earlier: &str, later: &str) -> bool {
        self.conflicts.get(&(earlier.to_owned(), later.to_owned())) == Some(&Winner::First)
    }

    /// The kinds that can follow in a state: for the explanation of an impossible one.
    pub(crate) fn possible(&self, from: &str) -> Vec<&str> {
        let mut events: Vec<&str> =
            self.transitions.iter().filter(|line| line.from == from).map(|line| line.event.as_str()).collect();
        events.dedup();
        events
    }
}

/// One line with its column names.
struct Row<'a> {
    table: &'static str,
    line: usize,
    cells: HashMap<&'a str, &'a str>,
}

impl Row<'_> {
    fn text(&self, column: &str) -> Result<String, TableError> {
        self.cells.get(column).map(|cell| (*cell).to_owned()).ok_or(self.wrong("a column is missing"))
    }

    /// A list separated by blanks; `-` is the empty list.
    fn list(&self, column: &str) -> Result<Vec<String>, TableError> {
        let text = self.text(column)?;
        Ok(text.split(' ').filter(|part| *part != "-" && !part.is_empty()).map(str::to_owned).collect())
    }

    const fn wrong(&self, reason: &'static str) -> TableError {
        TableError { table: self.table, line: self.line, reason }
    }
}

fn rows<'a>(table: &'static str, text: &'a str) -> Result<Vec<Row<'a>>, TableError> {
    let mut lines = text.lines().enumerate();
    let (_, header) = lines.next().ok_or(TableError { table, line: 1, reason: "no header" })?;
    let header: Vec<&str> = header.split('\t').collect();
    lines
        .map(|(index, line)| {
            let cells: HashMap<&str, &str> = header.iter().copied().zip(line.split('\t')).collect();
            let row = Row { table, line: index + 1, cells };
            if line.split('\t').count() == header.len() { Ok(row) } else { Err(row.wrong("wrong number of cells")) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use serde_json::json;

    use super::*;

    #[test]
    fn every_line_of_the_tables_is_understood() {
        let life = CaseLife::from_specification().unwrap();
        assert_eq!(life.closings.len(), JOINT_CLOSING.lines().count() - 1);
        assert_eq!(*life.partner("after-promises", "suspended"), Outcome::Word("promised".to_owned()));
        assert_eq!(*life.partner("after-partners", "suspended"), Outcome::Open);
        assert_eq!(*life.partner("after-lunch", "decided"), Outcome::Open);
        assert_eq!(life.transitions.len(), CASE_LIFE.lines().count() - 1);
        assert_eq!(life.conflicts.len(), CASE_CONFLICTS.lines().count() - 1);
    }

    #[test]
    fn a_condition_chooses_between_two_lines() {
        let life = CaseLife::from_specification().unwrap();
        let to = |procedure: serde_json::Value| {
            life.transition("accepted", "special-begun", &json!({ "procedure": procedure })).unwrap().to.clone()
        };
        assert_eq!(to(json!("extension")), "accepted");
        assert_eq!(to(json!("suspension")), "suspended");
    }

    #[test]
    fn after_the_end_there_is_only_talk_of_the_handling() {
        let life = CaseLife::from_specification().unwrap();
        for over in ["rejected", "withdrawn"] {
            let lines = life.transitions.iter().filter(|line| line.from == over).collect::<Vec<_>>();
            assert!(!lines.is_empty() && lines.iter().all(|line| line.to == over), "{over}");
        }
        assert_eq!(life.possible(NO_CASE), ["applied"]);
    }
}
