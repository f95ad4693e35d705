//! Cases: opened, moved on, looked at.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tongqiao::{CaseDraft, CaseView, EntryState, Error, EventView};
use tongqiao_protocol::case::CaseEventData;
use tongqiao_protocol::{CaseId, EventId, Language};

use super::fault::{Fault, Speaks, id, object};
use super::{Beside, accepted};

/// The longest time that a question waits for the platform's word.
const WAIT_MOST: u64 = 60;

fn draft(body: &Map<String, Value>, language: Language) -> Result<CaseDraft, Fault> {
    let draft = CaseDraft::from_json(body);
    match body.get("case").and_then(Value::as_str) {
        Some(text) => Ok(draft.case_id(id(text, "/case", language)?)),
        None => Ok(draft),
    }
}

/// `POST /cases`: a draft in, a case out. With `case`, an id of the caller's making, repeating it is harmless.
pub(super) async fn open(State(beside): State<Beside>, speaks: Speaks, body: Bytes) -> Result<Response, Fault> {
    let draft = draft(&object(&body, speaks.0)?, speaks.0)?;
    let opened = beside.client.cases().open(&draft).await.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(accepted(json!({ "case": opened.id(), "number": opened.number(), "event": opened.event() })))
}

/// `POST /cases/check`: all faults of a draft, and nothing else happens.
pub(super) async fn check(State(beside): State<Beside>, speaks: Speaks, body: Bytes) -> Result<Json<Value>, Fault> {
    let draft = draft(&object(&body, speaks.0)?, speaks.0)?;
    beside.client.cases().check(&draft).await.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(Json(json!({ "faults": [] })))
}

/// What an event says: `{"kind", "data"}`.
fn said(body: &Map<String, Value>, language: Language) -> Result<CaseEventData, Fault> {
    let kind = body.get("kind").and_then(Value::as_str).unwrap_or_default();
    let empty = Map::new();
    let data = body.get("data").and_then(Value::as_object).unwrap_or(&empty);
    CaseEventData::from_json(kind, data).map_err(|faults| Fault::from_faults(faults, language))
}

/// `POST /cases/{case}/events`: `{"kind", "data", "event"?}`. With `event`, an id of the caller's making, repeating is harmless.
pub(super) async fn append(
    State(beside): State<Beside>,
    Path(case): Path<String>,
    speaks: Speaks,
    body: Bytes,
) -> Result<Response, Fault> {
    let case: CaseId = id(&case, "/case", speaks.0)?;
    let body = object(&body, speaks.0)?;
    let data = said(&body, speaks.0)?;
    let cases = beside.client.cases();
    let appended = match body.get("event").and_then(Value::as_str) {
        Some(text) => cases.append_once(case, id(text, "/event", speaks.0)?, data).await,
        None => cases.append(case, data).await,
    };
    let appended = appended.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(accepted(json!({ "event": appended.event() })))
}

/// `POST /events/{event}/replacement`: a refused event said anew (`{"kind", "data"}`), or given up (`{"by", "reason"}`).
pub(super) async fn replace(
    State(beside): State<Beside>,
    Path(event): Path<String>,
    speaks: Speaks,
    body: Bytes,
) -> Result<Response, Fault> {
    let event: EventId = id(&event, "/event", speaks.0)?;
    let body = object(&body, speaks.0)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let cases = beside.client.cases();
    let replaced = match (body.contains_key("kind"), body.contains_key("item")) {
        (true, _) => cases.supersede(event, said(&body, speaks.0)?).await,
        (false, true) => cases.supersede_opening(event, &draft(&body, speaks.0)?).await,
        (false, false) => cases.abandon(event, text("by"), text("reason")).await,
    };
    let replaced = replaced.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(accepted(json!({ "event": replaced.event() })))
}

/// `GET /cases/{case}`: the case as this store knows it.
pub(super) async fn show(
    State(beside): State<Beside>,
    Path(case): Path<String>,
    speaks: Speaks,
) -> Result<Json<Value>, Fault> {
    let case = id(&case, "/case", speaks.0)?;
    let view = beside.client.cases().get(case).await.map_err(|error| Fault::said(&error, speaks.0))?;
    view.map(|view| Json(shown(&view))).ok_or_else(|| Fault::of(tongqiao_protocol::ErrorCode::CaseUnknown))
}

fn shown(view: &CaseView) -> Value {
    json!({
        "case": view.case,
        "number": view.number,
        "item": { "code": view.item, "version": view.item_version },
        "division": view.division,
        "opened": view.opened_at,
        "state": view.state.map(|state| state.as_str()),
        "revision": view.revision,
        "events": view.events.iter().map(event_shown).collect::<Vec<_>>(),
    })
}

fn event_shown(event: &EventView) -> Value {
    let state = match event.entry.as_ref().map(|entry| entry.state) {
        // What is no longer kept was settled long ago.
        None | Some(EntryState::Settled { .. }) => "settled",
        Some(EntryState::Pending) => "pending",
        Some(EntryState::Refused { .. }) => "refused",
        Some(EntryState::Replaced { .. }) => "replaced",
        Some(EntryState::Expired) => "expired",
        Some(EntryState::Dead) => "dead",
    };
    let position = event.receipt.as_ref().map(|receipt| receipt.position);
    json!({ "event": event.event, "kind": event.kind, "state": state, "position": position, "problem": event.problem, "replaced_by": event.replaced_by })
}

/// How long a question waits.
#[derive(serde::Deserialize)]
pub(super) struct Waiting {
    #[serde(default)]
    wait: u64,
}

/// `GET /events/{event}?wait=<seconds>`: `pending`, or the platform's word.
pub(super) async fn event(
    State(beside): State<Beside>,
    Path(event): Path<String>,
    Query(Waiting { wait }): Query<Waiting>,
    speaks: Speaks,
) -> Result<Json<Value>, Fault> {
    let event: EventId = id(&event, "/event", speaks.0)?;
    let failed = |error: Error| Fault::said(&error, speaks.0);
    let handle = beside.client.cases().handle(event).await.map_err(failed)?;
    let patience = Duration::from_secs(wait.min(WAIT_MOST));
    let settled = tokio::time::timeout(patience.max(Duration::from_millis(1)), handle.settled()).await;
    let view = beside.client.cases().get(handle.id()).await.map_err(failed)?;
    let found = view.as_ref().and_then(|view| view.events.iter().find(|one| one.event == event));
    match (settled, found) {
        (_, Some(found)) => Ok(Json(event_shown(found))),
        (Ok(Err(error)), None) => Err(failed(error)),
        (_, None) => Ok(Json(json!({ "event": event, "state": "pending" }))),
    }
}
