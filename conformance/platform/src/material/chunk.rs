//! `POST /v1/materials/{material}/chunks?offset=…`: a piece of the bytes, as it is, on disk before the yes.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::limits::{MATERIAL_BYTES_MAX, MATERIAL_CHUNK_BYTES_MIN};
use tongqiao_protocol::material::MaterialState;
use tongqiao_protocol::{ErrorCode, Fault, Timestamp};

use super::content;
use super::row::MaterialRow;
use super::running_hash::RunningHash;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(super) async fn take(
    State(app): State<AppState>,
    Path(material): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    Signed { caller, body }: Signed,
) -> Result<Json<Value>, Refusal> {
    let id = super::id(&material)?;
    let mut faults = Vec::new();
    let offset = content::number(&asked, "offset", 0..=MATERIAL_BYTES_MAX - 1, None, &mut faults);
    if body.is_empty() {
        faults.push(Fault::new("", ErrorCode::RequestMissingField));
    }
    if !faults.is_empty() {
        return Err(Refusal::of_faults(faults));
    }
    let now = app.clock.now();
    let taken = app.database.write(move |connection| {
        let row = MaterialRow::owned_by(connection, id, &caller.party)?;
        append(connection, &row, offset, &body, now)?;
        let row = MaterialRow::find(connection, id)?.ok_or(DatabaseError::Corrupt("material"))?;
        Ok::<_, Refusal>(row.view(connection)?)
    });
    taken.await.map(Json)
}

/// Takes what is new of a piece. What is here already must be the same bytes, and is taken for a repetition.
fn append(
    connection: &Connection,
    row: &MaterialRow,
    offset: u64,
    body: &Bytes,
    now: Timestamp,
) -> Result<(), Refusal> {
    if row.state == MaterialState::Refused {
        return Err(row.mismatch());
    }
    if offset > row.received {
        return Err(Refusal::new(ErrorCode::MaterialOffsetMismatch).with("offset", row.received));
    }
    let end = offset + body.len() as u64;
    if end > row.size {
        let fault = Fault::new("/query/offset", ErrorCode::RequestOutOfRange);
        let expected = format!("a piece that ends at {} or before", row.size);
        return Err(Refusal::of_faults(vec![fault.with("expected", expected)]));
    }
    let known = usize::try_from((row.received - offset).min(body.len() as u64)).unwrap_or(body.len());
    let (before, new) = body.split_at(known);
    if !before.is_empty() && content::read(connection, row.content, offset, before.len() as u64)? != before {
        return Err(Refusal::new(ErrorCode::MaterialChunkConflict).with("offset", offset));
    }
    if new.is_empty() {
        return Ok(());
    }
    // A file in pieces of a byte would cost more rows than bytes; only its end may be short.
    if new.len() < MATERIAL_CHUNK_BYTES_MIN && end < row.size {
        return Err(Refusal::new(ErrorCode::MaterialOffsetMismatch).with("offset", row.received));
    }
    let mut hash = RunningHash::from_state(row.digest.suite(), &row.hash)?;
    hash.update(new);
    connection.prepare_cached("INSERT INTO material_chunk (content, start, bytes) VALUES (?1, ?2, ?3)")?.execute((
        row.id.as_bytes(),
        row.received.cast_signed(),
        new,
    ))?;
    connection
        .prepare_cached("UPDATE material SET received = ?2, hash = ?3, changed = ?4 WHERE material = ?1")?
        .execute((row.id.as_bytes(), end.cast_signed(), hash.state(), now.as_millis()))?;
    Ok(())
}
