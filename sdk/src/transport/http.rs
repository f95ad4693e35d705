//! HTTP/1.1 and HTTP/2 over TLS: the only file that names reqwest.

use std::error::Error as _;
use std::time::Duration;

use super::{Arrival, Request, Response, Sending, Silence, Transport, TransportFailure, Trust};
use crate::Error;

/// How long to wait for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For a connection.
    pub(crate) connect: Duration,
    /// For an answer to begin after the request is away, and for each next piece of it. Long answers may take longer as a whole.
    pub(crate) stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), stall: Duration::from_secs(60) }
    }
}

/// The slowest upload that is waited for: half of what is left of a link of 64 kbit/s with losses. A connection on which
/// nothing at all is acknowledged is cut by the system after half a minute (`TCP_USER_TIMEOUT`, which reqwest sets).
const SLOWEST_BYTES_A_SECOND: u64 = 2 * 1024;
/// The largest answer (a catalogue snapshot).
const RESPONSE_BYTES_LIMIT: usize = 64 * 1024 * 1024;

/// reqwest on rustls with ring, our own roots, no redirects and no retries of its own.
pub struct HttpTransport {
    client: reqwest::Client,
    stall: Duration,
}

impl HttpTransport {
    /// One with the default timeouts (10 seconds for a connection, 60 of silence), without a proxy; for programs that pass on
    /// what others have put together.
    ///
    /// # Errors
    /// `client.configuration` when the trust cannot be used.
    pub fn direct(trust: &Trust) -> Result<Self, Error> {
        Self::new(trust, None, Timeouts::default())
    }

    pub(crate) fn new(trust: &Trust, proxy: Option<&str>, timeouts: Timeouts) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.client_config()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(timeouts.connect)
            .user_agent(concat!("tongqiao/", env!("CARGO_PKG_VERSION")));
        // Proxies named in the environment are not taken: a service's network is configured where the service is.
        builder = match proxy {
            Some(url) => builder.proxy(reqwest::Proxy::all(url).map_err(|error| Error::configuration("proxy", error))?),
            None => builder.no_proxy(),
        };
        let client = builder.build().map_err(|error| Error::configuration("transport", error))?;
        Ok(Self { client, stall: timeouts.stall })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let patience = patience(self.stall, body.len());
            let mut sending = self.client.request(parts.method, parts.uri.to_string());
            sending = sending.headers(parts.headers).body(body);
            let sent = tokio::time::timeout(patience, sending.send()).await.map_err(|_| silent())?;
            let answer = sent.map_err(|error| failure(&error))?;
            let mut response = Response::new(Vec::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = body_of(answer, self.stall).await?;
            Ok(response)
        })
    }
}

async fn body_of(mut answer: reqwest::Response, stall: Duration) -> Result<Vec<u8>, TransportFailure> {
    let mut body = Vec::new();
    loop {
        let piece = tokio::time::timeout(stall, answer.chunk()).await.map_err(|_| silent())?;
        let Some(chunk) = piece.map_err(|error| failure(&error))? else { return Ok(body) };
        if body.len() + chunk.len() > RESPONSE_BYTES_LIMIT {
            return Err(TransportFailure::new(Silence::TooLarge, Arrival::Perhaps, "the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
}

/// How long to wait until the answer to a request with such a body begins. reqwest's own timeouts run from the start of the
/// request, its upload included, and would cut every large record on a slow link.
fn patience(stall: Duration, body_bytes: usize) -> Duration {
    stall + Duration::from_secs(u64::try_from(body_bytes).unwrap_or(u64::MAX) / SLOWEST_BYTES_A_SECOND)
}

fn silent() -> TransportFailure {
    TransportFailure::new(Silence::TimedOut, Arrival::Perhaps, "nothing came for too long")
}

fn failure(error: &reqwest::Error) -> TransportFailure {
    let mut detail = error.to_string();
    let mut tls = false;
    let mut source = error.source();
    while let Some(cause) = source {
        tls |= cause.is::<rustls::Error>() || cause.to_string().contains("invalid peer certificate");
        detail.push_str(": ");
        detail.push_str(&cause.to_string());
        source = cause.source();
    }
    let (silence, arrival) = if error.is_connect() {
        (if tls { Silence::TlsFailed } else { Silence::NotConnected }, Arrival::No)
    } else if error.is_builder() {
        (Silence::NotConnected, Arrival::No)
    } else if error.is_timeout() {
        (Silence::TimedOut, Arrival::Perhaps)
    } else {
        (Silence::Broken, Arrival::Perhaps)
    };
    TransportFailure::new(silence, arrival, detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use tongqiao_protocol::limits::RECORD_BODY_BYTES_MAX;

    #[test]
    fn the_largest_record_has_time_to_leave_a_link_of_64_kbit_a_second() {
        // 64 kbit/s, of which losses and others' traffic leave half.
        let needed = Duration::from_secs(u64::try_from(RECORD_BODY_BYTES_MAX / 4_000).unwrap_or(u64::MAX));
        let stall = Timeouts::default().stall;
        assert!(patience(stall, RECORD_BODY_BYTES_MAX) > needed + Duration::from_secs(30));
        assert_eq!(patience(stall, 0), stall);
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_waited_for_as_long_as_was_set() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let held = tokio::spawn(async move {
            let mut connections = Vec::new();
            loop {
                connections.push(listener.accept().await.unwrap());
            }
        });
        let timeouts = Timeouts { stall: Duration::from_millis(50), ..Timeouts::default() };
        let transport = HttpTransport::new(&Trust::system(), None, timeouts).unwrap();
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = format!("http://{address}/v1/time").parse().unwrap();
        let failure = transport.send(request).await.unwrap_err();
        assert_eq!((failure.silence(), failure.may_have_arrived()), (Silence::TimedOut, Arrival::Perhaps));
        held.abort();
    }
}
