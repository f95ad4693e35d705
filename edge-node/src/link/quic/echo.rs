//! The echo: sixteen bytes that a hub sends back, by which a node learns that the line is there before it dials.
//!
//! A dial costs kilobytes and a ticket for early data, also when nobody hears it; an echo costs forty-four bytes. It proves
//! nothing and starts nothing but a dial.

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How it begins; no packet of QUIC that anybody sends does.
const CALL: [u8; 8] = *b"\0tongqia";
const LENGTH: usize = 16;
/// One is sent every so often.
const EVERY: Duration = Duration::from_millis(250);
/// And at the beginning so often, so that one that was lost costs a tenth of a second.
const EVERY_FIRST: Duration = Duration::from_millis(90);
const FIRST_CALLS: u32 = 4;
/// Some networks say at once that nobody listens; that may be over in a moment.
const REFUSED_MOST: u32 = 3;
/// So many callers are remembered, each for so long.
const CALLERS_MOST: usize = 4 * 1024;
const CALLER_GOOD_FOR: Duration = Duration::from_secs(2);

/// Who answered, and after how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Echo {
    pub(super) from: SocketAddr,
    pub(super) after: Duration,
}

/// Calls these addresses until one answers, for at most so long.
pub(super) async fn listen(addresses: &[SocketAddr], most: Duration) -> Option<Echo> {
    let mut calls = JoinSet::new();
    for address in addresses {
        calls.spawn(call(*address));
    }
    let heard = async {
        while let Some(ended) = calls.join_next().await {
            if let Ok(Some(echo)) = ended {
                return Some(echo);
            }
        }
        None
    };
    tokio::time::timeout(most, heard).await.ok().flatten()
}

/// Calls one address without end, unless it is refused again and again.
async fn call(address: SocketAddr) -> Option<Echo> {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.ok()?;
    socket.connect(address).await.ok()?;
    let began = Instant::now();
    let mut refused = 0;
    let next = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(next);
    let mut calls = 0_u32;
    let mut buffer = [0; LENGTH + 1];
    loop {
        tokio::select! {
            () = &mut next => {
                calls = calls.saturating_add(1);
                let pause = if calls < FIRST_CALLS { EVERY_FIRST } else { EVERY };
                next.as_mut().reset(Instant::now() + pause);
                let stamp = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                let mut packet = [0; LENGTH];
                packet[..8].copy_from_slice(&CALL);
                packet[8..].copy_from_slice(&stamp.to_be_bytes());
                // What cannot be sent now is sent the next time.
                refused += u32::from(socket.send(&packet).await.is_err());
            }
            received = socket.recv(&mut buffer) => match received {
                Ok(LENGTH) if buffer[..8] == CALL => {
                    let mut stamp = [0; 8];
                    stamp.copy_from_slice(&buffer[8..LENGTH]);
                    let after = began.elapsed().saturating_sub(Duration::from_micros(u64::from_be_bytes(stamp)));
                    return Some(Echo { from: address, after });
                }
                Ok(_) => {}
                Err(_) => refused += 1,
            }
        }
        if refused >= REFUSED_MOST {
            return None;
        }
    }
}

/// When calls were sent back, and to whom: whoever dials then is a round trip away.
#[derive(Debug, Default)]
pub(super) struct Callers(Mutex<HashMap<IpAddr, Instant>>);

impl Callers {
    fn note(&self, from: IpAddr, now: Instant) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MOST && !callers.contains_key(&from) {
            callers.retain(|_, at| now.duration_since(*at) < CALLER_GOOD_FOR);
        }
        if callers.len() < CALLERS_MOST || callers.contains_key(&from) {
            callers.insert(from, now);
        }
    }

    /// How far away somebody is who dials now, as far as that is known. Where several stand behind one address it may be too
    /// little, which costs a packet of the handshake, or too much, which costs a moment.
    pub(super) fn round_trip(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.duration_since(*callers.get(&from)?);
        (since < CALLER_GOOD_FOR).then_some(since)
    }
}

/// A hub's socket that sends calls back and shows QUIC the rest.
#[derive(Debug)]
pub(super) struct EchoingSocket {
    pub(super) inner: Arc<dyn AsyncUdpSocket>,
    pub(super) callers: Arc<Callers>,
}

impl EchoingSocket {
    /// Whether all of what was received together is calls; they are sent back then.
    fn answers(&self, bytes: &[u8], meta: &RecvMeta) -> bool {
        let is_calls = meta.stride == LENGTH
            && !bytes.is_empty()
            && bytes.len().is_multiple_of(LENGTH)
            && bytes.chunks(LENGTH).all(|call| call.starts_with(&CALL));
        if is_calls {
            self.callers.note(meta.addr.ip(), Instant::now());
            for contents in bytes.chunks(LENGTH) {
                let transmit =
                    Transmit { destination: meta.addr, ecn: None, contents, segment_size: None, src_ip: meta.dst_ip };
                // An echo that cannot be sent is as one that was lost.
                drop(self.inner.try_send(&transmit));
            }
        }
        is_calls
    }
}

impl AsyncUdpSocket for EchoingSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = self.inner.poll_recv(cx, bufs, meta);
        if let Poll::Ready(Ok(count)) = &received {
            for (buffer, meta) in bufs.iter().zip(meta.iter_mut()).take(*count) {
                if buffer.get(..meta.len).is_some_and(|bytes| self.answers(bytes, meta)) {
                    // QUIC passes over what has no length.
                    meta.len = 0;
                }
            }
        }
        received
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_dials_after_a_call_is_as_far_away_as_it_is_long_ago() {
        let (callers, now) = (Callers::default(), Instant::now());
        let from = |last| IpAddr::from([10, 0, 0, last]);
        let millis = Duration::from_millis;
        callers.note(from(1), now);
        assert_eq!(callers.round_trip(from(1), now + millis(60)), Some(millis(60)));
        assert_eq!(callers.round_trip(from(2), now + millis(60)), None);
        callers.note(from(1), now + millis(90));
        assert_eq!(callers.round_trip(from(1), now + millis(150)), Some(millis(60)), "the last call counts");
        assert_eq!(callers.round_trip(from(1), now + millis(9_000)), None, "that was another time");
    }

    #[test]
    fn a_flood_of_callers_takes_no_more_room_and_goes_by() {
        let (callers, now) = (Callers::default(), Instant::now());
        let from = |number: u32| IpAddr::from(number.to_be_bytes());
        for number in 0..10_000 {
            callers.note(from(number), now);
        }
        assert_eq!(callers.0.lock().map(|callers| callers.len()).unwrap_or_default(), CALLERS_MOST);
        let later = now + CALLER_GOOD_FOR;
        callers.note(from(20_000), later);
        assert_eq!(callers.round_trip(from(20_000), later), Some(Duration::ZERO));
    }
}
