//! Materials 材料: announced by digest, brought in pieces, whole when the digest says so; read by those whose cases cite them.
//!
//! A piece is on disk before its yes, and the hash of all that came lies beside it: completing a file of two gigabytes reads
//! none of it again. What is complete is never changed. A digest is no permission: whose content it is, only he learns who may
//! read it, or who proves that he has it.

mod announcement;
mod chunk;
mod citation;
mod completion;
mod content;
mod possession;
mod row;
mod running_hash;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tongqiao_protocol::{ErrorCode, MaterialId};

pub(crate) use self::citation::{cite, of_case};
use self::row::MaterialRow;
use crate::app::AppState;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/materials", post(announcement::take))
        .route("/v1/materials/{material}", get(show))
        .route("/v1/materials/{material}/chunks", post(chunk::take))
        .route("/v1/materials/{material}/possession", post(possession::take))
        .route("/v1/materials/{material}/completion", post(completion::take))
        .route("/v1/materials/{material}/content", get(content::give))
}

/// How it stands.
async fn show(
    State(app): State<AppState>,
    Path(material): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let id = id(&material)?;
    let found = app.database.read(move |connection| {
        let row = MaterialRow::readable_by(connection, id, &caller.party)?;
        Ok::<_, Refusal>(row.view(connection)?)
    });
    found.await.map(Json)
}

fn id(text: &str) -> Result<MaterialId, Refusal> {
    text.parse().map_err(|_| Refusal::at("/material", ErrorCode::RequestInvalidValue))
}
