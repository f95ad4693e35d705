//! What a client reads first: the provider's metadata and keys. And what the sandbox tells of its people.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use tongqiao_protocol::assurance;

use super::failure::OauthError;
use super::{claims, signing_key, token};
use crate::app::AppState;
use crate::people;

/// OpenID Connect Discovery 1.0, with the meaning of the assurance scales beside it.
pub(super) async fn configuration(State(app): State<AppState>) -> Response {
    let base = &app.settings.base_url;
    let body = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oidc/authorize"),
        "token_endpoint": format!("{base}/oidc/token"),
        "device_authorization_endpoint": format!("{base}/oidc/device_authorization"),
        "userinfo_endpoint": format!("{base}/oidc/userinfo"),
        "jwks_uri": format!("{base}/oidc/jwks"),
        "end_session_endpoint": format!("{base}/oidc/end-session"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": ["openid", "profile", "identity"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", token::DEVICE_GRANT],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "name", "subject_kind", "assurance",
            "organisation", "acting_for", "valid_until", "identity"
        ],
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "assurance_scales": assurance_scales(),
    });
    ([(CACHE_CONTROL, "public, max-age=300")], Json(body)).into_response()
}

/// Each scale with its values, the weakest first.
fn assurance_scales() -> Value {
    let mut scales = serde_json::Map::new();
    for level in assurance::all() {
        let values = scales.entry(level.scale()).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(json!({ "value": level.value(), "zh": level.zh(), "en": level.en() }));
        }
    }
    Value::Object(scales)
}

/// The keys that sign now or did so within the overlap.
pub(super) async fn jwks(State(app): State<AppState>) -> Result<Response, OauthError> {
    let now = app.clock.now();
    let keys = app.database.read(move |connection| signing_key::published(connection, now)).await?;
    let keys: Vec<Value> = keys.iter().map(signing_key::IdTokenKey::public).collect();
    Ok(([(CACHE_CONTROL, "public, max-age=60")], Json(json!({ "keys": keys }))).into_response())
}

/// Lets the next key sign; the former stays published for the overlap.
pub(super) async fn rotate(State(app): State<AppState>) -> Result<Json<Value>, OauthError> {
    let now = app.clock.now();
    let kid = app.database.write(move |connection| signing_key::rotate(connection, now)).await?;
    Ok(Json(json!({ "kid": kid })))
}

/// Everybody who can sign in, with all claims: they are synthetic.
pub(super) async fn people() -> Json<Value> {
    let everybody = people::EVERYBODY.iter().map(|person| {
        let mut claims = claims::of(person, "openid profile identity");
        claims["name_en"] = person.name_en.into();
        claims
    });
    Json(json!({ "people": everybody.collect::<Vec<_>>() }))
}
