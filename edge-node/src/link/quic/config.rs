//! Settings of QUIC, for lines on which the usual ones do harm.

use std::sync::Arc;
use std::time::Duration;

use quinn::congestion::CubicConfig;
use quinn::{IdleTimeout, TransportConfig, VarInt};

use super::measures::{Control, Measures};
use super::rate::RateFactory;

/// Until the round trip is known it is taken for a satellite's: otherwise every handshake there is sent two or three times.
const ROUND_TRIP_UNKNOWN: Duration = Duration::from_millis(700);
/// A call and the dial that follows may be of two nodes.
const ROUND_TRIP_LEAST: Duration = Duration::from_millis(30);
/// A connection lives through an outage of this length.
const IDLE_MOST: Duration = Duration::from_secs(180);
/// Less than what a box on the way usually remembers of UDP.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Frames of one node that are under way at once.
const STREAMS_MOST: u32 = 64;
/// What a hub takes in of one node before it has been read.
const RECEIVE_MOST: u32 = 4 * 1024 * 1024;
const STREAM_RECEIVE_MOST: u32 = 1024 * 1024;

const NUDGES_KEPT_BYTES: usize = 64;

/// Of the node's end, for a line of this round trip.
pub(super) fn dialling(measures: &Measures, round_trip: Duration) -> TransportConfig {
    let mut config = common();
    config.initial_rtt(round_trip);
    match measures.control {
        Control::Rate => {
            config.congestion_controller_factory(Arc::new(RateFactory));
        }
        Control::Cubic => {
            config.congestion_controller_factory(Arc::new(CubicConfig::default()));
        }
    }
    config
}

/// Of the hub's end, for a node that is so far away.
pub(super) fn serving(round_trip: Option<Duration>) -> TransportConfig {
    let mut config = common();
    config
        .initial_rtt(round_trip.unwrap_or(ROUND_TRIP_UNKNOWN).clamp(ROUND_TRIP_LEAST, ROUND_TRIP_UNKNOWN))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_MOST))
        .receive_window(VarInt::from_u32(RECEIVE_MOST))
        .stream_receive_window(VarInt::from_u32(STREAM_RECEIVE_MOST))
        .congestion_controller_factory(Arc::new(RateFactory));
    config
}

fn common() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .max_idle_timeout(IdleTimeout::try_from(IDLE_MOST).ok())
        .keep_alive_interval(Some(KEEP_ALIVE))
        // Without it a stream that was begun is sent to its end, whatever its priority.
        .send_fairness(true)
        // Larger packets would save a hundredth of the bytes; looking for their size costs a slow line more.
        .mtu_discovery_config(None)
        // Nudges come as datagrams, which nobody reads: the newest few are kept.
        .datagram_receive_buffer_size(Some(NUDGES_KEPT_BYTES));
    config
}
