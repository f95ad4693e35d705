//! Routing 分发: a case goes to the party in charge of its item, wherever it was accepted.
//!
//! In charge of (item, division) is the department whose scope says that it handles the item or its agency, and whose divisions
//! cover the case's: the narrowest of these, by item first and by division then. Where none is found, the accepting department
//! goes on alone if the case lies in its own divisions; else the case waits, is shown to the operator, and is given to the first
//! that enrols for it or that the operator names. It is never refused for that and never forgotten.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::case::{CaseEvent, DataClass};
use tongqiao_protocol::inbox::InboxKind;
use tongqiao_protocol::{CaseId, DivisionCode, ErrorCode, EventId, Timestamp};

use crate::alarm;
use crate::app::AppState;
use crate::case::{self, CaseFile};
use crate::database::DatabaseError;
use crate::directory::{Party, Scopes, find_party};
use crate::inbox::{News, put};
use crate::json::{self, Faults, Members};
use crate::refusal::Refusal;

/// The only kind of party that handles cases.
const DEPARTMENT: &str = "department";

/// The sandbox's operator.
pub(crate) fn sandbox_router() -> Router<AppState> {
    Router::new().route("/sandbox/dispatch", get(show).post(order))
}

/// Who handles cases of an item in a division; `None` while nobody is found, or several with equal right.
pub(crate) fn in_charge_of(
    connection: &Connection,
    item: &str,
    division: &DivisionCode,
    opener: &Party,
) -> Result<Option<String>, DatabaseError> {
    let mut statement = connection.prepare_cached("SELECT party, scopes FROM party WHERE kind = ?1 ORDER BY party")?;
    let parties = statement.query_map([DEPARTMENT], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut best: Option<(usize, usize)> = None;
    let mut entitled: Vec<String> = Vec::new();
    for party in parties {
        let (party, scopes) = party?;
        let scopes: Scopes = serde_json::from_str(&scopes).map_err(|_| DatabaseError::Corrupt("scopes"))?;
        let claim = claim(&scopes, item, division);
        if claim.is_some() && claim >= best {
            if claim > best {
                entitled.clear();
            }
            best = claim;
            entitled.push(party);
        }
    }
    if entitled.len() > 1 && entitled.contains(&opener.id) {
        return Ok(Some(opener.id.clone()));
    }
    Ok(match entitled.pop() {
        Some(party) if entitled.is_empty() => Some(party),
        Some(_) => None,
        None => {
            let is_own = opener.kind == DEPARTMENT && opener.may_write_for(division.as_twelve());
            is_own.then(|| opener.id.clone())
        }
    })
}

/// How narrow a party's claim on the item and the division is; `None` without one.
fn claim(scopes: &Scopes, item: &str, division: &DivisionCode) -> Option<(usize, usize)> {
    let by_item = scopes.handles.iter().filter(|code| item.starts_with(code.as_str())).map(String::len).max()?;
    let covering = scopes.divisions.iter().filter(|scope| scope.contains(division));
    // Of divisions that all cover one, the narrower has the greater code: zeros stand for what is not said.
    let by_division = covering.map(|scope| scope.as_twelve().trim_end_matches('0').len()).max()?;
    Some((by_item, by_division))
}

/// A case has been opened: the party in charge hears of it, or the operator.
pub(crate) fn first(
    connection: &Connection,
    applied: &CaseEvent,
    file: &CaseFile,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let case = applied.case;
    match &file.responsible {
        Some(responsible) if *responsible != file.party => {
            note(connection, case, responsible, "applied", now)?;
            tell(connection, case, file, applied.id, responsible, applied.time)
        }
        Some(_) => Ok(()),
        None => {
            let detail = json!({ "case": case, "item": file.item_code, "division": file.division });
            alarm::raise(connection, "case.undispatched", &detail, now)
        }
    }
}

/// Somebody has enrolled: what waited for it is given to it.
pub(crate) fn waiting(connection: &Connection, now: Timestamp) -> Result<(), DatabaseError> {
    for case in undispatched(connection)? {
        let Some(file) = case::find(connection, case)? else { continue };
        let Some(opener) = find_party(connection, &file.party)? else { continue };
        let division = DivisionCode::parse(&file.division).map_err(|_| DatabaseError::Corrupt("division"))?;
        if let Some(party) = in_charge_of(connection, &file.item_code, &division, &opener)? {
            give(connection, case, &file, &party, "enrolled", now)?;
        }
    }
    Ok(())
}

fn undispatched(connection: &Connection) -> Result<Vec<CaseId>, DatabaseError> {
    let mut statement = connection
        .prepare_cached("SELECT case_id FROM case_file WHERE responsible IS NULL ORDER BY opened, case_id")?;
    let cases = statement.query_map([], |row| row.get(0).map(CaseId::from_bytes))?;
    Ok(cases.collect::<Result<_, _>>()?)
}

fn give(
    connection: &Connection,
    case: CaseId,
    file: &CaseFile,
    party: &str,
    cause: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    connection
        .prepare_cached("UPDATE case_file SET responsible = ?2 WHERE case_id = ?1")?
        .execute((case.as_bytes(), party))?;
    note(connection, case, party, cause, now)?;
    let applied: [u8; 16] = connection
        .prepare_cached("SELECT id FROM event WHERE case_id = ?1 AND effect = 1 ORDER BY revision LIMIT 1")?
        .query_row([case.as_bytes()], |row| row.get(0))?;
    let applied = EventId::from_bytes(applied);
    if party == file.party { Ok(()) } else { tell(connection, case, file, applied, party, now) }
}

fn note(connection: &Connection, case: CaseId, party: &str, cause: &str, now: Timestamp) -> Result<(), DatabaseError> {
    connection
        .prepare_cached("INSERT INTO dispatch (case_id, party, at, cause) VALUES (?1, ?2, ?3, ?4)")?
        .execute((case.as_bytes(), party, now.as_millis(), cause))?;
    Ok(())
}

/// Puts the entry by which a party takes the case over.
fn tell(
    connection: &Connection,
    case: CaseId,
    file: &CaseFile,
    applied: EventId,
    party: &str,
    time: Timestamp,
) -> Result<(), DatabaseError> {
    let turn: i64 = connection
        .prepare_cached("SELECT count(*) FROM dispatch WHERE case_id = ?1")?
        .query_row([case.as_bytes()], |row| row.get(0))?;
    put(
        connection,
        &News {
            addressee: party.to_owned(),
            kind: InboxKind::CaseDispatched,
            subject: case.to_string(),
            cause: [case.as_bytes().as_slice(), &turn.to_be_bytes()].concat(),
            time,
            cause_time: time,
            data_class: DataClass::Personal,
            data: json!({
                "case": case, "number": file.number, "event": applied, "kind": "applied",
                "party": file.party, "revision": file.revision,
            }),
        },
    )
}

/// Cases that wait for somebody to handle them.
async fn show(State(app): State<AppState>) -> Result<Json<Value>, Refusal> {
    let waiting = app.database.read(|connection| {
        let mut waiting = Vec::new();
        for case in undispatched(connection)? {
            let Some(file) = case::find(connection, case)? else { continue };
            waiting.push(json!({
                "case": case, "number": file.number, "item": file.item_code, "division": file.division,
                "party": file.party, "opened": file.opened,
            }));
        }
        Ok::<_, DatabaseError>(waiting)
    });
    Ok(Json(json!({ "waiting": waiting.await? })))
}

/// `{"case", "party"}`: the operator gives a case to a department, also one that another handles already.
async fn order(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let document = json::document(&body)?;
    let faults = Faults::default();
    let read = Members::of(&document, &faults).and_then(|members| {
        let (case, party) = (members.parsed::<CaseId>("case"), members.text("party").map(str::to_owned));
        Some((case?, party?))
    });
    let (Some((case, party)), true) = (read, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let now = app.clock.now();
    let given = app.database.write(move |connection| {
        let file = case::find(connection, case)?.ok_or_else(|| Refusal::new(ErrorCode::CaseUnknown))?;
        let is_fit = find_party(connection, &party)?
            .is_some_and(|party| party.kind == DEPARTMENT && party.may_write_for(&file.division));
        if !is_fit {
            return Err(Refusal::at("/party", ErrorCode::RequestInvalidValue));
        }
        if file.responsible.as_deref() != Some(party.as_str()) {
            give(connection, case, &file, &party, "operator", now)?;
        }
        Ok(json!({ "case": case, "responsible": party }))
    });
    given.await.map(Json)
}
