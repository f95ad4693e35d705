//! Taking records in.

use std::thread;

use tongqiao_engine::{Entry, EntryState};
use tongqiao_protocol::Outcome;

use super::fixture::{append, bytes, entry, id, numbers, pending, settle, stream};
use crate::{Committed, Reason, Store};

pub fn what_was_committed_is_read_back(store: &impl Store) {
    let mut bill = entry(1, stream(1), 1);
    bill.kind = tongqiao_engine::EntryKind::Bill;
    bill.lane = bill.kind.lane();
    bill.not_after = Some(bill.accepted_at.plus_millis(86_400_000));
    let change = tongqiao_engine::Change::Append { entry: bill.clone(), bytes: bytes(1) };
    let committed = store.commit(vec![change]).unwrap();
    assert_eq!(committed.ordinals, [1]);
    assert_eq!(store.entry(&id(1)).unwrap(), Some(Entry { ordinal: 1, ..bill }));
    assert_eq!(store.bytes(&id(1)).unwrap(), Some(bytes(1)));
    assert_eq!(store.receipt(&id(1)).unwrap(), None);
    assert_eq!(store.entry(&id(2)).unwrap(), None);
    assert_eq!(store.bytes(&id(2)).unwrap(), None);
    assert_eq!(numbers(&store.entries(0, 10).unwrap()), [1]);
    let report = store.check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.rows_checked, 1);
}

pub fn the_first_sequence_is_one_and_the_next_follows(store: &impl Store) {
    assert_eq!(store.next_sequence(&stream(1)).unwrap().get(), 1);
    store.commit(vec![append(1, stream(1), 1), append(2, stream(1), 2), append(3, stream(2), 1)]).unwrap();
    assert_eq!(store.next_sequence(&stream(1)).unwrap().get(), 3);
    assert_eq!(store.next_sequence(&stream(2)).unwrap().get(), 2);
    let other_life =
        tongqiao_engine::StreamKey { incarnation: tongqiao_protocol::IncarnationId::from_bytes([3; 16]), ..stream(1) };
    assert_eq!(store.next_sequence(&other_life).unwrap().get(), 1);
    store.commit(vec![append(4, other_life, 1)]).unwrap();
    assert_eq!(store.next_sequence(&stream(1)).unwrap().get(), 3);
}

pub fn a_taken_sequence_is_refused_and_the_next_is_named(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    let error = store.commit(vec![append(2, stream(1), 1)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::SequenceTaken { next: tongqiao_engine::Sequence::new(2).unwrap() });
    assert_eq!(error.outcome(), Outcome::Rejected);
    assert_eq!(store.entry(&id(2)).unwrap(), None);
}

pub fn a_hole_in_a_stream_is_refused(store: &impl Store) {
    let error = store.commit(vec![append(1, stream(1), 2)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::SequenceTaken { next: tongqiao_engine::Sequence::FIRST });
}

pub fn an_id_is_accepted_once(store: &impl Store) {
    store.commit(vec![append(1, stream(1), 1)]).unwrap();
    let error = store.commit(vec![append(1, stream(1), 2)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::IdTaken { id: id(1) });
    store.commit(vec![settle(1, 1)]).unwrap();
    let error = store.commit(vec![append(1, stream(2), 1)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::IdTaken { id: id(1) });
}

pub fn a_group_is_applied_whole_or_not_at_all(store: &impl Store) {
    let error = store.commit(vec![append(1, stream(1), 1), append(2, stream(2), 1), settle(9, 1)]).unwrap_err();
    assert_eq!(*error.reason(), Reason::EntryUnknown { id: id(9) });
    assert_eq!(store.entries(0, 10).unwrap(), []);
    assert_eq!(store.next_sequence(&stream(1)).unwrap().get(), 1);
    let committed = store.commit(vec![append(1, stream(1), 1)]).unwrap();
    assert_eq!(committed.ordinals, [1], "a group that was refused uses up no ordinal");
}

pub fn a_record_is_appended_as_pending_only(store: &impl Store) {
    let entry = Entry { state: EntryState::Dead, ..entry(1, stream(1), 1) };
    let change = tongqiao_engine::Change::Append { entry, bytes: bytes(1) };
    let error = store.commit(vec![change]).unwrap_err();
    assert!(matches!(error.reason(), Reason::InvalidChange { .. }));
}

pub fn ordinals_grow_in_the_order_of_commits(store: &impl Store) {
    assert_eq!(store.commit(vec![append(5, stream(1), 1)]).unwrap().ordinals, [1]);
    assert_eq!(store.commit(vec![append(4, stream(2), 1), append(3, stream(2), 2)]).unwrap().ordinals, [2, 3]);
    store.commit(vec![settle(3, 1), tongqiao_engine::Change::Forget { id: id(3) }]).unwrap();
    assert_eq!(store.commit(vec![append(2, stream(2), 3)]).unwrap().ordinals, [4], "an ordinal is never used twice");
    assert_eq!(numbers(&store.entries(0, 2).unwrap()), [5, 4]);
    assert_eq!(numbers(&store.entries(2, 2).unwrap()), [2]);
}

pub fn an_empty_commit_changes_nothing(store: &impl Store) {
    assert_eq!(store.commit(Vec::new()).unwrap(), Committed::default());
}

pub fn callers_at_once_are_all_heard_and_do_not_hurt_each_other(store: &impl Store) {
    const CALLERS: u32 = 16;
    const ROUNDS: u32 = 25;
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let number = caller * ROUNDS + round;
                    // Each caller has a stream of its own, all share stream 1000, and some ask for nonsense.
                    store.commit(vec![append(number, stream(caller), u64::from(round) + 1)]).unwrap();
                    let nonsense = vec![append(100_000 + number, stream(2_000 + number), 1), settle(999_999, 1)];
                    let error = store.commit(nonsense).unwrap_err();
                    assert_eq!(*error.reason(), Reason::EntryUnknown { id: id(999_999) });
                    loop {
                        let next = store.next_sequence(&stream(1_000)).unwrap().get();
                        match store.commit(vec![append(50_000 + number, stream(1_000), next)]) {
                            Ok(_) => break,
                            Err(error) => assert!(matches!(error.reason(), Reason::SequenceTaken { .. }), "{error}"),
                        }
                    }
                }
            });
        }
    });
    let all = store.entries(0, u32::MAX).unwrap();
    assert_eq!(all.len() as u32, 2 * CALLERS * ROUNDS);
    let shared: Vec<u64> =
        all.iter().filter(|entry| entry.stream == stream(1_000)).map(|entry| entry.sequence.get()).collect();
    assert_eq!(shared, (1..=u64::from(CALLERS * ROUNDS)).collect::<Vec<_>>());
    assert_eq!(pending(store).len(), 2 * (CALLERS * ROUNDS) as usize);
}
