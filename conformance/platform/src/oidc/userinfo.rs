//! What the bearer of an access token may know of the person.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use rusqlite::OptionalExtension as _;

use super::claims;
use super::client::digest;
use super::failure::OauthError;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::people;

/// Answers `/oidc/userinfo`; the token travels in the header only, where it is not logged.
pub(super) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, OauthError> {
    let invalid = |reason: &str| OauthError::new("invalid_token", reason);
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(invalid("a bearer token is needed"));
    }
    let (key, now) = (digest(token.trim()), app.clock.now().as_millis());
    let found: Option<(String, String)> = app
        .database
        .read(move |connection| {
            connection
                .query_row(
                    "SELECT sub, scope FROM oidc_access_token
                     WHERE token_digest = ?1 AND expires_at > ?2 AND revoked_at IS NULL",
                    (key, now),
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()
                .map_err(DatabaseError::from)
        })
        .await?;
    let (sub, scope) = found.ok_or_else(|| invalid("this token is unknown, expired or revoked"))?;
    let person = people::find(&sub).ok_or_else(|| invalid("this person is no longer here"))?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(claims::of(person, &scope))).into_response())
}
