//! The inbox of each party: what the platform has for it, repeated until the addressee acknowledges it.
//!
//! Whoever causes an entry calls [`put`] inside his own transaction: the entry exists exactly when its cause was committed.
//! Nothing here forgets an entry that was not acknowledged, and nobody but the addressee can acknowledge it: a carrier
//! brings entries and the addressee's signed word, never a word of its own.

mod acknowledgement;
mod causes;
mod entry;
mod webhook;

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::limits::{INBOX_ENTRIES_MAX, INBOX_WAIT_SECONDS_MAX};
use tongqiao_protocol::{ErrorCode, Fault, RecordKind};

pub(crate) use self::causes::{MoneyIn, bill_paid, case_event, catalogue_changed, refund_ended, refund_owed};
pub(crate) use self::entry::{News, put};
pub(crate) use self::webhook::work as bring_to_webhooks;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::hop::Signed;
use crate::json::{self, Faults, Members};
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/inbox", get(show))
        .route("/v1/inbox/acknowledgements", post(acknowledgement::take))
        .route("/v1/inbox/webhook", get(webhook::show).post(webhook::set))
}

/// The sandbox's operator.
pub(crate) fn sandbox_router() -> Router<AppState> {
    Router::new().route("/sandbox/notices", post(write_notice))
}

/// What a caller asks of an inbox.
struct Asked {
    addressee: String,
    after: i64,
    limit: usize,
    wait: Duration,
}

/// Entries that nobody acknowledged, in the order of their positions; waits for the first when there is none.
async fn show(
    State(app): State<AppState>,
    Query(asked): Query<HashMap<String, String>>,
    signed: Signed,
) -> Result<Json<Value>, Refusal> {
    let asked = read(&asked, &signed.caller.party)?;
    // Subscribed before the first look, so that nothing slips through between look and wait.
    let mut committed = app.database.committed();
    let patience = tokio::time::sleep(asked.wait);
    tokio::pin!(patience);
    let (addressee, after, limit) = (asked.addressee, asked.after, asked.limit);
    let open = loop {
        let wanted = addressee.clone();
        let open = app.database.read(move |connection| entry::open(connection, &wanted, after, limit)).await?;
        if !open.is_empty() {
            break open;
        }
        tokio::select! {
            () = &mut patience => break open,
            changed = committed.changed() => if changed.is_err() { break open },
        }
    };
    let keys = app.keys();
    let next = open.last().map_or(after, |last| last.position);
    let sign = |open: entry::Open| keys.sign_record(signed.caller.suite, RecordKind::InboxEntry, open.record);
    let entries = open.into_iter().map(sign).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "entries": entries, "next": next, "epoch": app.epoch().epoch })))
}

fn read(asked: &HashMap<String, String>, caller: &Party) -> Result<Asked, Refusal> {
    let mut faults = Vec::new();
    let mut number = |name: &str, least: u64, most: u64, otherwise: u64| match asked.get(name) {
        None => otherwise,
        Some(text) => text.parse().ok().filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            let fault = Fault::new(&format!("/query/{name}"), ErrorCode::RequestOutOfRange);
            faults.push(fault.with("expected", format!("{least} to {most}")));
            otherwise
        }),
    };
    let wait = Duration::from_secs(number("wait", 0, INBOX_WAIT_SECONDS_MAX, 0));
    let after = number("after", 0, tongqiao_protocol::limits::SEQUENCE_MAX, 0).cast_signed();
    let most = INBOX_ENTRIES_MAX as u64;
    let limit = usize::try_from(number("limit", 1, most, most)).unwrap_or(INBOX_ENTRIES_MAX);
    let addressee = asked.get("addressee").cloned().unwrap_or_else(|| caller.id.clone());
    if !faults.is_empty() {
        return Err(Refusal::of_faults(faults));
    }
    if !caller.may_carry(&addressee) {
        return Err(Refusal::new(ErrorCode::ScopeAuthorNotCarried).with("author", &addressee));
    }
    Ok(Asked { addressee, after, limit, wait })
}

/// `{"addressee"?, "zh", "en"?}`: words of the operator for one party or all.
async fn write_notice(State(app): State<AppState>, body: axum::body::Bytes) -> Result<Json<Value>, Refusal> {
    let document = json::document(&body)?;
    let faults = Faults::default();
    let most = tongqiao_protocol::limits::LONG_TEXT_CHARS_MAX;
    let read = Members::of(&document, &faults).and_then(|members| {
        let zh = members.bounded_text("zh", most)?.to_owned();
        let optional = |name| members.optional_text(name).map(str::to_owned);
        Some((optional("addressee"), zh, optional("en")))
    });
    let (Some((addressee, zh, en)), true) = (read, faults.is_empty()) else { return Err(faults.into_refusal()) };
    let mut text = json!({ "zh": zh });
    // What there is not is left out, never `null`.
    if let Some(en) = en {
        text["en"] = json!(en);
    }
    let (now, cause) =
        (app.clock.now(), crate::crypto::random::<16>().map_err(|_| Refusal::new(ErrorCode::InternalDefect))?);
    let written = app.database.write(move |connection| {
        let addressees = match addressee {
            Some(one) => vec![one],
            None => every_party(connection)?,
        };
        for addressee in &addressees {
            put(connection, &News::notice(addressee, &cause, now, text.clone()))?;
        }
        Ok::<_, DatabaseError>(addressees)
    });
    Ok(Json(json!({ "addressees": written.await? })))
}

/// Whoever is enrolled.
fn every_party(connection: &Connection) -> Result<Vec<String>, DatabaseError> {
    let mut statement = connection.prepare_cached("SELECT party FROM party ORDER BY party")?;
    let parties = statement.query_map([], |row| row.get(0))?;
    Ok(parties.collect::<Result<_, _>>()?)
}
