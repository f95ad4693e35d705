//! Receipts, retention, and what a new epoch has lost.

use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Lane, LogPlace};

use super::fixture::{NOW, append, bytes, epoch, id, numbers, pending, receipt, refuse, replace, settle, stream};
use crate::{PendingQuery, Reason, Statistics, Store};

fn state(store: &impl Store, number: u32) -> EntryState {
    store.entry(&id(number)).unwrap().unwrap().state
}

pub fn a_receipt_settles_and_is_kept(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    store.commit(vec![settle(1, 17)]).unwrap();
    let entry = store.entry(&id(1)).unwrap().unwrap();
    assert_eq!(entry.state, EntryState::Settled { epoch: epoch(1), position: 17 });
    assert_eq!(entry.terminal_at, Some(NOW.plus_millis(1)));
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(receipt(1)));
    assert_eq!(store.bytes(&id(1)).unwrap(), Some(bytes(1)));
    assert_eq!(pending(store), [0; 0]);
}

pub fn settling_again_changes_nothing(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), settle(1, 17)]).unwrap();
    let before = store.entry(&id(1)).unwrap();
    let again = EntryState::Refused { epoch: epoch(2), position: 3 };
    store.commit(vec![Change::Settle { id: id(1), state: again, receipt: b"other".to_vec(), at: NOW }]).unwrap();
    store.commit(vec![Change::Expire { id: id(1), at: NOW }]).unwrap();
    store.commit(vec![Change::Bury { id: id(1), at: NOW, problem: Vec::new() }]).unwrap();
    store.commit(vec![Change::Reschedule { id: id(1), attempts: 9, next_attempt_at: NOW }]).unwrap();
    assert_eq!(store.entry(&id(1)).unwrap(), before);
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(receipt(1)));
}

pub fn a_late_receipt_wins_over_expiry_and_death(store: &impl Store) {
    for number in [1, 2] {
        store.commit(vec![append(number, stream(number), 1), append(number + 10, stream(number), 2)]).unwrap();
    }
    store.commit(vec![Change::Expire { id: id(1), at: NOW }]).unwrap();
    store.commit(vec![Change::Bury { id: id(2), at: NOW, problem: Vec::new() }]).unwrap();
    assert_eq!(pending(store), [0; 0]);
    store.commit(vec![settle(1, 1), settle(2, 2)]).unwrap();
    assert_eq!(state(store, 1), EntryState::Settled { epoch: epoch(1), position: 1 });
    assert_eq!(pending(store), [11, 12]);
}

pub fn a_receipt_cannot_leave_a_record_pending(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    for wrong in [EntryState::Pending, EntryState::Dead, EntryState::Expired, EntryState::Replaced { by: id(2) }] {
        let change = Change::Settle { id: id(1), state: wrong, receipt: Vec::new(), at: NOW };
        let error = store.commit(vec![change]).unwrap_err();
        assert!(matches!(error.reason(), Reason::InvalidChange { .. }), "{error}");
    }
    assert_eq!(pending(store), [1]);
}

pub fn an_unknown_record_is_named(store: &impl Store) {
    let problem = Vec::new();
    for change in [
        settle(1, 1),
        Change::Reschedule { id: id(1), attempts: 1, next_attempt_at: NOW },
        Change::Expire { id: id(1), at: NOW },
        Change::Bury { id: id(1), at: NOW, problem },
        Change::Reoffer { id: id(1) },
    ] {
        assert_eq!(*store.commit(vec![change]).unwrap_err().reason(), Reason::EntryUnknown { id: id(1) });
    }
    store.commit(vec![Change::Forget { id: id(1) }]).unwrap();
}

pub fn accepted_work_cannot_be_forgotten_before_its_receipt(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(2), 1), append(3, stream(2), 2)]).unwrap();
    store.commit(vec![append(4, stream(3), 1), append(5, stream(3), 2), refuse(4, 1)]).unwrap();
    store.commit(vec![Change::Expire { id: id(2), at: NOW }]).unwrap();
    for number in [1, 2, 3, 4, 5] {
        let error = store.commit(vec![Change::Forget { id: id(number) }]).unwrap_err();
        assert_eq!(*error.reason(), Reason::NotForgettable { id: id(number) });
    }
    store.commit(vec![Change::Expire { id: id(3), at: NOW }, Change::Forget { id: id(3) }]).unwrap();
    store.commit(vec![Change::Forget { id: id(2) }]).unwrap();
    assert_eq!(numbers(&store.entries(0, 10).unwrap()), [1, 4, 5]);
}

