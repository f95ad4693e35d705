//! `POST /v1/materials/{material}/completion`: nothing is missing, says the sender; the digest decides.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::material::MaterialState;
use tongqiao_protocol::{ErrorCode, Suite, Timestamp};

use super::row::{self, MaterialRow};
use super::running_hash::RunningHash;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(super) async fn take(
    State(app): State<AppState>,
    Path(material): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let id = super::id(&material)?;
    let (state, now) = (app.clone(), app.clock.now());
    let completed = app.database.write(move |connection| {
        let row = MaterialRow::owned_by(connection, id, &caller.party)?;
        complete(connection, &state, &row, caller.suite, now)?;
        let row = MaterialRow::find(connection, id)?.ok_or(DatabaseError::Corrupt("material"))?;
        // What was refused is committed: the bytes are gone, and it stays refused.
        if row.state == MaterialState::Refused {
            let refusal = row.mismatch();
            row::told(id, &refusal);
            return Ok(Err(refusal));
        }
        Ok::<_, Refusal>(Ok(row.view(connection)?))
    });
    completed.await?.map(Json)
}

fn complete(
    connection: &Connection,
    app: &AppState,
    row: &MaterialRow,
    suite: Suite,
    now: Timestamp,
) -> Result<(), Refusal> {
    if row.state != MaterialState::Receiving {
        return Ok(());
    }
    if row.received < row.size {
        return Err(Refusal::new(ErrorCode::MaterialIncomplete).with("offset", row.received).with("size", row.size));
    }
    let found = RunningHash::from_state(row.digest.suite(), &row.hash)?.finish();
    if found == row.digest {
        return row.complete(connection, app, row.id, suite, now);
    }
    row.drop_bytes(connection)?;
    connection
        .prepare_cached(
            "UPDATE material SET state = 'refused', received = 0, found = ?2, changed = ?3 WHERE material = ?1",
        )?
        .execute((row.id.as_bytes(), found.to_string(), now.as_millis()))?;
    Ok(())
}
