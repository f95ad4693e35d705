//! What only a sandbox offers: moving the clock, looking into the ledger, making faults, going back to a backup.

mod backup;
mod faults;
mod ledger;
mod quarantine;
mod revocation;

pub(crate) use self::faults::{Faults as FaultsOnRequest, strike};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tongqiao_protocol::{Amount, ErrorCode, Timestamp};

use crate::app::AppState;
use crate::bill::{self, BankMode};
use crate::database::DatabaseError;
use crate::enrolment::Grant;
use crate::json::{self, Faults, Members};
use crate::keys::{PlatformKeys, Step};
use crate::refusal::Refusal;
use crate::{alarm, enrolment, keys};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/sandbox/enrolment-codes", post(make_code))
        .route("/sandbox/clock", get(show_clock).post(move_clock))
        .route("/sandbox/ledger", get(ledger::show))
        .route("/sandbox/backup", post(backup::back_up))
        .route("/sandbox/restore", post(backup::restore))
        .route("/sandbox/faults", get(faults::show).post(faults::set))
        .route("/sandbox/bank", post(set_bank))
        .route("/sandbox/bank-statement", post(falsify_bank))
        .route("/sandbox/platform-keys", post(rotate_keys))
        .route("/sandbox/alarms", get(show_alarms))
        .route("/sandbox/revoke", post(revocation::revoke))
        .route("/sandbox/quarantine", get(quarantine::show))
        .route("/sandbox/quarantine/release", post(quarantine::release))
}

/// `{"party"?, "kind"?, "divisions"?: [code…], "carries"?: [party…], "joins"?: [party…], "handles"?: [code…],
/// "accepts"?: [code…]}` → `{"code", "expires"}`.
async fn make_code(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let document = if body.is_empty() { json!({}) } else { json::document(&body)? };
    let grant = Grant::read(&document)?;
    let expires = app.clock.now().plus_millis(enrolment::CODE_LIFE_MILLIS);
    let code = app.database.write(move |connection| enrolment::make_code(connection, &grant, expires));
    Ok(Json(json!({ "code": code.await?, "expires": expires })))
}

async fn show_clock(State(app): State<AppState>) -> Json<Value> {
    Json(json!({ "now": app.clock.now() }))
}

/// `{"advance_millis": n}` or `{"set": "2026-11-23T14:00:00.000+08:00"}`.
async fn move_clock(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    match clock_order(&body)? {
        ClockOrder::Set(instant) => app.clock.set(instant),
        ClockOrder::AdvanceMillis(millis) => app.clock.advance_millis(millis),
    }
    Ok(Json(json!({ "now": app.clock.now() })))
}

enum ClockOrder {
    Set(Timestamp),
    AdvanceMillis(i64),
}

fn clock_order(body: &[u8]) -> Result<ClockOrder, Refusal> {
    const CENTURIES: i64 = 10_000_000_000_000;
    let document = json::document(body)?;
    let faults = Faults::default();
    let order = Members::of(&document, &faults).and_then(|members| match members.value("set") {
        Some(_) => members.optional_parsed("set").map(ClockOrder::Set),
        None => members.integer("advance_millis", -CENTURIES, CENTURIES).map(ClockOrder::AdvanceMillis),
    });
    order.ok_or_else(|| faults.into_refusal())
}

/// `{"mode": "prompt" | "held" | "failing"}`: what the bank does with refunds. Pending ones are looked at anew.
async fn set_bank(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let document = json::document(&body)?;
    let mode = match document.get("mode").and_then(Value::as_str) {
        Some("prompt") => BankMode::Prompt,
        Some("held") => BankMode::Held,
        Some("failing") => BankMode::Failing,
        _ => return Err(Refusal::at("/mode", ErrorCode::RequestInvalidValue)),
    };
    app.bank.set(mode);
    bill::wake_bank(&app);
    Ok(Json(document))
}

/// `{"transaction", "amount"?, "at"?}`: the bank's statement names another sum or another time for it, or does not have it.
async fn falsify_bank(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let document = json::document(&body)?;
    let faults = Faults::default();
    let read = Members::of(&document, &faults).and_then(|members| {
        let transaction = members.text("transaction")?.to_owned();
        let said = (members.optional_parsed::<Amount>("amount"), members.optional_parsed::<Timestamp>("at"));
        Some((transaction, said))
    });
    let (Some((transaction, (amount, at))), true) = (read, faults.is_empty()) else {
        return Err(faults.into_refusal());
    };
    let falsified =
        app.database.write(move |connection| bill::falsify_bank_statement(connection, &transaction, amount, at));
    if falsified.await? { Ok(Json(document)) } else { Err(Refusal::at("/transaction", ErrorCode::RequestInvalidValue)) }
}

/// `{"step": "announce" | "take-over" | "revoke-former"}`: a step of changing the platform's own keys.
async fn rotate_keys(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let invalid = || Refusal::at("/step", ErrorCode::RequestInvalidValue);
    let document = json::document(&body)?;
    let step = match document.get("step").and_then(Value::as_str) {
        Some("announce") => Step::Announce,
        Some("take-over") => Step::TakeOver,
        Some("revoke-former") => Step::RevokeFormer,
        _ => return Err(invalid()),
    };
    let now = app.clock.now();
    let rotated = app.database.write(move |connection| {
        let rotated = keys::rotate(connection, step, now)?;
        Ok::<_, DatabaseError>(rotated.then_some(PlatformKeys::load(connection)?))
    });
    app.reload(rotated.await?.ok_or_else(invalid)?, app.epoch());
    Ok(Json(document))
}

/// What a human should have seen.
async fn show_alarms(State(app): State<AppState>) -> Result<Json<Value>, Refusal> {
    let alarms = app.database.read(alarm::all).await?;
    Ok(Json(json!({ "alarms": alarms })))
}
