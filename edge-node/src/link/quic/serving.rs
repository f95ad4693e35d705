//! The hub's end of the link over QUIC.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{
    Connection, Endpoint, EndpointConfig, Incoming, RecvStream, Runtime as _, SendStream, ServerConfig, TokioRuntime,
    VarInt,
};
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tongqiao_protocol::PartyId;

use super::echo::{Callers, EchoingSocket};
use super::live::Proof;
use super::nudge::Unconfirmed;
use super::order::Order;
use super::twins::Twins;
use super::{ANSWERED, NO_DICTIONARY, NO_FRAME, NOT_REACHED, PERHAPS_REACHED, config};
use crate::link::call::Call;
use crate::link::counts::Counts;
use crate::link::dictionary::Dictionary;
use crate::link::serving::{FRAME_MOST, HANDSHAKE_MOST, Hub, Unpassed};
use crate::link::wire::Malformed;
use crate::link::{Early, Lane};

/// From so many connections on, whoever is new shows first that he receives where he says he is.
const UNPROVED_MOST: usize = 1_024;
/// And from so many on, nobody is taken.
const CONNECTIONS_MOST: usize = 32 * 1_024;
/// How long an answer may take to get through.
const ANSWER_MOST: Duration = Duration::from_secs(120);

/// What the streams of one connection share.
struct Talk {
    twins: Twins,
    order: Order,
    /// Answers that the node has not confirmed.
    unconfirmed: Unconfirmed,
}

impl Talk {
    fn new(connection: &Connection) -> Self {
        let unconfirmed = Unconfirmed::new();
        unconfirmed.nudge(connection.clone());
        Self { twins: Twins::default(), order: Order::default(), unconfirmed }
    }
}

/// The hub's address for UDP.
pub(crate) struct Door {
    endpoint: Endpoint,
    server: ServerConfig,
    callers: Arc<Callers>,
}

impl Door {
    /// Binds the address.
    pub(crate) fn open(address: SocketAddr, tls: rustls::ServerConfig) -> io::Result<Self> {
        let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
        let mut server = ServerConfig::with_crypto(Arc::new(crypto));
        server.transport_config(Arc::new(config::serving(None)));
        let inner = TokioRuntime.wrap_udp_socket(std::net::UdpSocket::bind(address)?)?;
        let callers = Arc::new(Callers::default());
        let socket = Arc::new(EchoingSocket { inner, callers: Arc::clone(&callers) });
        let (own, runtime) = (EndpointConfig::default(), Arc::new(TokioRuntime));
        let endpoint = Endpoint::new_with_abstract_socket(own, Some(server.clone()), socket, runtime)?;
        Ok(Self { endpoint, server, callers })
    }

    /// Settings for whoever dials: a lost packet of the handshake is made up for after a round trip of this line, and not of the
    /// worst.
    fn server_for(&self, peer: SocketAddr) -> Arc<ServerConfig> {
        let mut server = self.server.clone();
        let round_trip = self.callers.round_trip(peer.ip(), tokio::time::Instant::now());
        server.transport_config(Arc::new(config::serving(round_trip)));
        Arc::new(server)
    }
}

/// Serves nodes until told to stop.
pub(crate) async fn serve(door: Door, hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let endpoint = &door.endpoint;
    let mut connections = JoinSet::new();
    while !*stop.borrow() {
        let incoming = tokio::select! {
            _ = stop.changed() => break,
            incoming = endpoint.accept() => incoming,
        };
        while connections.try_join_next().is_some() {}
        let Some(incoming) = incoming else { break };
        if connections.len() >= CONNECTIONS_MOST {
            incoming.refuse();
        } else if connections.len() >= UNPROVED_MOST && incoming.may_retry() && !incoming.remote_address_validated() {
            // What cannot be sent back was not worth more.
            drop(incoming.retry());
        } else {
            let server = door.server_for(incoming.remote_address());
            connections.spawn(converse(Arc::clone(&hub), incoming, server));
        }
    }
    endpoint.close(VarInt::from_u32(0), b"the hub ends");
    connections.shutdown().await;
    // So that nodes hear of it at once, and not by silence.
    drop(tokio::time::timeout(Duration::from_secs(1), endpoint.wait_idle()).await);
}