pub fn what_is_retained_is_found_by_time(store: &impl Store) {
    for number in 1..=6 {
        store.commit(vec![append(number, stream(number), 1)]).unwrap();
    }
    // The moment of a receipt is NOW plus its number of milliseconds.
    store.commit(vec![settle(3, 1), settle(1, 2), refuse(2, 3), settle(5, 4), refuse(4, 5)]).unwrap();
    store.commit(vec![replace(7, stream(2), 1, 2)]).unwrap();
    let due = |millis, limit| numbers(&store.due_for_forgetting(NOW.plus_millis(millis), limit).unwrap());
    assert_eq!(due(1, 10), [0; 0]);
    assert_eq!(due(4, 10), [1, 2, 3], "refused and not replaced is not over");
    assert_eq!(due(100, 2), [1, 2]);
    assert_eq!(due(100, 10), [1, 2, 3, 5]);
}

pub fn what_an_epoch_has_lost_is_found_by_position(store: &impl Store) {
    for number in 1..=5 {
        store.commit(vec![append(number, stream(number), 1)]).unwrap();
    }
    store.commit(vec![settle(3, 10), settle(1, 30), refuse(2, 20)]).unwrap();
    let state = EntryState::Settled { epoch: epoch(2), position: 40 };
    store.commit(vec![Change::Settle { id: id(4), state, receipt: Vec::new(), at: NOW }]).unwrap();
    let since =
        |epoch, position, limit| numbers(&store.settled_since(&epoch, LogPlace::before(position), limit).unwrap());
    assert_eq!(since(epoch(1), 0, 10), [3, 2, 1]);
    assert_eq!(since(epoch(1), 20, 10), [2, 1]);
    assert_eq!(since(epoch(1), 0, 2), [3, 2]);
    assert_eq!(since(epoch(1), 31, 10), [0; 0]);
    assert_eq!(since(epoch(2), 0, 10), [4]);
    assert_eq!(since(epoch(1), u64::MAX, 10), [0; 0]);
    assert_eq!(store.epochs().unwrap(), [epoch(1), epoch(2)]);
}

pub fn records_of_one_position_are_told_apart_by_their_ordinals(store: &impl Store) {
    let last = tongqiao_protocol::limits::SEQUENCE_MAX;
    for number in 1..=5 {
        store.commit(vec![append(number, stream(number), 1), settle(number, last)]).unwrap();
    }
    let mut after = LogPlace::before(0);
    let mut pages = Vec::new();
    loop {
        let page = store.settled_since(&epoch(1), after, 2).unwrap();
        let Some(place) = page.last().and_then(Entry::log_place) else { break };
        after = place;
        pages.push(numbers(&page));
    }
    assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]]);
}

pub fn what_is_offered_again_never_expires_and_keeps_its_receipt(store: &impl Store) {
    let bill = Entry {
        kind: EntryKind::Bill,
        lane: Lane::Payment,
        not_after: Some(NOW),
        ..super::fixture::entry(1, stream(1), 1)
    };
    store.commit(vec![Change::Append { entry: bill, bytes: bytes(1) }, settle(1, 1)]).unwrap();
    store.commit(vec![Change::Reoffer { id: id(1) }]).unwrap();
    assert_eq!(store.entry(&id(1)).unwrap().unwrap().not_after, None);
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(receipt(1)));
    assert!(store.check().unwrap().is_sound());
}

