//! The token endpoint: a code for an id token and an access token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::Timestamp;

use super::client::{self, Presented, digest};
use super::code::{self, Redemption};
use super::failure::OauthError;
use super::{TOKEN_LIFE_MILLIS, claims, id_token, signing_key};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::people;

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
    let (presented, redemption) = read(&headers, &form)?;
    let (issuer, now, access_token) = (app.settings.base_url.clone(), app.clock.now(), client::random_token()?);
    // A refusal is committed too: it burns the code.
    let issued = app
        .database
        .write(move |connection| redeem(connection, &presented, &redemption, &issuer, access_token, now))
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

fn read(headers: &HeaderMap, form: &[u8]) -> Result<(Presented, Redemption), OauthError> {
    let form_encoded = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !form_encoded {
        return Err(OauthError::invalid_request("the body must be application/x-www-form-urlencoded"));
    }
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(form).into_owned().collect();
    let get = |name: &str| {
        let mut values = parameters.iter().filter(|(key, value)| key == name && !value.is_empty());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(OauthError::invalid_request(format!("{name} is given more than once"))),
            (value, None) => Ok(value.map(|(_, value)| value.clone())),
        }
    };
    let required = |name: &str| get(name)?.ok_or_else(|| OauthError::invalid_request(format!("{name} is missing")));
    let presented = client::presented(headers, get("client_id")?, get("client_secret")?)?;
    if required("grant_type")? != "authorization_code" {
        return Err(OauthError::new("unsupported_grant_type", "only grant_type=authorization_code"));
    }
    let redemption = Redemption {
        client_id: presented.client_id.clone(),
        code: required("code")?,
        redirect_uri: required("redirect_uri")?,
        code_verifier: required("code_verifier")?,
    };
    Ok((presented, redemption))
}

fn redeem(
    connection: &Connection,
    presented: &Presented,
    redemption: &Redemption,
    issuer: &str,
    access_token: String,
    now: Timestamp,
) -> Result<Result<Issued, OauthError>, DatabaseError> {
    if let Err(error) = client::authenticate(connection, presented) {
        return Ok(Err(error));
    }
    let grant = match code::redeem(connection, redemption, now)? {
        Ok(grant) => grant,
        Err(error) => return Ok(Err(error)),
    };
    let Some(person) = people::find(&grant.sub) else {
        return Ok(Err(OauthError::invalid_grant("this person is no longer here")));
    };
    connection.execute(
        "INSERT INTO oidc_access_token (token_digest, code_digest, client_id, sub, scope, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            digest(&access_token),
            digest(&redemption.code),
            &grant.client_id,
            &grant.sub,
            &grant.scope,
            now.plus_millis(TOKEN_LIFE_MILLIS).as_millis(),
        ),
    )?;
    let key = signing_key::signing(connection, now)?;
    let id_token = id_token::issue(&key, issuer, &grant, claims::of(person, &grant.scope), &access_token, now);
    Ok(Ok(Issued { id_token, access_token, scope: grant.scope }))
}
