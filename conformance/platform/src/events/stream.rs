//! The order within a stream: one producer's events of one case, by sequence, without gaps.
//!
//! A producer's name is its party's own business: two parties that use the same one have two streams.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::case::Replacement;
use tongqiao_protocol::{ErrorCode, EventId};

use super::envelope::Envelope;
use crate::database::DatabaseError;
use crate::epoch;
use crate::refusal::Refusal;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    last: i64,
    /// The refused event that holds the next sequence until it is replaced.
    blocked_by: Option<EventId>,
}

/// Whether an event is the next of its stream.
pub(super) enum Turn {
    Next,
    /// The sender offers again once the named thing is there.
    Early(Value),
    /// Its place is another's, now and for ever; the stream stays as it is.
    Taken(Refusal, Reuse),
    /// It abandons what stood in a settled place: nothing is left to decide.
    Moot,
}

/// Whether a place that is claimed twice is worth an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// A restore explains it: refusals are forgotten, and what they refused may come again.
    Explained,
    /// Two authors write under one name: the store was copied.
    Alarming,
}

/// What became of another event of the same stream.
struct Fellow {
    sequence: i64,
    refused: bool,
    effective: bool,
}

/// Whether it is this event's turn.
pub(super) fn turn(connection: &Connection, envelope: &Envelope) -> Result<Turn, DatabaseError> {
    let standing = standing(connection, envelope)?;
    let next = standing.last + 1;
    if envelope.sequence > next {
        return Ok(Turn::Early(json!({ "sequence": next })));
    }
    let reused = || Refusal::new(ErrorCode::EventSequenceReused).with("sequence", envelope.sequence);
    if is_replaced(connection, envelope)? {
        return Ok(Turn::Taken(reused(), Reuse::Explained));
    }
    let named = match envelope.replaces {
        Some(replaces) => fellow(connection, envelope, replaces.refused())?,
        None => None,
    };
    if envelope.sequence < next {
        return Ok(match envelope.replaces {
            None => Turn::Taken(reused(), Reuse::Alarming),
            // What was to be abandoned took effect after all: its author must learn of that.
            Some(Replacement::Abandons(_)) if !named.is_some_and(|named| named.effective) => Turn::Moot,
            Some(_) => Turn::Taken(reused(), Reuse::Explained),
        });
    }
    Ok(match (standing.blocked_by, envelope.replaces, named) {
        (None, None, _) => Turn::Next,
        (Some(_), None, _) => Turn::Taken(reused(), Reuse::Alarming),
        // Any event that was refused in this place may be named: the author answers the refusal that he heard last.
        (_, Some(_), Some(named)) if named.refused && named.sequence == envelope.sequence => Turn::Next,
        // Never recorded here: it was not taken, or the refusal was given by a platform since restored.
        (None, Some(_), None) => Turn::Next,
        (Some(_), Some(_), None) if epoch::was_restored(connection)? => Turn::Next,
        (_, Some(_), _) => Turn::Taken(Refusal::new(ErrorCode::EventReplacementInvalid), Reuse::Explained),
    })
}

fn standing(connection: &Connection, envelope: &Envelope) -> Result<Standing, DatabaseError> {
    let row: Option<(i64, Option<[u8; 16]>)> = connection
        .prepare_cached(
            "SELECT last_sequence, blocked_by FROM stream
             WHERE party = ?1 AND producer = ?2 AND incarnation = ?3 AND case_id = ?4",
        )?
        .query_row(key(envelope), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.map_or_else(Standing::default, |(last, blocked_by)| Standing {
        last,
        blocked_by: blocked_by.map(EventId::from_bytes),
    }))
}

/// Whether an event of this stream already stands in this event's stead.
fn is_replaced(connection: &Connection, envelope: &Envelope) -> Result<bool, DatabaseError> {
    let (party, producer, incarnation, case) = key(envelope);
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM event WHERE party = ?1 AND replaces = ?2 AND producer = ?3
                AND incarnation = ?4 AND case_id = ?5 AND sequence = ?6)",
        )?
        .query_row((party, envelope.id.as_bytes(), producer, incarnation, case, envelope.sequence), |row| row.get(0))?)
}

fn fellow(connection: &Connection, envelope: &Envelope, id: EventId) -> Result<Option<Fellow>, DatabaseError> {
    let (party, producer, incarnation, case) = key(envelope);
    Ok(connection
        .prepare_cached(
            "SELECT sequence, outcome = 'refused', effect FROM event
             WHERE party = ?1 AND id = ?2 AND producer = ?3 AND incarnation = ?4 AND case_id = ?5",
        )?
        .query_row((party, id.as_bytes(), producer, incarnation, case), |row| {
            Ok(Fellow { sequence: row.get(0)?, refused: row.get(1)?, effective: row.get(2)? })
        })
        .optional()?)
}

/// Moves the stream past a settled event.
pub(super) fn advance(connection: &Connection, envelope: &Envelope) -> Result<(), DatabaseError> {
    let (party, producer, incarnation, case) = key(envelope);
    connection
        .prepare_cached(
            "INSERT INTO stream (party, producer, incarnation, case_id, last_sequence, blocked_by)
             VALUES (?1, ?2, ?3, ?4, ?5, NULL)
             ON CONFLICT DO UPDATE SET last_sequence = excluded.last_sequence, blocked_by = NULL",
        )?
        .execute((party, producer, incarnation, case, envelope.sequence))?;
    Ok(())
}

/// Holds the stream at a refused event.
pub(super) fn block(connection: &Connection, envelope: &Envelope) -> Result<(), DatabaseError> {
    let (party, producer, incarnation, case) = key(envelope);
    connection
        .prepare_cached(
            "INSERT INTO stream (party, producer, incarnation, case_id, last_sequence, blocked_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET blocked_by = excluded.blocked_by",
        )?
        .execute((party, producer, incarnation, case, envelope.sequence - 1, envelope.id.as_bytes()))?;
    Ok(())
}

fn key(envelope: &Envelope) -> (&str, &[u8; 16], &[u8; 16], &[u8; 16]) {
    let stream = &envelope.stream;
    (envelope.source.as_str(), stream.producer.as_bytes(), stream.incarnation.as_bytes(), envelope.case.as_bytes())
}
