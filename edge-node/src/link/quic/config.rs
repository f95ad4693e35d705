//! Settings of QUIC, for lines on which the usual ones do harm.

use std::sync::Arc;
use std::time::Duration;

use quinn::congestion::CubicConfig;
use quinn::{AckFrequencyConfig, IdleTimeout, MtuDiscoveryConfig, TransportConfig, VarInt};

use super::measures::{Control, Measures};
use super::rate::{Known, Learnt, RateFactory};

/// Until the round trip is known it is taken for a satellite's: otherwise every handshake there is sent two or three times.
const ROUND_TRIP_UNKNOWN: Duration = Duration::from_millis(700);
/// A connection lives through an outage of this length.
const IDLE_MOST: Duration = Duration::from_secs(180);
/// Less than what a box on the way usually remembers of UDP.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Below this rate larger packets only hold the line up for longer, and looking for their size costs more than it brings.
const DISCOVERY_FROM_BYTES_PER_SECOND: f64 = 64_000.0;
/// Frames of one node that are under way at once.
const STREAMS_MOST: u32 = 64;
/// What a hub takes in of one node before it has been read.
const RECEIVE_MOST: u32 = 4 * 1024 * 1024;
const STREAM_RECEIVE_MOST: u32 = 1024 * 1024;

/// What is known of the line when a connection begins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Start {
    pub(super) known: Option<Known>,
    pub(super) round_trip: Option<Duration>,
}

/// Of the node's end.
pub(super) fn dialling(measures: &Measures, start: Start, learnt: Learnt) -> TransportConfig {
    let mut config = common();
    let rate = start.known.map_or(0.0, |known| known.bytes_per_second);
    config.initial_rtt(start.round_trip.unwrap_or(ROUND_TRIP_UNKNOWN));
    config.mtu_discovery_config((rate >= DISCOVERY_FROM_BYTES_PER_SECOND).then(MtuDiscoveryConfig::default));
    match measures.control {
        Control::Rate => {
            config.congestion_controller_factory(Arc::new(RateFactory { known: start.known, learnt }));
        }
        Control::Cubic => {
            config.congestion_controller_factory(Arc::new(CubicConfig::default()));
        }
    }
    config
}

/// Of the hub's end.
pub(super) fn serving() -> TransportConfig {
    let mut config = common();
    config
        .initial_rtt(ROUND_TRIP_UNKNOWN)
        .mtu_discovery_config(None)
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_MOST))
        .receive_window(VarInt::from_u32(RECEIVE_MOST))
        .stream_receive_window(VarInt::from_u32(STREAM_RECEIVE_MOST))
        .congestion_controller_factory(Arc::new(RateFactory { known: None, learnt: Learnt::default() }));
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
        .ack_frequency_config(None::<AckFrequencyConfig>)
        .datagram_receive_buffer_size(None);
    config
}