pub fn what_is_offered_again_and_dies_keeps_its_earlier_receipt_beside_the_reason(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), settle(1, 1)]).unwrap();
    store.commit(vec![Change::Reoffer { id: id(1) }]).unwrap();
    assert_eq!(store.problem(&id(1)).unwrap(), None);
    store.commit(vec![Change::Bury { id: id(1), at: NOW, problem: b"{\"code\":1}".to_vec() }]).unwrap();
    assert_eq!(numbers(&store.needing_attention(0, 10).unwrap()), [1]);
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(receipt(1)));
    assert_eq!(
        store.problem(&id(1)).unwrap().as_deref(),
        Some(b"{\"code\":1}".as_slice()),
        "the reason stands beside it"
    );
    assert!(store.check().unwrap().is_sound());
    // The usual dead record has no receipt, and its problem in the place of one.
    store.commit(vec![append(2, stream(2), 1), Change::Bury { id: id(2), at: NOW, problem: b"{}".to_vec() }]).unwrap();
    assert_eq!(store.problem(&id(2)).unwrap(), store.receipt(&id(2)).unwrap());
    // A late receipt is the truth; a second death has a reason of its own.
    store.commit(vec![settle(1, 2)]).unwrap();
    assert_eq!((store.problem(&id(1)).unwrap(), store.receipt(&id(1)).unwrap()), (None, Some(receipt(1))));
    store.commit(vec![Change::Reoffer { id: id(1) }]).unwrap();
    store.commit(vec![Change::Bury { id: id(1), at: NOW, problem: b"{\"code\":2}".to_vec() }]).unwrap();
    assert_eq!(store.problem(&id(1)).unwrap().as_deref(), Some(b"{\"code\":2}".as_slice()));
    assert!(store.check().unwrap().is_sound());
}

pub fn a_payment_that_failed_for_good_may_be_forgotten_though_others_follow_it(store: &impl Store) {
    let payment = |number: u32, sequence: u64| {
        let entry = super::fixture::entry(number, stream(1), sequence);
        let entry = Entry { kind: EntryKind::Refund, lane: Lane::Payment, ..entry };
        Change::Append { entry, bytes: bytes(number) }
    };
    store.commit(vec![payment(1, 1), payment(2, 2), payment(3, 3), payment(4, 4)]).unwrap();
    store.commit(vec![refuse(1, 1), Change::Expire { id: id(2), at: NOW }]).unwrap();
    store.commit(vec![Change::Bury { id: id(3), at: NOW, problem: Vec::new() }]).unwrap();
    store.commit(vec![1, 2, 3].into_iter().map(|number| Change::Forget { id: id(number) }).collect()).unwrap();
    assert_eq!(store.entry(&id(1)).unwrap(), None);
    let query = PendingQuery { lane: Lane::Payment, after_ordinal: 0, limit: 10, now: NOW };
    assert_eq!(numbers(&store.pending(&query).unwrap()), [4]);
    // The others' place in the stream is used up all the same.
    assert!(store.commit(vec![payment(5, 1)]).is_err());
    store.commit(vec![payment(5, 5)]).unwrap();
}

pub fn what_is_offered_again_is_pending_with_the_same_bytes(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), append(3, stream(1), 3)]).unwrap();
    store.commit(vec![settle(1, 1), refuse(2, 2)]).unwrap();
    store
        .commit(vec![Change::Reoffer { id: id(1) }, Change::Reoffer { id: id(2) }, Change::Reoffer { id: id(3) }])
        .unwrap();
    assert_eq!(pending(store), [1, 2, 3]);
    let entry = store.entry(&id(1)).unwrap().unwrap();
    assert_eq!(entry, Entry { ordinal: 1, ..super::fixture::entry(1, stream(1), 1) });
    assert_eq!(store.bytes(&id(1)).unwrap(), Some(bytes(1)));
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(receipt(1)), "the old receipt is evidence until the new one comes");
    let state = EntryState::Settled { epoch: epoch(2), position: 0 };
    store.commit(vec![Change::Settle { id: id(1), state, receipt: b"new".to_vec(), at: NOW }]).unwrap();
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(b"new".to_vec()));
    assert_eq!(pending(store), [2, 3]);
}

pub fn statistics_count_each_state(store: &impl Store) {
    let empty = store.statistics().unwrap();
    assert_eq!(Statistics { size_bytes: 0, ..empty }, Statistics::default());
    for number in 1..=6 {
        store.commit(vec![append(number, stream(number), 1), append(number + 10, stream(number), 2)]).unwrap();
    }
    store.commit(vec![settle(1, 1), refuse(2, 2), refuse(3, 3), replace(33, stream(3), 1, 3)]).unwrap();
    store.commit(vec![Change::Expire { id: id(4), at: NOW }]).unwrap();
    store.commit(vec![Change::Bury { id: id(5), at: NOW, problem: Vec::new() }]).unwrap();
    let statistics = store.statistics().unwrap();
    let expected = Statistics {
        pending: 8,
        blocked: 3,
        refused: 1,
        expired: 1,
        dead: 1,
        retained: 2,
        oldest_pending_at: Some(NOW),
        size_bytes: statistics.size_bytes,
    };
    assert_eq!(statistics, expected);
    assert!(statistics.size_bytes > 0);
}
