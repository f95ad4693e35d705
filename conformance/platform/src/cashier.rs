//! The cashier: the page on which a person pays a bill.
//!
//! It works without scripts and loads nothing. Pressing twice pays once: each page carries a token that becomes the
//! transaction number, the answer is a redirect to the page, and a bill that is no longer open takes no payment here.
//! Money that arrives all the same (the bank was faster than the withdrawal of the bill) is a *refund owed*, never an
//! error; the sandbox can make it arrive.

mod bill;
mod page;
mod payment;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tongqiao_protocol::{Amount, Timestamp};

use self::payment::Payment;
pub(crate) use self::payment::Till;
use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;
use crate::keys::PlatformKeys;
use crate::refusal::{Refusal, language_of};

/// The channel's name in what is said of a payment.
const CHANNEL: &str = "sandbox-cashier";
/// The channel's name for money that arrives whatever the bill says.
const BANK: &str = "sandbox-bank";
/// Longest form token.
const TOKEN_MAX_BYTES: usize = 64;

/// The cashier's page, and the sandbox's money that arrives whatever the bill says.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/cashier/{pay_code}", get(show).post(pay))
        .route("/sandbox/cashier/{pay_code}/pay-anyway", post(pay_anyway))
}

async fn show(State(app): State<AppState>, Path(pay_code): Path<String>, headers: HeaderMap) -> Response {
    let language = language_of(&headers);
    let now = app.clock.now();
    let found = app.database.read(move |connection| bill::find(connection, &pay_code, now)).await;
    match (found, crypto::random::<16>()) {
        (Ok(Some(bill)), Ok(random)) => {
            let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            page::bill(language, &bill, &token, app.settings.sandbox)
        }
        (Ok(None), _) => page::unknown(language),
        (Err(error), _) => unavailable(&error),
        (_, Err(_)) => unavailable(&DatabaseError::Corrupt("randomness")),
    }
}

/// Pays an open bill; of any other bill it changes nothing. The page then says how it stands.
async fn pay(State(app): State<AppState>, Path(pay_code): Path<String>, headers: HeaderMap, form: Bytes) -> Response {
    let language = language_of(&headers);
    // Without a token the pay code stands for it: then the bill can be paid once by whoever has no page.
    let Some(token) = token_of(&form).map_or(Some(pay_code.clone()), |token| well_formed(&token).then_some(token))
    else {
        return page::bad_token(language);
    };
    // A page that was opened yesterday shows yesterday's late fee: nobody pays another sum than the one he has seen.
    let shown = total_of(&form);
    let location = format!("/cashier/{pay_code}");
    let now = app.clock.now();
    let state = app.clone();
    let paid = app
        .database
        .write(move |connection| {
            let Some(bill) = bill::find(connection, &pay_code, now)? else { return Ok(None) };
            if bill.is_open() && shown.is_none_or(|shown| shown == bill.total()) {
                let transaction = format!("{CHANNEL}-{pay_code}-{token}");
                let payment = Payment { transaction, amount: bill.total(), channel: CHANNEL.to_owned(), at: now };
                till(&state.keys(), &state, now).receive(connection, bill.bill, &payment)?;
            }
            Ok::<_, Refusal>(Some(()))
        })
        .await;
    match paid {
        Ok(Some(())) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Ok(None) => page::unknown(language),
        Err(error) => unavailable(&error),
    }
}

/// Money arrives for a bill in whatever state: void, paid already, or open.
async fn pay_anyway(
    State(app): State<AppState>,
    Path(pay_code): Path<String>,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    let language = language_of(&headers);
    let Some(token) = token_of(&form).filter(|token| well_formed(token)) else { return page::bad_token(language) };
    let location = format!("/cashier/{pay_code}");
    let now = app.clock.now();
    let state = app.clone();
    let received = app
        .database
        .write(move |connection| {
            let Some(bill) = bill::find(connection, &pay_code, now)? else { return Ok(None) };
            let transaction = format!("{BANK}-{pay_code}-{token}");
            let payment = Payment { transaction, amount: bill.total(), channel: BANK.to_owned(), at: now };
            let effect = till(&state.keys(), &state, now).receive(connection, bill.bill, &payment)?;
            Ok::<_, Refusal>(Some((payment, effect)))
        })
        .await;
    match received {
        Ok(Some(_)) if wants_page(&headers) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Ok(Some((payment, effect))) => Json(json!({
            "transaction": payment.transaction, "amount": payment.amount, "effect": effect.as_str(),
        }))
        .into_response(),
        Ok(None) => page::unknown(language),
        Err(error) => unavailable(&error),
    }
}

fn till<'a>(keys: &'a PlatformKeys, app: &AppState, now: Timestamp) -> Till<'a> {
    Till { keys, suite: app.settings.suite, now }
}

/// A browser says so; a test does not.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn token_of(form: &[u8]) -> Option<String> {
    url::form_urlencoded::parse(form).find(|(name, _)| name == "token").map(|(_, value)| value.into_owned())
}

/// The sum that the page has shown.
fn total_of(form: &[u8]) -> Option<Amount> {
    let mut fields = url::form_urlencoded::parse(form);
    fields.find(|(name, _)| name == "total").and_then(|(_, value)| value.parse().ok())
}

fn well_formed(token: &str) -> bool {
    (8..=TOKEN_MAX_BYTES).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn unavailable(error: &impl std::fmt::Debug) -> Response {
    tracing::error!(?error, "the cashier cannot answer");
    let text = "暂时无法办理，请稍后再试 / not available now, please try again\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
