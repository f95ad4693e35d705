//! The transparency log: signed checkpoints of the log of receipts, and proofs that lead to them.
//!
//! Open to everybody: whoever holds a receipt can prove it without an account, and a proof shows nothing but hashes.

mod tree;

use std::collections::HashMap;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use rusqlite::Connection;
use tongqiao_protocol::receipt::TreeHash;
use tongqiao_protocol::transparency::{Checkpoint, ConsistencyProof, InclusionProof};
use tongqiao_protocol::{EpochId, ErrorCode, Fault, RecordKind, SignedRecord};

pub(crate) use self::tree::LogTree;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::epoch;
use crate::json::Faults;
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/log/checkpoint", get(checkpoint))
        .route("/v1/log/inclusion", get(inclusion))
        .route("/v1/log/consistency", get(consistency))
}

async fn checkpoint(State(app): State<AppState>) -> Result<Json<SignedRecord>, Refusal> {
    let now = app.clock.now();
    let state = app.database.read(move |connection| {
        let tree = LogTree::open(connection)?;
        let size = tree.size()?;
        let root = TreeHash(tree.root(size)?);
        let size = size.cast_unsigned();
        Ok::<_, DatabaseError>(Checkpoint { epoch: running(connection)?, size, root, time: now, suite: tree.suite() })
    });
    let state = state.await?;
    let record = serde_json::to_vec(&state).map_err(|_| DatabaseError::Corrupt("checkpoint"))?;
    Ok(Json(app.keys().sign_record(state.suite, RecordKind::Checkpoint, record)?))
}

async fn inclusion(
    State(app): State<AppState>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Json<InclusionProof>, Refusal> {
    let [position, size] = numbers(&asked, ["position", "size"])?;
    let proof = app.database.read(move |connection| {
        let tree = LogTree::open(connection)?;
        within("size", size, 1, tree.size()?)?;
        within("position", position, 0, size - 1)?;
        let path = tree.inclusion(position, size)?.into_iter().map(TreeHash).collect();
        let (position, size) = (position.cast_unsigned(), size.cast_unsigned());
        Ok::<_, Refusal>(InclusionProof { epoch: running(connection)?, position, size, path })
    });
    Ok(Json(proof.await?))
}

async fn consistency(
    State(app): State<AppState>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Json<ConsistencyProof>, Refusal> {
    let [from, to] = numbers(&asked, ["from", "to"])?;
    let proof = app.database.read(move |connection| {
        let tree = LogTree::open(connection)?;
        within("to", to, 0, tree.size()?)?;
        within("from", from, 0, to)?;
        let path = tree.consistency(from, to)?.into_iter().map(TreeHash).collect();
        let (from, to) = (from.cast_unsigned(), to.cast_unsigned());
        Ok::<_, Refusal>(ConsistencyProof { epoch: running(connection)?, from, to, path })
    });
    Ok(Json(proof.await?))
}

fn running(connection: &Connection) -> Result<EpochId, DatabaseError> {
    Ok(epoch::current(connection)?.ok_or(DatabaseError::Corrupt("epoch"))?.epoch)
}

/// Both numbers of a question, or every fault of it.
fn numbers(asked: &HashMap<String, String>, names: [&str; 2]) -> Result<[i64; 2], Refusal> {
    let faults = Faults::default();
    let read = names.map(|name| match asked.get(name).map(|text| text.parse::<i64>()) {
        Some(Ok(number)) => number,
        wrong => {
            let code = if wrong.is_none() { ErrorCode::RequestMissingField } else { ErrorCode::RequestInvalidValue };
            faults.add(Fault::new(&format!("/{name}"), code));
            0
        }
    });
    if faults.is_empty() { Ok(read) } else { Err(faults.into_refusal()) }
}

/// Refuses what this log cannot speak of: it has no such position, or never had that size.
fn within(name: &str, number: i64, least: i64, most: i64) -> Result<(), Refusal> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    let fault = Fault::new(&format!("/{name}"), ErrorCode::RequestOutOfRange);
    Err(Refusal::of_faults(vec![fault.with("least", least).with("most", most)]))
}
