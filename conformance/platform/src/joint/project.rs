//! The cases of a construction project, stage by stage.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, Fault, Faults, ProjectCode};

use super::{member, view};
use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(super) async fn show(
    State(app): State<AppState>,
    Path(project): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    let project = ProjectCode::parse(&project).map_err(|found| {
        let mut faults = Faults::new();
        faults.push_identifier("/project", &found);
        Refusal::of_faults(faults.iter().cloned().collect::<Vec<Fault>>())
    })?;
    let cases = app.database.read(move |connection| {
        let cases = cases(connection, &project, &caller.party)?;
        Ok::<_, DatabaseError>(json!({ "project": project, "cases": cases }))
    });
    Ok(Json(cases.await?))
}

/// Those that the caller may see, in the order in which they were opened. A project of which he may see none looks like one that
/// nobody has applied for.
fn cases(connection: &Connection, project: &ProjectCode, party: &Party) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT case_id, stage FROM case_project JOIN case_file USING (case_id) WHERE project = ?1 ORDER BY opened, case_id",
    )?;
    let rows = statement
        .query_map([project.as_str()], |row| Ok((CaseId::from_bytes(row.get(0)?), row.get::<_, String>(1)?)))?;
    let mut cases = Vec::new();
    for row in rows {
        let (case, stage) = row?;
        let Some(file) = case::find(connection, case)?.filter(|file| view::is_shown(file, party)) else { continue };
        let mut shown = json!({
            "case": case, "number": file.number, "stage": stage, "state": file.state, "division": file.division,
            "item": { "code": file.item_code, "version": file.item_version }, "responsible": file.responsible,
            "opened": file.opened, "changed": file.changed,
        });
        if let Some(lead) = member::lead_of(connection, case)? {
            shown["lead"] = json!(lead);
        }
        cases.push(shown);
    }
    Ok(cases)
}
