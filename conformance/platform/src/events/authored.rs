//! The platform as an author: orders of the supervisor, and what applicants do at its own portal.
//!
//! Its events are signed with its own key, stand in a stream of their own and are judged, logged and receipted like
//! everybody's. Unlike everybody's, one that may not happen leaves nothing behind: the platform is told at once, and no place
//! of its stream waits for a replacement.

use axum::Json;
use axum::extract::State;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Map, Value, json};
use tongqiao_protocol::case::CaseEvent;
use tongqiao_protocol::key_directory::PLATFORM_PARTY;
use tongqiao_protocol::{CaseId, Digest, ErrorCode, EventId, Language, RecordKind, Suite, Timestamp};

use super::decision::{self, Decided, Verdict};
use super::envelope::Envelope;
use super::result;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::json::{self, Faults, Members};
use crate::keys::PlatformKeys;
use crate::record::Authentic;
use crate::refusal::Refusal;
use crate::{case, crypto, epoch, receipt};

/// What the platform is to say.
struct Wish {
    event: Option<EventId>,
    case: CaseId,
    kind: String,
    data: Map<String, Value>,
}

/// `{"case", "kind", "data", "event"?}` → the result of the event, as for any author. With an id of the caller's own the same
/// wish counts once.
pub(super) async fn cause(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let document = json::document(&body)?;
    let faults = Faults::default();
    let wish = Members::of(&document, &faults).and_then(|members| {
        let event = members.value("event").and_then(|_| members.optional_parsed::<EventId>("event"));
        let (case, kind) = (members.parsed::<CaseId>("case"), members.text("kind"));
        let data = members.object("data").and_then(|_| document.get("data")?.as_object().cloned());
        Some(Wish { event, case: case?, kind: kind?.to_owned(), data: data? })
    });
    let (Some(wish), true) = (wish, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let (keys, suite, now) = (app.keys(), app.settings.suite, app.clock.now());
    let state = app.clone();
    let said = app.database.write(move |connection| say(connection, &state, &keys, suite, wish, now));
    said.await.map(Json)
}

fn say(
    connection: &Connection,
    app: &AppState,
    keys: &PlatformKeys,
    suite: Suite,
    wish: Wish,
    now: Timestamp,
) -> Result<Value, Refusal> {
    if let Some(event) = wish.event
        && let Some(receipt) = said_before(connection, event, &wish)?
    {
        return Ok(result(Some(event), Verdict::Duplicate(receipt), Language::Chinese));
    }
    let record = compose(connection, &wish, now)?;
    let signed = keys.sign_record(suite, RecordKind::Event, record.to_string().into_bytes())?;
    let digest = Digest::of(suite, &signed.record);
    let authentic = Authentic { signed, digest, author: Party::platform(), doubt: None };
    let arrivals = vec![Envelope::arrival(authentic)];
    let Decided { verdicts, .. } = decision::decide_all(connection, app, arrivals, keys, suite, now)?;
    match verdicts.into_iter().next() {
        Some((id, verdict @ Verdict::Settled(_))) => Ok(result(id, verdict, Language::Chinese)),
        // An error takes back what was written: the platform's own stream is never held.
        Some((_, Verdict::Refused(_, refusal) | Verdict::NotTaken(refusal))) => Err(refusal),
        _ => Err(Refusal::new(ErrorCode::InternalDefect)),
    }
}

/// The receipt of an event of the platform with this id, when it says the same.
fn said_before(connection: &Connection, event: EventId, wish: &Wish) -> Result<Option<Value>, Refusal> {
    let known: Option<(Vec<u8>, i64)> = connection
        .prepare_cached("SELECT record, position FROM event WHERE party = ?1 AND id = ?2")
        .and_then(|mut statement| {
            statement.query_row((PLATFORM_PARTY, event.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(DatabaseError::from)?;
    let Some((record, position)) = known else { return Ok(None) };
    let said = CaseEvent::parse(&record).map_err(|_| DatabaseError::Corrupt("event of the platform"))?;
    let data: Value = serde_json::from_slice(&record).map_err(|_| DatabaseError::Corrupt("event of the platform"))?;
    if said.case != wish.case || said.data.name() != wish.kind || data["data"] != Value::Object(wish.data.clone()) {
        return Err(Refusal::at("/event", ErrorCode::EventIdConflict));
    }
    Ok(Some(receipt::at(connection, position)?))
}

/// The next event of the platform's stream of this case.
fn compose(connection: &Connection, wish: &Wish, now: Timestamp) -> Result<Value, Refusal> {
    let random = crypto::random::<10>().map_err(|_| Refusal::new(ErrorCode::InternalDefect))?;
    let id = wish.event.unwrap_or_else(|| EventId::from_time_and_random(now, random));
    let (producer, incarnation) = stream(connection)?;
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT last_sequence FROM stream
             WHERE party = ?1 AND producer = ?2 AND incarnation = ?3 AND case_id = ?4",
        )
        .and_then(|mut statement| {
            let key = (PLATFORM_PARTY, producer.as_bytes(), incarnation.as_bytes(), wish.case.as_bytes());
            statement.query_row(key, |row| row.get(0)).optional()
        })
        .map_err(DatabaseError::from)?;
    Ok(json!({
        "specversion": "1.0", "id": id, "source": format!("urn:tongqiao:party:{PLATFORM_PARTY}"),
        "type": format!("cn.tongqiao.case.{}.v1", wish.kind), "subject": wish.case, "time": now,
        "datacontenttype": "application/json", "producer": producer, "incarnation": incarnation,
        "sequence": last.unwrap_or(0) + 1, "revision": case::revision(connection, wish.case)?.unwrap_or(0),
        "dataclass": "personal", "clock": "attested", "data": wish.data,
    }))
}

/// One producer for as long as the platform exists; an epoch is an incarnation, so that a restored platform, which has
/// forgotten how far its streams went, begins new ones.
fn stream(
    connection: &Connection,
) -> Result<(tongqiao_protocol::ProducerId, tongqiao_protocol::IncarnationId), DatabaseError> {
    let first: [u8; 16] =
        connection.query_row("SELECT epoch FROM epoch ORDER BY number LIMIT 1", [], |row| row.get(0))?;
    let now = epoch::current(connection)?.ok_or(DatabaseError::Corrupt("no epoch"))?.epoch;
    let incarnation = tongqiao_protocol::IncarnationId::from_bytes(*now.as_bytes());
    Ok((tongqiao_protocol::ProducerId::from_bytes(first), incarnation))
}
