//! Bills: money is never guessed, counted twice or forgotten.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tongqiao_engine::bill_life::{BillLife, BillNotice, NoRefund, Question, outcome_of};
use tongqiao_protocol::bill::{BillState, BillView, Paid, PaymentOutcome, RefundState, RefundView};
use tongqiao_protocol::{Amount, BillId, Digest, EpochId, RefundId, Suite, Timestamp};

const TABLE: &str = include_str!("../../../conformance/spec/bill-life.tsv");

const LATER: Timestamp = Timestamp::from_millis(2_000);

fn fen(fen: i64) -> Amount {
    Amount::from_fen(fen).unwrap()
}

fn bill() -> BillLife {
    BillLife::requested(BillId::from_bytes([1; 16]), digest(), Timestamp::from_millis(1_000))
}

fn digest() -> Digest {
    Digest::of(Suite::International, b"bill")
}

fn view(state: BillState, owed: i64) -> BillView {
    let paid = Paid {
        amount: fen(500),
        at: Timestamp::from_millis(5),
        channel: "counter".to_string(),
        transaction: "T1".to_string(),
        late_fee: None,
    };
    BillView {
        bill: BillId::from_bytes([1; 16]),
        digest: if state == BillState::Fenced { None } else { Some(digest()) },
        state,
        outcome: outcome_of(Some(state)),
        pay_code: None,
        cashier_url: None,
        late_fee: None,
        paid: if state == BillState::Paid { Some(paid) } else { None },
        received: Amount::ZERO,
        refunded: Amount::ZERO,
        refund_owed: fen(owed),
        epoch: EpochId::from_bytes([1; 16]),
        receipt: None,
        void_receipt: None,
        fence_receipt: None,
        paid_receipt: None,
        money_receipt: None,
    }
}

fn refund_view(number: u8, amount: i64, state: RefundState) -> RefundView {
    RefundView {
        refund: RefundId::from_bytes([number; 16]),
        bill: BillId::from_bytes([1; 16]),
        digest: None,
        state,
        outcome: PaymentOutcome::Confirmed,
        amount: fen(amount),
        late_fee: None,
        ended: None,
        epoch: EpochId::from_bytes([1; 16]),
        receipt: None,
        ended_receipt: None,
    }
}

#[test]
fn the_table_gives_each_state_the_outcome_that_the_code_gives_it() {
    let outcomes: BTreeMap<&str, (Option<BillState>, &str)> = BTreeMap::from([
        ("requested", (None, "unknown")),
        ("open", (Some(BillState::Open), "confirmed")),
        ("paid", (Some(BillState::Paid), "confirmed")),
        ("void", (Some(BillState::Void), "confirmed")),
        ("fenced", (Some(BillState::Fenced), "absent")),
    ]);
    let mut lines = 0;
    for line in TABLE.lines().skip(1).filter(|line| line.starts_with("bill\t")) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (from, to, outcome) = (outcomes[cells[1]].0, outcomes[cells[3]].0, cells[4]);
        let name = match outcome_of(to) {
            PaymentOutcome::Confirmed => "confirmed",
            PaymentOutcome::Absent => "absent",
            PaymentOutcome::Unknown => "unknown",
        };
        assert_eq!(name, outcome, "{line}");
        // Whatever the platform does, its author can follow without a contradiction.
        let mut bill = bill();
        for state in [from, to].into_iter().flatten() {
            let notices = bill.heard(&view(state, 0));
            assert!(!notices.iter().any(|notice| matches!(notice, BillNotice::Contradiction { .. })), "{line}");
        }
        assert_eq!(bill.state(), to.or(from), "{line}");
        lines += 1;
    }
    assert_eq!(lines, 34, "all bill lines were read");
}

#[test]
fn an_unknown_outcome_is_asked_for_and_after_its_time_fenced_but_never_charged_again() {
    let mut bill = bill();
    assert_eq!(bill.outcome(), PaymentOutcome::Unknown);
    assert_eq!(bill.question(Timestamp::from_millis(999)), Some(Question::Ask));
    assert_eq!(bill.question(Timestamp::from_millis(1_000)), Some(Question::Fence));
    assert!(!bill.may_be_replaced());
    assert_eq!(bill.heard(&view(BillState::Fenced, 0)), [BillNotice::Absent]);
    assert_eq!(bill.question(Timestamp::from_millis(1_000)), None);
    assert!(bill.may_be_replaced());
}

