//! The hub's end of the link: unpacks what nodes send and packs what the platform answers.
//!
//! It keeps nothing. A frame's answer is the platform's answer or the admission that there is none; what was under way when a hub
//! dies is sent again by the node, through whichever hub stands behind the address.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tongqiao::{Arrival, Client, Transport};
use tongqiao_protocol::PartyId;

use super::answer::Answered;
use super::call::{BODY_MOST, Call};
use super::counts::Counts;
use super::dictionary::Dictionary;
use super::identity::Register;
use super::wire::Malformed;

/// The one address of the link.
pub(super) const PATH: &str = "/frames/1";
/// A frame is never larger than the largest body and what is around it.
pub(super) const FRAME_MOST: usize = BODY_MOST + 64 * 1024;
/// In place of an answer: the request did not reach the platform.
pub(super) const NOT_SENT: u8 = 0;
/// In place of an answer: the request may have reached the platform.
pub(super) const PERHAPS_SENT: u8 = 1;
/// In place of an answer: the frame is packed with a dictionary that this hub has not.
pub(super) const NO_DICTIONARY: u8 = 4;
/// A handshake takes no longer.
pub(super) const HANDSHAKE_MOST: Duration = Duration::from_secs(30);
/// Requests of one node that are under way at once.
const STREAMS_MOST: u32 = 64;
/// A connection that answers no ping for so long is given up.
const PING_EVERY: Duration = Duration::from_secs(60);

/// What every connection shares, whichever way it came.
pub(crate) struct Hub {
    pub(crate) client: Client,
    pub(crate) register: Register,
    pub(crate) platform: Arc<dyn Transport>,
    /// Scheme and authority.
    pub(crate) origin: String,
    pub(crate) counts: Counts,
}

/// Why there is no answer of the platform.
pub(crate) enum Unpassed {
    /// It is no request that could be made.
    NoRequest,
    /// It has certainly not reached the platform.
    NotReached,
    /// It may have.
    PerhapsReached,
}

impl Hub {
    /// The platform's answer to a node's request.
    pub(super) async fn pass(&self, party: &PartyId, call: Call) -> Result<Answered, Unpassed> {
        let request = call.into_request(&self.origin).map_err(|error| {
            tracing::warn!(party = party.as_str(), %error, "a frame holds no request");
            Counts::one(&self.counts.malformed);
            Unpassed::NoRequest
        })?;
        match self.platform.send(request).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                Counts::one(&self.counts.passed);
                Ok(Answered::new(parts.status, &parts.headers, body))
            }
            Err(failure) => {
                tracing::warn!(party = party.as_str(), %failure, "the platform gave no answer");
                Err(match failure.may_have_arrived() {
                    Arrival::No => {
                        Counts::one(&self.counts.not_reached);
                        Unpassed::NotReached
                    }
                    Arrival::Perhaps => {
                        Counts::one(&self.counts.unanswered);
                        Unpassed::PerhapsReached
                    }
                })
            }
        }
    }
}

/// Serves nodes until told to stop.
pub(crate) async fn serve(listener: TcpListener, tls: ServerConfig, hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let mut connections = JoinSet::new();
    while !*stop.borrow() {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => drop(connections.spawn(converse(Arc::clone(&hub), acceptor.clone(), stream, peer))),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    connections.shutdown().await;
}

async fn converse(hub: Arc<Hub>, acceptor: TlsAcceptor, stream: TcpStream, peer: SocketAddr) {
    // Small answers must not wait for more of them.
    drop(stream.set_nodelay(true));
    let stream = match tokio::time::timeout(HANDSHAKE_MOST, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "a handshake failed");
            Counts::one(&hub.counts.strangers);
            // Perhaps a node that was enrolled a moment ago: it dials again.
            drop(hub.client.refresh_directory().await);
            return;
        }
        Err(_) => return,
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(|shown| shown.first());
    let Some(party) = shown.and_then(|spki| hub.register.party_of(spki)) else { return };
    tracing::info!(%peer, party = party.as_str(), "a node is connected");
    let _connected = hub.counts.http2();
    let service = service_fn(|request| {
        let (hub, party) = (Arc::clone(&hub), party.clone());
        async move { Ok::<_, Infallible>(answer(&hub, &party, request).await) }
    });
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY)
        .max_concurrent_streams(STREAMS_MOST);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%peer, %error, "a node's connection ended");
    }
}

async fn answer(hub: &Hub, party: &PartyId, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.method() != Method::POST || request.uri().path() != PATH {
        return respond(StatusCode::NOT_FOUND, Vec::new());
    }
    let body = match Limited::new(request.into_body(), FRAME_MOST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            tracing::debug!(party = party.as_str(), %error, "a frame did not arrive whole");
            return respond(StatusCode::BAD_REQUEST, Vec::new());
        }
    };
    let (call, dictionary) = match Call::decode_noting(&body) {
        Ok(decoded) => decoded,
        Err(error) => {
            if error != Malformed::NO_DICTIONARY {
                tracing::warn!(party = party.as_str(), %error, "a frame cannot be read");
                Counts::one(&hub.counts.malformed);
            }
            let (status, body) = unread(error);
            return respond(status, body);
        }
    };
    let (status, body) = said(hub.pass(party, call).await, dictionary);
    respond(status, body)
}

/// What a hub says to a frame that it cannot read.
pub(crate) fn unread(error: Malformed) -> (StatusCode, Vec<u8>) {
    let body = if error == Malformed::NO_DICTIONARY { vec![NO_DICTIONARY] } else { Vec::new() };
    (StatusCode::BAD_REQUEST, body)
}

/// What a hub says to a frame that it has read.
pub(crate) fn said(passed: Result<Answered, Unpassed>, dictionary: Option<Dictionary>) -> (StatusCode, Vec<u8>) {
    match passed {
        Ok(answered) => (StatusCode::OK, answered.encode_with(dictionary)),
        Err(Unpassed::NoRequest) => (StatusCode::BAD_REQUEST, Vec::new()),
        Err(Unpassed::NotReached) => (StatusCode::BAD_GATEWAY, vec![NOT_SENT]),
        Err(Unpassed::PerhapsReached) => (StatusCode::BAD_GATEWAY, vec![PERHAPS_SENT]),
    }
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
