//! What anybody may ask: is it alive, what time is it, which epoch runs.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};
use tongqiao_protocol::{RecordKind, SignedRecord};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::epoch;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(healthz)).route("/v1/time", get(time)).route("/v1/epoch", get(current_epoch))
}

async fn healthz(State(app): State<AppState>) -> Result<&'static str, http::StatusCode> {
    let alive = app.database.read(epoch::log_size).await;
    alive.map(|_| "ok\n").map_err(|_| http::StatusCode::SERVICE_UNAVAILABLE)
}

/// The beacon for boxes with a dead clock battery: unauthenticated, so that they can get in at all.
async fn time(State(app): State<AppState>) -> Json<Value> {
    Json(json!({ "time": app.clock.now() }))
}

async fn current_epoch(State(app): State<AppState>) -> Result<Json<SignedRecord>, http::StatusCode> {
    let state = app.database.read(|connection| {
        Ok::<_, DatabaseError>((
            epoch::current(connection)?,
            epoch::log_size(connection)?,
            epoch::previous(connection)?,
        ))
    });
    let (current, log_size, previous) = state.await.map_err(|_| http::StatusCode::SERVICE_UNAVAILABLE)?;
    let current = current.ok_or(http::StatusCode::SERVICE_UNAVAILABLE)?;
    let previous: Vec<Value> =
        previous.into_iter().map(|(epoch, kept)| json!({ "epoch": epoch, "kept": kept })).collect();
    let statement = json!({
        "epoch": current.epoch, "started": current.started, "log_size": log_size, "previous": previous,
    });
    app.keys()
        .sign_record(app.settings.suite, RecordKind::Epoch, statement.to_string().into_bytes())
        .map(Json)
        .map_err(|_| http::StatusCode::INTERNAL_SERVER_ERROR)
}
