//! Three ledgers: every planted fen is found, none is invented, and the sums prove themselves.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tongqiao_engine::reconciliation::{Advice, Beside, Finding, Key, Ledger, Line, Neighbour, reconcile};
use tongqiao_protocol::{Amount, BillId, RefundId};

fn line(number: u8, fen: i64) -> Line {
    let key = if number.is_multiple_of(3) {
        Key::Refund(RefundId::from_bytes([number; 16]))
    } else {
        Key::Payment(format!("transaction {number}"))
    };
    Line { key, bill: BillId::from_bytes([number; 16]), amount: Amount::from_fen(fen).unwrap(), late_fee: None }
}

/// What is done to one movement in one ledger.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Lost,
    Doubled,
    MoreBy(i64),
    OtherBill,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![Just(Damage::Lost), Just(Damage::Doubled), (1_i64..5).prop_map(Damage::MoreBy), Just(Damage::OtherBill)]
}

proptest! {
    #[test]
    fn every_planted_difference_is_named_none_is_invented_and_no_fen_is_left_over(
        amounts in prop::collection::vec(1_i64..1_000_000, 1..40),
        planted in prop::collection::btree_map(0_usize..40, (0_usize..3, damage()), 0..8),
    ) {
        let whole: Vec<Line> = amounts.iter().zip(1..).map(|(fen, number)| line(number, *fen)).collect();
        let planted: BTreeMap<_, _> = planted.into_iter().filter(|(index, _)| *index < whole.len()).collect();
        let mut ledgers: [Vec<Line>; 3] = Default::default();
        for (index, line) in whole.iter().enumerate() {
            for (number, ledger) in ledgers.iter_mut().enumerate() {
                let mut line = line.clone();
                match planted.get(&index) {
                    Some((damaged, damage)) if *damaged == number => match damage {
                        Damage::Lost => continue,
                        Damage::Doubled => ledger.push(line.clone()),
                        Damage::MoreBy(fen) => line.amount = Amount::from_fen(line.amount.as_fen() + fen).unwrap(),
                        Damage::OtherBill => line.bill = BillId::from_bytes([200; 16]),
                    },
                    _ => {}
                }
                ledger.push(line);
            }
        }
        let report = reconcile(&ledgers[0], &ledgers[1], &ledgers[2], &BTreeSet::new());
        let mut named: Vec<_> = report.differences.iter().map(|difference| difference.key.clone()).collect();
        let mut expected: Vec<_> = planted.keys().map(|index| whole[*index].key.clone()).collect();
        named.sort();
        expected.sort();
        prop_assert_eq!(named, expected);
        for difference in &report.differences {
            let index = whole.iter().position(|line| line.key == difference.key).unwrap();
            let (number, damage) = planted[&index];
            let finding = match damage {
                Damage::Lost => Finding::Missing(Ledger::ALL[number]),
                Damage::Doubled => Finding::Doubled(Ledger::ALL[number]),
                Damage::MoreBy(_) => Finding::AmountsDiffer,
                Damage::OtherBill => Finding::BillsDiffer,
            };
            prop_assert_eq!(&difference.findings, &[finding]);
        }
        for (ledger, lines) in Ledger::ALL.into_iter().zip(&ledgers) {
            prop_assert!(report.accounts_for(ledger, lines));
        }
        prop_assert_eq!(report.is_clean(), planted.is_empty());
        prop_assert_eq!(report.matched as usize, whole.len() - planted.len());
    }
}

#[test]
fn the_advice_never_moves_money() {
    let one = || vec![line(1, 100)];
    for (own, platform, bank, advice) in [
        (vec![], one(), one(), Advice::Ask),
        (one(), vec![], one(), Advice::OfferAgain),
        (vec![], vec![], one(), Advice::Person),
        (one(), one(), vec![], Advice::Person),
        (one(), vec![], vec![], Advice::Person),
        (one(), one(), vec![line(1, 99)], Advice::Person),
        (one(), one(), [one(), one()].concat(), Advice::Person),
    ] {
        assert_eq!(
            reconcile(&own, &platform, &bank, &BTreeSet::new()).differences[0].advice(),
            advice,
            "{own:?} {platform:?} {bank:?}"
        );
    }
}

