//! Items, the inbox, and what waits in the outbox.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde_json::{Value, json};
use tongqiao::{EntryState, Error, ItemQuery};
use tongqiao_protocol::inbox::InboxEntry;

use super::Beside;
use super::fault::{Fault, Speaks, id};

/// What is looked for.
#[derive(serde::Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    division: Option<String>,
}

/// `GET /items?text=&division=`: items of the mirrored catalogue, with what their guides ask for.
pub(super) async fn items(
    State(beside): State<Beside>,
    Query(wanted): Query<Wanted>,
    speaks: Speaks,
) -> Result<Json<Value>, Fault> {
    let mut query = wanted.text.as_deref().map_or_else(ItemQuery::all, ItemQuery::text);
    if let Some(division) = &wanted.division {
        query = query.division(division);
    }
    let found = beside.client.items().find(&query).await.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(Json(json!({ "items": found.iter().map(AsRef::as_ref).collect::<Vec<&tongqiao::Item>>() })))
}

/// `GET /inbox`: entries that are not acknowledged; asks the platform first, where it can be reached.
pub(super) async fn inbox(State(beside): State<Beside>, speaks: Speaks) -> Result<Json<Value>, Fault> {
    let inbox = beside.client.inbox();
    if let Err(error) = inbox.refresh().await {
        tracing::debug!(code = error.code().code(), "the inbox is shown as it is here");
    }
    let entries = inbox.open().await.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(Json(json!({ "entries": entries.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(entry: &InboxEntry) -> Value {
    json!({ "id": entry.id, "kind": entry.kind, "subject": entry.subject, "time": entry.time, "data": entry.data })
}

/// `POST /inbox/{entry}/acknowledgement`: the entry is safe with the caller; it is never shown again.
pub(super) async fn acknowledge(
    State(beside): State<Beside>,
    Path(entry): Path<String>,
    speaks: Speaks,
) -> Result<Json<Value>, Fault> {
    let entry = id(&entry, "/entry", speaks.0)?;
    let done: Result<(), Error> = beside.client.inbox().acknowledge(entry).await;
    done.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(Json(json!({ "acknowledged": entry })))
}

/// `GET /outbox`: how much waits, and what waits for a person.
pub(super) async fn outbox(State(beside): State<Beside>, speaks: Speaks) -> Result<Json<Value>, Fault> {
    let failed = |error: Error| Fault::said(&error, speaks.0);
    let statistics = beside.client.outbox().statistics().await.map_err(failed)?;
    let attention = beside.client.outbox().attention().await.map_err(failed)?;
    let attention = attention.iter().map(|one| {
        let state = match one.entry.state {
            EntryState::Refused { .. } => "refused",
            EntryState::Expired => "expired",
            _ => "dead",
        };
        json!({ "record": one.entry.id, "state": state, "problem": one.problem })
    });
    Ok(Json(json!({
        "waiting": statistics.pending,
        "blocked": statistics.blocked,
        "oldest": statistics.oldest_pending_at,
        "size_bytes": statistics.size_bytes,
        "attention": attention.collect::<Vec<_>>(),
    })))
}
