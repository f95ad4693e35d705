//! Synthetic entries.

use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Lane, Sequence, StreamKey, SubjectId};
use tongqiao_protocol::{Digest, EpochId, IncarnationId, ProducerId, RecordId, Suite, Timestamp};

use crate::{PendingQuery, Store};

/// A time in the middle of everything.
pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

pub fn epoch(number: u8) -> EpochId {
    EpochId::from_bytes([number; 16])
}

/// The id with this number.
pub fn id(number: u32) -> RecordId {
    let mut bytes = [7; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

/// The stream with this number.
pub fn stream(number: u32) -> StreamKey {
    let mut subject = [9; 16];
    subject[12..].copy_from_slice(&number.to_be_bytes());
    StreamKey {
        producer: ProducerId::from_bytes([1; 16]),
        incarnation: IncarnationId::from_bytes([2; 16]),
        subject: SubjectId::from_bytes(subject),
    }
}

/// The bytes of the record with this number.
pub fn bytes(number: u32) -> Vec<u8> {
    format!("{{\"record\":\"{number}\"}}").into_bytes()
}

/// A pending case event.
pub fn entry(number: u32, stream: StreamKey, sequence: u64) -> Entry {
    let bytes = bytes(number);
    Entry {
        id: id(number),
        kind: EntryKind::CaseEvent,
        lane: Lane::Case,
        stream,
        sequence: Sequence::new(sequence).unwrap(),
        ordinal: 0,
        digest: Digest::of(Suite::ShangMi, &bytes),
        size_bytes: u32::try_from(bytes.len()).unwrap(),
        accepted_at: NOW,
        state: EntryState::Pending,
        attempts: 0,
        next_attempt_at: NOW,
        not_after: None,
        replaces: None,
        terminal_at: None,
    }
}

pub fn append(number: u32, of: StreamKey, sequence: u64) -> Change {
    Change::Append { entry: entry(number, of, sequence), bytes: bytes(number) }
}

pub fn replace(number: u32, of: StreamKey, sequence: u64, replaced: u32) -> Change {
    let entry = Entry { replaces: Some(id(replaced)), ..entry(number, of, sequence) };
    Change::Append { entry, bytes: bytes(number) }
}

pub fn settle(number: u32, position: u64) -> Change {
    let state = EntryState::Settled { epoch: epoch(1), position };
    Change::Settle { id: id(number), state, receipt: receipt(number), at: NOW.plus_millis(i64::from(number)) }
}

pub fn refuse(number: u32, position: u64) -> Change {
    let state = EntryState::Refused { epoch: epoch(1), position };
    Change::Settle { id: id(number), state, receipt: receipt(number), at: NOW.plus_millis(i64::from(number)) }
}

pub fn receipt(number: u32) -> Vec<u8> {
    format!("receipt of {number}").into_bytes()
}

/// The numbers of the case events that may be sent at `now`.
pub fn pending_at(store: &impl Store, now: Timestamp) -> Vec<u32> {
    numbers(&store.pending(&PendingQuery { lane: Lane::Case, after_ordinal: 0, limit: 1_000, now }).unwrap())
}

pub fn pending(store: &impl Store) -> Vec<u32> {
    pending_at(store, NOW)
}

/// Back from entries to the numbers they were made of.
pub fn numbers(entries: &[Entry]) -> Vec<u32> {
    let number = |entry: &Entry| u32::from_be_bytes(entry.id.as_bytes()[12..].try_into().unwrap());
    entries.iter().map(number).collect()
}
