//! Records kept for a human, and his word on them.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{Digest, ErrorCode, RecordId, Timestamp};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::json::{self, Faults, Members};
use crate::record;
use crate::refusal::Refusal;

/// `GET /sandbox/quarantine`: what waits for a human, oldest first, and what he let go.
pub(super) async fn show(State(app): State<AppState>) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({ "records": app.database.read(all).await? })))
}

fn all(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT record_id, digest, keyid, reason, record, arrived, released FROM quarantine ORDER BY arrived, record_id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "record_id": RecordId::from_bytes(row.get(0)?),
            "digest": row.get::<_, String>(1)?,
            "keyid": row.get::<_, String>(2)?,
            "reason": row.get::<_, String>(3)?,
            "record": STANDARD.encode(row.get::<_, Vec<u8>>(4)?),
            "arrived": Timestamp::from_millis(row.get(5)?),
            "released": row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `POST /sandbox/quarantine/release {"record_id", "digest"}`: a human vouches for exactly these bytes. They are judged like
/// any other when their sender offers them next, which he does until he hears a terminal word.
pub(super) async fn release(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let (record, digest) = wish(&body)?;
    let now = app.clock.now();
    let released = app.database.write(move |connection| record::release(connection, record, &digest, now)).await?;
    if !released {
        return Err(Refusal::at("/record_id", ErrorCode::RequestInvalidValue));
    }
    Ok(Json(json!({ "record_id": record, "released": now })))
}

fn wish(body: &[u8]) -> Result<(RecordId, Digest), Refusal> {
    let document = json::document(body)?;
    let faults = Faults::default();
    let wish = Members::of(&document, &faults)
        .and_then(|members| members.parsed::<RecordId>("record_id").zip(members.parsed::<Digest>("digest")));
    wish.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())
}
