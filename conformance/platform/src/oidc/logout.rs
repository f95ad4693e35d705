//! Signing out at the request of an application (OpenID Connect RP-Initiated Logout 1.0).

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};

use super::{client, id_token, login_page, signing_key};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::html::{page, pick};
use crate::refusal::language_of;

/// Revokes the access tokens that this client holds for this person, then sends the browser back or says that it is done.
pub(super) async fn end(
    State(app): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let encoded = if body.is_empty() { query.unwrap_or_default().into_bytes() } else { body.to_vec() };
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(&encoded).into_owned().collect();
    let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let language = language_of(&headers);
    let (now, issuer) = (app.clock.now(), app.settings.base_url.clone());
    let (hint, client_id) = (get("id_token_hint"), get("client_id"));
    let ended = app
        .database
        .write(move |connection| {
            let keys = signing_key::published(connection, now)?;
            let claims = hint.and_then(|token| id_token::read(&keys, &token));
            let text = |name: &str| claims.as_ref().and_then(|claims| claims[name].as_str()).map(str::to_owned);
            if text("iss").is_some_and(|iss| iss != issuer) {
                return Ok::<_, DatabaseError>(None);
            }
            if let (Some(sub), Some(audience)) = (text("sub"), text("aud")) {
                connection.execute(
                    "UPDATE oidc_access_token SET revoked_at = ?3
                     WHERE sub = ?1 AND client_id = ?2 AND revoked_at IS NULL",
                    (sub, audience, now.as_millis()),
                )?;
            }
            match text("aud").or(client_id) {
                Some(client_id) => client::find(connection, &client_id),
                None => Ok(None),
            }
        })
        .await;
    let client = match ended {
        Ok(client) => client,
        Err(error) => return super::failure::OauthError::from(error).into_response(),
    };
    let Some(target) = get("post_logout_redirect_uri") else {
        let title = pick(language, "已退出登录", "Signed out");
        return page(StatusCode::OK, language, title, "", "");
    };
    let allowed = client.is_some_and(|client| client.may_leave_to(&target));
    match (allowed, url::Url::parse(&target)) {
        (true, Ok(mut url)) => {
            if let Some(state) = get("state") {
                url.query_pairs_mut().append_pair("state", &state);
            }
            (StatusCode::SEE_OTHER, [(LOCATION, url.to_string())]).into_response()
        }
        _ => login_page::refuse(
            language,
            "post_logout_redirect_uri 未登记，或缺少 id_token_hint / post_logout_redirect_uri is not registered, or id_token_hint is missing",
        ),
    }
}
