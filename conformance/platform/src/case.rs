//! Case files: what the events of a case have come to.

mod records;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, CaseNumber, ErrorCode, EventId, Timestamp};

use crate::app::AppState;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::events::{Effect, Envelope};
use crate::hop::{Caller, Signed};
use crate::material;
use crate::record::Authentic;
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/cases/{case}", get(show)).route("/v1/cases/{case}/events", get(records::show))
}

/// A case as the next event meets it.
#[derive(Debug, Clone)]
pub(crate) struct CaseFile {
    pub(crate) number: Option<String>,
    pub(crate) state: String,
    pub(crate) revision: i64,
    /// Who opened it.
    pub(crate) party: String,
    /// Who handles it; `None` while nobody was found.
    pub(crate) responsible: Option<String>,
    pub(crate) division: String,
    pub(crate) item_code: String,
    pub(crate) item_version: i64,
    pub(crate) applicant: String,
    pub(crate) opened: Timestamp,
    pub(crate) changed: Timestamp,
}

impl CaseFile {
    /// Whether it is the party's case, or that of one whose records the party may carry.
    pub(crate) fn concerns(&self, party: &Party) -> bool {
        party.may_carry(&self.party)
            || self.responsible.as_ref().is_some_and(|responsible| party.may_carry(responsible))
    }
}

/// What an application opens a case with.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) number: String,
    pub(crate) responsible: Option<String>,
    pub(crate) division: String,
    pub(crate) item_code: String,
    pub(crate) item_version: i64,
    /// JSON in which the person cannot be recognised.
    pub(crate) applicant_masked: Value,
}

/// The case, if any event of it is settled.
pub(crate) fn find(connection: &Connection, case: CaseId) -> Result<Option<CaseFile>, DatabaseError> {
    Ok(connection
        .prepare_cached(
            "SELECT number, state, revision, party, division, item_code, item_version, applicant, opened, changed,
                responsible
             FROM case_file WHERE case_id = ?1",
        )?
        .query_row([case.as_bytes()], |row| {
            Ok(CaseFile {
                number: row.get(0)?,
                state: row.get(1)?,
                revision: row.get(2)?,
                party: row.get(3)?,
                division: row.get(4)?,
                item_code: row.get(5)?,
                item_version: row.get(6)?,
                applicant: row.get(7)?,
                opened: Timestamp::from_millis(row.get(8)?),
                changed: Timestamp::from_millis(row.get(9)?),
                responsible: row.get(10)?,
            })
        })
        .optional()?)
}

/// The number of effective events of a case, `None` when there is no case.
pub(crate) fn revision(connection: &Connection, case: CaseId) -> Result<Option<i64>, DatabaseError> {
    Ok(find(connection, case)?.map(|file| file.revision))
}

/// Whether a case number is in use, and by which case.
pub(crate) fn holder_of(connection: &Connection, number: &str) -> Result<Option<CaseId>, DatabaseError> {
    Ok(connection
        .prepare_cached("SELECT case_id FROM case_file WHERE number = ?1")?
        .query_row([number], |row| row.get(0).map(CaseId::from_bytes))
        .optional()?)
}

/// Moves the case by an effective event; gives its new revision.
pub(crate) fn apply(
    connection: &Connection,
    authentic: &Authentic,
    envelope: &Envelope,
    effect: &Effect,
    now: Timestamp,
) -> Result<i64, DatabaseError> {
    if let Some(opening) = &effect.opening {
        connection
            .prepare_cached(
                "INSERT INTO case_file (case_id, number, state, revision, party, division, item_code, item_version,
                    applicant, opened, changed, responsible) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
            )?
            .execute((
                envelope.case.as_bytes(),
                &opening.number,
                &effect.state,
                &authentic.author.id,
                &opening.division,
                &opening.item_code,
                opening.item_version,
                opening.applicant_masked.to_string(),
                now.as_millis(),
                &opening.responsible,
            ))?;
        return Ok(1);
    }
    Ok(connection
        .prepare_cached(
            "UPDATE case_file SET state = ?2, revision = revision + 1, changed = ?3 WHERE case_id = ?1
             RETURNING revision",
        )?
        .query_row((envelope.case.as_bytes(), &effect.state, now.as_millis()), |row| row.get(0))?)
}

async fn show(
    State(app): State<AppState>,
    Path(case): Path<String>,
    Signed { caller, .. }: Signed,
) -> Result<Json<Value>, Refusal> {
    // The number is what stands on the paper in the applicant's hand; its length tells it from an id.
    let wanted = match (case.parse::<CaseId>(), CaseNumber::parse(&case)) {
        (Ok(id), _) => Wanted::Id(id),
        (_, Ok(number)) => Wanted::Number(number),
        _ => return Err(Refusal::at("/case", ErrorCode::RequestInvalidValue)),
    };
    app.database.read(move |connection| view(connection, &wanted, &caller)).await.map(Json)
}

/// How a case is asked for.
enum Wanted {
    Id(CaseId),
    Number(CaseNumber),
}

fn view(connection: &Connection, wanted: &Wanted, caller: &Caller) -> Result<Value, Refusal> {
    let case = match wanted {
        Wanted::Id(id) => Some(*id),
        Wanted::Number(number) => holder_of(connection, number.as_str())?,
    };
    let case = case.ok_or_else(|| Refusal::new(ErrorCode::CaseUnknown))?;
    // Somebody else's case looks like none: an id must not be a way to learn that a case exists.
    let file = find(connection, case)?
        .filter(|file| file.concerns(&caller.party) || caller.party.may_write_for(&file.division))
        .ok_or_else(|| Refusal::new(ErrorCode::CaseUnknown))?;
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, revision, party, position FROM event WHERE case_id = ?1 AND effect = 1 ORDER BY revision",
    )?;
    let events = statement
        .query_map([case.as_bytes()], |row| {
            Ok(json!({
                "id": EventId::from_bytes(row.get(0)?),
                "kind": row.get::<_, String>(1)?,
                "revision": row.get::<_, i64>(2)?,
                "party": row.get::<_, String>(3)?,
                "position": row.get::<_, i64>(4)?,
            }))
        })?
        .collect::<Result<Vec<Value>, _>>()?;
    let applicant: Value =
        serde_json::from_str(&file.applicant).map_err(|_| DatabaseError::Corrupt("masked applicant"))?;
    Ok(json!({
        "case": case,
        "number": file.number,
        "state": file.state,
        "revision": file.revision,
        "party": file.party,
        "responsible": file.responsible,
        "division": file.division,
        "item": { "code": file.item_code, "version": file.item_version },
        "applicant": applicant,
        "opened": file.opened,
        "changed": file.changed,
        "events": events,
        "materials": material::of_case(connection, case)?,
    }))
}
