//! Joint procedures as the engine sees them, against the table of the specification.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use tongqiao_engine::CaseState;
use tongqiao_engine::joint::{PartnerMeaning, PartnerStanding, meaning, results};
use tongqiao_protocol::CaseId;
use tongqiao_protocol::case::{JointClosing, OpenValue, PartnerOutcome};

const TABLE: &str = include_str!("../../../conformance/spec/joint-closing.tsv");

fn word(meaning: PartnerMeaning) -> (&'static str, String) {
    match meaning {
        PartnerMeaning::Open => ("no", "-".to_owned()),
        PartnerMeaning::Decided => ("yes", "result".to_owned()),
        PartnerMeaning::Ended(outcome) => ("yes", outcome.as_str().to_owned()),
    }
}

#[test]
fn every_line_of_the_table_is_so_and_every_state_has_its_lines() {
    let mut lines = TABLE.lines();
    assert_eq!(lines.next(), Some("closes\tstate\tended\toutcome"));
    let mut seen = Vec::new();
    for line in lines {
        let cells = line.split('\t').collect::<Vec<_>>();
        let closes: JointClosing = cells[0].parse().unwrap();
        let state = CaseState::from_name(cells[1]).unwrap();
        assert_eq!(word(meaning(closes, state)), (cells[2], cells[3].to_owned()), "{line}");
        seen.push((closes, state));
    }
    for closes in [JointClosing::AfterPartners, JointClosing::AfterPromises] {
        assert!(CaseState::ALL.iter().all(|state| seen.contains(&(closes, *state))), "{closes:?}");
    }
    assert_eq!(seen.len(), 2 * CaseState::ALL.len());
}

fn standing(number: u8, state: CaseState) -> PartnerStanding {
    let result =
        matches!(state, CaseState::Decided | CaseState::Delivered).then_some(OpenValue::Known(PartnerOutcome::Granted));
    PartnerStanding { case: CaseId::from_bytes([number; 16]), state, result }
}

proptest! {
    #[test]
    fn either_every_partner_is_told_of_or_all_that_are_waited_for_are_named(
        states in prop::collection::vec(prop::sample::select(&CaseState::ALL[..]), 0..20),
        after_promises in any::<bool>(),
    ) {
        let closes = if after_promises { JointClosing::AfterPromises } else { JointClosing::AfterPartners };
        let partners: Vec<_> = (0..).zip(&states).map(|(number, state)| standing(number, *state)).collect();
        let is_open = |one: &&PartnerStanding| meaning(closes, one.state) == PartnerMeaning::Open;
        let open: Vec<_> = partners.iter().filter(is_open).map(|one| one.case).collect();
        match results(closes, &partners) {
            Ok(told) => {
                prop_assert!(open.is_empty());
                prop_assert!(told.iter().map(|one| one.case).eq(partners.iter().map(|one| one.case)));
            }
            Err(named) => prop_assert_eq!(named, open),
        }
    }
}

#[test]
fn a_decision_whose_result_is_not_known_is_waited_for() {
    let untold = PartnerStanding { result: None, ..standing(1, CaseState::Decided) };
    assert_eq!(results(JointClosing::AfterPromises, std::slice::from_ref(&untold)), Err(vec![untold.case]));
}
