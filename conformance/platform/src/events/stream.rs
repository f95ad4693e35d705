//! The order within a stream: one producer's events of one case, by sequence, without gaps.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::EventId;

use super::envelope::Envelope;
use crate::database::DatabaseError;
use crate::refusal::Refusal;
use tongqiao_protocol::ErrorCode;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    last: i64,
    /// The refused event that holds the next sequence until it is replaced.
    blocked_by: Option<EventId>,
}

/// Whether an event is the next of its stream.
pub(super) enum Turn {
    Next,
    /// The sender offers again once the named thing is there.
    Early(Value),
    /// It cannot be this stream's next event, now or later.
    Wrong(Refusal),
}

impl Standing {
    pub(super) fn of(connection: &Connection, envelope: &Envelope) -> Result<Self, DatabaseError> {
        let row: Option<(i64, Option<[u8; 16]>)> = connection
            .prepare_cached(
                "SELECT last_sequence, blocked_by FROM stream
                 WHERE producer = ?1 AND incarnation = ?2 AND case_id = ?3",
            )?
            .query_row(key(envelope), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(row.map_or_else(Self::default, |(last, blocked_by)| Self {
            last,
            blocked_by: blocked_by.map(EventId::from_bytes),
        }))
    }

    pub(super) fn turn(self, envelope: &Envelope) -> Turn {
        let next = self.last + 1;
        if envelope.sequence > next {
            return Turn::Early(json!({ "sequence": next }));
        }
        if envelope.sequence < next {
            let reused = Refusal::new(ErrorCode::EventSequenceReused).with("sequence", envelope.sequence);
            return Turn::Wrong(reused);
        }
        match (self.blocked_by, envelope.replaces) {
            // Unknown here and yet replaced: the refusal was given by a platform since restored. The author says so.
            (None, _) => Turn::Next,
            (Some(refused), Some(replaces)) if replaces.refused() == refused => Turn::Next,
            (Some(_), Some(_)) => Turn::Wrong(Refusal::new(ErrorCode::EventReplacementInvalid)),
            (Some(_), None) => {
                Turn::Wrong(Refusal::new(ErrorCode::EventSequenceReused).with("sequence", envelope.sequence))
            }
        }
    }
}

/// Moves the stream past a settled event.
pub(super) fn advance(connection: &Connection, envelope: &Envelope) -> Result<(), DatabaseError> {
    let (producer, incarnation, case) = key(envelope);
    connection
        .prepare_cached(
            "INSERT INTO stream (producer, incarnation, case_id, last_sequence, blocked_by) VALUES (?1, ?2, ?3, ?4, NULL)
             ON CONFLICT DO UPDATE SET last_sequence = excluded.last_sequence, blocked_by = NULL",
        )?
        .execute((producer, incarnation, case, envelope.sequence))?;
    Ok(())
}

/// Holds the stream at a refused event.
pub(super) fn block(connection: &Connection, envelope: &Envelope) -> Result<(), DatabaseError> {
    let (producer, incarnation, case) = key(envelope);
    connection
        .prepare_cached(
            "INSERT INTO stream (producer, incarnation, case_id, last_sequence, blocked_by) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET blocked_by = excluded.blocked_by",
        )?
        .execute((producer, incarnation, case, envelope.sequence - 1, envelope.id.as_bytes()))?;
    Ok(())
}

fn key(envelope: &Envelope) -> (&[u8; 16], &[u8; 16], &[u8; 16]) {
    (envelope.stream.producer.as_bytes(), envelope.stream.incarnation.as_bytes(), envelope.case.as_bytes())
}
