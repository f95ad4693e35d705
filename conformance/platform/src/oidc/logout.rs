//! Signing out at the request of an application (OpenID Connect RP-Initiated Logout 1.0), or of the sandbox's operator.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use tongqiao_protocol::Timestamp;

use super::client::Client;
use super::failure::OauthError;
use super::form::Form;
use super::session::{self, Ended, Session};
use super::{backchannel, client, id_token, login_page, signing_key};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::html::{page, pick};
use crate::refusal::language_of;

/// What an application asks with.
struct Leaving {
    hint: Option<String>,
    client_id: Option<String>,
    issuer: String,
}

/// Ends the session that the hint names, at all applications, then sends the browser back or says that it is done.
pub(super) async fn end(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OauthError> {
    let encoded = if body.is_empty() { query.unwrap_or_default().into_bytes() } else { body.to_vec() };
    let form = Form::parse(&encoded);
    let language = language_of(&headers);
    let (now, issuer) = (app.clock.now(), app.settings.base_url.clone());
    let leaving = Leaving { hint: form.get("id_token_hint")?, client_id: form.get("client_id")?, issuer };
    let (client, notices) = app.database.write(move |connection| leave(connection, leaving, now)).await?;
    backchannel::send(&app, notices);
    let Some(target) = form.get("post_logout_redirect_uri")? else {
        let title = pick(language, "已退出登录", "Signed out");
        return Ok(page(StatusCode::OK, language, title, "", ""));
    };
    let allowed = client.is_some_and(|client| client.may_leave_to(&target));
    Ok(match (allowed, url::Url::parse(&target)) {
        (true, Ok(mut url)) => {
            if let Some(state) = form.get("state")? {
                url.query_pairs_mut().append_pair("state", &state);
            }
            (StatusCode::SEE_OTHER, [(LOCATION, url.to_string())]).into_response()
        }
        _ => login_page::refuse(
            language,
            "post_logout_redirect_uri 未登记，或缺少 id_token_hint / post_logout_redirect_uri is not registered, or id_token_hint is missing",
        ),
    })
}

/// Ends the session of a hint that this provider signed for the client that asks; gives the client, which decides on the way
/// back. A hint may have expired, and a session may be over: both end in the same place.
fn leave(
    connection: &Connection,
    leaving: Leaving,
    now: Timestamp,
) -> Result<(Option<Client>, Vec<i64>), DatabaseError> {
    let keys = signing_key::published(connection, now)?;
    let claims = leaving.hint.and_then(|token| id_token::read(&keys, &token)).unwrap_or_default();
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    let is_foreign = text("iss").is_some_and(|iss| iss != leaving.issuer)
        || matches!((text("aud"), &leaving.client_id), (Some(audience), Some(asking)) if audience != *asking);
    if is_foreign {
        return Ok((None, Vec::new()));
    }
    let notices = match (text("sid"), text("sub")) {
        (Some(sid), Some(sub)) => session::end(connection, &Ended::Session(Session { sid, sub }), now)?,
        _ => Vec::new(),
    };
    let client = match text("aud").or(leaving.client_id) {
        Some(client_id) => client::find(connection, &client_id)?,
        None => None,
    };
    Ok((client, notices))
}

#[derive(Deserialize)]
pub(super) struct Account {
    sub: String,
}

/// Ends every session of a person, as when an account is closed.
pub(super) async fn end_all(
    State(app): State<AppState>,
    account: Result<Json<Account>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Value>, OauthError> {
    let Json(Account { sub }) = account.map_err(|error| OauthError::invalid_request(error.body_text()))?;
    let now = app.clock.now();
    let notices = app.database.write(move |connection| session::end(connection, &Ended::Person(sub), now)).await?;
    backchannel::send(&app, notices);
    Ok(Json(json!({})))
}
