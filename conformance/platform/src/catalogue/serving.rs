//! The routes of the catalogue. It is public data: nobody needs to sign a request for it.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tongqiao_protocol::{RecordKind, SignError, SignedRecord, Suite};

use super::{CatalogueError, change, edition};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::inbox;
use crate::keys::PlatformKeys;

/// Fresh for a minute; a day old is better than nothing (RFC 5861).
const CACHEABLE: &str = "public, max-age=60, stale-if-error=86400";

/// The routes of the catalogue, and the sandbox's way of changing it.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/catalogue", get(snapshot))
        .route("/v1/catalogue/changes", get(changes))
        .route("/sandbox/catalogue/changes", post(publish))
}

/// The latest edition whole, or 304 when the caller holds it.
async fn snapshot(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, CatalogueError> {
    let digest = app.database.read(edition::latest_digest).await?.ok_or(CatalogueError::NothingPublished)?;
    if holds(&headers, &digest) {
        return Ok((StatusCode::NOT_MODIFIED, caching(&digest)).into_response());
    }
    let edition = app.database.read(edition::latest).await?.ok_or(CatalogueError::NothingPublished)?;
    let record = signed_today(&app.keys(), edition.digest.suite(), edition.record).map_err(internal)?;
    Ok((caching(&edition.digest.to_string()), Json(record)).into_response())
}

/// The same bytes under the key that signs now: an edition outlives the key that signed it first.
fn signed_today(keys: &PlatformKeys, suite: Suite, record: SignedRecord) -> Result<SignedRecord, SignError> {
    if record.signature.keyid == *keys.of(suite).key_id() {
        return Ok(record);
    }
    keys.sign_record(suite, RecordKind::Catalogue, record.record)
}

/// Whether `If-None-Match` names this edition. The weak mark is allowed: it compares equal here (RFC 9110, 13.1.2).
fn holds(headers: &HeaderMap, digest: &str) -> bool {
    let named = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == digest)
}

fn caching(digest: &str) -> [(http::HeaderName, String); 2] {
    [(ETAG, format!("\"{digest}\"")), (CACHE_CONTROL, CACHEABLE.to_owned())]
}

#[derive(Debug, Deserialize)]
struct Since {
    since: String,
}

/// What changed since the edition that the caller names by its digest.
async fn changes(
    State(app): State<AppState>,
    wanted: Result<Query<Since>, QueryRejection>,
) -> Result<Response, CatalogueError> {
    let Query(Since { since }) = wanted.map_err(|_| CatalogueError::NoBase)?;
    let editions = app
        .database
        .read(move |connection| {
            Ok::<_, DatabaseError>((edition::with_digest(connection, &since)?, edition::latest(connection)?))
        })
        .await?;
    let (Some(from), Some(to)) = editions else { return Err(CatalogueError::EditionUnknown) };
    let changes = serde_json::to_vec(&change::between(&from, &to)?).map_err(internal)?;
    let record = app.keys().sign_record(to.digest.suite(), RecordKind::Catalogue, changes).map_err(internal)?;
    Ok((caching(&to.digest.to_string()), Json(record)).into_response())
}

#[derive(Debug, Deserialize)]
struct Orders {
    changes: Vec<change::Order>,
}

/// Publishes a changed edition, so that a client's way with deltas can be tried.
async fn publish(
    State(app): State<AppState>,
    orders: Result<Json<Orders>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, CatalogueError> {
    if !app.settings.sandbox {
        return Err(CatalogueError::NoSandbox);
    }
    let Json(Orders { changes }) = orders.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => CatalogueError::TooLarge,
        _ => CatalogueError::Malformed(error.body_text()),
    })?;
    let (keys, now) = (app.keys(), app.clock.now());
    let edition = app
        .database
        .write(move |connection| {
            let former = edition::latest(connection)?.ok_or(CatalogueError::NothingPublished)?;
            let next = change::carry_out(former.snapshot()?, changes, now)?;
            let edition = edition::succeed(connection, &keys, &former, &next)?;
            inbox::catalogue_changed(connection, &edition.digest.to_string(), edition.published)?;
            Ok::<_, CatalogueError>(edition)
        })
        .await?;
    Ok(Json(json!({ "digest": edition.digest, "published": edition.published })).into_response())
}

fn internal(error: impl std::fmt::Display) -> CatalogueError {
    CatalogueError::Internal(error.to_string())
}
