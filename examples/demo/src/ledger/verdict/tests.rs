//! One tamper each: a ledger that overlooks it is no ledger.

mod world;

use super::super::Kind;
use crate::plan::Step;
use world::{CASES, World, id};

#[test]
fn an_untouched_world_is_balanced() {
    let ledger = World::good().judged();
    assert!(ledger.is_balanced(), "{:#?}", ledger.findings);
    assert_eq!((ledger.cases, ledger.bills, ledger.refunds, ledger.fen_paid), (CASES as u64, 3, 1, 2 * 5_600));
    assert_eq!(ledger.receipts, ledger.events_accepted + 5, "three bills, a void and a refund beside the events");
}

/// Tampers with a good world; what comes out must name it.
fn must_name(sentence: &str, tamper: impl FnOnce(&mut World)) {
    let mut world = World::good();
    tamper(&mut world);
    let findings = world.judged().findings;
    assert!(findings.iter().any(|finding| finding.en.contains(sentence)), "{sentence}: {findings:#?}");
}

#[test]
fn a_department_that_has_not_reconciled_or_found_a_difference_is_named() {
    must_name("department 1 has not reconciled its money", |world| world.journal.reconciled.clear());
    must_name("department 1 found 2 differences", |world| {
        world.journal.reconciled.values_mut().for_each(|one| one.differences = 2);
    });
}

#[test]
fn money_that_was_reconciled_and_is_not_booked_is_named_to_the_fen() {
    must_name("paid: 11201 fen were reconciled and 11200 are booked", |world| {
        world.journal.reconciled.values_mut().for_each(|one| one.paid_fen += 1);
    });
    must_name("refunded: 999 fen were reconciled and 1000 are booked", |world| {
        world.journal.reconciled.values_mut().for_each(|one| one.refunded_fen -= 1);
    });
}

#[test]
fn an_event_row_that_was_dropped_is_lost() {
    must_name("accepted and never applied: event", |world| drop(world.platform.events.remove(1)));
}

#[test]
fn an_event_that_is_not_in_the_log_is_lost() {
    must_name("accepted and not in the platform's log: event", |world| drop(world.platform.log.remove(1)));
}

#[test]
fn an_event_that_was_applied_twice_is_doubled() {
    must_name("applied 2 times: event", |world| world.platform.events.push(world.platform.events[1].clone()));
}

#[test]
fn a_record_that_was_answered_twice_is_doubled() {
    must_name("stands 2 times in the platform's log", |world| {
        let mut line = world.platform.log[1].clone();
        line.position = 1_000;
        world.platform.log.push(line);
    });
}

#[test]
fn an_effect_without_an_event_is_a_wrong_revision() {
    must_name("has revision 6 and 5 effects", |world| world.case_file(0).revision += 1);
}

#[test]
fn an_event_without_effect_is_found() {
    must_name("with 0 effects where 1 was due", |world| world.platform.events[1].effect = 0);
}

#[test]
fn an_event_that_no_store_has_is_doubled() {
    must_name("applied though no store has it: event", |world| drop(world.stores[0].rows.remove(1)));
}

#[test]
fn a_line_of_the_log_that_no_store_has_is_doubled() {
    must_name("in the platform's log though no store has it: event", |world| drop(world.stores[0].rows.remove(1)));
}

#[test]
fn swapped_sequences_are_out_of_order() {
    must_name("out of order: event", |world| {
        world.platform.events[1].sequence = 3;
        world.platform.events[2].sequence = 2;
    });
}

#[test]
fn swapped_positions_are_out_of_order() {
    must_name("out of order: event", |world| world.platform.events.swap(1, 2));
}

#[test]
fn kinds_in_another_order_than_planned_are_found() {
    must_name("went applied step-recorded accepted decided delivered where applied accepted", |world| {
        world.platform.events[1].kind = "step-recorded".to_owned();
        world.platform.events[2].kind = "accepted".to_owned();
    });
}

#[test]
fn a_step_that_was_planned_and_not_taken_is_found() {
    must_name("was planned", |world| world.plans[0].cases[0].steps.push(Step::Evaluate { score: 1 }));
}

