//! Deciding a batch of events in one transaction, in the order sent.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::case::Replacement;
use tongqiao_protocol::{ErrorCode, EventId, Language, Suite, Timestamp};

use super::Arrival;
use super::envelope::{Envelope, key_of};
use super::judgement::{self, Judged};
use super::stream::{self, Standing, Turn};
use crate::alarm;
use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::keys::PlatformKeys;
use crate::receipt::{self, Batch, Decision, Outcome};
use crate::record::{self, Authentic};
use crate::refusal::Refusal;

/// What the sender is told of one event.
pub(crate) enum Verdict {
    Settled(Value),
    Refused(Value, Refusal),
    /// The first receipt again, whatever it said.
    Duplicate(Value),
    /// What must come first.
    Deferred(Value),
    /// Refused without a receipt: nothing was recorded, and the stream does not wait for it.
    NotTaken(Refusal),
}

/// A verdict whose receipt is not written yet.
enum Pending {
    Settled(usize),
    Refused(usize, Refusal),
    Duplicate(Repetition),
    Deferred(Value),
    NotTaken(Refusal),
}

/// Where the first receipt of a repeated event is.
enum Repetition {
    Logged(Value),
    /// Earlier in this very batch.
    InBatch(usize),
}

/// Decides all events and signs their receipts; the database is then as the answer says.
pub(super) fn decide_all(
    connection: &Connection,
    app: &AppState,
    arrivals: Vec<Arrival>,
    keys: &PlatformKeys,
    suite: Suite,
    now: Timestamp,
) -> Result<Vec<(Option<EventId>, Verdict)>, Refusal> {
    let mut batch = Batch::begin(connection, now)?;
    let mut decided = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        decided.push(match arrival {
            Arrival::Unreadable { id, refusal } => (id, Pending::NotTaken(refusal)),
            Arrival::Event { authentic, envelope } => {
                let pending = decide(connection, app, &mut batch, &authentic, &envelope, now)?;
                (Some(envelope.id), pending)
            }
        });
    }
    let receipts = batch.seal(connection, keys, suite)?;
    let receipt = |index: usize| receipts.get(index).cloned().unwrap_or_default();
    let verdicts = decided.into_iter().map(|(id, pending)| {
        let verdict = match pending {
            Pending::Settled(index) => Verdict::Settled(receipt(index)),
            Pending::Refused(index, refusal) => Verdict::Refused(receipt(index), refusal),
            Pending::Duplicate(Repetition::Logged(first)) => Verdict::Duplicate(first),
            Pending::Duplicate(Repetition::InBatch(index)) => Verdict::Duplicate(receipt(index)),
            Pending::Deferred(missing) => Verdict::Deferred(missing),
            Pending::NotTaken(refusal) => Verdict::NotTaken(refusal),
        };
        (id, verdict)
    });
    Ok(verdicts.collect())
}

fn decide(
    connection: &Connection,
    app: &AppState,
    batch: &mut Batch,
    authentic: &Authentic,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<Pending, Refusal> {
    if let Some(repeated) = repetition(connection, batch, authentic, envelope, now)? {
        return Ok(repeated);
    }
    if let Some(reason) = authentic.doubt {
        return Ok(Pending::NotTaken(record::quarantine(connection, authentic, envelope.record_id(), reason, now)?));
    }
    match Standing::of(connection, envelope)?.turn(envelope) {
        Turn::Early(missing) => return Ok(Pending::Deferred(missing)),
        Turn::Wrong(refusal) => return Ok(Pending::NotTaken(refusal)),
        Turn::Next => {}
    }
    let judged = match envelope.replaces {
        Some(Replacement::Abandons(_)) => judgement::judge_abandonment(authentic, envelope),
        _ => judgement::judge(connection, app, authentic, envelope, now)?,
    };
    match judged {
        Judged::Early(missing) => Ok(Pending::Deferred(missing)),
        Judged::Effective(effect) => {
            let revision = case::apply(connection, authentic, envelope, &effect, now)?;
            let index = write_row(connection, batch, authentic, envelope, Outcome::Settled, Some(revision), None)?;
            stream::advance(connection, envelope)?;
            Ok(Pending::Settled(index))
        }
        Judged::NothingHappened => {
            let index = write_row(connection, batch, authentic, envelope, Outcome::Settled, None, None)?;
            stream::advance(connection, envelope)?;
            Ok(Pending::Settled(index))
        }
        Judged::Refused(refusal) => {
            let index = write_row(connection, batch, authentic, envelope, Outcome::Refused, None, Some(&refusal))?;
            stream::block(connection, envelope)?;
            Ok(Pending::Refused(index, refusal))
        }
    }
}

/// The same id before: the first receipt again, or an alarm when the bytes differ.
fn repetition(
    connection: &Connection,
    batch: &Batch,
    authentic: &Authentic,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<Option<Pending>, DatabaseError> {
    let known: Option<String> = connection
        .prepare_cached("SELECT digest FROM event WHERE id = ?1")?
        .query_row([envelope.id.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(known) = known else { return Ok(None) };
    if known != authentic.digest.to_string() {
        let detail = json!({
            "event": envelope.id, "party": authentic.author.id, "first": known, "now": authentic.digest,
        });
        alarm::raise(connection, "event.id_conflict", &detail, now)?;
        return Ok(Some(Pending::NotTaken(Refusal::at("/id", ErrorCode::EventIdConflict))));
    }
    let repetition = match batch.index_of(envelope.record_id()) {
        Some(index) => Repetition::InBatch(index),
        None => Repetition::Logged(
            receipt::find(connection, envelope.record_id())?.ok_or(DatabaseError::Corrupt("receipt"))?,
        ),
    };
    Ok(Some(Pending::Duplicate(repetition)))
}

/// Writes the event's row and takes a position of the log.
fn write_row(
    connection: &Connection,
    batch: &mut Batch,
    authentic: &Authentic,
    envelope: &Envelope,
    outcome: Outcome,
    revision: Option<i64>,
    refusal: Option<&Refusal>,
) -> Result<usize, DatabaseError> {
    let seen = match revision {
        Some(revision) => Some(revision),
        None => case::revision(connection, envelope.case)?,
    };
    let decision = Decision {
        record: envelope.record_id(),
        kind: "event",
        digest: authentic.digest,
        outcome,
        case: seen.map(|revision| (envelope.case, revision)),
        problem: refusal.map(|refusal| refusal.problem(Language::Chinese)),
    };
    let (index, position) = batch.add(decision);
    connection
        .prepare_cached(
            "INSERT INTO event (id, digest, case_id, producer, incarnation, sequence, kind, outcome, effect, revision,
                replaces, position, party, keyid, record, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(rusqlite::params![
            envelope.id.as_bytes(),
            authentic.digest.to_string(),
            envelope.case.as_bytes(),
            envelope.stream.producer.as_bytes(),
            envelope.stream.incarnation.as_bytes(),
            envelope.sequence,
            envelope.kind,
            outcome.as_str(),
            i64::from(revision.is_some()),
            revision,
            envelope.replaces.map(|replaces| *replaces.refused().as_bytes()),
            position,
            authentic.author.id,
            key_of(authentic).as_str(),
            authentic.signed.record,
            authentic.signed.signature.value.as_bytes(),
        ])?;
    Ok(index)
}
