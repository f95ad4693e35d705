//! The node's end of the link over QUIC.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, EndpointConfig, Runtime as _, TokioRuntime, VarInt};
use rustls::pki_types::CertificateDer;
use tokio::net::lookup_host;
use tokio::sync::{Mutex, Semaphore, watch};
use tongqiao::{Silence, TransportFailure};

use super::config;
use super::echo::{self, Echo};
use super::live::{Health, Live, Proof, Unanswered};
use super::measures::Measures;
use super::shaper::{ShapedSocket, Shaper};
use crate::link::answer::Answered;
use crate::link::identity::Dialling;
use crate::link::silence::not_connected;
use crate::link::{Early, Lane};

/// A hub that has not answered a call for so long is not reached for the moment.
const CALL_MOST: Duration = Duration::from_secs(5);
/// For a handshake: several round trips of a satellite link with losses.
const HANDSHAKE_MOST: Duration = Duration::from_secs(12);
/// For a line that is dark: whoever has something to send waits no longer.
const DARK_MOST: Duration = Duration::from_secs(20);
/// Bytes of cases and bulk that are handed to QUIC at once; what is behind them waits where it can be overtaken.
const HANDED_MOST: usize = 128 * 1024;

/// The way over QUIC.
pub(in crate::link) struct Quic {
    /// Host and port.
    hub: String,
    identity: Dialling,
    /// Made anew when the hub's key is not valid any more: tickets are of that key.
    tls: std::sync::Mutex<Arc<QuicClientConfig>>,
    /// The key that the hub showed last.
    shown: std::sync::Mutex<Option<Vec<u8>>>,
    endpoint: Mutex<Option<Endpoint>>,
    live: Mutex<Option<Arc<Live>>>,
    handed: Semaphore,
    measures: Measures,
    shaper: Arc<Shaper>,
    /// How many connections have begun with early data that the hub took.
    early: watch::Sender<u64>,
}

impl Quic {
    pub(in crate::link) fn new(
        hub: String,
        identity: Dialling,
        measures: Measures,
        shaper: Arc<Shaper>,
    ) -> Result<Self, TransportFailure> {
        let tls = tls(&identity)?;
        Ok(Self {
            hub,
            identity,
            tls: std::sync::Mutex::new(tls),
            shown: std::sync::Mutex::new(None),
            endpoint: Mutex::new(None),
            live: Mutex::new(None),
            handed: Semaphore::new(HANDED_MOST),
            measures,
            shaper,
            early: watch::Sender::new(0),
        })
    }

    /// A frame to the hub, and the answer; `None` when the hub has not the dictionary of the frame. `early` is what may be said before the hub has proved who it is.
    pub(in crate::link) async fn exchange(
        &self,
        lane: Lane,
        frame: &[u8],
        early: Early,
    ) -> Result<Option<Answered>, TransportFailure> {
        let bulky = if lane.is_urgent() { 0 } else { u32::try_from(frame.len().min(HANDED_MOST)).unwrap_or(u32::MAX) };
        // The semaphore is never closed.
        let _handed = self.handed.acquire_many(bulky).await.map_err(|_| not_connected("the link is closed"))?;
        let live = self.live().await?;
        let when = match early {
            Early::May => Proof::Early,
            Early::MustNot => Proof::Given,
        };
        let answered = match live.exchange(lane, frame, when).await {
            Err(Unanswered::TooEarly) => live.exchange(lane, frame, Proof::Given).await,
            answered => answered,
        };
        answered.map_err(|unanswered| match unanswered {
            Unanswered::Failed(failure) => failure,
            Unanswered::TooEarly => not_connected("the hub took it for too early twice"),
        })
    }

    /// How many connections have begun with early data.
    pub(in crate::link) fn early_dials(&self) -> u64 {
        *self.early.borrow()
    }

    /// Whether a hub answers a call now.
    pub(in crate::link) async fn is_heard(&self, most: Duration) -> bool {
        match lookup_host(&self.hub).await {
            Ok(addresses) => echo::listen(&addresses.collect::<Vec<_>>(), most).await.is_some(),
            Err(_) => false,
        }
    }

    /// Gives up the connection, if there is one.
    pub(in crate::link) async fn give_up(&self) {
        if let Some(live) = self.live.lock().await.take() {
            live.give_up("another way");
        }
    }

    /// Makes sure of a connection on which something comes back.
    pub(in crate::link) async fn connect(&self) -> Result<(), TransportFailure> {
        self.live().await.map(drop)
    }

    /// A connection on which something comes back, or a new one. Whoever else wants one waits for the same.
    async fn live(&self) -> Result<Arc<Live>, TransportFailure> {
        let began = Instant::now();
        let mut slot = self.live.lock().await;
        if let Some(live) = slot.as_ref() {
            let health = match live.health() {
                Health::Silent => {
                    let most = DARK_MOST.saturating_sub(began.elapsed());
                    let decided = tokio::time::timeout(most, live.decided()).await;
                    decided.map_err(|_| not_connected("nothing comes back over the link"))?
                }
                known => known,
            };
            if health != Health::Gone {
                return Ok(Arc::clone(live));
            }
        }
        if began.elapsed() >= DARK_MOST {
            // Others have tried in vain all the while.
            return Err(not_connected("nothing comes back over the link"));
        }
        let echo = slot.take().and_then(|gone| gone.fresh_echo());
        let live = self.dial(echo).await?;
        *slot = Some(Arc::clone(&live));
        Ok(live)
    }