#[test]
fn a_digest_that_changed_at_the_platform_is_found() {
    must_name("applied with other bytes than accepted: event", |world| {
        world.platform.events[1].digest = "sha256:00".to_owned();
    });
    must_name("digests differ between store and log", |world| world.platform.log[1].digest = "sha256:00".to_owned());
}

#[test]
fn another_stream_than_accepted_is_found() {
    must_name("applied with other bytes than accepted: event", |world| world.stores[0].rows[1].owner = (id(1), id(1)));
}

#[test]
fn a_receipt_that_was_removed_or_changed_is_found() {
    must_name("its store has no receipt: event", |world| world.stores[0].rows[1].receipt = None);
    must_name("its store has no receipt: event", |world| world.stores[0].rows[1].state = 0);
    must_name("receipts differ between store and log", |world| {
        world.stores[0].rows[1].receipt = Some("another".to_owned());
    });
}

#[test]
fn a_receipt_of_another_place_is_found() {
    must_name("positions differ between store and log", |world| world.stores[0].rows[1].position = Some(999));
    must_name("epochs differ between store and log", |world| world.stores[0].rows[1].epoch = Some(vec![9; 16]));
    must_name("2 epochs where 1 was due", |world| world.platform.epochs.push(id(77)));
}

#[test]
fn a_refused_record_is_found() {
    must_name("is refused and not settled", |world| world.platform.log[1].outcome = "refused".to_owned());
    must_name("is refused with 1 effects", |world| world.platform.events[1].outcome = "refused".to_owned());
}

#[test]
fn a_row_that_stands_twice_in_the_stores_is_doubled() {
    must_name("two rows of a store have one id", |world| {
        let row = world.stores[0].rows[1].clone();
        world.stores[0].rows.push(row);
    });
}

#[test]
fn a_promise_to_a_caller_that_the_store_does_not_hold_is_lost() {
    must_name("acknowledged and not in the store: record", |world| {
        world.journal.acknowledged.insert(id(200));
    });
}

#[test]
fn cases_and_their_numbers_are_counted() {
    must_name("planned and not at the platform: case", |world| {
        world.platform.cases.remove(&world.plans[0].cases[0].id);
    });
    must_name("a case that nobody planned", |world| {
        let mut file = world.case_file(0).clone();
        file.number = "another".to_owned();
        world.platform.cases.insert(id(201), file);
    });
    must_name("was given twice", |world| world.case_file(0).number = world.case_file(1).number.clone());
    must_name("where the applicant was told", |world| world.case_file(0).number = "another".to_owned());
    must_name("where the applicant was told", |world| {
        let case = world.plans[0].cases[0].id;
        world.journal.numbers.entry(case).or_default().insert("another".to_owned());
    });
}

#[test]
fn a_case_that_ended_otherwise_is_found() {
    must_name("is decided and not delivered", |world| world.case_file(0).state = "decided".to_owned());
    must_name("another division or item", |world| world.case_file(0).division = "340705000000".to_owned());
    must_name("another division or item", |world| world.case_file(0).item.1 = 2);
}

#[test]
fn one_fen_more_or_less_is_wrong_wherever_it_is() {
    for fen in [-1, 1] {
        let price = 5_600 + fen;
        must_name(&format!("billed {price} fen"), |world| world.bill(0).total_fen += fen);
        must_name(&format!("booked {price} fen"), |world| world.payments(0)[0] += fen);
        must_name("marked as refunded", |world| world.bill(2).refunded_fen += fen);
        must_name("owed back", |world| world.bill(0).owed_fen += fen);
        must_name(&format!("refunded {} fen", 1_000 + fen), |world| world.refund().fen += fen);
        must_name("paid by the citizen", |world| {
            let bill = world.planned_bill(0).id;
            *world.journal.paid_fen.entry(bill).or_default() += fen;
        });
        must_name("the catalogue charges", |world| {
            world.platform.usual_fen.values_mut().for_each(|price| *price += fen);
        });
    }
}

#[test]
fn the_sum_of_what_is_wrong_is_told_in_fen() {
    let mut world = World::good();
    world.bill(0).total_fen += 3;
    world.payments(0)[0] -= 2;
    assert_eq!(world.judged().fen_wrong, 5);
}

