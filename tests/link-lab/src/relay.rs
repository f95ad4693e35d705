//! A relay between two addresses that behaves like a weak link, as far as a program without rights can.
//!
//! UDP is treated as the emulator treats it. Of TCP it sees no segments: what would be lost comes later instead, as if it had been
//! sent again, and in an outage everything stands still.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::{Counters, Fate, Lane, Profile, Udp};

/// What is read from a stream at once: a segment.
const SEGMENT_BYTES: usize = 1_200;
/// What IP and UDP or TCP put around it.
const HEADER_BYTES: usize = 40;
/// Chunks of a stream that wait for their time.
const WAITING_MOST: usize = 64;
/// Datagrams of one direction that are on the way.
const DATAGRAMS_MOST: usize = 4_096;
/// An association of UDP on which nothing has come for so long is forgotten.
const UDP_IDLE_MOST: Duration = Duration::from_secs(180);

/// A running relay. Dropping it ends it.
pub struct Relay {
    address: SocketAddr,
    link: Arc<Link>,
    _carrying: JoinSet<()>,
}

struct Link {
    start: Instant,
    profile: watch::Sender<Profile>,
    to: watch::Sender<SocketAddr>,
    /// Counts how often callers have been given new addresses.
    rebound: watch::Sender<u64>,
    /// There, and back.
    lanes: [Mutex<Lane>; 2],
}

impl Relay {
    /// Listens at `listen`, for TCP and UDP at the same port, and leads to `to`.
    ///
    /// # Errors
    /// What the sockets say.
    pub async fn start(listen: SocketAddr, to: SocketAddr, profile: Profile, seed: u64) -> io::Result<Self> {
        let tcp = TcpListener::bind(listen).await?;
        let address = tcp.local_addr()?;
        let udp = Arc::new(UdpSocket::bind(address).await?);
        let link = Arc::new(Link {
            start: Instant::now(),
            profile: watch::Sender::new(profile),
            to: watch::Sender::new(to),
            rebound: watch::Sender::new(0),
            lanes: [Mutex::new(Lane::new(seed)), Mutex::new(Lane::new(seed.wrapping_add(1)))],
        });
        let mut carrying = JoinSet::new();
        carrying.spawn(streams(Arc::clone(&link), tcp));
        carrying.spawn(datagrams(Arc::clone(&link), udp));
        Ok(Self { address, link, _carrying: carrying })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on the link is like this.
    pub fn change(&self, profile: Profile) {
        self.link.profile.send_replace(profile);
    }

    /// From now on it leads there; streams that are open end where they lead.
    pub fn lead_to(&self, to: SocketAddr) {
        self.link.to.send_replace(to);
    }

    /// From now on callers come by UDP from other addresses, as behind a box that has forgotten them.
    pub fn rebind(&self) {
        self.link.rebound.send_modify(|count| *count += 1);
    }

    /// What has happened there, and back.
    pub fn counters(&self) -> [Counters; 2] {
        self.link.lanes.each_ref().map(|lane| lane.lock().unwrap_or_else(PoisonError::into_inner).counters())
    }
}

impl Link {
    fn offer_datagram(&self, way: usize, bytes: usize) -> Fate {
        let profile = self.profile.borrow();
        if profile.swallows_above.is_some_and(|most| bytes + HEADER_BYTES > most) {
            return Fate::Vanishes;
        }
        let mut lane = self.lanes[way].lock().unwrap_or_else(PoisonError::into_inner);
        lane.offer_bytes(&profile, self.start.elapsed(), bytes + HEADER_BYTES)
    }

    /// When bytes of a stream come out, however often they would have to be sent again.
    fn arrival(&self, way: usize, bytes: usize) -> Duration {
        let mut now = self.start.elapsed();
        let profile = self.profile.borrow().clone();
        let mut lane = self.lanes[way].lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let (true, Some(outage)) = (profile.is_dark(now), profile.outage) {
                now = outage.end(now);
            }
            match lane.offer_bytes(&profile, now, bytes + HEADER_BYTES) {
                Fate::Arrives(at) => return at,
                Fate::Vanishes => now += profile.round_trip.max(Duration::from_millis(200)),
            }
        }
    }

    async fn sleep_until(&self, at: Duration) {
        sleep_until((self.start + at).into()).await;
    }
}

