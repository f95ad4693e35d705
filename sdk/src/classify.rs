//! The one place where what came back from the platform becomes: which code, may it be tried again, did it happen, and
//! who is to blame.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use tongqiao_engine::{Failure, FailureScope};
use tongqiao_protocol::{ErrorCode, ErrorKind, Language, Outcome, Problem, Retry, SignedRecord, Timestamp};

use crate::Error;
use crate::transport::{Response, TransportFailure};

/// Why a request was not answered with what was asked for.
#[derive(Debug)]
pub(crate) struct Refusal {
    error: Error,
    problem: Box<Problem>,
    scope: FailureScope,
    retry_after_ms: Option<u64>,
    /// What the platform signed beside it.
    signed: Option<Box<SignedRecord>>,
}

impl Refusal {
    /// What the platform signed beside it, unverified.
    pub(crate) fn signed(&self) -> Option<&SignedRecord> {
        self.signed.as_deref()
    }

    pub(crate) const fn scope(&self) -> FailureScope {
        self.scope
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.error.code()
    }

    pub(crate) const fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after_ms
    }

    /// It could not even be put together.
    pub(crate) fn unsent(error: Error) -> Self {
        let mut problem = Problem::new(error.code(), Language::Chinese);
        problem.outcome = Outcome::NotSent;
        problem.retry = Retry::AfterDelay;
        let (error, problem) = (error.outcome_is(Outcome::NotSent), Box::new(problem));
        Self { error, problem, scope: FailureScope::Endpoint, retry_after_ms: None, signed: None }
    }

    fn from_problem(problem: Problem, scope: FailureScope, retry_after_ms: Option<u64>) -> Self {
        Self {
            error: Error::from_problem(problem.clone()),
            problem: Box::new(problem),
            scope,
            retry_after_ms,
            signed: None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error.retry_after_is(refusal.retry_after_ms.map(Duration::from_millis))
    }
}

/// What the delivery machine needs to know of it.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            scope: refusal.scope,
            retry: engine_retry(refusal.error.retry()),
            outcome: engine_outcome(refusal.error.outcome()),
            retry_after_ms: refusal.retry_after_ms,
            problem: refusal.problem.to_bytes(),
        }
    }
}

/// Judges an answer; `now` is the platform's time, for a `Retry-After` that names a date.
pub(crate) fn classify(answer: Result<Response, TransportFailure>, now: Timestamp) -> Result<Response, Refusal> {
    let response = match answer {
        Ok(response) if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED => {
            return Ok(response);
        }
        Ok(response) => response,
        Err(failure) => {
            let error = Error::from(failure);
            let mut problem = Problem::new(error.code(), Language::Chinese);
            problem.outcome = error.outcome();
            let problem = Box::new(problem);
            return Err(Refusal { error, problem, scope: FailureScope::Endpoint, retry_after_ms: None, signed: None });
        }
    };
    let retry_after_ms = retry_after_ms(&response, now);
    let stated = is_problem(&response).then(|| Problem::parse(response.body())).flatten();
    let problem = stated.unwrap_or_else(|| unexplained(response.status()));
    let scope = scope_of(&problem);
    let signed = serde_json::from_slice::<Beside>(response.body()).ok().and_then(|beside| beside.refusal).map(Box::new);
    Err(Refusal { signed, ..Refusal::from_problem(problem, scope, retry_after_ms) })
}

/// What may stand beside a problem.
#[derive(serde::Deserialize)]
struct Beside {
    #[serde(default)]
    refusal: Option<SignedRecord>,
}

fn is_problem(response: &Response) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| media_type.starts_with("application/problem+json"))
}

/// A status without a problem document: a proxy or a gateway spoke, not the platform.
fn unexplained(status: StatusCode) -> Problem {
    let (code, retry, outcome) = match status.as_u16() {
        408 | 500 | 502..=599 => (ErrorCode::PlatformUnavailable, Retry::AfterDelay, Outcome::Unknown),
        429 => (ErrorCode::RequestRateLimited, Retry::AfterDelay, Outcome::Rejected),
        413 => (ErrorCode::RequestTooLarge, Retry::AfterChange, Outcome::Rejected),
        401 | 407 => (ErrorCode::SignatureMissing, Retry::AfterChange, Outcome::Rejected),
        403 => (ErrorCode::ScopeNotAllowed, Retry::AfterChange, Outcome::Rejected),
        404 | 405 | 501 => (ErrorCode::RequestUnknownRoute, Retry::AfterChange, Outcome::Rejected),
        // Redirects are not followed: a signature holds for one address.
        300..=399 => (ErrorCode::ClientConfiguration, Retry::AfterChange, Outcome::Rejected),
        _ => (ErrorCode::ClientBadAnswer, Retry::AfterDelay, Outcome::Unknown),
    };
    let mut problem = Problem::new(code, Language::Chinese).with_detail(&format!("HTTP {}", status.as_u16()));
    (problem.status, problem.retry, problem.outcome) = (status.as_u16(), retry, outcome);
    problem
}