async fn converse(hub: Arc<Hub>, incoming: Incoming, server: Arc<ServerConfig>) {
    let peer = incoming.remote_address();
    let Ok(connecting) = incoming.accept_with(server) else { return };
    // An endpoint that accepts always gives the connection before the handshake is over.
    let Ok((connection, proved)) = connecting.into_0rtt() else { return };
    let (proof, proof_given) = watch::channel(Proof::Early);
    let (mut streams, talk) = (JoinSet::new(), Arc::new(Talk::new(&connection)));
    let shaking = async {
        let shaken = tokio::time::timeout(HANDSHAKE_MOST, proved).await.is_ok();
        let party = shown(&connection).and_then(|spki| hub.register.party_of(&spki));
        match party {
            Some(party) if shaken && connection.close_reason().is_none() => {
                tracing::info!(%peer, party = party.as_str(), "a node is connected by QUIC");
                proof.send_replace(Proof::Given);
                true
            }
            _ => false,
        }
    };
    tokio::pin!(shaking);
    let mut is_shaken = false;
    let mut connected = None;
    loop {
        let opened = tokio::select! {
            well = &mut shaking, if !is_shaken => {
                if !well {
                    tracing::debug!(%peer, "a handshake failed");
                    Counts::one(&hub.counts.strangers);
                    connection.close(VarInt::from_u32(0), b"unknown");
                    // Perhaps a node that was enrolled a moment ago: it dials again.
                    drop(hub.client.refresh_directory().await);
                    return;
                }
                is_shaken = true;
                connected = Some(hub.counts.quic());
                continue;
            }
            opened = connection.accept_bi() => opened,
        };
        while streams.try_join_next().is_some() {}
        match opened {
            Ok((send, receive)) => {
                drop(streams.spawn(answer(
                    Arc::clone(&hub),
                    connection.clone(),
                    send,
                    receive,
                    proof_given.clone(),
                    Arc::clone(&talk),
                )));
            }
            Err(error) => {
                tracing::debug!(%peer, %error, "a node's connection ended");
                drop(connected);
                return;
            }
        }
    }
}

fn shown(connection: &Connection) -> Option<Vec<u8>> {
    let chain = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    chain.first().map(|key| key.to_vec())
}

async fn answer(
    hub: Arc<Hub>,
    connection: Connection,
    mut send: SendStream,
    mut receive: RecvStream,
    mut proof: watch::Receiver<Proof>,
    talk: Arc<Talk>,
) {
    let was_early = receive.is_0rtt();
    let Ok(frame) = receive.read_to_end(FRAME_MOST).await else { return };
    let call = Call::decode_noting(&frame);
    let is_idempotent = call.as_ref().is_ok_and(|(call, _)| call.early() == Early::May);
    // Until the handshake is over, whoever sends could be repeating what another sent before.
    if !(was_early && is_idempotent) && proof.wait_for(|proof| *proof == Proof::Given).await.is_err() {
        return;
    }
    let Some(party) = shown(&connection).and_then(|spki| hub.register.party_of(&spki)) else {
        connection.close(VarInt::from_u32(0), b"unknown");
        return;
    };
    let (lane, bytes) = match call {
        Ok((call, dictionary)) if call.lane() == Lane::Payment => {
            (Lane::Payment, talk.twins.answer(&frame, pass(&hub, &party, call, dictionary)).await)
        }
        Ok((call, dictionary)) => (call.lane(), pass(&hub, &party, call, dictionary).await),
        Err(Malformed::NO_DICTIONARY) => (Lane::Control, vec![NO_DICTIONARY]),
        Err(error) => {
            tracing::warn!(party = party.as_str(), %error, "a frame cannot be read");
            Counts::one(&hub.counts.malformed);
            (Lane::Control, vec![NO_FRAME])
        }
    };
    drop(send.set_priority(talk.order.next(lane)));
    let _unconfirmed = talk.unconfirmed.wait();
    // A node that is gone asks again.
    if send.write_all(&bytes).await.is_ok() && send.finish().is_ok() {
        drop(tokio::time::timeout(ANSWER_MOST, send.stopped()).await);
    }
}

async fn pass(hub: &Hub, party: &PartyId, call: Call, dictionary: Option<Dictionary>) -> Vec<u8> {
    match hub.pass(party, call).await {
        Ok(answered) => {
            let mut bytes = vec![ANSWERED];
            bytes.extend(answered.encode_with(dictionary));
            bytes
        }
        Err(Unpassed::NoRequest) => vec![NO_FRAME],
        Err(Unpassed::NotReached) => vec![NOT_REACHED],
        Err(Unpassed::PerhapsReached) => vec![PERHAPS_REACHED],
    }
}
