//! What a township's node did, seen from outside: its link, its metrics, its store, and the store of the system behind it.

use serde::Serialize;

use super::{Finding, Journal, Kind, Row};

/// A row of the outbox that waits for the platform's word.
const PENDING: i64 = 0;
/// A row that the platform has settled.
const SETTLED: i64 = 1;

/// One township's node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    pub(crate) division: &'static str,
    pub(crate) address: String,
    /// Bytes that were put on the link towards the city, headers included.
    pub(crate) bytes_up: u64,
    /// Bytes that were put on the link from the city.
    pub(crate) bytes_down: u64,
    /// The most records that waited at the node at once.
    pub(crate) most_waiting: u64,
    /// The longest that it took until nothing waited there any more.
    pub(crate) drain_seconds: f64,
    /// Events that the node took into custody.
    pub(crate) in_custody: u64,
    /// Bills of the system behind it that took effect before an event that it had handed in earlier.
    pub(crate) overtakes: u64,
}

impl Line {
    /// The same with what both stores say, and what is wrong.
    pub(super) fn judged(self, node: &[Row], behind: &[Row]) -> (Self, Vec<Finding>) {
        let mut found = Vec::new();
        let waiting = node.iter().filter(|row| row.state == PENDING).count();
        if waiting > 0 {
            found.push(Finding::new(
                format!("{}节点还有 {waiting} 条记录没有送达", self.zh),
                format!("{waiting} records still wait at the node of {}", self.en),
            ));
        }
        // What the department's store calls settled went through the node, and so must stand settled there as well.
        let at_node = |row: &Row| node.iter().any(|one| one.id == row.id && one.state == SETTLED);
        let events = || behind.iter().filter(|row| row.kind == Kind::CaseEvent);
        let missing = events().filter(|row| !at_node(row)).count();
        if missing > 0 {
            found.push(Finding::new(
                format!("{}节点没有保管 {missing} 个事件", self.zh),
                format!("{missing} events never were in the custody of the node of {}", self.en),
            ));
        }
        let line = Self { in_custody: node.len() as u64, overtakes: overtakes(behind), ..self };
        (line, found)
    }
}

/// Bills that took effect before an event that stands earlier in the store. Rows come in the order of their acceptance.
fn overtakes(rows: &[Row]) -> u64 {
    let mut latest_event = None;
    let mut count = 0;
    for row in rows {
        match row.kind {
            Kind::CaseEvent => latest_event = latest_event.max(row.position),
            Kind::Bill if row.position.is_some() && row.position < latest_event => count += 1,
            Kind::Bill | Kind::Void | Kind::Refund => {}
        }
    }
    count
}

/// A run in which no hub and no node died proves little.
pub(super) fn deaths(journal: &Journal) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kills, zh, en) in [(journal.hub_kills, "汇聚节点", "hub"), (journal.node_kills, "乡镇节点", "node")] {
        if kills == 0 {
            found.push(Finding::new(format!("没有强杀过{zh}"), format!("no {en} was killed")));
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use super::*;

    fn row(id: u8, kind: Kind, position: i64) -> Row {
        Row {
            id: [id; 16],
            subject: [0; 16],
            owner: ([0; 16], [0; 16]),
            sequence: i64::from(id),
            kind,
            state: SETTLED,
            digest: Vec::new(),
            epoch: None,
            position: Some(position),
            receipt: None,
        }
    }

    fn line() -> Line {
        Line {
            zh: "顺安镇",
            en: "Shun'an",
            division: "340706101000",
            address: String::new(),
            bytes_up: 0,
            bytes_down: 0,
            most_waiting: 0,
            drain_seconds: 0.0,
            in_custody: 0,
            overtakes: 0,
        }
    }

    #[test]
    fn a_bill_that_took_effect_before_an_earlier_event_has_overtaken_it() {
        let rows = [
            row(1, Kind::CaseEvent, 5),
            row(2, Kind::Bill, 3),
            row(3, Kind::Bill, 6),
            row(4, Kind::CaseEvent, 9),
            row(5, Kind::Bill, 8),
        ];
        assert_eq!(overtakes(&rows), 2);
        assert_eq!(overtakes(&rows[2..3]), 0);
    }

    #[test]
    fn what_waits_at_a_node_or_never_came_there_is_found() {
        let behind = [row(1, Kind::CaseEvent, 1), row(2, Kind::Bill, 2)];
        let sound = [row(1, Kind::CaseEvent, 1)];
        let (judged, found) = line().judged(&sound, &behind);
        assert!(found.is_empty() && judged.in_custody == 1, "{found:?}");
        let waiting = [Row { state: PENDING, ..row(1, Kind::CaseEvent, 1) }];
        let (_, found) = line().judged(&waiting, &behind);
        assert!(found[0].en.contains("1 records still wait") && found[1].en.contains("1 events never"), "{found:?}");
    }

    #[test]
    fn a_run_without_deaths_at_the_edge_is_found() {
        assert_eq!(deaths(&Journal::default()).len(), 2);
        assert!(deaths(&Journal { hub_kills: 1, node_kills: 1, ..Journal::default() }).is_empty());
    }
}
