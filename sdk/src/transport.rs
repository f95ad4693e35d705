//! How bytes get to the platform and back: one method, so that a test or an unusual network can stand in its place.

mod http;
mod tls;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use http::HttpTransport;
pub(crate) use http::Timeouts;
pub use tls::Trust;

/// A request with its whole body; the URI is absolute.
pub type Request = ::http::Request<Vec<u8>>;
/// An answer with its whole body.
pub type Response = ::http::Response<Vec<u8>>;
/// The future that [`Transport::send`] gives.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportFailure>> + Send + 'a>>;

/// Something that sends one request and brings one answer.
///
/// It never tries again on its own and follows no redirect: there is one retry loop, and it lives above. It says
/// honestly whether the request may have reached the other side ([`TransportFailure::may_have_arrived`]).
pub trait Transport: Send + Sync {
    /// Sends `request`.
    fn send<'a>(&'a self, request: Request) -> Sending<'a>;
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Silence {
    /// No connection: refused, no route, no such name.
    NotConnected,
    /// The server's certificate is not trusted, or TLS failed otherwise.
    TlsFailed,
    /// No answer in time.
    TimedOut,
    /// The connection broke under way.
    Broken,
    /// The answer is larger than agreed.
    TooLarge,
}

/// A request that got no answer.
#[derive(Debug, Clone)]
pub struct TransportFailure {
    silence: Silence,
    may_have_arrived: Arrival,
    detail: String,
}

/// Whether a request without an answer may have had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// Certainly not sent.
    No,
    /// It may have arrived.
    Perhaps,
}

impl TransportFailure {
    /// A failure; `detail` is for logs and must hold no personal data.
    pub fn new(silence: Silence, may_have_arrived: Arrival, detail: impl fmt::Display) -> Self {
        Self { silence, may_have_arrived, detail: detail.to_string() }
    }

    /// Why there is no answer.
    pub const fn silence(&self) -> Silence {
        self.silence
    }

    /// Whether the request may have had an effect all the same.
    pub const fn may_have_arrived(&self) -> Arrival {
        self.may_have_arrived
    }
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for TransportFailure {}
