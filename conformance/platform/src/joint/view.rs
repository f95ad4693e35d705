//! How a joint procedure stands, for whoever has a part in it.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, ErrorCode};

use super::member;
use crate::app::AppState;
use crate::case::{self, CaseFile};
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(super) async fn show(
    State(app): State<AppState>,
    Path(case): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let case: CaseId = case.parse().map_err(|_| Refusal::at("/case", ErrorCode::RequestInvalidValue))?;
    app.database.read(move |connection| view(connection, case, &caller.party)).await.map(Json)
}

/// Whether a case is shown to a party.
pub(super) fn is_shown(file: &CaseFile, party: &Party) -> bool {
    file.concerns(party) || party.may_write_for(&file.division)
}

fn view(connection: &Connection, case: CaseId, party: &Party) -> Result<Value, Refusal> {
    let unknown = || Refusal::new(ErrorCode::CaseUnknown);
    case::find(connection, case)?.filter(|file| is_shown(file, party)).ok_or_else(unknown)?;
    let lead = member::lead_of(connection, case)?;
    let closes = lead.map(|lead| member::closes(connection, lead)).transpose()?.flatten();
    let mut cases = Vec::new();
    match lead {
        // A case of its own is a procedure of one.
        None => cases.push(row(connection, case, "lead")?),
        Some(lead) => {
            let members = member::all(connection, lead)?;
            if !members.iter().any(member::Member::is_lead) {
                // A partner may arrive before the case that leads it.
                cases.push(row(connection, lead, "lead")?);
            }
            for one in members {
                // Whoever has a part in one case sees how the others stand, and nothing of their content.
                let role = if one.is_lead() { "lead" } else { "partner" };
                cases.push(row(connection, one.case, role)?);
            }
        }
    }
    Ok(json!({ "lead": lead.unwrap_or(case), "closes": closes, "cases": cases }))
}

/// A case as the others of its procedure may see it.
fn row(connection: &Connection, case: CaseId, role: &str) -> Result<Value, DatabaseError> {
    let (state, result) = member::standing(connection, case)?;
    let mut row = json!({ "case": case, "role": role, "state": state });
    if let Some(result) = result {
        row["result"] = json!(result);
    }
    if let Some(file) = case::find(connection, case)? {
        row["number"] = json!(file.number);
        row["item"] = json!({ "code": file.item_code, "version": file.item_version });
        row["responsible"] = json!(file.responsible);
        row["revision"] = json!(file.revision);
    }
    Ok(row)
}