#[test]
fn money_that_is_owed_back_is_compared_by_the_two_who_book_it_and_summed_apart() {
    let owed = BTreeSet::from([line(1, 0).key, line(2, 0).key]);
    let platform = [line(1, 100), line(2, 50), line(4, 7)];
    let report = reconcile(&[line(4, 7)], &platform, &[line(1, 100), line(2, 49), line(4, 7)], &owed);
    assert_eq!((report.matched, report.matched_owed, report.matched_owed_fen), (1, 1, 100));
    assert_eq!(report.differences[0].findings, [Finding::AmountsDiffer]);
    // Invented by the platform: the bank does not have it.
    let report = reconcile(&[], &[line(1, 100)], &[], &owed);
    assert_eq!(report.differences[0].findings, [Finding::Missing(Ledger::Bank)]);
    assert_eq!(report.differences[0].advice(), Advice::Person);
    // A payment of our own books does not become one that is owed back because the platform books it so.
    let report = reconcile(&[line(1, 100)], &[line(1, 100)], &[line(1, 100)], &owed);
    assert_eq!(report.differences[0].findings, [Finding::BookedOtherwise]);
    let lines = [line(1, 100)];
    assert!(Ledger::ALL.into_iter().all(|ledger| report.accounts_for(ledger, &lines)));
}

#[test]
fn a_movement_around_midnight_is_named_on_both_days_with_its_day_and_nothing_is_left_over() {
    let (own, platform, bank) = (line(1, 500), line(1, 500), line(1, 500));
    let beside = |day: Neighbour, ledger: Ledger, line: Line| Beside { day, ledger, line, is_owed: false };
    // The bank booked it on the first day, the platform on the second.
    let mut first = reconcile(&[], &[], std::slice::from_ref(&bank), &BTreeSet::new());
    assert!(first.misses_something());
    first.look_beside(&[
        beside(Neighbour::After, Ledger::Own, own.clone()),
        beside(Neighbour::After, Ledger::Platform, platform.clone()),
    ]);
    let findings = [Ledger::Own, Ledger::Platform].map(|ledger| Finding::OnOtherDay(ledger, Neighbour::After));
    assert_eq!(first.differences[0].findings, findings);
    assert_eq!((first.differences[0].advice(), first.differences[0].fen(Ledger::Bank)), (Advice::Nothing, 500));
    assert!(first.accounts_for(Ledger::Bank, std::slice::from_ref(&bank)) && !first.misses_something());

    let mut second = reconcile(std::slice::from_ref(&own), std::slice::from_ref(&platform), &[], &BTreeSet::new());
    second.look_beside(&[beside(Neighbour::Before, Ledger::Bank, bank.clone())]);
    assert_eq!(second.differences[0].findings, [Finding::OnOtherDay(Ledger::Bank, Neighbour::Before)]);

    // Another sum, another bill, or twice: that is no mere midnight.
    let mut wrong = reconcile(std::slice::from_ref(&own), &[platform], &[], &BTreeSet::new());
    let foreign = Line { bill: BillId::from_bytes([9; 16]), ..line(1, 499) };
    wrong
        .look_beside(&[beside(Neighbour::Before, Ledger::Bank, foreign), beside(Neighbour::After, Ledger::Bank, bank)]);
    let wanted = [
        Finding::OnOtherDay(Ledger::Bank, Neighbour::Before),
        Finding::Doubled(Ledger::Bank),
        Finding::AmountsDiffer,
        Finding::BillsDiffer,
    ];
    assert_eq!(
        (wrong.differences[0].findings.as_slice(), wrong.differences[0].advice()),
        (&wanted[..], Advice::Person)
    );

    // What is owed back stands in no book of the author's, on no day.
    let mut owed = reconcile(&[], &[], std::slice::from_ref(&own), &BTreeSet::new());
    owed.look_beside(&[Beside { is_owed: true, ..beside(Neighbour::After, Ledger::Platform, own) }]);
    assert_eq!(owed.differences[0].advice(), Advice::Nothing);
}
