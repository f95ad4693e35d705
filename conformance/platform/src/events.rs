//! Case events: `POST /v1/case-events` and the receipts of events.

mod application;
mod authored;
mod content;
mod decision;
mod entry;
mod envelope;
mod form;
mod judgement;
mod stream;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::HeaderMap;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::key_directory::PLATFORM_PARTY;
use tongqiao_protocol::limits::BATCH_RECORDS_MAX;
use tongqiao_protocol::{CaseId, ErrorCode, EventId, Language, RecordKind, SignedRecord};

use self::decision::{Decided, Verdict};
pub(crate) use self::envelope::Envelope;
pub(crate) use self::judgement::Effect;
use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::hop::Signed;
use crate::json::{self, Faults, Members};
use crate::receipt;
use crate::record::{self, Authentic};
use crate::refusal::{Refusal, language_of};

/// Records of one batch whose refusal says more than that the signature does not fit: each costs dozens of verifications.
const EXPLAINED_MOST: usize = 4;

/// What the platform causes itself, at its operator's word.
pub(crate) fn sandbox_router() -> Router<AppState> {
    Router::new().route("/sandbox/case-events", post(authored::cause))
}

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/case-events", post(push)).route("/v1/case-events/{event}/receipt", get(find_receipt))
}

/// A record of the batch, as far as it could be read.
pub(crate) enum Arrival {
    /// Genuine, and it says which event of which stream it is.
    Event { authentic: Box<Authentic>, envelope: Box<Envelope> },
    /// Nothing can be recorded: whose it is or what it is cannot be known.
    Unreadable { id: Option<EventId>, refusal: Refusal },
}

async fn push(State(app): State<AppState>, headers: HeaderMap, signed: Signed) -> Result<Json<Value>, Refusal> {
    let language = language_of(&headers);
    let records = read_batch(&json::document(&signed.body)?)?;
    let now = app.clock.now();
    let ids: Vec<_> = records.iter().map(|record| record.signature.keyid.clone()).collect();
    let keys = app.database.read(move |connection| record::keys_of(connection, &ids)).await?;
    let caller = signed.caller;
    let suite = caller.suite;
    // Up to a thousand signatures: not on a thread that serves other requests.
    let state = app.clone();
    let arrivals = tokio::task::spawn_blocking(move || {
        let mut explanations = 0..EXPLAINED_MOST;
        let mut authenticate = |signed| {
            let before = explanations.clone();
            let desk = explanations.next().map(|_| &state.explanations);
            let judged = record::authenticate(RecordKind::Event, signed, &keys, &caller, now, desk);
            if judged.is_ok() {
                explanations = before;
            }
            judged
        };
        records
            .into_iter()
            .map(|signed| match authenticate(signed) {
                Ok(authentic) => Envelope::arrival(authentic),
                Err(refusal) => Arrival::Unreadable { id: None, refusal },
            })
            .collect::<Vec<_>>()
    })
    .await
    .map_err(|_| Refusal::new(ErrorCode::InternalDefect))?;
    let (state, platform_keys) = (app.clone(), app.keys());
    let decided = app
        .database
        .write(move |connection| decision::decide_all(connection, &state, arrivals, &platform_keys, suite, now));
    let Decided { epoch, verdicts } = decided.await?;
    let results: Vec<Value> = verdicts.into_iter().map(|(id, verdict)| result(id, verdict, language)).collect();
    Ok(Json(json!({ "epoch": epoch, "results": results })))
}

fn read_batch(document: &Value) -> Result<Vec<SignedRecord>, Refusal> {
    let faults = Faults::default();
    let records = Members::of(document, &faults).and_then(|members| {
        let count = members.require("events")?.as_array().map_or(0, Vec::len);
        if count > BATCH_RECORDS_MAX {
            faults.add(
                tongqiao_protocol::Fault::new("/events", ErrorCode::RequestBatchTooLarge)
                    .with("limit", BATCH_RECORDS_MAX),
            );
            return None;
        }
        let elements = members.objects("events", BATCH_RECORDS_MAX)?;
        if count == 0 {
            members.fault("events", ErrorCode::RequestEmptyBatch);
        }
        Some(elements.iter().map(record::read).collect::<Vec<_>>())
    });
    match records {
        Some(records) if faults.is_empty() => Ok(records.into_iter().flatten().collect()),
        _ => Err(faults.into_refusal()),
    }
}

fn result(id: Option<EventId>, verdict: Verdict, language: Language) -> Value {
    let mut result = json!({ "id": id });
    match verdict {
        Verdict::Settled(receipt) => {
            result["status"] = json!("settled");
            result["receipt"] = receipt;
        }
        Verdict::Refused(receipt, refusal) => {
            result["status"] = json!("refused");
            result["receipt"] = receipt;
            result["problem"] = json!(refusal.problem(language));
        }
        Verdict::Duplicate(receipt) => {
            result["status"] = json!("duplicate");
            result["receipt"] = receipt;
        }
        Verdict::Deferred(missing) => {
            result["status"] = json!("deferred");
            result["missing"] = missing;
        }
        Verdict::NotTaken(refusal) => {
            result["status"] = json!("refused");
            result["problem"] = json!(refusal.problem(language));
        }
    }
    result
}

async fn find_receipt(
    State(app): State<AppState>,
    Path(event): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let id: EventId = event.parse().map_err(|_| Refusal::at("/event", ErrorCode::RequestInvalidValue))?;
    let found = app.database.read(move |connection| {
        let position = position_of(connection, id, &caller.party)?;
        position.map(|position| receipt::at(connection, position)).transpose()
    });
    found.await?.map(Json).ok_or_else(|| Refusal::new(ErrorCode::ReceiptUnknown))
}

/// Where the event's receipt stands: the caller's own event, or else one of an author that he carries. Somebody else's
/// event looks like none.
fn position_of(connection: &Connection, event: EventId, caller: &Party) -> Result<Option<i64>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT party, position, case_id FROM event WHERE id = ?1 ORDER BY party = ?2 DESC, position",
    )?;
    let mut rows = statement.query((event.as_bytes(), &caller.id))?;
    while let Some(row) = rows.next()? {
        let (author, position, case): (String, i64, [u8; 16]) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // The platform's own event is for everybody whose case it is about.
        let is_shown = caller.may_carry(&author)
            || author == PLATFORM_PARTY
                && case::find(connection, CaseId::from_bytes(case))?.is_some_and(|file| file.concerns(caller));
        if is_shown {
            return Ok(Some(position));
        }
    }
    Ok(None)
}
