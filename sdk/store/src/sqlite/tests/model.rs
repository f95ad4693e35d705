//! Random work on the memory store and on SQLite has the same result.

use proptest::prelude::*;
use tongqiao_engine::{Change, Collection, Entry, EntryKind, Expected, Lane, LogPlace, StreamKey};
use tongqiao_protocol::IncarnationId;

use super::empty;
use crate::contract::fixture::{NOW, bytes, entry, epoch, id, refuse, settle, stream};
use crate::contract::handed_in::HandedIn;
use crate::{MemoryStore, PendingQuery, Store};

const IDS: u32 = 14;
const STREAMS: u32 = 5;

/// Two incarnations of one case, a bill, a case in bulk and one under control.
fn of(number: u32) -> StreamKey {
    match number {
        1 => StreamKey { incarnation: IncarnationId::from_bytes([3; 16]), ..stream(0) },
        other => stream(other),
    }
}

/// A change that appends, with the kind and lane of its stream.
fn append_to(number: u32, stream: u32, sequence: u64, replaces: Option<u32>) -> Change {
    let (kind, lane) = match (stream, sequence) {
        (0 | 1, _) => (EntryKind::CaseEvent, Lane::Case),
        (2, 1) => (EntryKind::Bill, Lane::Payment),
        (2, _) => (EntryKind::Refund, Lane::Payment),
        (3, _) => (EntryKind::CaseEvent, Lane::Bulk),
        _ => (EntryKind::CaseEvent, Lane::Control),
    };
    let not_after = (stream == 2).then(|| NOW.plus_millis(50));
    let entry = Entry { kind, lane, not_after, replaces: replaces.map(id), ..entry(number, of(stream), sequence) };
    Change::Append { entry, bytes: bytes(number) }
}

/// A change whose sequence is filled in when it is its turn.
#[derive(Debug, Clone)]
enum Wish {
    Append { number: u32, stream: u32, offset: u64 },
    Replace { number: u32, replaced: u32 },
    Settle { number: u32, position: u64 },
    Refuse { number: u32, position: u64 },
    Reschedule { number: u32, delay_millis: i64 },
    Expire { number: u32 },
    Bury { number: u32 },
    Reoffer { number: u32 },
    Forget { number: u32 },
    Put { key: u8, expected: Expected },
    Delete { key: u8, expected: Expected },
    Require { key: u8, version: u64 },
}

impl Wish {
    fn change(self, store: &impl Store) -> Change {
        let collection = Collection::Role;
        match self {
            Self::Append { number, stream, offset } => {
                let next = store.next_sequence(&of(stream)).unwrap().get();
                append_to(number, stream, (next + offset).saturating_sub(1).max(1), None)
            }
            Self::Replace { number, replaced } => match store.entry(&id(replaced)).unwrap() {
                Some(old) => {
                    let stream = (0..STREAMS).find(|number| of(*number) == old.stream).unwrap();
                    append_to(number, stream, old.sequence.get(), Some(replaced))
                }
                None => append_to(number, 0, 1, Some(replaced)),
            },
            Self::Settle { number, position } => settle(number, position),
            Self::Refuse { number, position } => refuse(number, position),
            Self::Reschedule { number, delay_millis } => {
                Change::Reschedule { id: id(number), attempts: 1, next_attempt_at: NOW.plus_millis(delay_millis) }
            }
            Self::Expire { number } => Change::Expire { id: id(number), at: NOW },
            Self::Bury { number } => Change::Bury { id: id(number), at: NOW, problem: b"{}".to_vec() },
            Self::Reoffer { number } => Change::Reoffer { id: id(number) },
            Self::Forget { number } => Change::Forget { id: id(number) },
            Self::Put { key, expected } => {
                Change::PutDocument { collection, key: key.to_string(), expected, bytes: vec![key] }
            }
            Self::Delete { key, expected } => Change::DeleteDocument { collection, key: key.to_string(), expected },
            Self::Require { key, version } => Change::RequireDocument { collection, key: key.to_string(), version },
        }
    }
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![Just(Expected::Absent), Just(Expected::Any), (1_u64..4).prop_map(Expected::Version)]
}

