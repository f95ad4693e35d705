//! Sending a little more slowly than the line carries, so that what waits, waits here and can be overtaken.
//!
//! It sits below QUIC, in place of the socket: a packet is made when the line has room for it, of what is most urgent then.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};

/// A timer that fires late is made up for, up to this much.
const LATENESS: Duration = Duration::from_millis(10);
/// What IPv4 and UDP put around a datagram; IPv6 puts twenty bytes more, which the margin of the rate covers.
const HEADER_BYTES: usize = 28;

/// When the line is free again. Every clock is the caller's.
#[derive(Debug)]
pub(crate) struct Shaper(Mutex<Line>);

#[derive(Debug)]
struct Line {
    /// `None` holds nothing back.
    bytes_per_second: Option<u64>,
    free_at: Instant,
}

impl Shaper {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new(Line { bytes_per_second: None, free_at: now }))
    }

    /// From now on no faster than this.
    pub(in crate::link) fn limit(&self, bytes_per_second: Option<u64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes_per_second =
            bytes_per_second.map(|rate| rate.max(1));
    }

    /// The rate that is not exceeded.
    pub(in crate::link) fn bytes_per_second(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes_per_second
    }

    /// When something may be sent, if not now.
    pub(in crate::link) fn wait_until(&self, now: Instant) -> Option<Instant> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (line.bytes_per_second.is_some() && line.free_at > now).then_some(line.free_at)
    }

    /// Something was sent, with its headers.
    pub(in crate::link) fn spend(&self, now: Instant, bytes: usize) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rate) = line.bytes_per_second {
            let earliest = now.checked_sub(LATENESS).unwrap_or(now);
            line.free_at = line.free_at.max(earliest) + Duration::from_secs_f64(bytes as f64 / rate as f64);
        }
    }
}

/// A socket behind a shaper.
#[derive(Debug)]
pub(super) struct ShapedSocket {
    pub(super) inner: Arc<dyn AsyncUdpSocket>,
    pub(super) shaper: Arc<Shaper>,
}

#[derive(Debug)]
struct ShapedPoller {
    inner: Pin<Box<dyn UdpPoller>>,
    shaper: Arc<Shaper>,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl AsyncUdpSocket for ShapedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(ShapedPoller {
            inner: Arc::clone(&self.inner).create_io_poller(),
            shaper: Arc::clone(&self.shaper),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)?;
        let datagrams = transmit.segment_size.map_or(1, |size| transmit.contents.len().div_ceil(size.max(1)));
        self.shaper.spend(Instant::now(), transmit.contents.len() + datagrams * HEADER_BYTES);
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_recv(cx, bufs, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        // A packet is not made before it can leave.
        if self.shaper.bytes_per_second().is_some() { 1 } else { self.inner.max_transmit_segments() }
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

impl UdpPoller for ShapedPoller {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(free_at) = self.shaper.wait_until(Instant::now()) {
            self.sleep.as_mut().reset(free_at.into());
            ready!(Future::poll(self.sleep.as_mut(), cx));
        }
        self.inner.as_mut().poll_writable(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_any_time_no_more_is_sent_than_the_rate_and_one_packet() {
        let start = Instant::now();
        let shaper = Shaper::new(start);
        shaper.limit(Some(10_000));
        let (mut sent, mut now) = (0, start);
        // A sender whose timer is always two milliseconds late.
        while now < start + Duration::from_secs(60) {
            shaper.spend(now, 1_228);
            sent += 1_228;
            now = shaper.wait_until(now).unwrap_or(now) + Duration::from_millis(2);
        }
        assert!((598_000..=603_000).contains(&sent), "{sent}");
    }

    #[test]
    fn after_a_pause_there_is_no_burst() {
        let start = Instant::now();
        let shaper = Shaper::new(start);
        shaper.limit(Some(1_000));
        shaper.spend(start, 1_000);
        assert_eq!(shaper.wait_until(start), Some(start + Duration::from_secs(1)));
        let later = start + Duration::from_secs(100);
        assert_eq!(shaper.wait_until(later), None);
        shaper.spend(later, 1_000);
        assert!(shaper.wait_until(later).is_some_and(|at| at >= later + Duration::from_millis(990)));
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let start = Instant::now();
        let shaper = Shaper::new(start);
        shaper.spend(start, 1_000_000);
        assert_eq!(shaper.wait_until(start), None);
    }
}
