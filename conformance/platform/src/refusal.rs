//! An answer that says no: a code of the registry with all faults, written as a problem (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use tongqiao_protocol::explain::{LikelyCause, SignatureExplanation};
use tongqiao_protocol::problem::PROBLEM_MEDIA_TYPE;
use tongqiao_protocol::{ErrorCode, Fault, Faults, Language, Problem, SignedRecord};

use crate::database::DatabaseError;

/// Why a request or a record was not accepted.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: ErrorCode,
    detail: Box<Detail>,
}

/// Boxed, so that a result that may be a refusal stays small.
#[derive(Debug, Clone, Default)]
struct Detail {
    faults: Vec<Fault>,
    params: Vec<(String, String)>,
    headers: HeaderMap,
    explanation: Option<SignatureExplanation>,
    signed: Option<SignedRecord>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self { code, detail: Box::default() }
    }

    /// A message with mistakes: their own code when they are all of one kind, else `request.invalid`.
    pub(crate) fn of_faults(faults: Vec<Fault>) -> Self {
        let (code, params) = match faults.as_slice() {
            [only] => (only.code, only.params.clone()),
            [first, rest @ ..] if rest.iter().all(|fault| fault.code == first.code) => (first.code, Vec::new()),
            _ => (ErrorCode::RequestInvalid, Vec::new()),
        };
        Self { code, detail: Box::new(Detail { faults, params, ..Detail::default() }) }
    }

    /// A single mistake at a path.
    pub(crate) fn at(path: &str, code: ErrorCode) -> Self {
        Self::of_faults(vec![Fault::new(path, code)])
    }

    /// The same with one more detail.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.detail.params.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same with why a signature does not verify: told in the language in which the refusal is written.
    #[must_use]
    pub(crate) fn explained(mut self, explanation: Option<SignatureExplanation>) -> Self {
        if let Some(explanation) = &explanation {
            self = self.with("keyid", &explanation.key_id).with("step", explanation.step.as_str());
            self = self.with("bytes", explanation.byte_count).with("digest", explanation.digest_of_base);
            if let Some(cause) = explanation.likely_cause {
                self = self.with("cause", cause.as_str());
            }
        }
        self.detail.explanation = explanation;
        self
    }

    /// The code.
    pub(crate) const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The same with the platform's signed word that it says so.
    #[must_use]
    pub(crate) fn signed(mut self, signed: SignedRecord) -> Self {
        self.detail.signed = Some(signed);
        self
    }

    /// The same with a header on the answer.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.detail.headers.insert(name, value);
        self
    }

    /// The problem, as it stands in an answer or a receipt.
    pub(crate) fn problem(&self, language: Language) -> Problem {
        let problem = Problem::new(self.code, language).with_faults(Faults(self.detail.faults.clone()));
        let problem = match self.explanation_in(language) {
            Some(explanation) => problem.with_detail(&explanation),
            None => problem,
        };
        self.detail.params.iter().fold(problem, |problem, (name, value)| problem.with(name, value))
    }

    /// Why a signature does not verify, or what its encoding alone shows.
    fn explanation_in(&self, language: Language) -> Option<String> {
        if let Some(explanation) = &self.detail.explanation {
            return Some(explanation.message(language));
        }
        let mut params = self.detail.faults.iter().flat_map(|fault| &fault.params);
        let word = params.find(|(name, _)| name == "cause").map(|(_, word)| word)?;
        let cause = LikelyCause::ALL.iter().find(|cause| cause.as_str() == word)?;
        Some(match language {
            Language::Chinese => cause.zh().to_owned(),
            Language::English => cause.en().to_owned(),
        })
    }

    /// The whole answer.
    pub(crate) fn write(&self, language: Language, request: &str) -> Response {
        let problem = self.problem(language).with_request(request);
        let body = match &self.detail.signed {
            Some(signed) => {
                let mut document = serde_json::json!(problem);
                document["refusal"] = serde_json::json!(signed);
                document.to_string().into_bytes()
            }
            None => problem.to_bytes(),
        };
        let media = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
        let mut response = (self.status(), body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The language that a request asks for.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Language::from_accept_language(wanted)
}

impl From<DatabaseError> for Refusal {
    fn from(error: DatabaseError) -> Self {
        tracing::error!(%error, "the database failed");
        if matches!(error, DatabaseError::Panicked) {
            return Self::new(ErrorCode::InternalDefect);
        }
        Self::new(ErrorCode::PlatformUnavailable).header(RETRY_AFTER, HeaderValue::from_static("1"))
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::of_faults(faults.0)
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<tongqiao_protocol::SignError> for Refusal {
    fn from(error: tongqiao_protocol::SignError) -> Self {
        tracing::error!(%error, "the platform cannot sign");
        Self::new(ErrorCode::PlatformUnavailable).header(RETRY_AFTER, HeaderValue::from_static("1"))
    }
}

impl IntoResponse for Refusal {
    /// The status with the refusal itself as an extension: the language is known only to the layer around all routes.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.headers_mut().extend(self.detail.headers.clone());
        response.extensions_mut().insert(self);
        response
    }
}
