//! The drawings and tables of case life and bill life say what the normative tables say, edge by edge.

use std::collections::BTreeSet;

use super::chapter::{self, Chapter};
use super::text_of;

/// One line of a table, by column.
struct Line<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Line<'a> {
    fn cell(&self, name: &str) -> &'a str {
        self.0.iter().find(|(column, _)| *column == name).unwrap().1
    }

    /// Cells as a row of a document: words in code, `-` bare.
    fn row(&self, columns: &[&str]) -> String {
        let cells = columns.iter().map(|column| {
            let cell = self.cell(column);
            let words = cell.split(' ').map(|word| if word == "-" { word.to_owned() } else { format!("`{word}`") });
            words.collect::<Vec<_>>().join(" ")
        });
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    }

    /// The edge of a drawing; `start` is the state that a drawing begins with.
    fn edge(&self, start: &str) -> String {
        let from = Some(self.cell("from")).filter(|from| *from != start).unwrap_or("[*]");
        let when = self.0.iter().find(|(column, cell)| *column == "when" && *cell != "-");
        let condition = when.map(|(_, cell)| format!(" [{cell}]")).unwrap_or_default();
        format!("{from} --> {}: {}{condition}", self.cell("to"), self.cell("event"))
    }
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines.map(|cells| Line(header.iter().copied().zip(cells).collect())).collect()
}

/// The edges of the drawings of a chapter, one set for each; names that a drawing cannot write stand for themselves again.
fn drawings(chapter: &Chapter) -> Vec<BTreeSet<String>> {
    let mut drawings: Vec<BTreeSet<String>> = Vec::new();
    for line in chapter.code_lines() {
        if line == "stateDiagram-v2" {
            drawings.push(BTreeSet::new());
        } else if let Some((states, label)) = line.trim().split_once(": ").filter(|(states, _)| states.contains("-->"))
        {
            let is_new = drawings.last_mut().unwrap().insert(format!("{}: {label}", states.replace('_', "-")));
            assert!(is_new, "{}: {line} is drawn twice", chapter.path);
        }
    }
    drawings
}

#[test]
fn case_life_is_drawn_and_listed_as_its_table_says() {
    let table = text_of("conformance/spec/case-life.tsv");
    let lines = lines(&table);
    let edges = lines.iter().map(|line| line.edge("none")).collect::<BTreeSet<_>>();
    assert_eq!(edges.len(), lines.len());
    for chapter in chapter::both("05-case-life") {
        assert_eq!(drawings(&chapter), std::slice::from_ref(&edges), "{}", chapter.path);
        let expected = lines.iter().map(|line| line.row(&["from", "event", "when", "to", "actors", "required"]));
        let listed = chapter.rows().into_iter().filter(|row| row.matches('|').count() == 7 && row.starts_with("| `"));
        assert_eq!(listed.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", chapter.path);
    }
}

#[test]
fn bill_life_is_drawn_where_a_state_changes_and_listed_as_its_table_says() {
    let table = text_of("conformance/spec/bill-life.tsv");
    let lines = lines(&table);
    let of = |machine: &'static str| lines.iter().filter(move |line| line.cell("machine") == machine);
    let edges = |machine| {
        let changing = of(machine).filter(|line| line.cell("from") != line.cell("to"));
        changing.map(|line| line.edge("requested")).collect::<BTreeSet<_>>()
    };
    for chapter in chapter::both("07-payments") {
        assert_eq!(drawings(&chapter), [edges("bill"), edges("refund")], "{}", chapter.path);
        let expected =
            of("bill").chain(of("refund")).map(|line| line.row(&["from", "event", "to", "outcome", "effect"]));
        let listed = chapter.rows().into_iter().filter(|row| row.matches('|').count() == 6 && row.starts_with("| `"));
        assert_eq!(listed.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", chapter.path);
    }
}
