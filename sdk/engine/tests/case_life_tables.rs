//! The code of case life and the tables of the specification say the same, line by line, both ways.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tongqiao_engine::case_life::{Actor, CaseLife, CaseState, Happening, NoEffect, Winner, can_happen};
use tongqiao_protocol::case::{CaseEventKind, Procedure};
use tongqiao_protocol::{IncarnationId, ProducerId};

const LIFE: &str = include_str!("../../../conformance/spec/case-life.tsv");
const CONFLICTS: &str = include_str!("../../../conformance/spec/case-conflicts.tsv");

fn rows(text: &'static str) -> Vec<BTreeMap<&'static str, &'static str>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let cells = |line: &'static str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty() && cell.trim() == *cell), "{line}");
        header.iter().copied().zip(cells).collect()
    };
    lines.map(cells).collect()
}

fn happening(kind: &str, when: &str) -> Happening {
    let kind = CaseEventKind::from_name(kind).unwrap();
    match when {
        "-" => Happening::plain(kind),
        "procedure=extension" => Happening::special(kind, Procedure::Extension),
        "procedure=suspension" => Happening::special(kind, Procedure::Suspension),
        other => panic!("unknown condition {other}"),
    }
}

fn table() -> BTreeMap<(&'static str, &'static str, &'static str), &'static str> {
    let rows = rows(LIFE);
    let count = rows.len();
    let table: BTreeMap<_, _> =
        rows.into_iter().map(|row| ((row["from"], row["event"], row["when"]), row["to"])).collect();
    assert_eq!(table.len(), count, "a line stands twice");
    table
}

#[test]
fn every_line_of_the_table_is_what_the_code_does() {
    for ((from, event, when), to) in table() {
        let from = CaseState::from_name(from).unwrap();
        assert_eq!(from.after(happening(event, when)), CaseState::from_name(to), "{from:?} {event} {when}");
    }
}

#[test]
fn whatever_the_code_allows_stands_in_the_table() {
    let table = table();
    for state in CaseState::ALL {
        for kind in CaseEventKind::ALL {
            let special = matches!(kind, CaseEventKind::SpecialBegun | CaseEventKind::SpecialEnded);
            let whens: &[&str] = if special { &["procedure=extension", "procedure=suspension"] } else { &["-"] };
            for when in whens {
                let after = state.after(happening(kind.as_str(), when)).map(CaseState::as_str);
                assert_eq!(
                    after,
                    table.get(&(state.as_str(), kind.as_str(), *when)).copied(),
                    "{state:?} {kind} {when}"
                );
            }
            if special {
                assert_eq!(state.after(Happening::plain(kind)), None, "a special procedure says which");
            }
        }
    }
}

#[test]
fn actors_are_those_of_the_table() {
    for row in rows(LIFE) {
        let kind = CaseEventKind::from_name(row["event"]).unwrap();
        let names: Vec<&str> = Actor::of(kind).iter().map(|actor| actor.as_str()).collect();
        assert_eq!(names, row["actors"].split(' ').collect::<Vec<_>>(), "{kind}");
    }
}

#[test]
fn the_conflict_table_has_every_pair_that_one_state_allows_and_no_other() {
    let mut proposed = BTreeSet::new();
    for state in CaseState::ALL {
        let kinds = CaseEventKind::ALL.into_iter().filter(|kind| can_happen(state, *kind));
        let kinds: Vec<CaseEventKind> = kinds.collect();
        proposed.extend(kinds.iter().flat_map(|earlier| kinds.iter().map(move |later| (*earlier, *later))));
    }
    let listed: BTreeSet<_> = rows(CONFLICTS)
        .iter()
        .map(|row| ["earlier", "later"].map(|side| CaseEventKind::from_name(row[side]).unwrap()))
        .map(|[earlier, later]| (earlier, later))
        .collect();
    assert_eq!(listed, proposed);
    assert_eq!(listed.len(), rows(CONFLICTS).len(), "a line stands twice");
}

#[test]
fn the_code_names_the_winner_of_the_table_for_all_pairs() {
    let table: BTreeMap<_, _> =
        rows(CONFLICTS).into_iter().map(|row| ((row["earlier"], row["later"]), row["winner"])).collect();
    for earlier in CaseEventKind::ALL {
        for later in CaseEventKind::ALL {
            let winner = Winner::between(earlier, later).map(Winner::as_str);
            assert_eq!(winner, table.get(&(earlier.as_str(), later.as_str())).copied(), "{earlier}, then {later}");
        }
    }
}

#[test]
fn who_may_win_can_happen_after_the_other() {
    for row in rows(CONFLICTS) {
        if row["winner"] == "first" {
            continue;
        }
        let [earlier, later] = ["earlier", "later"].map(|side| CaseEventKind::from_name(row[side]).unwrap());
        let procedures = [None, Some(Procedure::Extension), Some(Procedure::Suspension)];
        let with = |kind, procedure: Option<Procedure>| {
            procedure.map_or(Happening::plain(kind), |procedure| Happening::special(kind, procedure))
        };
        let possible = CaseState::ALL.into_iter().any(|state| {
            can_happen(state, later)
                && procedures.iter().any(|procedure| {
                    state.after(with(earlier, *procedure)).is_some_and(|between| can_happen(between, later))
                })
        });
        assert!(possible, "{earlier}, then {later}");
    }
}

fn author_of(number: u8) -> (ProducerId, IncarnationId) {
    (ProducerId::from_bytes([number; 16]), IncarnationId::from_bytes([0; 16]))
}

#[test]
fn the_loser_of_a_conflict_learns_who_won() {
    let (a, b) = (author_of(1), author_of(2));
    let mut case = CaseLife::default();
    case.happen(Happening::plain(CaseEventKind::Applied), a, 0).unwrap();
    case.happen(Happening::plain(CaseEventKind::Accepted), a, 1).unwrap();
    let lost = case.judge(Happening::plain(CaseEventKind::CorrectionRequested), b, 1);
    let winner = CaseEventKind::Accepted;
    let kind = CaseEventKind::CorrectionRequested;
    assert_eq!(lost, Err(NoEffect::ConflictLost { kind, winner, revision: 2 }));
    // The author of both has seen his own event: for him it is merely impossible.
    let impossible = case.judge(Happening::plain(kind), a, 1);
    assert_eq!(impossible, Err(NoEffect::Impossible { state: CaseState::Accepted, kind }));
    assert_eq!(case.judge(Happening::plain(kind), b, 3), Err(NoEffect::RevisionAhead { missing: 3 }));
}

proptest! {
    /// A case walked at random is always where a plain reading of the table says.
    #[test]
    fn a_random_walk_agrees_with_the_table(kinds in prop::collection::vec((0_usize..18, 0_u8..3, 0_u8..3), 0..60)) {
        let table = table();
        let mut case = CaseLife::default();
        let mut expected = "none";
        for (kind, procedure, by) in kinds {
            let kind = CaseEventKind::ALL[kind];
            let special = matches!(kind, CaseEventKind::SpecialBegun | CaseEventKind::SpecialEnded);
            let when = match (special, procedure) {
                (false, _) => "-",
                (true, 0) => "procedure=extension",
                (true, _) => "procedure=suspension",
            };
            let next = table.get(&(expected, kind.as_str(), when)).copied();
            let revision = case.revision();
            let happened = case.happen(happening(kind.as_str(), when), author_of(by), revision);
            prop_assert_eq!(happened.is_ok(), next.is_some());
            expected = next.unwrap_or(expected);
            prop_assert_eq!(case.state().as_str(), expected);
            prop_assert_eq!(case.revision(), revision + u64::from(next.is_some()));
        }
    }
    /// Three authors write without having seen the last of it, or claim to have seen what is not there: a plain reading of
    /// both tables says who is refused, in favour of whom, and what waits.
    #[test]
    fn authors_who_have_not_seen_all_are_judged_as_the_tables_say(
        events in prop::collection::vec((0_usize..18, any::<bool>(), 0_u8..3, -4_i64..2), 0..60),
    ) {
        let table = table();
        let winners: BTreeMap<_, _> =
            rows(CONFLICTS).into_iter().map(|row| ((row["earlier"], row["later"]), row["winner"])).collect();
        let mut case = CaseLife::default();
        let mut state = "none";
        let mut effective: Vec<(&'static str, u8)> = Vec::new();
        for (kind, is_extension, by, seen) in events {
            // Most begin with an application, or nothing ever happens.
            let kind = if effective.is_empty() { CaseEventKind::Applied } else { CaseEventKind::ALL[kind] };
            let special = matches!(kind, CaseEventKind::SpecialBegun | CaseEventKind::SpecialEnded);
            let when = match (special, is_extension) {
                (false, _) => "-",
                (true, true) => "procedure=extension",
                (true, false) => "procedure=suspension",
            };
            let revision = u64::try_from(i64::try_from(effective.len()).unwrap() + seen).unwrap_or(0);
            let between = effective.iter().enumerate().skip(usize::try_from(revision).unwrap());
            let first = between
                .filter(|(_, (_, author))| *author != by)
                .find(|(_, (earlier, _))| winners.get(&(*earlier, kind.as_str())) == Some(&"first"));
            let next = table.get(&(state, kind.as_str(), when)).copied();
            let expected = match (first, next) {
                _ if revision > effective.len() as u64 => {
                    Err(NoEffect::RevisionAhead { missing: effective.len() as u64 + 1 })
                }
                (Some((place, (winner, _))), _) => Err(NoEffect::ConflictLost {
                    kind,
                    winner: CaseEventKind::from_name(winner).unwrap(),
                    revision: place as u64 + 1,
                }),
                (None, None) => Err(NoEffect::Impossible { state: CaseState::from_name(state).unwrap(), kind }),
                (None, Some(next)) => Ok(CaseState::from_name(next).unwrap()),
            };
            let event = happening(kind.as_str(), when);
            prop_assert_eq!(case.judge(event, author_of(by), revision), expected);
            let happened = case.happen(event, author_of(by), revision);
            if let (Ok(_), Some(next)) = (expected, next) {
                state = next;
                effective.push((kind.as_str(), by));
                prop_assert_eq!(happened, Ok(effective.len() as u64));
            } else {
                prop_assert_eq!(happened.map(|_| CaseState::None), expected);
            }
            prop_assert_eq!((case.state().as_str(), case.revision()), (state, effective.len() as u64));
        }
    }
}
