//! A decision entered: a position of the log, the event's row, and where its stream stands then.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::Language;

use super::decision::Pending;
use super::envelope::{Envelope, key_of};
use super::stream;
use crate::case;
use crate::database::DatabaseError;
use crate::receipt::{Batch, Decision, Outcome};
use crate::record::Authentic;
use crate::refusal::Refusal;

/// Where a decided event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In its stream's next place: the stream moves on, or waits for its replacement.
    Next,
    /// Beside it: the place is settled by, or held for, another event.
    Beside,
}

/// What a decision is written with.
pub(super) struct Entry<'a> {
    pub(super) connection: &'a Connection,
    pub(super) batch: &'a mut Batch,
    pub(super) authentic: &'a Authentic,
    pub(super) envelope: &'a Envelope,
}

impl Entry<'_> {
    /// Settled; `revision` when it moved the case.
    pub(super) fn settle(mut self, revision: Option<i64>, place: Place) -> Result<Pending, DatabaseError> {
        let index = self.write(Outcome::Settled, revision, place, None)?;
        if place == Place::Next {
            stream::advance(self.connection, self.envelope)?;
        }
        Ok(Pending::Settled(index))
    }

    /// Refused for good.
    pub(super) fn refuse(mut self, refusal: Refusal, place: Place) -> Result<Pending, DatabaseError> {
        let index = self.write(Outcome::Refused, None, place, Some(&refusal))?;
        if place == Place::Next {
            stream::block(self.connection, self.envelope)?;
        }
        Ok(Pending::Refused(index, refusal))
    }

    /// What an alarm says of the event.
    pub(super) fn detail(&self) -> Value {
        let (envelope, stream) = (self.envelope, &self.envelope.stream);
        json!({
            "event": envelope.id, "party": envelope.source, "case": envelope.case, "producer": stream.producer,
            "incarnation": stream.incarnation, "sequence": envelope.sequence,
        })
    }

    fn write(
        &mut self,
        outcome: Outcome,
        revision: Option<i64>,
        place: Place,
        refusal: Option<&Refusal>,
    ) -> Result<usize, DatabaseError> {
        let (connection, authentic, envelope) = (self.connection, self.authentic, self.envelope);
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
        let (index, position) = self.batch.add(decision);
        connection
            .prepare_cached(
                "INSERT INTO event (party, id, digest, case_id, producer, incarnation, sequence, in_place, kind, outcome,
                    effect, revision, replaces, position, keyid, record, signature)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?
            .execute(rusqlite::params![
                authentic.author.id,
                envelope.id.as_bytes(),
                authentic.digest.to_string(),
                envelope.case.as_bytes(),
                envelope.stream.producer.as_bytes(),
                envelope.stream.incarnation.as_bytes(),
                envelope.sequence,
                place == Place::Next,
                envelope.kind,
                outcome.as_str(),
                revision.is_some(),
                revision,
                envelope.replaces.map(|replaces| *replaces.refused().as_bytes()),
                position,
                key_of(authentic).as_str(),
                authentic.signed.record,
                authentic.signed.signature.value.as_bytes(),
            ])?;
        connection
            .prepare_cached("DELETE FROM deferral WHERE party = ?1 AND event = ?2")?
            .execute((&authentic.author.id, envelope.id.as_bytes()))?;
        Ok(index)
    }
}