/// Whether one of the records may be to blame, or the link, the platform or our standing with it.
fn scope_of(problem: &Problem) -> FailureScope {
    match problem.code {
        // Answers of something between us and the platform.
        ErrorCode::RequestUnknownRoute | ErrorCode::ClientConfiguration | ErrorCode::RequestRateLimited => {
            return FailureScope::Endpoint;
        }
        // What is said of one bill's division or author says nothing of the others.
        ErrorCode::ScopeDivision | ErrorCode::BillWrongParty => return FailureScope::Request,
        // The hop's digest and stamp are made anew for every request.
        ErrorCode::SignatureStale | ErrorCode::SignatureReplayed | ErrorCode::SignatureDigestMismatch => {
            return FailureScope::Endpoint;
        }
        _ => {}
    }
    match problem.code.kind() {
        ErrorKind::InvalidInput
        | ErrorKind::Conflict
        | ErrorKind::NotFound
        | ErrorKind::Limit
        | ErrorKind::Integrity
        | ErrorKind::Unsupported => FailureScope::Request,
        _ => FailureScope::Endpoint,
    }
}

/// `Retry-After`: seconds, or a date.
fn retry_after_ms(response: &Response, now: Timestamp) -> Option<u64> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    http_date(text).and_then(|date| u64::try_from(date.millis_since(now)).ok())
}

/// An HTTP date (RFC 9110 §5.6.7), such as `Mon, 23 Nov 2026 06:00:00 GMT`.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

const fn engine_retry(retry: Retry) -> tongqiao_engine::Retry {
    match retry {
        Retry::Never => tongqiao_engine::Retry::Never,
        Retry::SameRequest => tongqiao_engine::Retry::SameRequest,
        Retry::AfterDelay => tongqiao_engine::Retry::AfterDelay,
        Retry::AfterChange => tongqiao_engine::Retry::AfterChange,
    }
}

const fn engine_outcome(outcome: Outcome) -> tongqiao_engine::Outcome {
    match outcome {
        Outcome::NotSent => tongqiao_engine::Outcome::NotSent,
        Outcome::Rejected => tongqiao_engine::Outcome::Rejected,
        Outcome::Unknown => tongqiao_engine::Outcome::Unknown,
        Outcome::Applied => tongqiao_engine::Outcome::Applied,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::transport::{Arrival, Silence};

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Result<Response, TransportFailure> {
        let mut response = Response::new(body.to_vec());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        Ok(response)
    }

    fn now() -> Timestamp {
        "2026-11-23T14:00:00+08:00".parse().unwrap()
    }

    #[test]
    fn a_request_that_never_left_is_not_confused_with_one_that_may_have_arrived() {
        let refused = TransportFailure::new(Silence::NotConnected, Arrival::No, "refused");
        let lost = TransportFailure::new(Silence::Broken, Arrival::Perhaps, "reset");
        assert_eq!(Error::from(classify(Err(refused), now()).unwrap_err()).outcome(), Outcome::NotSent);
        assert_eq!(Error::from(classify(Err(lost), now()).unwrap_err()).outcome(), Outcome::Unknown);
    }

    #[test]
    fn a_gateway_s_error_page_may_hide_an_effect_and_blames_no_record() {
        let failure = Failure::from(classify(answer(502, &[], b"<html>"), now()).unwrap_err());
        assert_eq!(failure.scope, FailureScope::Endpoint);
        assert_eq!(failure.retry, tongqiao_engine::Retry::AfterDelay);
        assert_eq!(failure.outcome, tongqiao_engine::Outcome::Unknown);
    }

    #[test]
    fn a_bill_of_a_foreign_division_or_party_is_to_blame_itself() {
        for code in [ErrorCode::ScopeDivision, ErrorCode::BillWrongParty] {
            let problem = Problem::new(code, Language::English);
            let headers = [("content-type", "application/problem+json")];
            let refusal = classify(answer(403, &headers, &problem.to_bytes()), now()).unwrap_err();
            assert_eq!(refusal.scope, FailureScope::Request, "{}", code.code());
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        for text in ["90", "Mon, 23 Nov 2026 06:01:30 GMT"] {
            let failure = Failure::from(classify(answer(503, &[("retry-after", text)], b""), now()).unwrap_err());
            assert_eq!(failure.retry_after_ms, Some(90_000), "{text}");
        }
    }

    #[test]
    fn a_problem_keeps_its_code_faults_and_request_id() {
        let problem = Problem::new(ErrorCode::RequestTooLarge, Language::English).with_request("r-7");
        let media_type = ("content-type", "application/problem+json");
        let refusal = classify(answer(413, &[media_type], &problem.to_bytes()), now()).unwrap_err();
        assert_eq!(refusal.scope, FailureScope::Request);
        let error = Error::from(refusal);
        assert_eq!((error.code(), error.request_id()), (ErrorCode::RequestTooLarge, Some("r-7")));
    }
}
