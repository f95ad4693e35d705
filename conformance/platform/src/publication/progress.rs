//! How a case stands, for whoever holds its receipt: case number and query password, no account.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, CaseNumber, Digest, ErrorCode, QueryPassword, Suite, Timestamp};

use super::lock;
use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::json::{self, Faults, Members};
use crate::refusal::Refusal;
use crate::supervision;

/// The answer is one person's: no cache may keep it.
type Private = ([(http::HeaderName, &'static str); 1], Json<Value>);

pub(super) async fn query(State(app): State<AppState>, body: Bytes) -> Result<Private, Refusal> {
    let document = json::document(&body)?;
    let faults = Faults::default();
    let members = Members::of(&document, &faults);
    let read = members.and_then(|members| {
        let number = members.identifier("number", CaseNumber::parse);
        let password = members.text("password").and_then(|text| match QueryPassword::parse(text) {
            Ok(password) => Some(password),
            Err(invalid) => {
                members.explained("password", ErrorCode::RequestInvalidValue, "expected", &invalid.to_string());
                None
            }
        });
        Some((number?, password?))
    });
    let (Some((number, password)), true) = (read, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let (state, now) = (app.clone(), app.clock.now());
    // In the one writer: of guesses that come at once, each is counted before the next is judged.
    let found = app.database.write(move |connection| {
        // The count must be kept although the answer is a refusal.
        Ok::<_, DatabaseError>(answer(connection, &state, &number, &password, now))
    });
    let view = found.await??;
    Ok(([(CACHE_CONTROL, "no-store")], Json(view)))
}

fn answer(
    connection: &Connection,
    app: &AppState,
    number: &CaseNumber,
    password: &QueryPassword,
    now: Timestamp,
) -> Result<Value, Refusal> {
    if let Some(until) = lock::locked_until(connection, number, now)? {
        return Err(locked(until, now));
    }
    let case = case::holder_of(connection, number.as_str())?;
    let opens = match case {
        Some(case) => verifier_of(connection, case)?
            .is_some_and(|kept| kept.parse::<Digest>().is_ok_and(|kept| password.verifier(kept.suite(), case) == kept)),
        // As much work as for a case that there is.
        None => {
            let nobody = CaseId::from_bytes([0; 16]);
            let _: Digest = password.verifier(Suite::International, nobody);
            false
        }
    };
    match case {
        Some(case) if opens => {
            lock::succeeded(connection, number)?;
            view(connection, app, case, now)
        }
        _ => Err(match lock::failed(connection, number, now)? {
            Some(until) => locked(until, now),
            None => Refusal::new(ErrorCode::ProgressMismatch),
        }),
    }
}

fn locked(until: Timestamp, now: Timestamp) -> Refusal {
    let seconds = until.millis_since(now).max(0).unsigned_abs().div_ceil(1_000).max(1);
    let header = HeaderValue::from_str(&seconds.to_string()).unwrap_or(HeaderValue::from_static("900"));
    Refusal::new(ErrorCode::ProgressLocked).with("until", until).header(RETRY_AFTER, header)
}

fn verifier_of(connection: &Connection, case: CaseId) -> Result<Option<String>, DatabaseError> {
    let found: Option<Option<String>> = connection
        .prepare_cached("SELECT query FROM case_publication WHERE case_id = ?1")?
        .query_row([case.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// What the applicant may see: what happened and when, what is asked for, and every deadline; nobody's name.
fn view(connection: &Connection, app: &AppState, case: CaseId, now: Timestamp) -> Result<Value, Refusal> {
    let file = case::find(connection, case)?.ok_or_else(|| Refusal::new(ErrorCode::CaseUnknown))?;
    let guide = app.guide.open(connection)?;
    let item = guide.item(&file.item_code, file.item_version);
    let events = supervision::events(connection, case)?;
    let steps: Vec<Value> = events
        .iter()
        .map(|event| {
            let mut step = json!({ "kind": event.kind, "time": event.time });
            for member in shown(&event.kind) {
                if let Some(value) = event.data.get(*member) {
                    step[*member] = value.clone();
                }
            }
            step
        })
        .collect();
    let deadlines = supervision::of_file(connection, app, case, &file, now)?;
    Ok(json!({
        "number": file.number,
        "item": { "code": file.item_code, "version": file.item_version, "name": item.map(|item| &item.name) },
        "agency": item.map(|item| &item.agency.name),
        "state": file.state,
        "opened": file.opened,
        "changed": file.changed,
        "steps": steps,
        "duties": deadlines["duties"],
        "time": now,
    }))
}

/// The members of an event's data that are meant for the applicant. What is not named here stays inside: the default is
/// silence.
fn shown(kind: &str) -> &'static [&'static str] {
    match kind {
        "correction-requested" => &["lines", "due"],
        "accepted" => &["document_number", "promise"],
        "rejected" => &["reason", "legal_basis", "remedy"],
        "step-recorded" => &["step"],
        "special-begun" => &["procedure", "expected_working_days", "extended_by_days"],
        "special-ended" => &["procedure"],
        "decided" => &["result", "explanation"],
        "delivered" => &["method", "logistics_number"],
        _ => &[],
    }
}
