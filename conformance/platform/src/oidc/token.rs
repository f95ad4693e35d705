//! The token endpoint: a code, or a device's code, for an id token and an access token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::Timestamp;

use super::client::{self, Presented, digest};
use super::code::{self, Redemption};
use super::failure::OauthError;
use super::form::Form;
use super::{TOKEN_LIFE_MILLIS, claims, device, id_token, session, signing_key};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::people;

/// The grant type of RFC 8628.
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What is handed in.
enum HandedIn {
    Code(Redemption),
    DeviceCode(String),
}

/// What a successful exchange gives.
struct Issued {
    id_token: String,
    access_token: String,
    scope: String,
}

/// Answers `POST /oidc/token`.
pub(super) async fn exchange(
    State(app): State<AppState>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, OauthError> {
    let (presented, handed_in) = read(&headers, &form)?;
    let (issuer, now, access_token) = (app.settings.base_url.clone(), app.clock.now(), client::random_token()?);
    // A refusal is committed too: it burns the code.
    let issued = app
        .database
        .write(move |connection| redeem(connection, &presented, &handed_in, &issuer, access_token, now))
        .await
        .map_err(OauthError::from)??;
    let body = json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE_MILLIS / 1000,
        "id_token": issued.id_token,
        "scope": issued.scope,
    });
    Ok(([(CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn read(headers: &HeaderMap, form: &[u8]) -> Result<(Presented, HandedIn), OauthError> {
    let form = Form::read(headers, form)?;
    let presented = client::presented(headers, form.get("client_id")?, form.get("client_secret")?)?;
    let handed_in = match form.required("grant_type")?.as_str() {
        "authorization_code" => HandedIn::Code(Redemption {
            client_id: presented.client_id.clone(),
            code: form.required("code")?,
            redirect_uri: form.required("redirect_uri")?,
            code_verifier: form.required("code_verifier")?,
        }),
        DEVICE_GRANT => HandedIn::DeviceCode(form.required("device_code")?),
        _ => return Err(OauthError::new("unsupported_grant_type", "only authorization_code and device_code")),
    };
    Ok((presented, handed_in))
}

fn redeem(
    connection: &Connection,
    presented: &Presented,
    handed_in: &HandedIn,
    issuer: &str,
    access_token: String,
    now: Timestamp,
) -> Result<Result<Issued, OauthError>, DatabaseError> {
    if let Err(error) = client::authenticate(connection, presented) {
        return Ok(Err(error));
    }
    let (code, redeemed) = match handed_in {
        HandedIn::Code(redemption) => (&redemption.code, code::redeem(connection, redemption, now)?),
        HandedIn::DeviceCode(code) => (code, device::redeem(connection, &presented.client_id, code, now)?),
    };
    let grant = match redeemed {
        Ok(grant) => grant,
        Err(error) => return Ok(Err(error)),
    };
    let Some(person) = people::find(&grant.sub) else {
        return Ok(Err(OauthError::invalid_grant("this person is no longer here")));
    };
    if session::join(connection, &grant.sid, &grant.client_id)?.is_none() {
        return Ok(Err(OauthError::invalid_grant("this person has signed out meanwhile")));
    }
    connection.execute(
        "INSERT INTO oidc_access_token (token_digest, code_digest, client_id, sub, sid, scope, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            digest(&access_token),
            digest(code),
            &grant.client_id,
            &grant.sub,
            &grant.sid,
            &grant.scope,
            now.plus_millis(TOKEN_LIFE_MILLIS).as_millis(),
        ),
    )?;
    let key = signing_key::signing(connection, now)?;
    let id_token = id_token::issue(&key, issuer, &grant, claims::of(person, &grant.scope), &access_token, now);
    Ok(Ok(Issued { id_token, access_token, scope: grant.scope }))
}
