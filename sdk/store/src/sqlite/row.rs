//! One row of the outbox: columns, entry, and the seal that tells whether the disk gave back what was written.

use rusqlite::Row;
use tongqiao_engine::{Entry, EntryKind, EntryState, Lane, Sequence, StreamKey, SubjectId};
use tongqiao_protocol::{Digest, EpochId, IncarnationId, ProducerId, RecordId, Suite, Timestamp};

/// The columns that [`Stored::read`] expects, from `entry` with its `incarnation` joined.
pub(super) const COLUMNS: &str = "e.ordinal, e.id, i.producer, i.incarnation, e.subject, e.sequence, e.kind, e.lane, \
     e.state, e.attempts, e.next_attempt_at, e.accepted_at, e.not_after, e.terminal_at, e.reference, e.position, \
     e.replaces, e.suite, e.digest, e.size, e.bytes_seal, e.seal, e.incarnation";

/// The tables that [`COLUMNS`] come from.
pub(super) const TABLES: &str = "entry e LEFT JOIN incarnation i ON i.number = e.incarnation";

/// An entry as it stands in the table.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) entry: Entry,
    pub(super) bytes_seal: i64,
    /// The number of the stream's owner in the table `incarnation`.
    pub(super) owner: i64,
    /// Whether the row's checksum fits.
    pub(super) sound: bool,
}

impl Stored {
    /// Reads a row. `None` when it cannot even be read as an entry.
    pub(super) fn read(row: &Row<'_>) -> Option<Self> {
        let reference: Option<[u8; 16]> = row.get(14).ok()?;
        let position: Option<i64> = row.get(15).ok()?;
        let receipt = || Some((EpochId::from_bytes(reference?), u64::try_from(position?).ok()?));
        let state = match row.get::<_, i64>(8).ok()? {
            0 => EntryState::Pending,
            1 => receipt().map(|(epoch, position)| EntryState::Settled { epoch, position })?,
            2 => receipt().map(|(epoch, position)| EntryState::Refused { epoch, position })?,
            3 => EntryState::Replaced { by: RecordId::from_bytes(reference?) },
            4 => EntryState::Expired,
            5 => EntryState::Dead,
            _ => return None,
        };
        let time = |index| row.get::<_, i64>(index).ok().map(Timestamp::from_millis);
        let optional_time =
            |index| row.get::<_, Option<i64>>(index).ok().map(|millis| millis.map(Timestamp::from_millis));
        let entry = Entry {
            id: RecordId::from_bytes(row.get(1).ok()?),
            kind: kind(row.get(6).ok()?)?,
            lane: lane(row.get(7).ok()?)?,
            stream: StreamKey {
                producer: ProducerId::from_bytes(row.get(2).ok()?),
                incarnation: IncarnationId::from_bytes(row.get(3).ok()?),
                subject: SubjectId::from_bytes(row.get(4).ok()?),
            },
            sequence: Sequence::new(u64::try_from(row.get::<_, i64>(5).ok()?).ok()?)?,
            ordinal: u64::try_from(row.get::<_, i64>(0).ok()?).ok()?,
            digest: Digest::from_bytes(suite(row.get(17).ok()?)?, row.get(18).ok()?),
            size_bytes: row.get(19).ok()?,
            accepted_at: time(11)?,
            state,
            attempts: row.get(9).ok()?,
            next_attempt_at: time(10)?,
            not_after: optional_time(12)?,
            replaces: row.get::<_, Option<[u8; 16]>>(16).ok()?.map(RecordId::from_bytes),
            terminal_at: optional_time(13)?,
        };
        let bytes_seal = row.get(20).ok()?;
        let sound = row.get::<_, i64>(21).ok()? == seal_of_entry(&entry, bytes_seal);
        Some(Self { entry, bytes_seal, owner: row.get(22).ok()?, sound })
    }
}

pub(super) const fn kind_number(kind: EntryKind) -> i64 {
    match kind {
        EntryKind::CaseEvent => 0,
        EntryKind::Bill => 1,
        EntryKind::Void => 2,
        EntryKind::Refund => 3,
    }
}