async fn streams(link: Arc<Link>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((near, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let link = Arc::clone(&link);
        connections.spawn(async move {
            // The handshake of the caller was with us: its time is made up for here.
            link.sleep_until(link.arrival(0, 0)).await;
            let to = *link.to.borrow();
            let Ok(far) = TcpStream::connect(to).await else { return };
            let (near_in, near_out) = near.into_split();
            let (far_in, far_out) = far.into_split();
            tokio::join!(one_way(&link, 0, near_in, far_out), one_way(&link, 1, far_in, near_out));
        });
    }
}

/// Everything that comes out of `from` goes into `to`, in its time.
async fn one_way(link: &Link, way: usize, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let (sender, mut waiting) = mpsc::channel::<(Duration, Vec<u8>)>(WAITING_MOST);
    let reading = async move {
        let mut buffer = vec![0; SEGMENT_BYTES];
        loop {
            match from.read(&mut buffer).await {
                Ok(count) if count > 0 => {
                    let chunk = (link.arrival(way, count), buffer[..count].to_vec());
                    if sender.send(chunk).await.is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    };
    let writing = async move {
        while let Some((at, bytes)) = waiting.recv().await {
            link.sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        drop(to.shutdown().await);
    };
    tokio::join!(reading, writing);
}

async fn datagrams(link: Arc<Link>, near: Arc<UdpSocket>) {
    let mut known = HashMap::<SocketAddr, Association>::new();
    let (mut rebound, mut to) = (link.rebound.subscribe(), link.to.subscribe());
    let mut buffer = vec![0; 65_536];
    loop {
        let Ok((count, caller)) = near.recv_from(&mut buffer).await else { continue };
        if link.profile.borrow().udp == Udp::Blocked {
            continue;
        }
        known.retain(|_, association| association.last.elapsed() < UDP_IDLE_MOST);
        let is_moved = to.has_changed().unwrap_or_default();
        if rebound.has_changed().unwrap_or_default() || is_moved {
            rebound.mark_unchanged();
            known.clear();
        }
        let there = *to.borrow_and_update();
        let association = match known.entry(caller) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let Ok(far) = outgoing(there).await else { continue };
                entry.insert(Association::new(&link, &near, far, caller))
            }
        };
        association.last = Instant::now();
        if let Fate::Arrives(at) = link.offer_datagram(0, count) {
            // More than that on the way is as good as lost.
            drop(association.outgoing.try_send((at, buffer[..count].to_vec())));
        }
    }
}

/// One caller and the socket that speaks for him. Dropping it ends both directions.
struct Association {
    last: Instant,
    outgoing: mpsc::Sender<(Duration, Vec<u8>)>,
    _carrying: JoinSet<()>,
}

impl Association {
    fn new(link: &Arc<Link>, near: &Arc<UdpSocket>, far: UdpSocket, caller: SocketAddr) -> Self {
        let far = Arc::new(far);
        let (outgoing, mut there) = mpsc::channel::<(Duration, Vec<u8>)>(DATAGRAMS_MOST);
        let (incoming, mut back) = mpsc::channel::<(Duration, Vec<u8>)>(DATAGRAMS_MOST);
        let mut carrying = JoinSet::new();
        let (delay, to) = (Arc::clone(link), Arc::clone(&far));
        carrying.spawn(async move {
            while let Some((at, bytes)) = there.recv().await {
                delay.sleep_until(at).await;
                drop(to.send(&bytes).await);
            }
        });
        let (delay, to) = (Arc::clone(link), Arc::clone(near));
        carrying.spawn(async move {
            while let Some((at, bytes)) = back.recv().await {
                delay.sleep_until(at).await;
                drop(to.send_to(&bytes, caller).await);
            }
        });
        let link = Arc::clone(link);
        carrying.spawn(async move {
            let mut buffer = vec![0; 65_536];
            loop {
                // An error is of nobody listening there at the moment.
                let Ok(count) = far.recv(&mut buffer).await else { continue };
                if link.profile.borrow().udp == Udp::Blocked {
                    continue;
                }
                if let Fate::Arrives(at) = link.offer_datagram(1, count) {
                    drop(incoming.try_send((at, buffer[..count].to_vec())));
                }
            }
        });
        Self { last: Instant::now(), outgoing, _carrying: carrying }
    }
}

async fn outgoing(to: SocketAddr) -> io::Result<UdpSocket> {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(to).await?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    /// Gives back whatever comes, over TCP and UDP at the same port.
    async fn echo() -> SocketAddr {
        let tcp = TcpListener::bind(HERE).await.unwrap();
        let address = tcp.local_addr().unwrap();
        let udp = UdpSocket::bind(address).await.unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = tcp.accept().await.unwrap();
            let (mut from, mut to) = stream.split();
            tokio::io::copy(&mut from, &mut to).await.unwrap();
            to.shutdown().await.unwrap();
        });
        tokio::spawn(async move {
            let mut buffer = [0; 2_000];
            loop {
                let (count, caller) = udp.recv_from(&mut buffer).await.unwrap();
                udp.send_to(&buffer[..count], caller).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn streams_and_datagrams_come_out_as_they_went_in() {
        let profile = Profile { loss: 0.2, ..Profile::named("clean").unwrap() };
        let relay = Relay::start(HERE, echo().await, profile, 4).await.unwrap();
        let sent = (0..50_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
        let mut stream = TcpStream::connect(relay.address()).await.unwrap();
        let (mut from, mut to) = stream.split();
        let mut received = Vec::new();
        let writing = async {
            to.write_all(&sent).await.unwrap();
            to.shutdown().await.unwrap();
        };
        let (_, read) = tokio::join!(writing, from.read_to_end(&mut received));
        read.unwrap();
        assert!(received == sent, "a stream loses nothing, whatever the weather");
        let socket = UdpSocket::bind(HERE).await.unwrap();
        socket.connect(relay.address()).await.unwrap();
        relay.change(Profile::named("clean").unwrap());
        socket.send(b"there and back").await.unwrap();
        let mut buffer = [0; 100];
        let count = tokio::time::timeout(Duration::from_secs(10), socket.recv(&mut buffer)).await.unwrap().unwrap();
        assert_eq!(&buffer[..count], b"there and back");
        let [there, back] = relay.counters();
        assert!(there.lost > 10 && there.delivered_bytes >= 200_000 && back.delivered_bytes >= 200_000);
    }
}
