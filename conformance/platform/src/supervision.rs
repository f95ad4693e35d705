//! Deadlines 时限 and supervision 电子监察: the city's calendar, its rules, and its own word on every clock of a case.
//!
//! Days are counted here by a method of the platform's own: it writes down every day since a clock began and strikes out what
//! does not count. Whoever computed the same offline asks for the platform's signed statement and compares.

mod arrangement;
mod clocks;
mod statement;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use tongqiao_protocol::{CaseId, Digest, ErrorCode, RecordKind, SignedRecord};

use crate::app::AppState;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(crate) use self::arrangement::Arrangement;
pub(crate) use self::statement::{events, of_file};

/// Fresh for an hour; a month old is better than nothing (RFC 5861).
const CACHEABLE: &str = "public, max-age=3600, stale-if-error=2592000";

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/working-calendar", get(calendar))
        .route("/v1/supervision-rules", get(rules))
        .route("/v1/cases/{case}/deadlines", get(deadlines))
}

async fn calendar(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Refusal> {
    published(&app, &headers, RecordKind::WorkingCalendar, app.arrangement.calendar_bytes())
}

async fn rules(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Refusal> {
    published(&app, &headers, RecordKind::SupervisionRules, app.arrangement.rule_bytes())
}

/// A signed document whose bytes do not change while the platform runs; 304 when the caller holds them.
fn published(app: &AppState, headers: &HeaderMap, kind: RecordKind, bytes: &[u8]) -> Result<Response, Refusal> {
    let suite = app.settings.suite;
    let tag = format!("\"{}\"", Digest::of(suite, bytes));
    let caching = [(ETAG, tag.clone()), (CACHE_CONTROL, CACHEABLE.to_owned())];
    let named = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if named.flat_map(|value| value.split(',')).any(|named| named.trim().trim_start_matches("W/") == tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let record = app.keys().sign_record(suite, kind, bytes.to_vec())?;
    Ok((caching, Json(record)).into_response())
}

/// The platform's signed word on the clocks of a case, as they stand now.
async fn deadlines(
    State(app): State<AppState>,
    Path(case): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<SignedRecord>, Refusal> {
    let case: CaseId = case.parse().map_err(|_| Refusal::at("/case", ErrorCode::RequestInvalidValue))?;
    let (state, now) = (app.clone(), app.clock.now());
    let statement =
        app.database.read(move |connection| statement::of_case(connection, &state, case, &caller, now)).await?;
    let record = statement.to_string().into_bytes();
    Ok(Json(app.keys().sign_record(app.settings.suite, RecordKind::Deadlines, record)?))
}
