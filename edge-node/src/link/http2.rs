//! The link over TCP: two connections of HTTP/2 to the hub, one of them for what is urgent.
//!
//! HTTP/2 as it is commonly used lets a payment wait behind everything that was begun before it, for minutes on a slow link. So
//! money and keys have a connection of their own.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use tongqiao::{Arrival, Silence, TransportFailure};

use super::answer::Answered;
use super::serving::{NO_DICTIONARY, NOT_SENT, PATH};
use super::silence::{not_connected, patience};
use super::throttled::Throttled;
use super::{Lane, Shaper};

/// TCP segments are kept so short that a tunnel on the way, which says nothing of its limit, does not swallow them.
const SEGMENT_BYTES: u32 = 1_200;
/// For a connection with its handshake: several round trips of a satellite link with losses.
const CONNECT_MOST: Duration = Duration::from_secs(20);
/// A connection on which nothing comes back for so long is given up.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_ANSWER_MOST: Duration = Duration::from_secs(15);
/// The largest frame that comes back.
pub(super) const ANSWER_MOST: usize = 64 * 1024 * 1024 + 64 * 1024;

/// The way over HTTP/2.
pub(super) struct Http2 {
    /// Host and port.
    hub: String,
    tls: Arc<ClientConfig>,
    shaper: Arc<Shaper>,
    urgent: Mutex<Option<SendRequest<Full<Bytes>>>>,
    ordinary: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Http2 {
    pub(super) fn new(hub: String, tls: ClientConfig, shaper: Arc<Shaper>) -> Self {
        Self { hub, tls: Arc::new(tls), shaper, urgent: Mutex::new(None), ordinary: Mutex::new(None) }
    }

    /// A frame to the hub, and the answer; `None` when the hub has not the dictionary of the frame.
    pub(super) async fn exchange(&self, lane: Lane, frame: Vec<u8>) -> Result<Option<Answered>, TransportFailure> {
        let patience = patience(frame.len());
        let mut connection = self.connection(lane).await?;
        let mut request = Request::new(Full::new(Bytes::from(frame)));
        *request.method_mut() = Method::POST;
        let uri = format!("https://{}{PATH}", self.hub);
        *request.uri_mut() = uri.parse().map_err(|_| not_connected("the hub's address is none"))?;
        let exchanged = async {
            let answer = connection.send_request(request).await.map_err(|error| broken(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_MOST).collect().await;
            let body = body.map_err(|error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error))?;
            Ok((status, body.to_bytes()))
        };
        let exchanged = match tokio::time::timeout(patience, exchanged).await {
            Ok(exchanged) => exchanged,
            Err(_) => Err(TransportFailure::new(Silence::TimedOut, Arrival::Perhaps, "the hub is silent")),
        };
        let (status, body) = match exchanged {
            Ok(answer) => answer,
            Err(failure) => {
                self.forget(lane).await;
                return Err(failure);
            }
        };
        heard(status, &body)
    }

    fn slot(&self, lane: Lane) -> &Mutex<Option<SendRequest<Full<Bytes>>>> {
        if lane.is_urgent() { &self.urgent } else { &self.ordinary }
    }

    /// A connection that is open, or a new one. Whoever else wants one waits for the same handshake.
    pub(super) async fn connection(&self, lane: Lane) -> Result<SendRequest<Full<Bytes>>, TransportFailure> {
        let mut slot = self.slot(lane).lock().await;
        if let Some(open) = slot.as_ref().filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        *slot = None;
        let fresh = tokio::time::timeout(CONNECT_MOST, self.dial()).await;
        let fresh = fresh.map_err(|_| not_connected("the hub does not answer"))??;
        *slot = Some(fresh.clone());
        Ok(fresh)
    }

    async fn forget(&self, lane: Lane) {
        *self.slot(lane).lock().await = None;
    }

    async fn dial(&self) -> Result<SendRequest<Full<Bytes>>, TransportFailure> {
        let stream = self.reach().await?;
        drop(stream.set_nodelay(true));
        let stream = Throttled::new(stream, Arc::clone(&self.shaper));
        let host = self.hub.rsplit_once(':').map_or(self.hub.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|_| not_connected("the hub's address is none"))?;
        let tls = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let tls = tls.map_err(|error| not_shaken(&error))?;
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER_MOST)
            .keep_alive_while_idle(true);
        let shaken = builder.handshake(TokioIo::new(tls)).await;
        let (sender, connection) = shaken.map_err(|error| not_connected(&error.to_string()))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the link's connection ended");
            }
        });
        Ok(sender)
    }

    /// The first address of the hub that answers.
    async fn reach(&self) -> Result<TcpStream, TransportFailure> {
        let addresses = lookup_host(&self.hub).await.map_err(|error| not_connected(&error.to_string()))?;
        let mut last = not_connected("the hub has no address");
        for address in addresses {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let connected = async {
                let socket = socket?;
                socket2::SockRef::from(&socket).set_tcp_mss(SEGMENT_BYTES)?;
                socket.connect(address).await
            };
            match connected.await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = not_connected(&error.to_string()),
            }
        }
        Err(last)
    }
}

/// What a hub's answer to a frame means; `None` when it has not the dictionary of the frame.
pub(crate) fn heard(status: StatusCode, body: &[u8]) -> Result<Option<Answered>, TransportFailure> {
    if status == StatusCode::OK {
        return Answered::decode(body)
            .map(Some)
            .map_err(|error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error));
    }
    if status == StatusCode::BAD_REQUEST && body.first() == Some(&NO_DICTIONARY) {
        return Ok(None);
    }
    let arrival = if body.first() == Some(&NOT_SENT) || status == StatusCode::BAD_REQUEST {
        Arrival::No
    } else {
        Arrival::Perhaps
    };
    Err(TransportFailure::new(Silence::Broken, arrival, format!("the hub answers {status}")))
}

/// A line that breaks under a handshake is no stranger at its end: only what TLS itself objects to is.
fn not_shaken(error: &std::io::Error) -> TransportFailure {
    let is_objection = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    let silence = if is_objection { Silence::TlsFailed } else { Silence::NotConnected };
    TransportFailure::new(silence, Arrival::No, error)
}

fn broken(error: &hyper::Error) -> TransportFailure {
    // A request that was never put on the wire says so.
    let arrival = if error.is_canceled() { Arrival::No } else { Arrival::Perhaps };
    TransportFailure::new(Silence::Broken, arrival, error)
}
