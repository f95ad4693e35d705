//! Errors of OAuth 2.0 (RFC 6749, 4.1.2.1 and 5.2), of bearer tokens (RFC 6750) and of OpenID Connect.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::database::DatabaseError;

/// An error with the code of its standard and a sentence for the developer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OauthError {
    pub(crate) code: &'static str,
    pub(crate) description: String,
}

impl OauthError {
    pub(crate) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self { code, description: description.into() }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(crate) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new("invalid_client", description)
    }
}

impl From<DatabaseError> for OauthError {
    fn from(error: DatabaseError) -> Self {
        tracing::error!(%error, "signing in failed");
        Self::new("server_error", "the database is not available")
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let status = match self.code {
            "invalid_client" | "invalid_token" => StatusCode::UNAUTHORIZED,
            "server_error" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = Json(json!({ "error": self.code, "error_description": self.description }));
        let mut response = (status, [(CACHE_CONTROL, "no-store")], body).into_response();
        let challenge = match self.code {
            "invalid_client" => Some("Basic realm=\"tongqiao\""),
            "invalid_token" => Some("Bearer realm=\"tongqiao\", error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