    /// A new connection, on the word of an echo that was just heard or is listened for now.
    async fn dial(&self, echo: Option<Echo>) -> Result<Arc<Live>, TransportFailure> {
        let heard = match echo {
            Some(echo) => Some(echo),
            None => {
                let addresses = lookup_host(&self.hub).await.map_err(|error| not_connected(&error.to_string()))?;
                echo::listen(&addresses.collect::<Vec<_>>(), CALL_MOST).await
            }
        };
        let Echo { from, after } = heard.ok_or_else(|| not_connected("the hub answers no call"))?;
        let endpoint = self.endpoint(from).await?;
        let mut config = ClientConfig::new(self.tls_for_known_hub()?);
        let transport = config::dialling(&self.measures, after);
        config.transport_config(Arc::new(transport));
        let host = self.hub.rsplit_once(':').map_or(self.hub.as_str(), |(host, _)| host).trim_matches(['[', ']']);
        let connecting = endpoint.connect_with(config, from, host);
        let connecting = connecting.map_err(|error| not_connected(&error.to_string()))?;
        let (proof, proved) = watch::channel(Proof::Early);
        let early = if self.measures.early_data.is_on() { connecting.into_0rtt() } else { Err(connecting) };
        let connection = match early {
            Ok((connection, accepted)) => {
                let (whole, count) = (connection.clone(), self.early.clone());
                let identity = self.identity.clone();
                tokio::spawn(async move {
                    match tokio::time::timeout(HANDSHAKE_MOST, accepted).await {
                        Ok(taken) if whole.close_reason().is_none() && identity.knows(shown(&whole).as_deref()) => {
                            count.send_modify(|count| *count += u64::from(taken));
                            tracing::debug!(taken, "a connection began with early data");
                            proof.send_replace(Proof::Given);
                        }
                        _ => whole.close(VarInt::from_u32(0), b"no handshake"),
                    }
                });
                connection
            }
            Err(connecting) => {
                let shaken = tokio::time::timeout(HANDSHAKE_MOST, connecting).await;
                let shaken = shaken.map_err(|_| not_connected("the hub does not finish its handshake"))?;
                let connection = shaken.map_err(|error| not_shaken(&error))?;
                let key = shown(&connection);
                if !self.identity.knows(key.as_deref()) {
                    connection.close(VarInt::from_u32(0), b"unknown");
                    return Err(TransportFailure::new(
                        Silence::TlsFailed,
                        tongqiao::Arrival::No,
                        "the hub's key is not valid any more",
                    ));
                }
                *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = key;
                proof.send_replace(Proof::Given);
                connection
            }
        };
        Ok(Live::new(connection, proved, self.measures, Arc::clone(&self.shaper)))
    }

    /// Tickets are of no use for a hub whose key is not valid any more: nothing may be said early to it.
    fn tls_for_known_hub(&self) -> Result<Arc<QuicClientConfig>, TransportFailure> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut config = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.is_some() && !self.identity.knows(shown.as_deref()) {
            *config = tls(&self.identity)?;
            *shown = None;
        }
        Ok(Arc::clone(&config))
    }

    async fn endpoint(&self, hub: SocketAddr) -> Result<Endpoint, TransportFailure> {
        let mut slot = self.endpoint.lock().await;
        if let Some(endpoint) = slot.as_ref().filter(|endpoint| fits(endpoint, hub)) {
            return Ok(endpoint.clone());
        }
        let made = self.bind(hub).map_err(|error| not_connected(&error.to_string()))?;
        *slot = Some(made.clone());
        Ok(made)
    }

    fn bind(&self, hub: SocketAddr) -> std::io::Result<Endpoint> {
        let any = if hub.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let inner = TokioRuntime.wrap_udp_socket(std::net::UdpSocket::bind(any)?)?;
        let socket = Arc::new(ShapedSocket { inner, shaper: Arc::clone(&self.shaper) });
        Endpoint::new_with_abstract_socket(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime))
    }
}

fn fits(endpoint: &Endpoint, hub: SocketAddr) -> bool {
    endpoint.local_addr().is_ok_and(|local| local.is_ipv4() == hub.is_ipv4())
}

fn tls(identity: &Dialling) -> Result<Arc<QuicClientConfig>, TransportFailure> {
    let config = QuicClientConfig::try_from(identity.fresh());
    config.map(Arc::new).map_err(|error| not_connected(&error.to_string()))
}

/// The raw public key that the other end has shown.
fn shown(connection: &Connection) -> Option<Vec<u8>> {
    let chain = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    chain.first().map(|key| key.to_vec())
}

/// A line that breaks under a handshake is no stranger at its end: only what TLS itself objects to is.
fn not_shaken(error: &quinn::ConnectionError) -> TransportFailure {
    let silence = match error {
        // The range of codes in which QUIC carries the alerts of TLS.
        quinn::ConnectionError::TransportError(error) if (0x100..0x200).contains(&u64::from(error.code)) => {
            Silence::TlsFailed
        }
        quinn::ConnectionError::ConnectionClosed(close) if (0x100..0x200).contains(&u64::from(close.error_code)) => {
            Silence::TlsFailed
        }
        _ => Silence::NotConnected,
    };
    TransportFailure::new(silence, tongqiao::Arrival::No, error)
}
