//! `POST /v1/materials/{material}/possession`: whoever has the bytes need not send what is here already.
//!
//! One proof may be tried for each upload. The answer to a wrong proof, and to one about a content that nobody has brought, is
//! the same view as before, and as many bytes are hashed for it: neither words nor time tell whether the content is here.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::OptionalExtension as _;
use serde_json::Value;
use tongqiao_protocol::material::{MaterialState, possession_prefix};
use tongqiao_protocol::{Digest, ErrorCode, MaterialId};

use super::content;
use super::row::MaterialRow;
use super::running_hash::RunningHash;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::json::{self, Faults, Members};
use crate::refusal::Refusal;

/// The bytes that are hashed between two looks at the database.
const STEP_BYTES: u64 = 1024 * 1024;

pub(super) async fn take(
    State(app): State<AppState>,
    Path(material): Path<String>,
    Signed { caller, body }: Signed,
) -> Result<Json<Value>, Refusal> {
    let id = super::id(&material)?;
    let document = json::document(&body)?;
    let faults = Faults::default();
    let proof = Members::of(&document, &faults).and_then(|members| members.parsed::<Digest>("proof"));
    let Some(proof) = proof else { return Err(faults.into_refusal()) };
    let party = caller.party.clone();
    let tried = app.database.write(move |connection| {
        let row = MaterialRow::owned_by(connection, id, &party)?;
        let first = connection
            .prepare_cached(
                "UPDATE material SET proof_tried = 1
                 WHERE material = ?1 AND proof_tried = 0 AND state = 'receiving' RETURNING 1",
            )?
            .query_row([id.as_bytes()], |row| row.get::<_, i64>(0))
            .optional()?;
        let here = MaterialRow::complete_with(connection, &row.digest, row.size)?.first().map(|row| row.content);
        Ok::<_, Refusal>(first.map(|_| (row, here)))
    });
    if let Some((row, here)) = tried.await?
        && proof_of(&app, &row, here).await? == proof
        && let Some(content) = here
    {
        let (state, suite, now) = (app.clone(), caller.suite, app.clock.now());
        let completed = app.database.write(move |connection| {
            match MaterialRow::find(connection, id)?.filter(|row| row.state == MaterialState::Receiving) {
                Some(row) => row.complete(connection, &state, content, suite, now),
                None => Ok(()),
            }
        });
        completed.await?;
    }
    let view = app.database.read(move |connection| {
        let row = MaterialRow::owned_by(connection, id, &caller.party)?;
        Ok::<_, Refusal>(row.view(connection)?)
    });
    view.await.map(Json)
}

/// The proof that the content would give; made of zeros where there is none.
async fn proof_of(app: &AppState, row: &MaterialRow, here: Option<MaterialId>) -> Result<Digest, Refusal> {
    let mut hash = RunningHash::begin(row.digest.suite());
    hash.update(&possession_prefix(&row.salt));
    let mut place = 0;
    while place < row.size {
        let length = STEP_BYTES.min(row.size - place);
        let start = place;
        let piece = app.database.read(move |connection| match here {
            Some(content) => content::read(connection, content, start, length),
            None => Ok::<_, DatabaseError>(vec![0; usize::try_from(length).unwrap_or_default()]),
        });
        let piece = piece.await?;
        let hashing = tokio::task::spawn_blocking(move || {
            hash.update(&piece);
            hash
        });
        hash = hashing.await.map_err(|_| Refusal::new(ErrorCode::InternalDefect))?;
        place += length;
    }
    Ok(hash.finish())
}
