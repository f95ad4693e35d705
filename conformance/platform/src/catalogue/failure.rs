//! Why the catalogue could not answer.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use tongqiao_protocol::{ErrorCode, Fault};

use super::tables::DataError;
use crate::database::DatabaseError;
use crate::refusal::Refusal;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error("the edition named is not kept here; fetch the whole snapshot")]
    EditionUnknown,
    #[error("no item in force has the code {0}")]
    ItemUnknown(String),
    #[error("the edition to start from is not named")]
    NoBase,
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error("the request is too large")]
    TooLarge,
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

impl From<CatalogueError> for Refusal {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::EditionUnknown => Self::new(ErrorCode::CatalogueUnknownBase),
            CatalogueError::NoBase => Self::at("/query/since", ErrorCode::RequestMissingField),
            CatalogueError::ItemUnknown(code) => {
                Self::of_faults(vec![Fault::new("/changes", ErrorCode::ItemUnknown).with("code", code)])
            }
            CatalogueError::Malformed(reason) => Self::new(ErrorCode::RequestMalformedJson).with("reason", reason),
            CatalogueError::TooLarge => Self::new(ErrorCode::RequestTooLarge),
            CatalogueError::NoSandbox => Self::new(ErrorCode::RequestUnknownRoute),
            CatalogueError::Database(error) => error.into(),
            CatalogueError::NothingPublished | CatalogueError::Data(_) | CatalogueError::Internal(_) => {
                tracing::error!(%error, "the catalogue cannot answer");
                Self::new(ErrorCode::PlatformUnavailable).header(RETRY_AFTER, HeaderValue::from_static("5"))
            }
        }
    }
}

impl IntoResponse for CatalogueError {
    fn into_response(self) -> Response {
        Refusal::from(self).into_response()
    }
}
