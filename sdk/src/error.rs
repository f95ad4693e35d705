//! What went wrong, whether it may be tried again, and whether it happened all the same.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tongqiao_engine::Failure;
use tongqiao_protocol::explain::SignatureExplanation;
use tongqiao_protocol::{ErrorCode, ErrorKind, Fault, Faults, Language, Outcome, Problem, Retry, SignError};
use tongqiao_store::StoreError;

use crate::transport::{Arrival, Silence, TransportFailure};

/// An error of this library, of the store below it or of the platform: one type, with the codes of one registry.
///
/// ```no_run
/// use tongqiao::{Language, Outcome, Retry};
///
/// fn report(error: &tongqiao::Error) {
///     eprintln!("{} {}", error.code().code(), error.message(Language::Chinese));
///     for fault in error.faults() {
///         eprintln!("  {} {}", fault.path, fault.message(Language::Chinese));
///     }
///     match (error.outcome(), error.retry()) {
///         (Outcome::Unknown, _) => eprintln!("it may have happened: ask before doing it again"),
///         (_, Retry::AfterDelay | Retry::SameRequest) => {
///             eprintln!("the same call may be repeated, at the earliest after {:?}", error.retry_after());
///         }
///         _ => eprintln!("repeating it changes nothing"),
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    code: ErrorCode,
    retry: Retry,
    outcome: Outcome,
    faults: Faults,
    detail: Option<String>,
    request: Option<String>,
    explanation: Option<SignatureExplanation>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with the retry and outcome that the registry gives its code.
    pub(crate) fn of(code: ErrorCode) -> Self {
        Self(Box::new(Inner {
            code,
            retry: code.retry(),
            outcome: code.outcome(),
            faults: Faults::default(),
            detail: None,
            request: None,
            explanation: None,
            retry_after: None,
            source: None,
        }))
    }

    /// A draft or message with faults; `None` when there are none.
    pub(crate) fn from_faults(faults: Faults) -> Option<Self> {
        (!faults.is_empty()).then(|| {
            let mut error = Self::of(ErrorCode::RequestInvalid);
            // The registry's "rejected" is the platform's view; here nothing ever left the machine.
            error.0.outcome = Outcome::NotSent;
            error.0.faults = faults;
            error
        })
    }

    /// A setting that cannot work.
    pub(crate) fn configuration(setting: &str, detail: impl fmt::Display) -> Self {
        Self::of(ErrorCode::ClientConfiguration).detail(format!("{setting}: {detail}"))
    }

    pub(crate) fn no_randomness(error: impl fmt::Display) -> Self {
        Self::of(ErrorCode::ClientSigningFailed).detail(error.to_string())
    }

    /// Something that this library believed cannot happen.
    pub(crate) fn internal(error: impl fmt::Display) -> Self {
        Self::of(ErrorCode::InternalDefect).detail(error.to_string())
    }

    /// An answer that is not what the protocol says. It may have followed an effect.
    pub(crate) fn malformed_answer(fault: impl Into<Unreadable>) -> Self {
        Self::of(ErrorCode::ClientBadAnswer).detail(fault.into().0)
    }

    /// A problem document of the platform.
    pub(crate) fn from_problem(problem: Problem) -> Self {
        let mut error = Self::of(problem.code);
        error.0.retry = problem.retry;
        error.0.outcome = problem.outcome;
        error.0.faults = problem.faults;
        error.0.detail = Some(problem.detail);
        error.0.request = problem.request;
        error
    }

    /// Adds what a person who reads logs wants to know; never personal data.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds why a signature does not verify.
    pub(crate) fn explained(mut self, explanation: Option<SignatureExplanation>) -> Self {
        self.0.explanation = explanation;
        self
    }

    pub(crate) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(crate) fn retry_after_is(mut self, asked: Option<Duration>) -> Self {
        self.0.retry_after = asked;
        self
    }

    pub(crate) fn outcome_is(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// The stable code; see the [reference of errors](https://github.com/tongqiao/tongqiao/blob/main/docs/reference/errors.md).
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The group the code belongs to.
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// Whether the same call may be made again.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// How long the platform asks to be left alone before the same call is made again (`Retry-After`), where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The same in milliseconds, as the schedules count.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after().map(|asked| u64::try_from(asked.as_millis()).unwrap_or(u64::MAX))
    }

    /// Whether it happened all the same.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Every single mistake, each with the path of its field. Empty when the error is not about a message's content.
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults.0
    }

    /// What happened and what to do, for a person.
    pub fn message(&self, language: Language) -> String {
        let (title, action) = (self.0.code.title(language), self.0.code.action(language));
        match language {
            Language::Chinese => format!("{title}。{action}{}", self.explanation_in(language)),
            Language::English => format!("{title}. {action} {}", self.explanation_in(language)).trim_end().to_owned(),
        }
    }

    /// Why a signature does not verify: key, step, length, digest and likely mistake. Only for signatures that this library
    /// checked; what the platform found out about ours stands in its own words in the error's text.
    pub fn signature_explanation(&self) -> Option<&SignatureExplanation> {
        self.0.explanation.as_ref()
    }

    fn explanation_in(&self, language: Language) -> String {
        self.0.explanation.as_ref().map(|explanation| explanation.message(language)).unwrap_or_default()
    }

    /// The platform's name for the failed request, to be quoted when asking its operator.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request.as_deref()
    }
}

/// Why an answer cannot be read, without a word of what it says: that may be personal.
pub(crate) struct Unreadable(String);

impl From<&str> for Unreadable {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()))
    }
}

/// Only where the faults are, and which: what stands there is not repeated.
impl From<tongqiao_protocol::Faults> for Unreadable {
    fn from(faults: tongqiao_protocol::Faults) -> Self {
        Self(
            faults.0.iter().map(|fault| format!("{} {}", fault.path, fault.code.code())).collect::<Vec<_>>().join("; "),
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.code(), self.0.code.title(Language::English))?;
        if let Some(detail) = &self.0.detail {
            write!(f, " ({detail})")?;
        }
        if let Some(explanation) = &self.0.explanation {
            write!(f, " ({})", explanation.message(Language::English))?;
        }
        for fault in self.faults() {
            write!(f, "; {} {}", fault.path, fault.code.code())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code.code())
            .field("retry", &self.0.retry)
            .field("outcome", &self.0.outcome)
            .field("faults", &self.0.faults)
            .field("detail", &self.0.detail)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::of(error.code()).outcome_is(error.outcome()).because(error)
    }
}

impl From<TransportFailure> for Error {
    fn from(failure: TransportFailure) -> Self {
        let code = match failure.silence() {
            Silence::NotConnected => ErrorCode::ClientUnreachable,
            Silence::TlsFailed => ErrorCode::ClientTls,
            Silence::TimedOut => ErrorCode::ClientTimeout,
            Silence::Broken => ErrorCode::ClientConnectionLost,
            Silence::TooLarge => ErrorCode::ClientBadAnswer,
        };
        let outcome = match failure.may_have_arrived() {
            Arrival::No => Outcome::NotSent,
            Arrival::Perhaps => Outcome::Unknown,
        };
        Self::of(code).outcome_is(outcome).because(failure)
    }
}

impl From<SignError> for Error {
    fn from(error: SignError) -> Self {
        Self::of(ErrorCode::ClientSigningFailed).because(error)
    }
}

/// The library's error out of what the delivery keeps of a failed request.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match Problem::parse(&failure.problem) {
            Some(problem) => Self::from_problem(problem),
            None => Self::of(ErrorCode::PlatformUnavailable).detail(String::from_utf8_lossy(&failure.problem)),
        }
    }
}
