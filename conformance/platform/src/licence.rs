//! Use of e-licences 用证: an application that cites a licence instead of a paper says why, and the use is on record for the body
//! that issued it.
//!
//! Uses are only ever added. What may be done with the licence itself is its issuer's affair; here stands who relied on it, when,
//! for which case and for what cause.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::case::{CaseEvent, CaseEventData, Material};
use tongqiao_protocol::{CaseId, CreditCode, Faults, LicenceIdentifier, Timestamp};

use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::hop::Signed;
use crate::refusal::Refusal;

/// The most uses of one answer: the newest.
const USES_MOST: usize = 1_000;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/licences/{licence}/uses", get(show))
}

/// Puts every citation of an effective event on record.
pub(crate) fn note(
    connection: &Connection,
    author: &str,
    event: &CaseEvent,
    revision: i64,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let materials: &[Material] = match &event.data {
        CaseEventData::Applied(application) => &application.materials,
        CaseEventData::Corrected(correction) => &correction.materials,
        _ => return Ok(()),
    };
    let mut insert = connection.prepare_cached(
        "INSERT INTO licence_use (licence, case_id, revision, place, party, cause, used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (place, material) in (0_i64..).zip(materials) {
        if let (Some(licence), Some(cause)) = (&material.licence, &material.cause) {
            let case = event.case.as_bytes();
            insert.execute((licence.as_str(), case, revision, place, author, cause, now.as_millis()))?;
        }
    }
    Ok(())
}

async fn show(
    State(app): State<AppState>,
    Path(licence): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let licence = LicenceIdentifier::parse(&licence).map_err(|found| {
        let mut faults = Faults::new();
        faults.push_identifier("/licence", &found);
        Refusal::of_faults(faults.0)
    })?;
    let uses = app.database.read(move |connection| {
        let uses = uses(connection, &licence, &caller.party)?;
        Ok::<_, DatabaseError>(json!({ "licence": licence, "uses": uses }))
    });
    Ok(Json(uses.await?))
}

/// All uses for whoever handles matters of the issuing body, and for others those that they made themselves. A licence that nobody
/// used and one whose uses are not the caller's business look alike.
fn uses(connection: &Connection, licence: &LicenceIdentifier, party: &Party) -> Result<Vec<Value>, DatabaseError> {
    // An issuer that is only an area is nobody in particular.
    let issuer = CreditCode::parse(licence.issuer()).ok();
    let is_issuer =
        issuer.is_some_and(|issuer| party.scopes.handles.iter().any(|entry| entry.starts_with(issuer.as_str())));
    let mut statement = connection.prepare_cached(
        "SELECT case_id, party, cause, used FROM licence_use WHERE licence = ?1 ORDER BY used DESC, case_id, place",
    )?;
    let rows = statement.query_map([licence.as_str()], |row| {
        let (party, cause): (String, String) = (row.get(1)?, row.get(2)?);
        Ok((CaseId::from_bytes(row.get(0)?), party, cause, Timestamp::from_millis(row.get(3)?)))
    })?;
    let mut uses = Vec::new();
    for row in rows {
        let (case, by, cause, used) = row?;
        if uses.len() == USES_MOST {
            break;
        }
        if !is_issuer && !party.may_carry(&by) {
            continue;
        }
        let file = case::find(connection, case)?.ok_or(DatabaseError::Corrupt("case of a licence's use"))?;
        uses.push(json!({
            "case": case, "number": file.number, "party": by, "cause": cause, "used": used,
            "item": { "code": file.item_code, "version": file.item_version },
        }));
    }
    Ok(uses)
}
