//! Deciding a batch of events in one transaction, in the order sent.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::case::Replacement;
use tongqiao_protocol::{EpochId, ErrorCode, EventId, Suite, Timestamp};

use super::Arrival;
use super::entry::{Entry, Place};
use super::envelope::Envelope;
use super::judgement::{self, Judged};
use super::stream::{self, Reuse, Turn};
use crate::alarm;
use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::dispatch;
use crate::inbox;
use crate::joint;
use crate::keys::PlatformKeys;
use crate::licence;
use crate::material;
use crate::publication;
use crate::receipt::{self, Batch};
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

/// What a batch came to.
pub(super) struct Decided {
    /// In which its receipts stand.
    pub(super) epoch: EpochId,
    /// In the order sent, with the ids that could be read.
    pub(super) verdicts: Vec<(Option<EventId>, Verdict)>,
}

/// A verdict whose receipt is not written yet.
pub(super) enum Pending {
    Settled(usize),
    Refused(usize, Refusal),
    Duplicate(Repetition),
    Deferred(Value),
    NotTaken(Refusal),
}

/// Where the first receipt of a repeated event is.
pub(super) enum Repetition {
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
) -> Result<Decided, Refusal> {
    let mut batch = Batch::begin(connection, now)?;
    let epoch = batch.epoch();
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
    Ok(Decided { epoch, verdicts: verdicts.collect() })
}

fn decide(
    connection: &Connection,
    app: &AppState,
    batch: &mut Batch,
    authentic: &Authentic,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<Pending, Refusal> {
    // Before anything is looked up or written: another's signature must not take his event's id, place or receipt.
    if envelope.source.as_str() != authentic.author.id {
        return Ok(Pending::NotTaken(Refusal::at("/source", ErrorCode::EventWrongParty)));
    }
    if let Some(repeated) = repetition(connection, batch, authentic, envelope, now)? {
        return Ok(repeated);
    }
    if let Some(reason) = authentic.doubt
        && let Some(refusal) = record::quarantine(connection, authentic, envelope.record_id(), reason, now)?
    {
        return Ok(Pending::NotTaken(refusal));
    }
    let entry = Entry { connection, batch, authentic, envelope };
    match stream::turn(connection, envelope)? {
        Turn::Next => {}
        Turn::Early(missing) => return Ok(Pending::Deferred(missing)),
        Turn::Taken(refusal, reuse) => {
            if reuse == Reuse::Alarming {
                alarm::raise(connection, ErrorCode::EventSequenceReused.code(), &entry.detail(), now)?;
            }
            return Ok(entry.refuse(refusal, Place::Beside)?);
        }
        Turn::Moot => {
            return Ok(match judgement::judge_abandonment(authentic, envelope) {
                Judged::Refused(refusal) => entry.refuse(refusal, Place::Beside)?,
                _ => entry.settle(None, Place::Beside)?,
            });
        }
    }
    let judged = match envelope.replaces {
        Some(Replacement::Abandons(_)) => judgement::judge_abandonment(authentic, envelope),
        _ => judgement::judge(connection, app, authentic, envelope, now)?,
    };
    Ok(match judged {
        Judged::Early(missing) => Pending::Deferred(missing),
        Judged::Effective(effect) => {
            let revision = case::apply(connection, authentic, envelope, &effect, now)?;
            if let Ok(event) = &envelope.event {
                publication::note(app, connection, event, revision)?;
                material::cite(connection, &authentic.author.id, event, revision)?;
                licence::note(connection, &authentic.author.id, event, revision, now)?;
                joint::note(connection, event)?;
                if let Some(file) = case::find(connection, event.case)? {
                    if effect.opening.is_some() {
                        dispatch::first(connection, event, &file, now)?;
                    }
                    inbox::case_event(connection, &file, &authentic.author.id, event, revision)?;
                    joint::tell(connection, &file, &authentic.author.id, event, revision)?;
                }
            }
            entry.settle(Some(revision), Place::Next)?
        }
        Judged::NothingHappened => entry.settle(None, Place::Next)?,
        Judged::Refused(refusal) => entry.refuse(refusal, Place::Next)?,
    })
}

/// The same id before: the first receipt again, or an alarm when the bytes differ.
fn repetition(
    connection: &Connection,
    batch: &Batch,
    authentic: &Authentic,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<Option<Pending>, DatabaseError> {
    let known: Option<(String, i64)> = connection
        .prepare_cached("SELECT digest, position FROM event WHERE party = ?1 AND id = ?2")?
        .query_row((&authentic.author.id, envelope.id.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((known, position)) = known else { return Ok(None) };
    if known != authentic.digest.to_string() {
        let detail = json!({
            "event": envelope.id, "party": authentic.author.id, "first": known, "now": authentic.digest,
        });
        alarm::raise(connection, "event.id_conflict", &detail, now)?;
        return Ok(Some(Pending::NotTaken(Refusal::at("/id", ErrorCode::EventIdConflict))));
    }
    let repetition = match batch.index_at(position) {
        Some(index) => Repetition::InBatch(index),
        None => Repetition::Logged(receipt::at(connection, position)?),
    };
    Ok(Some(Pending::Duplicate(repetition)))
}
