//! Numbers of a node's lease that it has passed on to a department behind it.
//!
//! The node says so in a record that it signs, so that anybody may bring it: the node itself, or the department, should the node
//! be lost. Numbers of one lease are never two parties': what overlaps with an earlier part is refused, and a human is told.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Value, json};
use tongqiao_protocol::{ErrorCode, IncarnationId, LeaseId, PartyId, ProducerId, RecordId, RecordKind, Timestamp};

use crate::alarm;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::{Caller, Signed};
use crate::json::{self, Faults, Members};
use crate::record::{self, Authentic};
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/case-number-parts", post(bring))
}

async fn bring(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let document = json::document(&signed.body)?;
    let faults = Faults::default();
    let record = Members::of(&document, &faults).and_then(|members| record::read(&members));
    let (Some(record), true) = (record, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let ids = [record.signature.keyid.clone()];
    let keys = app.database.read(move |connection| record::keys_of(connection, &ids)).await?;
    let giver = keys.get(&record.signature.keyid).map(|(_, party)| party.clone());
    // Who brings a part is judged when it can be read; what it says, its own signature vouches for.
    let suite = signed.caller.suite;
    let in_his_name = giver.map_or_else(|| signed.caller.clone(), |party| Caller { party, suite });
    let now = app.clock.now();
    let desk = Some(&app.explanations);
    let authentic = record::authenticate(RecordKind::NumberPart, record, &keys, &in_his_name, now, desk)?;
    let part = Part::read(&json::document(&authentic.signed.record)?)?;
    let caller = signed.caller.party.id;
    if caller != authentic.author.id && caller != part.to.as_str() {
        return Err(Refusal::new(ErrorCode::ScopeAuthorNotCarried).with("author", &authentic.author.id));
    }
    // What is refused may leave an alarm, or a record for a human: it is kept like what is taken.
    let taken = app.database.write(move |connection| take(connection, &authentic, &part, now));
    taken.await?.map(Json)
}

/// What a node has passed on.
struct Part {
    part: LeaseId,
    lease: LeaseId,
    to: PartyId,
    producer: ProducerId,
    incarnation: IncarnationId,
    first: i64,
    last: i64,
}

impl Part {
    fn read(document: &Value) -> Result<Self, Refusal> {
        let faults = Faults::default();
        let part = Members::of(document, &faults).and_then(|members| {
            let (part, lease, to) = (members.parsed("part"), members.parsed("lease"), members.parsed("to"));
            let (producer, incarnation) = (members.parsed("producer"), members.parsed("incarnation"));
            let first = members.integer("first", 1, SERIAL_MOST);
            let last = members.integer("last", first.unwrap_or(1), SERIAL_MOST);
            let _: Option<Timestamp> = members.parsed("given");
            Some(Self {
                part: part?,
                lease: lease?,
                to: to?,
                producer: producer?,
                incarnation: incarnation?,
                first: first?,
                last: last?,
            })
        });
        match part {
            Some(part) if faults.is_empty() => Ok(part),
            _ => Err(faults.into_refusal()),
        }
    }
}

/// The largest serial of ten digits.
const SERIAL_MOST: i64 = 9_999_999_999;

fn take(
    connection: &Connection,
    authentic: &Authentic,
    part: &Part,
    now: Timestamp,
) -> Result<Result<Value, Refusal>, DatabaseError> {
    let digest = authentic.digest.to_string();
    let known: Option<String> = connection
        .prepare_cached("SELECT digest FROM number_part WHERE part = ?1")?
        .query_row([part.part.as_bytes()], |row| row.get(0))
        .optional()?;
    match known {
        Some(known) if known == digest => return Ok(Ok(json!({ "part": part.part }))),
        Some(_) => return conflict(connection, authentic, part, now).map(Err),
        None => {}
    }
    if !authentic.author.may_carry(part.to.as_str()) {
        return Ok(Err(Refusal::at("/to", ErrorCode::ScopeAuthorNotCarried).with("author", &part.to)));
    }
    if !is_within(connection, authentic, part)? {
        return Ok(Err(Refusal::at("/lease", ErrorCode::LeasePartInvalid).with("lease", part.lease)));
    }
    if let Some(reason) = authentic.doubt {
        let record = RecordId::from_bytes(*part.part.as_bytes());
        if let Some(refusal) = record::quarantine(connection, authentic, record, reason, now)? {
            return Ok(Err(refusal));
        }
    }
    if overlaps(connection, part)? {
        return conflict(connection, authentic, part, now).map(Err);
    }
    connection
        .prepare_cached(
            "INSERT INTO number_part (part, digest, lease, party, producer, incarnation, first, last, keyid, record,
                signature, arrived) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute((
            part.part.as_bytes(),
            digest,
            part.lease.as_bytes(),
            part.to.as_str(),
            part.producer.as_bytes(),
            part.incarnation.as_bytes(),
            part.first,
            part.last,
            authentic.signed.signature.keyid.as_str(),
            &authentic.signed.record,
            authentic.signed.signature.value.as_bytes(),
            now.as_millis(),
        ))?;
    Ok(Ok(json!({ "part": part.part })))
}

/// Whether all its numbers lie in one lease of the node that gave them.
fn is_within(connection: &Connection, authentic: &Authentic, part: &Part) -> Result<bool, DatabaseError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM number_lease WHERE lease = ?1 AND party = ?2 AND first <= ?3 AND last >= ?4)",
        )?
        .query_row((part.lease.as_bytes(), &authentic.author.id, part.first, part.last), |row| row.get(0))?)
}

fn overlaps(connection: &Connection, part: &Part) -> Result<bool, DatabaseError> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM number_part WHERE lease = ?1 AND first <= ?3 AND last >= ?2)")?
        .query_row((part.lease.as_bytes(), part.first, part.last), |row| row.get(0))?)
}

/// Two have been told that numbers are theirs: a node was copied, and only a human can say which of both wrote them on paper.
fn conflict(
    connection: &Connection,
    authentic: &Authentic,
    part: &Part,
    now: Timestamp,
) -> Result<Refusal, DatabaseError> {
    let detail = json!({
        "part": part.part, "lease": part.lease, "by": authentic.author.id, "to": part.to,
        "first": part.first, "last": part.last, "digest": authentic.digest,
    });
    alarm::raise(connection, ErrorCode::LeasePartConflict.code(), &detail, now)?;
    Ok(Refusal::at("/first", ErrorCode::LeasePartConflict).with("part", part.part))
}

/// One life of one store of one party: whose numbers are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) party: String,
    pub(crate) producer: ProducerId,
    pub(crate) incarnation: IncarnationId,
}

impl Holder {
    /// From three columns of a row, of which `at` is the first.
    pub(crate) fn of_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            party: row.get(at)?,
            producer: ProducerId::from_bytes(row.get(at + 1)?),
            incarnation: IncarnationId::from_bytes(row.get(at + 2)?),
        })
    }
}

/// To whom a number of a lease was passed on.
pub(crate) fn holder(connection: &Connection, lease: &[u8; 16], serial: i64) -> Result<Option<Holder>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT party, producer, incarnation FROM number_part WHERE lease = ?1 AND first <= ?2 AND last >= ?2",
    )?;
    Ok(statement.query_row((lease, serial), |row| Holder::of_row(row, 0)).optional()?)
}