#[test]
fn a_payment_that_races_a_void_becomes_a_refund_owed() {
    let mut bill = bill();
    assert_eq!(bill.heard(&view(BillState::Open, 0)), [BillNotice::Opened]);
    assert_eq!(bill.heard(&view(BillState::Void, 0)), [BillNotice::Voided]);
    assert_eq!(bill.heard(&view(BillState::Void, 500)), [BillNotice::RefundOwed { amount: fen(500) }]);
    assert_eq!(bill.heard(&view(BillState::Void, 500)), []);
    assert_eq!(bill.refund_asked(RefundId::from_bytes([2; 16]), fen(500), LATER), Ok(()));
    assert_eq!(bill.refundable(), Amount::ZERO);
}

#[test]
fn refunds_never_exceed_what_was_paid_and_a_failed_one_frees_its_amount() {
    let mut bill = bill();
    assert_eq!(bill.refund_asked(RefundId::from_bytes([2; 16]), fen(1), LATER), Err(NoRefund::NotPaid));
    bill.heard(&view(BillState::Paid, 0));
    assert_eq!(bill.refund_asked(RefundId::from_bytes([2; 16]), fen(300), LATER), Ok(()));
    assert_eq!(bill.refund_asked(RefundId::from_bytes([2; 16]), fen(300), LATER), Ok(()), "the same again");
    assert_eq!(bill.refund_asked(RefundId::from_bytes([2; 16]), fen(299), LATER), Err(NoRefund::IdTaken));
    let exceeds = Err(NoRefund::ExceedsPaid { left: fen(200) });
    assert_eq!(bill.refund_asked(RefundId::from_bytes([3; 16]), fen(201), LATER), exceeds);
    let failed = bill.refund_heard(&refund_view(2, 300, RefundState::Failed));
    assert_eq!(failed, Some(BillNotice::RefundFailed(RefundId::from_bytes([2; 16]))));
    assert_eq!(bill.refundable(), fen(500));
}

#[test]
fn money_that_came_in_again_after_what_was_owed_was_refunded_can_be_refunded_too() {
    let mut bill = bill();
    bill.heard(&BillView { received: fen(600), ..view(BillState::Paid, 100) });
    bill.refund_asked(RefundId::from_bytes([2; 16]), fen(100), LATER).unwrap();
    // The hundred were refunded, and a third payment brought another hundred: no more is owed than before.
    bill.heard(&BillView { received: fen(700), refunded: fen(100), ..view(BillState::Paid, 100) });
    assert_eq!(bill.refundable(), fen(600));
}

#[test]
fn an_unknown_refund_is_asked_for_and_after_its_time_fenced_and_one_given_up_frees_its_amount() {
    let mut bill = bill();
    bill.heard(&view(BillState::Paid, 0));
    let refund = RefundId::from_bytes([2; 16]);
    assert_eq!(bill.refund_question(&refund, LATER), None, "nobody asked for it");
    bill.refund_asked(refund, fen(300), LATER).unwrap();
    assert_eq!(bill.refund_outcome(&refund), PaymentOutcome::Unknown);
    assert_eq!(bill.refund_question(&refund, Timestamp::from_millis(1_999)), Some(Question::Ask));
    assert_eq!(bill.refund_question(&refund, LATER), Some(Question::Fence));
    bill.refund_given_up(&refund);
    assert_eq!((bill.refund_outcome(&refund), bill.refundable()), (PaymentOutcome::Absent, fen(500)));

    let done = RefundId::from_bytes([3; 16]);
    bill.refund_asked(done, fen(200), LATER).unwrap();
    bill.refund_heard(&refund_view(3, 200, RefundState::Pending));
    bill.refund_given_up(&done);
    assert_eq!(bill.refund_outcome(&done), PaymentOutcome::Confirmed, "what the platform has is not given up");
}