#[test]
fn a_doubled_payment_is_found() {
    must_name("was paid 2 times", |world| {
        let payments = world.payments(0);
        payments.push(payments[0]);
    });
}

#[test]
fn a_payment_of_a_void_bill_is_found() {
    must_name("booked 5600 fen where 0 were due", |world| {
        let bill = world.planned_bill(1).id;
        world.platform.payments.insert(bill, vec![5_600]);
    });
}

#[test]
fn a_bill_that_is_missing_unplanned_or_otherwise_than_planned_is_found() {
    must_name("planned and never billed", |world| {
        let bill = world.planned_bill(0).id;
        world.platform.bills.remove(&bill);
    });
    must_name("a bill that nobody planned", |world| {
        let bill = world.bill(0).clone();
        world.platform.bills.insert(id(202), bill);
    });
    must_name("is open and not paid", |world| world.bill(0).state = "open".to_owned());
}

#[test]
fn a_refund_that_is_pending_failed_missing_or_unplanned_is_found() {
    must_name("is pending and not done", |world| world.refund().state = "pending".to_owned());
    must_name("is failed and not done", |world| world.refund().state = "failed".to_owned());
    must_name("is absent and not done", |world| world.platform.refunds.clear());
    must_name("a refund that nobody planned", |world| {
        let refund = world.refund().clone();
        world.platform.refunds.insert(id(203), refund);
    });
}

#[test]
fn money_records_are_compared_byte_for_byte_and_need_their_receipts() {
    must_name("other bytes than the store: bill", |world| world.bill(0).digest = "sha256:00".to_owned());
    must_name("other bytes than the store: refund", |world| world.refund().digest = "sha256:00".to_owned());
    must_name("other bytes than the store: void", |world| {
        for digests in world.platform.voids.values_mut() {
            *digests = digests.iter().map(|digest| format!("{digest}0")).collect();
        }
    });
    for (kind, sentence) in [(Kind::Bill, "bill"), (Kind::Void, "void"), (Kind::Refund, "refund")] {
        must_name(&format!("its store has no receipt: {sentence}"), |world| world.row(kind).receipt = None);
        must_name(&format!("no store has {sentence}"), |world| {
            let bill = world.planned_bill(if kind == Kind::Void { 1 } else { 0 }).id;
            world.stores[0].rows.retain(|row| row.kind != kind || (kind == Kind::Bill && row.id != bill));
        });
    }
    must_name("receipts differ between store and log", |world| {
        world.row(Kind::Void).receipt = Some("another".to_owned());
    });
}

#[test]
fn a_payment_that_is_booked_and_not_in_the_log_or_the_other_way_round_is_found() {
    must_name("1 payments are booked and 0 stand in the log", |world| {
        world.platform.log.retain(|line| line.kind != "payment");
    });
    must_name("0 payments are booked and 1 stand in the log", |world| world.platform.payments.clear());
}

#[test]
fn a_sum_or_an_end_of_a_refund_that_is_said_too_rarely_or_too_often_is_found() {
    must_name("its sum changed 1 times and is said 0 times", |world| {
        world.platform.log.retain(|line| line.kind != "money");
    });
    must_name("is said 0 times where 1 was due", |world| world.platform.log.retain(|line| line.kind != "payout"));
    must_name("is said 2 times where 1 was due", |world| {
        let said = world.platform.log.iter().find(|line| line.kind == "payout").unwrap().clone();
        world.platform.log.push(said);
    });
}

#[test]
fn a_run_without_deaths_or_sign_ins_proves_nothing() {
    must_name("the platform was killed 1 times where 2 were due", |world| world.journal.platform_kills = 1);
    must_name("a department was killed 0 times where 1 were due", |world| world.journal.department_kills = 0);
    must_name("signed in and was not due", |world| world.journal.signed_in.clear());
    must_name("u-0002 signed in and was not due", |world| {
        let case = world.plans[0].cases[0].id;
        world.journal.signed_in.insert((case, "u-0002".to_owned()));
    });
    must_name("is bound to", |world| world.platform.events[0].user = Some("u-0002".to_owned()));
}