fn wish() -> impl Strategy<Value = Wish> {
    let number = || 0..IDS;
    prop_oneof![
        // Offset 1 is the right sequence.
        6 => (number(), 0..STREAMS, prop_oneof![8 => Just(1_u64), 1 => Just(0), 1 => Just(2)])
            .prop_map(|(number, stream, offset)| Wish::Append { number, stream, offset }),
        2 => (number(), number()).prop_map(|(number, replaced)| Wish::Replace { number, replaced }),
        3 => (number(), 0_u64..9).prop_map(|(number, position)| Wish::Settle { number, position }),
        3 => (number(), 0_u64..9).prop_map(|(number, position)| Wish::Refuse { number, position }),
        1 => (number(), prop_oneof![-5_i64..5, Just(86_400_000_000)]).prop_map(|(number, delay_millis)| Wish::Reschedule { number, delay_millis }),
        1 => number().prop_map(|number| Wish::Expire { number }),
        1 => number().prop_map(|number| Wish::Bury { number }),
        1 => number().prop_map(|number| Wish::Reoffer { number }),
        2 => number().prop_map(|number| Wish::Forget { number }),
        1 => (0_u8..2, expected()).prop_map(|(key, expected)| Wish::Put { key, expected }),
        1 => (0_u8..2, expected()).prop_map(|(key, expected)| Wish::Delete { key, expected }),
        1 => (0_u8..2, 1_u64..3).prop_map(|(key, version)| Wish::Require { key, version }),
    ]
}

/// Everything that can be asked.
fn observe(store: &impl Store) -> impl PartialEq + std::fmt::Debug {
    let pending = |lane, after_ordinal, delay_millis| {
        let now = NOW.plus_millis(delay_millis);
        store.pending(&PendingQuery { lane, after_ordinal, limit: 5, now }).unwrap()
    };
    let details: Vec<_> = (0..IDS)
        .map(|number| {
            let id = id(number);
            (store.entry(&id).unwrap(), store.bytes(&id).unwrap(), store.receipt(&id).unwrap())
        })
        .collect();
    let statistics = crate::Statistics { size_bytes: 0, ..store.statistics().unwrap() };
    (
        (store.entries(0, 100).unwrap(), store.entries(3, 2).unwrap(), details),
        Lane::ALL.map(|lane| (pending(lane, 0, 0), pending(lane, 2, 9), pending(lane, 0, 100))),
        (
            store.needing_attention(0, 100).unwrap(),
            store.settled_since(&epoch(1), LogPlace { position: 3, ordinal: 4 }, 4).unwrap(),
        ),
        store.due_for_forgetting(NOW.plus_millis(6), 100).unwrap(),
        (0..STREAMS).map(|number| store.next_sequence(&of(number)).unwrap()).collect::<Vec<_>>(),
        store.epochs().unwrap(),
        (store.documents(Collection::Role, "", "", 100).unwrap(), statistics),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_alike(groups in prop::collection::vec(prop::collection::vec(wish(), 1..4), 1..25)) {
        let (_directory, sqlite) = empty();
        let (_other, handed_in) = empty();
        let handed_in = HandedIn(handed_in);
        let memory = MemoryStore::new().unwrap();
        for group in groups {
            let changes: Vec<Change> = group.into_iter().map(|wish| wish.change(&memory)).collect();
            let expected = memory.commit(changes.clone());
            prop_assert_eq!(&expected, &sqlite.commit(changes.clone()));
            prop_assert_eq!(&expected, &handed_in.commit(changes));
        }
        prop_assert_eq!(format!("{:?}", observe(&memory)), format!("{:?}", observe(&sqlite)));
        prop_assert_eq!(format!("{:?}", observe(&memory)), format!("{:?}", observe(&handed_in)));
        prop_assert!(sqlite.check().unwrap().is_sound());
    }
}
