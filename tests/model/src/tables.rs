//! The tables of the specification, read as the reference platform reads them: by name, with nothing of the engine.

use std::collections::BTreeMap;
use std::sync::OnceLock;

const LIFE: &str = include_str!("../../../conformance/spec/case-life.tsv");
const CONFLICTS: &str = include_str!("../../../conformance/spec/case-conflicts.tsv");

/// Who wins when two producers act without having seen one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Winner {
    /// The earlier stands, the later is refused.
    First,
    /// Both are effective.
    Both,
}

struct Tables {
    life: BTreeMap<(&'static str, &'static str), &'static str>,
    conflicts: BTreeMap<(&'static str, &'static str), Winner>,
}

fn rows(text: &'static str) -> impl Iterator<Item = BTreeMap<&'static str, &'static str>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    lines.map(move |line| header.iter().copied().zip(line.split('\t')).collect())
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| Tables {
        // Conditions on data are the platform's business, not this model's; its scripts use kinds without one.
        life: rows(LIFE).filter(|row| row["when"] == "-").map(|row| ((row["from"], row["event"]), row["to"])).collect(),
        conflicts: rows(CONFLICTS)
            .map(|row| {
                let winner = if row["winner"] == "first" { Winner::First } else { Winner::Both };
                ((row["earlier"], row["later"]), winner)
            })
            .collect(),
    })
}

/// The state after an event; `None` if it cannot happen.
pub fn next_state(state: &str, kind: &str) -> Option<&'static str> {
    tables().life.get(&(state, kind)).copied()
}

/// Who wins; `None` if the table does not say.
pub fn winner(earlier: &str, later: &str) -> Option<Winner> {
    tables().conflicts.get(&(earlier, later)).copied()
}
