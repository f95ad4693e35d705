//! Errors of the library as problems (RFC 9457), in Chinese and, where a caller prefers it, English.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use http::{StatusCode, request};
use tongqiao::Error;
use tongqiao_protocol::{ErrorCode, Faults, Language, PROBLEM_MEDIA_TYPE, Problem};

/// Why a request was not done.
#[derive(Debug)]
pub(super) struct Fault {
    problem: Box<Problem>,
}

impl Fault {
    pub(super) fn of(code: ErrorCode) -> Self {
        Self { problem: Box::new(Problem::new(code, Language::Chinese)) }
    }

    pub(super) fn from_faults(faults: Faults, language: Language) -> Self {
        Self { problem: Box::new(Problem::from_faults(faults, language)) }
    }

    /// What the library said, in the caller's language.
    pub(super) fn said(error: &Error, language: Language) -> Self {
        let mut problem = Problem::new(error.code(), language).with_faults(Faults(error.faults().to_vec()));
        problem.retry = error.retry();
        problem.outcome = error.outcome();
        problem.detail = error.message(language);
        Self { problem: Box::new(problem) }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.problem.to_bytes()));
        *response.status_mut() = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        response
    }
}

/// The language that a caller prefers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaks(pub(super) Language);

impl<S: Sync> FromRequestParts<S> for Speaks {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Self(header.map_or(Language::Chinese, Language::from_accept_language)))
    }
}

/// A body of JSON, read by the protocol's own reader: bytes that are no UTF-8 and doubled members are told as such.
pub(super) fn object(body: &[u8], language: Language) -> Result<serde_json::Map<String, serde_json::Value>, Fault> {
    tongqiao_protocol::reading::object(body).map_err(|fault| Fault::from_faults(Faults::one(fault), language))
}

/// An id in the path.
pub(super) fn id<T: std::str::FromStr>(text: &str, pointer: &str, language: Language) -> Result<T, Fault> {
    text.parse().map_err(|_| {
        let fault = tongqiao_protocol::Fault::new(pointer, ErrorCode::RequestInvalidValue);
        Fault::from_faults(Faults::one(fault), language)
    })
}