#[test]
fn absence_that_a_restore_undid_is_unknown_until_it_is_proved_again_and_a_bill_that_appears_is_told() {
    let mut bill = bill();
    bill.absence_lost();
    assert!(!bill.was_absent(), "nobody had relied on it");
    assert_eq!(bill.heard(&view(BillState::Fenced, 0)), [BillNotice::Absent]);
    bill.absence_lost();
    assert_eq!((bill.outcome(), bill.may_be_replaced(), bill.was_absent()), (PaymentOutcome::Unknown, false, true));
    assert_eq!(bill.question(LATER), Some(Question::Fence));
    let mut appeared = bill.clone();
    assert_eq!(bill.heard(&view(BillState::Fenced, 0)), [], "it is what it was, and was told");
    assert_eq!((bill.outcome(), bill.was_absent()), (PaymentOutcome::Absent, false));

    let said = BillNotice::Reappeared { said: BillState::Open };
    assert_eq!(appeared.heard(&view(BillState::Open, 0)), [BillNotice::Opened, said]);
    assert_eq!((appeared.outcome(), appeared.was_absent()), (PaymentOutcome::Confirmed, true));
}

#[test]
fn another_bill_under_the_same_id_is_a_contradiction_and_changes_nothing() {
    let mut bill = bill();
    let mut foreign = view(BillState::Paid, 0);
    foreign.digest = Some(Digest::of(Suite::International, b"other"));
    let said = BillNotice::Contradiction { known: None, said: BillState::Paid };
    assert_eq!(bill.heard(&foreign), [said]);
    assert_eq!(bill.outcome(), PaymentOutcome::Unknown);
}

proptest! {
    /// However a true history is repeated, delayed and reordered, each thing is told once and the end is the same.
    #[test]
    fn each_thing_is_told_once_however_the_answers_come(
        is_void in any::<bool>(),
        order in prop::collection::vec(0_usize..3, 1..40),
    ) {
        let history = if is_void {
            [view(BillState::Open, 0), view(BillState::Void, 0), view(BillState::Void, 500)]
        } else {
            [view(BillState::Open, 0), view(BillState::Paid, 0), view(BillState::Paid, 500)]
        };
        let mut bill = bill();
        let mut told: Vec<BillNotice> = Vec::new();
        for place in order.into_iter().chain(0..3) {
            told.extend(bill.heard(&history[place]));
        }
        let mut once = told.clone();
        once.dedup();
        prop_assert_eq!(&once, &told);
        prop_assert_eq!(told.iter().filter(|notice| **notice == BillNotice::Opened).count(), 1);
        let ends = if is_void {
            BillNotice::Voided
        } else {
            BillNotice::Paid { amount: fen(500), transaction: "T1".to_string() }
        };
        prop_assert_eq!(told.iter().filter(|notice| **notice == ends).count(), 1);
        prop_assert_eq!(told.len(), 3);
        prop_assert_eq!(bill.refund_owed(), fen(500));
    }

    /// Refunds asked for at random never add up to more than came in.
    #[test]
    fn the_sum_of_refunds_never_exceeds_what_came_in(
        asks in prop::collection::vec((0_u8..12, 0_i64..400, 0_u8..4), 0..60),
    ) {
        let mut bill = bill();
        bill.heard(&view(BillState::Paid, 100));
        let mut live: BTreeMap<u8, i64> = BTreeMap::new();
        for (number, amount, then) in asks {
            if bill.refund_asked(RefundId::from_bytes([number; 16]), fen(amount), LATER).is_ok() {
                live.entry(number).or_insert(amount);
            }
            if then == 0
                && let Some(amount) = live.get(&number).copied()
                && bill.refund_heard(&refund_view(number, amount, RefundState::Refused)).is_some()
            {
                // Its id is used up; its amount is free again.
                live.insert(number, 0);
            }
            prop_assert!(live.values().sum::<i64>() <= 600);
            prop_assert_eq!(bill.refundable(), fen(600 - live.values().sum::<i64>()));
        }
    }
}
