//! Answers of the node's own making, in the platform's form.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tongqiao::Client;
use tongqiao_protocol::epoch::EPOCH_HEADER;
use tongqiao_protocol::{ErrorCode, Language, PROBLEM_MEDIA_TYPE, Problem, RequestId, Timestamp};

/// The name of a request in both sides' logs.
pub(super) const REQUEST: HeaderName = HeaderName::from_static("tongqiao-request");

/// What a caller asked for by headers.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) language: Language,
    pub(super) request: Option<RequestId>,
}

impl Asked {
    pub(super) fn by(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let language = text(http::header::ACCEPT_LANGUAGE).map_or(Language::Chinese, Language::from_accept_language);
        Self { language, request: text(REQUEST).and_then(|text| text.parse().ok()) }
    }
}

/// A body with a status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A problem, not yet in anybody's language.
#[derive(Debug, Clone)]
pub(super) struct Trouble(Box<Problem>);

impl Trouble {
    /// What happened, in the problem's `detail`, for whoever reads logs.
    pub(super) fn with_detail(self, detail: &str) -> Self {
        Self(Box::new(self.0.with_detail(detail)))
    }
}

impl From<ErrorCode> for Trouble {
    fn from(code: ErrorCode) -> Self {
        Self(Box::new(Problem::new(code, Language::Chinese)))
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<tongqiao::Error> for Trouble {
    fn from(error: tongqiao::Error) -> Self {
        tracing::error!(code = error.code().code(), %error, "a request could not be served");
        let code = match error.code() {
            ErrorCode::StoreFull => ErrorCode::EdgeFull,
            _ => ErrorCode::PlatformUnavailable,
        };
        code.into()
    }
}

impl Reply {
    /// A JSON document.
    pub(super) fn json(document: &impl serde::Serialize) -> Result<Self, Trouble> {
        let body = serde_json::to_vec(document).map_err(|_| Trouble::from(ErrorCode::InternalDefect))?;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Ok(Self { status: StatusCode::OK, headers, body })
    }

    pub(super) fn problem(trouble: &Trouble, asked: &Asked) -> Self {
        let problem = in_language(&trouble.0, asked.language);
        let problem = match asked.request {
            Some(id) => problem.with_request(&id.to_string()),
            None => problem,
        };
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE))]);
        Self { status, headers, body: problem.to_bytes() }
    }

    /// With what stands in every answer, where the platform has not put it there itself.
    pub(super) fn finish(mut self, client: &Client, asked: &Asked) -> Response {
        let mut set = |name: HeaderName, text: Option<String>| {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                self.headers.entry(name).or_insert(value);
            }
        };
        set(DATE, http_date(client.platform_time()));
        set(HeaderName::from_static(EPOCH_HEADER), client.carrier().epoch().map(|epoch| epoch.to_string()));
        set(REQUEST, asked.request.map(|id| id.to_string()));
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The same problem with the texts of another language.
pub(super) fn in_language(problem: &Problem, language: Language) -> Problem {
    if language == Language::Chinese {
        return problem.clone();
    }
    let mut said = Problem::new(problem.code, language).with_faults(problem.faults.clone());
    said.params.clone_from(&problem.params);
    said
}

/// A time as an HTTP date (RFC 9110 §5.6.7).
fn http_date(now: Timestamp) -> Option<String> {
    let instant = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).ok()
}
