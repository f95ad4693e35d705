//! The emulated link: one thread that carries packets from one device to the other.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use tun_rs::SyncDevice;

use crate::{Counters, Fate, Lane, Place, PlaceError, Profile};

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// No packet of these devices is longer.
const PACKET_MOST: usize = 2_048;
/// A change of the profile is heeded, and the end noticed, within this time.
const LOOK_UP_EVERY: Duration = Duration::from_millis(50);

/// Two places and the link between them. Dropping it cuts the link.
pub struct Lab {
    /// The end from which most is sent.
    pub near: Place,
    /// The other one.
    pub far: Place,
    shared: Arc<Shared>,
    carrying: Option<JoinHandle<()>>,
}

struct Shared {
    profile: Mutex<Profile>,
    counters: Mutex<[Counters; 2]>,
    is_over: AtomicBool,
}

impl Lab {
    /// Lays a link. The same seed gives the same chance.
    ///
    /// # Errors
    /// [`PlaceError`], most often for want of rights.
    pub fn lay(profile: Profile, seed: u64) -> Result<Self, PlaceError> {
        let (near, near_device) = Place::open(NEAR)?;
        let (far, far_device) = Place::open(FAR)?;
        let shared = Arc::new(Shared {
            profile: Mutex::new(profile),
            counters: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let carrier = Carrier {
            start: Instant::now(),
            devices: [near_device, far_device],
            lanes: [Lane::new(seed.wrapping_mul(2)), Lane::new(seed.wrapping_mul(2).wrapping_add(1))],
            under_way: [VecDeque::new(), VecDeque::new()],
            shared: Arc::clone(&shared),
        };
        let carrying = Some(std::thread::spawn(move || carrier.carry()));
        Ok(Self { near, far, shared, carrying })
    }

    /// From now on the link is like this.
    pub fn change(&self, profile: Profile) {
        *self.shared.profile.lock().unwrap_or_else(PoisonError::into_inner) = profile;
    }

    /// What has happened from near to far, and from far to near.
    pub fn counters(&self) -> [Counters; 2] {
        *self.shared.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(carrying) = self.carrying.take() {
            drop(carrying.join());
        }
    }
}

struct Carrier {
    start: Instant,
    /// Near and far.
    devices: [SyncDevice; 2],
    /// From near, and from far.
    lanes: [Lane; 2],
    under_way: [VecDeque<(Duration, Vec<u8>)>; 2],
    shared: Arc<Shared>,
}

impl Carrier {
    fn carry(mut self) {
        let mut buffer = [0; PACKET_MOST];
        while !self.shared.is_over.load(Ordering::Relaxed) {
            self.wait();
            let profile = self.shared.profile.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for end in 0..2 {
                // A device that has nothing more says so; one that is gone will not come back.
                while let Ok(count) = self.devices[end].recv(&mut buffer) {
                    let packet = &buffer[..count];
                    // IPv6 of these devices is only their own chatter.
                    if packet.first().is_none_or(|first| first >> 4 != 4) {
                        continue;
                    }
                    if let Fate::Arrives(at) = self.lanes[end].offer(&profile, self.start.elapsed(), packet) {
                        self.under_way[end].push_back((at, packet.to_vec()));
                    }
                }
            }
            let now = self.start.elapsed();
            for end in 0..2 {
                while self.under_way[end].front().is_some_and(|(at, _)| *at <= now) {
                    let Some((_, packet)) = self.under_way[end].pop_front() else { break };
                    // A device that takes nothing has lost the packet, as links do.
                    drop(self.devices[1 - end].send(&packet));
                }
            }
            let counters = [self.lanes[0].counters(), self.lanes[1].counters()];
            *self.shared.counters.lock().unwrap_or_else(PoisonError::into_inner) = counters;
        }
    }

    /// Until a packet comes, or one is due.
    fn wait(&self) {
        let due = self.under_way.iter().filter_map(|packets| packets.front()).map(|(at, _)| *at).min();
        let patience = due.map_or(LOOK_UP_EVERY, |due| due.saturating_sub(self.start.elapsed()).min(LOOK_UP_EVERY));
        let mut watched = self.devices.each_ref().map(|device| PollFd::new(device.as_fd(), PollFlags::POLLIN));
        if ppoll(&mut watched, Some(TimeSpec::from_duration(patience)), None).is_err() {
            // Interrupted is as good as woken.
            std::thread::yield_now();
        }
    }
}
