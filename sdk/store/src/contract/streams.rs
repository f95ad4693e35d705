//! What may be sent, and what has to wait for what.

use tongqiao_engine::{Change, Entry, EntryKind, Lane};

use super::fixture::{NOW, append, bytes, entry, id, numbers, pending, pending_at, refuse, replace, settle, stream};
use crate::{PendingQuery, Reason, Store};

pub fn pending_work_is_given_by_lane_in_order_and_in_pages(store: &impl Store) {
    for number in 1..=5 {
        store.commit(vec![append(number, stream(number), 1)]).unwrap();
    }
    let bill = Entry { kind: EntryKind::Bill, lane: Lane::Payment, ..entry(6, stream(6), 1) };
    store.commit(vec![Change::Append { entry: bill, bytes: bytes(6) }]).unwrap();
    let ask = |lane, after_ordinal, limit| {
        numbers(&store.pending(&PendingQuery { lane, after_ordinal, limit, now: NOW }).unwrap())
    };
    assert_eq!(ask(Lane::Case, 0, 2), [1, 2]);
    assert_eq!(ask(Lane::Case, 2, 2), [3, 4]);
    assert_eq!(ask(Lane::Case, 4, 2), [5]);
    assert_eq!(ask(Lane::Payment, 0, 2), [6]);
    assert_eq!(ask(Lane::Control, 0, 2), [0; 0]);
    assert_eq!(ask(Lane::Case, 0, 0), [0; 0]);
    store.commit(vec![settle(2, 1)]).unwrap();
    assert_eq!(ask(Lane::Case, 0, 9), [1, 3, 4, 5]);
}

pub fn what_is_not_due_holds_back_the_rest_of_its_stream(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), append(3, stream(2), 1)]).unwrap();
    let later = NOW.plus_millis(5_000);
    store.commit(vec![Change::Reschedule { id: id(1), attempts: 3, next_attempt_at: later }]).unwrap();
    assert_eq!(pending(store), [3]);
    assert_eq!(pending_at(store, later), [1, 2, 3]);
    assert_eq!(store.entry(&id(1)).unwrap().unwrap().attempts, 3);
    store.commit(vec![Change::Reschedule { id: id(1), attempts: 0, next_attempt_at: NOW }]).unwrap();
    store.commit(vec![Change::Reschedule { id: id(2), attempts: 1, next_attempt_at: later }]).unwrap();
    assert_eq!(pending(store), [1, 3], "the one in front does not wait for the one behind");
}

pub fn what_a_clock_far_ahead_has_written_does_not_wait_for_that_time(store: &impl Store) {
    let year = NOW.plus_millis(365 * 86_400_000);
    let ahead = |number| Entry { next_attempt_at: year, ..entry(number, stream(number), 1) };
    for number in [1, 2] {
        store.commit(vec![Change::Append { entry: ahead(number), bytes: bytes(number) }]).unwrap();
    }
    store.commit(vec![append(12, stream(2), 2)]).unwrap();
    store.commit(vec![Change::Reschedule { id: id(2), attempts: 3, next_attempt_at: year }]).unwrap();
    assert_eq!(pending(store), [1, 2, 12]);
    let tomorrow = NOW.plus_millis(86_400_000);
    store.commit(vec![Change::Reschedule { id: id(2), attempts: 3, next_attempt_at: tomorrow }]).unwrap();
    assert_eq!(pending(store), [1], "the platform may ask for a day");
}

pub fn a_refused_expired_or_dead_record_of_a_bill_holds_nothing_up(store: &impl Store) {
    let payment = |number: u32, sequence, kind| {
        let entry = Entry { kind, lane: Lane::Payment, ..entry(number, stream(1), sequence) };
        Change::Append { entry, bytes: bytes(number) }
    };
    let ask = || {
        let query = PendingQuery { lane: Lane::Payment, after_ordinal: 0, limit: 9, now: NOW };
        numbers(&store.pending(&query).unwrap())
    };
    store.commit(vec![payment(1, 1, EntryKind::Bill), payment(2, 2, EntryKind::Refund)]).unwrap();
    store.commit(vec![payment(3, 3, EntryKind::Refund), payment(4, 4, EntryKind::Void)]).unwrap();
    assert_eq!(ask(), [1, 2, 3, 4]);
    store.commit(vec![Change::Expire { id: id(1), at: NOW }, refuse(2, 1)]).unwrap();
    store.commit(vec![Change::Bury { id: id(3), at: NOW, problem: Vec::new() }]).unwrap();
    assert_eq!(ask(), [4]);
    store.commit(vec![payment(5, 5, EntryKind::Refund)]).unwrap();
    assert_eq!(ask(), [4, 5]);
    assert_eq!(store.statistics().unwrap().blocked, 0);
    assert_eq!(numbers(&store.needing_attention(0, 9).unwrap()), [1, 2, 3]);
}

