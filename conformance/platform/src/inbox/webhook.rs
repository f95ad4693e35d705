//! Webhooks: entries brought to an address that the party names, instead of being asked for.
//!
//! A webhook is a quicker way to the same entries, and no other inbox: what is brought is repeated until the addressee
//! acknowledges it with its own signature. An answer of 2xx says only that it was heard.

mod address;
mod post;
mod row;
mod worker;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tongqiao_protocol::{ErrorCode, Fault};

use self::address::Address;
pub(crate) use self::worker::work;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::json::{self, Faults, Members};
use crate::refusal::Refusal;

/// `{"address"}`: names the caller's own address, or takes it back where the member is absent.
pub(super) async fn set(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let document = json::document(&signed.body)?;
    let faults = Faults::default();
    let given = Members::of(&document, &faults).map(|members| members.optional_text("address").map(str::to_owned));
    let (Some(given), true) = (given, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let address = match given {
        None => None,
        Some(text) => Some(Address::parse(&text, app.settings.sandbox).map_err(|expected| {
            let fault = Fault::new("/address", ErrorCode::RequestInvalidValue).with("expected", expected);
            Refusal::of_faults(vec![fault])
        })?),
    };
    let (party, suite, now) = (signed.caller.party.id.clone(), signed.caller.suite, app.clock.now());
    let view = app.database.write(move |connection| {
        match &address {
            Some(address) => row::set(connection, &party, address.as_str(), suite, now)?,
            None => row::remove(connection, &party)?,
        }
        view(connection, &party)
    });
    Ok(Json(view.await?))
}

/// How the caller's own webhook stands.
pub(super) async fn show(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let party = signed.caller.party.id.clone();
    Ok(Json(app.database.read(move |connection| view(connection, &party)).await?))
}

fn view(connection: &rusqlite::Connection, party: &str) -> Result<Value, DatabaseError> {
    let Some(row) = row::find(connection, party)? else { return Ok(json!({ "failures": 0 })) };
    let mut view = json!({ "address": row.address, "failures": row.failures });
    let members = [
        ("last_success", row.last_success.map(|at| json!(at))),
        ("last_failure", row.last_failure.map(|at| json!(at))),
        ("last_reason", row.last_reason.map(|reason| json!(reason))),
        ("next_attempt", (row.failures > 0).then(|| json!(row.next_attempt))),
    ];
    for (member, given) in members {
        if let Some(given) = given {
            view[member] = given;
        }
    }
    Ok(view)
}
