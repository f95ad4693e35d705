//! Why the catalogue could not answer.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::tables::DataError;
use crate::database::DatabaseError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error("the edition named is not kept here; fetch the whole snapshot")]
    EditionUnknown,
    #[error("no item in force has the code {0}")]
    ItemUnknown(String),
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error("this platform is no sandbox")]
    NoSandbox,
    #[error("no catalogue has been published")]
    NothingPublished,
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("{0}")]
    Internal(String),
}

impl IntoResponse for CatalogueError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::EditionUnknown => (StatusCode::GONE, "catalogue.snapshot_unknown"),
            Self::ItemUnknown(_) => (StatusCode::NOT_FOUND, "item.unknown"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "request.malformed"),
            Self::NoSandbox => (StatusCode::NOT_FOUND, "request.route_unknown"),
            Self::NothingPublished | Self::Database(_) => (StatusCode::SERVICE_UNAVAILABLE, "platform.unavailable"),
            Self::Data(_) | Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "platform.internal"),
        };
        if status.is_server_error() {
            tracing::error!(error = %self, "the catalogue cannot answer");
        }
        let body = json!({
            "type": format!("urn:tongqiao:problem:{code}"),
            "title": self.to_string(),
            "status": status.as_u16(),
            "code": code,
        });
        (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}
