//! The records of a case as their authors signed them, for the parties whose case it is.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::limits::{BATCH_BYTES_MAX, CASE_EVENTS_MAX, SEQUENCE_MAX};
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{CaseId, ErrorCode, Fault, SignatureValue, SignedRecord};

use super::find;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::{Caller, Signed};
use crate::refusal::Refusal;

pub(super) async fn show(
    State(app): State<AppState>,
    Path(case): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let case: CaseId = case.parse().map_err(|_| Refusal::at("/case", ErrorCode::RequestInvalidValue))?;
    let after = match asked.get("after").map(|text| text.parse::<u64>()) {
        None => 0,
        Some(Ok(after)) if after <= SEQUENCE_MAX => after.cast_signed(),
        Some(_) => {
            let fault = Fault::new("/query/after", ErrorCode::RequestOutOfRange);
            return Err(Refusal::of_faults(vec![fault.with("expected", format!("0 to {SEQUENCE_MAX}"))]));
        }
    };
    app.database.read(move |connection| page(connection, case, after, &caller)).await.map(Json)
}

fn page(connection: &Connection, case: CaseId, after: i64, caller: &Caller) -> Result<Value, Refusal> {
    let file = find(connection, case)?
        .filter(|file| file.concerns(&caller.party))
        .ok_or_else(|| Refusal::new(ErrorCode::CaseUnknown))?;
    let (events, next) = events(connection, case, after)?;
    Ok(json!({ "case": case, "number": file.number, "revision": file.revision, "events": events, "next": next }))
}

/// Effective events behind a revision, as many as one answer may hold, and the revision of the last of them.
fn events(connection: &Connection, case: CaseId, after: i64) -> Result<(Vec<Value>, i64), DatabaseError> {
    let (mut events, mut next, mut bytes) = (Vec::new(), after, 0);
    let mut statement = connection.prepare_cached(
        "SELECT revision, position, party, record, keyid, signature FROM event
         WHERE case_id = ?1 AND effect = 1 AND revision > ?2 ORDER BY revision LIMIT ?3",
    )?;
    let most = i64::try_from(CASE_EVENTS_MAX).unwrap_or(i64::MAX);
    let mut rows = statement.query((case.as_bytes(), after, most))?;
    while let Some(row) = rows.next()? {
        let (revision, position, party): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (record, keyid, value): (Vec<u8>, String, [u8; 64]) = (row.get(3)?, row.get(4)?, row.get(5)?);
        bytes += record.len();
        if bytes > BATCH_BYTES_MAX && !events.is_empty() {
            break;
        }
        let keyid = keyid.parse().map_err(|_| DatabaseError::Corrupt("key of an event"))?;
        let signature = RecordSignature { keyid, value: SignatureValue::from_bytes(value) };
        let signed = SignedRecord { record, signature };
        events.push(json!({ "revision": revision, "position": position, "party": party, "signed": signed }));
        next = revision;
    }
    Ok((events, next))
}
