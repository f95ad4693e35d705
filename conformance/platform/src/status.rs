//! What anybody may ask: is it alive, what time is it, which epoch runs.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};
use tongqiao_protocol::epoch::{EpochStatement, KeptEpoch};
use tongqiao_protocol::{RecordKind, SignedRecord};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::epoch;
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(healthz)).route("/v1/time", get(time)).route("/v1/epoch", get(current_epoch))
}

async fn healthz(State(app): State<AppState>) -> Result<&'static str, Refusal> {
    app.database.read(epoch::log_size).await?;
    Ok("ok\n")
}

/// The beacon for boxes with a dead clock battery: unauthenticated, so that they can get in at all.
async fn time(State(app): State<AppState>) -> Json<Value> {
    Json(json!({ "time": app.clock.now() }))
}

async fn current_epoch(State(app): State<AppState>) -> Result<Json<SignedRecord>, Refusal> {
    let state = app.database.read(|connection| {
        Ok::<_, DatabaseError>((
            epoch::current(connection)?,
            epoch::log_size(connection)?,
            epoch::previous(connection)?,
        ))
    });
    let (current, log_size, previous) = state.await?;
    let current = current.ok_or(DatabaseError::Corrupt("epoch"))?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let statement = EpochStatement {
        epoch: current.epoch,
        started: current.started,
        log_size: count(log_size),
        previous: previous.into_iter().map(|(epoch, kept)| KeptEpoch { epoch, kept: count(kept) }).collect(),
    };
    let record = json!(statement).to_string().into_bytes();
    Ok(Json(app.keys().sign_record(app.settings.suite, RecordKind::Epoch, record)?))
}