const fn kind(number: i64) -> Option<EntryKind> {
    Some(match number {
        0 => EntryKind::CaseEvent,
        1 => EntryKind::Bill,
        2 => EntryKind::Void,
        3 => EntryKind::Refund,
        _ => return None,
    })
}

pub(super) const fn lane_number(lane: Lane) -> i64 {
    match lane {
        Lane::Control => 0,
        Lane::Payment => 1,
        Lane::Case => 2,
        Lane::Bulk => 3,
    }
}

const fn lane(number: i64) -> Option<Lane> {
    Some(match number {
        0 => Lane::Control,
        1 => Lane::Payment,
        2 => Lane::Case,
        3 => Lane::Bulk,
        _ => return None,
    })
}

pub(super) const fn suite_number(suite: Suite) -> i64 {
    match suite {
        Suite::International => 0,
        Suite::ShangMi => 1,
    }
}

const fn suite(number: i64) -> Option<Suite> {
    Some(match number {
        0 => Suite::International,
        1 => Suite::ShangMi,
        _ => return None,
    })
}

/// State, reference and position as they stand in the table.
pub(super) fn state_columns(state: &EntryState) -> (i64, Option<[u8; 16]>, Option<i64>) {
    let position_column = |position: u64| Some(i64::try_from(position).unwrap_or(i64::MAX));
    match state {
        EntryState::Pending => (0, None, None),
        EntryState::Settled { epoch, position } => (1, Some(*epoch.as_bytes()), position_column(*position)),
        EntryState::Refused { epoch, position } => (2, Some(*epoch.as_bytes()), position_column(*position)),
        EntryState::Replaced { by } => (3, Some(*by.as_bytes()), None),
        EntryState::Expired => (4, None, None),
        EntryState::Dead => (5, None, None),
    }
}

/// The checksum of stored bytes: the first eight bytes of their SHA-256. It guards against disks, not against people.
pub(super) fn seal_of_bytes(bytes: &[u8]) -> i64 {
    let digest = Digest::of(Suite::International, bytes);
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The checksum of everything in an entry but its ordinal, and of the checksum of its bytes.
pub(super) fn seal_of_entry(entry: &Entry, bytes_seal: i64) -> i64 {
    let mut text = Vec::with_capacity(256);
    let (state, reference, position) = state_columns(&entry.state);
    for bytes in [
        entry.id.as_bytes(),
        entry.stream.producer.as_bytes(),
        entry.stream.incarnation.as_bytes(),
        entry.stream.subject.as_bytes(),
        &reference.unwrap_or_default(),
        entry.replaces.as_ref().map_or(&[0; 16], RecordId::as_bytes),
    ] {
        text.extend_from_slice(bytes);
    }
    text.extend_from_slice(entry.digest.as_bytes());
    // No time that can be written is the smallest number, so it can stand for "none".
    let millis = |time: Option<Timestamp>| time.map_or(i64::MIN, Timestamp::as_millis);
    for number in [
        kind_number(entry.kind),
        lane_number(entry.lane),
        suite_number(entry.digest.suite()),
        state,
        position.unwrap_or(-1),
        i64::from(entry.size_bytes),
        i64::from(entry.attempts),
        entry.next_attempt_at.as_millis(),
        entry.accepted_at.as_millis(),
        millis(entry.not_after),
        millis(entry.terminal_at),
        bytes_seal,
    ] {
        text.extend_from_slice(&number.to_le_bytes());
    }
    text.extend_from_slice(&entry.sequence.get().to_le_bytes());
    seal_of_bytes(&text)
}

/// The checksum of a document.
pub(super) fn seal_of_document(collection: &str, key: &str, version: i64, bytes: &[u8]) -> i64 {
    let parts = [collection.as_bytes(), &[0], key.as_bytes(), &[0], &version.to_le_bytes(), bytes];
    let digest = Digest::of_parts(Suite::International, &parts);
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}