pub fn a_refused_record_stops_its_stream_only(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), append(3, stream(2), 1)]).unwrap();
    store.commit(vec![refuse(1, 1)]).unwrap();
    assert_eq!(pending(store), [3]);
    store.commit(vec![append(4, stream(1), 3)]).unwrap();
    assert_eq!(pending(store), [3], "what is accepted later waits as well");
    assert_eq!(numbers(&store.needing_attention(0, 10).unwrap()), [1]);
    assert_eq!(store.needing_attention(1, 10).unwrap(), []);
}

pub fn a_replacement_takes_the_place_of_a_refused_record(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), refuse(1, 1)]).unwrap();
    store.commit(vec![replace(2, stream(1), 1, 1)]).unwrap();
    let replaced = store.entry(&id(1)).unwrap().unwrap();
    assert_eq!(replaced.state, tongqiao_engine::EntryState::Replaced { by: id(2) });
    assert_eq!(pending(store), [2]);
    assert_eq!(store.next_sequence(&stream(1)).unwrap().get(), 2);
    assert_eq!(store.needing_attention(0, 10).unwrap(), []);
    let error = store.commit(vec![replace(3, stream(1), 1, 1)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::NotReplaceable { id: id(1) });
    store.commit(vec![refuse(2, 2), replace(3, stream(1), 1, 2)]).unwrap();
    assert_eq!(pending(store), [3]);
}

pub fn a_replacement_goes_before_what_was_accepted_meanwhile(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), append(3, stream(1), 3)]).unwrap();
    store.commit(vec![settle(1, 1), refuse(2, 2)]).unwrap();
    store.commit(vec![replace(4, stream(1), 2, 2)]).unwrap();
    assert_eq!(pending(store), [4], "3 has the lower ordinal and the higher sequence");
    store.commit(vec![settle(4, 3)]).unwrap();
    assert_eq!(pending(store), [3]);
}

pub fn a_dead_record_can_be_replaced_and_an_expired_one_cannot(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2)]).unwrap();
    store.commit(vec![append(3, stream(2), 1), append(4, stream(2), 2)]).unwrap();
    let problem = b"{}".to_vec();
    store.commit(vec![Change::Bury { id: id(1), at: NOW, problem: problem.clone() }]).unwrap();
    store.commit(vec![Change::Expire { id: id(3), at: NOW }]).unwrap();
    assert_eq!(pending(store), [0; 0]);
    assert_eq!(numbers(&store.needing_attention(0, 10).unwrap()), [1, 3]);
    assert_eq!(store.receipt(&id(1)).unwrap(), Some(problem));
    store.commit(vec![replace(5, stream(1), 1, 1)]).unwrap();
    let error = store.commit(vec![replace(6, stream(2), 1, 3)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::NotReplaceable { id: id(3) });
    assert_eq!(pending(store), [5]);
    store.commit(vec![settle(5, 1)]).unwrap();
    assert_eq!(pending(store), [2]);
}

pub fn only_the_same_place_can_be_replaced(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), refuse(1, 1)]).unwrap();
    for wrong in [replace(5, stream(1), 2, 1), replace(5, stream(2), 1, 1), replace(5, stream(1), 2, 2)] {
        let error = store.commit(vec![wrong]).unwrap_err();
        assert!(matches!(error.reason(), Reason::NotReplaceable { .. }), "{error}");
    }
    let error = store.commit(vec![replace(5, stream(1), 1, 77)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::EntryUnknown { id: id(77) });
    assert_eq!(pending(store), [0; 0]);
}

pub fn numbering_goes_on_after_everything_was_forgotten(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), settle(1, 1), settle(2, 2)]).unwrap();
    store.commit(vec![Change::Forget { id: id(2) }, Change::Forget { id: id(1) }]).unwrap();
    assert_eq!(store.entry(&id(1)).unwrap(), None);
    assert_eq!(store.bytes(&id(1)).unwrap(), None);
    assert_eq!(store.receipt(&id(1)).unwrap(), None);
    assert_eq!(store.next_sequence(&stream(1)).unwrap().get(), 3);
    assert_eq!(store.commit(vec![append(3, stream(1), 3)]).unwrap().ordinals, [3]);
}
