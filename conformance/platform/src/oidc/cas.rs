//! The same people by CAS, protocol 2 and 3, as many cities have it: a ticket on the return address, validated server to server.
//!
//! A service is an address that some application has registered to return to, but for a parameter `state`.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;
use tongqiao_protocol::Timestamp;

use super::client::{self, digest};
use super::failure::OauthError;
use super::form::Form;
use super::{claims, login_page};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::html::escape;
use crate::people;
use crate::refusal::language_of;

/// Milliseconds for which a ticket is good.
const TICKET_LIFE_MILLIS: i64 = 60_000;
const NOT_REGISTERED: &str = "service 未登记 / service is not registered";

/// Which validation was asked for.
#[derive(Clone, Copy)]
enum Protocol {
    /// The id alone.
    Two,
    /// With attributes.
    Three,
}

/// Shows the people to choose from.
pub(super) async fn show(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, OauthError> {
    let language = language_of(&headers);
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let service = query.get("service")?.unwrap_or_default();
    let asked = service.clone();
    let known = app.database.read(move |connection| client::of_service(connection, &asked)).await?;
    Ok(match known {
        Some(client_id) => {
            login_page::show_service(language, &client_id, &service, &super::authorize::origin(&service))
        }
        None => login_page::refuse(language, NOT_REGISTERED),
    })
}

/// Takes the choice: `person` is a stable user id, or empty to refuse, which sends the browser back without a ticket.
pub(super) async fn choose(
    State(app): State<AppState>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, OauthError> {
    let form = Form::parse(&form);
    let service = form.get("service")?.unwrap_or_default();
    let asked = service.clone();
    let known = app.database.read(move |connection| client::of_service(connection, &asked)).await?;
    let (Some(_), Ok(mut target)) = (known, url::Url::parse(&service)) else {
        return Ok(login_page::refuse(language_of(&headers), NOT_REGISTERED));
    };
    let person = form.given("person").ok_or_else(|| OauthError::invalid_request("person is missing"))?;
    if !person.is_empty() {
        let sub = people::find(person).ok_or_else(|| OauthError::invalid_request("nobody here has this id"))?.sub;
        let ticket = format!("ST-{}", client::random_token()?);
        let (key, now) = (digest(&ticket), app.clock.now().as_millis());
        app.database
            .write(move |connection| {
                let sql = "INSERT INTO cas_ticket (ticket_digest, service, sub, issued_at) VALUES (?1, ?2, ?3, ?4)";
                connection.execute(sql, (key, service, sub, now)).map(drop).map_err(DatabaseError::from)
            })
            .await?;
        target.query_pairs_mut().append_pair("ticket", &ticket);
    }
    Ok((StatusCode::SEE_OTHER, [(LOCATION, target.to_string()), (CACHE_CONTROL, "no-store".to_owned())])
        .into_response())
}

/// `GET /cas/serviceValidate`.
pub(super) async fn validate_two(state: State<AppState>, query: RawQuery) -> Result<Response, OauthError> {
    validate(state, query, Protocol::Two).await
}

/// `GET /cas/p3/serviceValidate`.
pub(super) async fn validate_three(state: State<AppState>, query: RawQuery) -> Result<Response, OauthError> {
    validate(state, query, Protocol::Three).await
}

async fn validate(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    protocol: Protocol,
) -> Result<Response, OauthError> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let (Some(service), Some(ticket)) = (query.get("service")?, query.get("ticket")?) else {
        return Ok(answer(&failure("INVALID_REQUEST", "service and ticket are required")));
    };
    let now = app.clock.now();
    let redeemed = app.database.write(move |connection| redeem(connection, &ticket, &service, now)).await?;
    Ok(answer(&match redeemed {
        Ok(sub) => success(&sub, protocol),
        Err((code, why)) => failure(code, why),
    }))
}

type Refused = (&'static str, &'static str);

/// A ticket is burnt by the first look at it, whoever looks (CAS 3.0, 3.1.1).
fn redeem(
    connection: &Connection,
    ticket: &str,
    service: &str,
    now: Timestamp,
) -> Result<Result<String, Refused>, DatabaseError> {
    let key = digest(ticket);
    let sql = "SELECT service, sub, issued_at FROM cas_ticket WHERE ticket_digest = ?1 AND used_at IS NULL";
    let found: Option<(String, String, i64)> =
        connection.query_row(sql, [&key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((issued_for, sub, issued_at)) = found else {
        return Ok(Err(("INVALID_TICKET", "this ticket is unknown or was used")));
    };
    connection.execute("UPDATE cas_ticket SET used_at = ?2 WHERE ticket_digest = ?1", (&key, now.as_millis()))?;
    if now.as_millis() - issued_at > TICKET_LIFE_MILLIS {
        return Ok(Err(("INVALID_TICKET", "this ticket is over; it is good for 60 seconds")));
    }
    if issued_for != service {
        return Ok(Err(("INVALID_SERVICE", "this ticket was issued for another service")));
    }
    Ok(Ok(sub))
}

fn success(sub: &str, protocol: Protocol) -> String {
    let Some(person) = people::find(sub) else { return failure("INTERNAL_ERROR", "this person is no longer here") };
    let attributes = match protocol {
        Protocol::Two => String::new(),
        Protocol::Three => {
            let claims = claims::of(person, "openid profile");
            let acting_for = |name: &str| claims["acting_for"][name].clone();
            let named = [
                ("subject_kind", claims["subject_kind"].clone()),
                ("assurance_scale", claims["assurance"]["scale"].clone()),
                ("assurance_value", claims["assurance"]["value"].clone()),
                ("organisation_name", claims["organisation"]["name"].clone()),
                ("credit_code", claims["organisation"]["credit_code"].clone()),
                ("acting_for_kind", acting_for("subject_kind")),
                ("acting_for_sub", acting_for("sub")),
                ("acting_for_name", acting_for("name")),
                ("acting_for_credit_code", acting_for("credit_code")),
                ("valid_until", claims["valid_until"].clone()),
                ("name", claims["name"].clone()),
            ];
            let elements: String = named.iter().filter_map(|(name, value)| element(name, value)).collect();
            format!("<cas:attributes>{elements}</cas:attributes>")
        }
    };
    format!(
        "<cas:authenticationSuccess><cas:user>{}</cas:user>{attributes}</cas:authenticationSuccess>",
        escape(person.sub)
    )
}

fn element(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(format!("<cas:{name}>{}</cas:{name}>", escape(&text)))
}

fn failure(code: &str, why: &str) -> String {
    format!("<cas:authenticationFailure code=\"{code}\">{}</cas:authenticationFailure>", escape(why))
}

fn answer(inner: &str) -> Response {
    let text = format!("<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\">{inner}</cas:serviceResponse>\n");
    ([(CONTENT_TYPE, "application/xml; charset=utf-8"), (CACHE_CONTROL, "no-store")], text).into_response()
}
