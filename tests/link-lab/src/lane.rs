//! One direction of a link, as arithmetic.

use std::collections::VecDeque;
use std::time::Duration;

use crate::weather::Weather;
use crate::{Counters, Profile, Udp};

/// Protocol number of UDP in an IP header.
const UDP: u8 = 17;

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It comes out at this moment.
    Arrives(Duration),
    /// It does not.
    Vanishes,
}

/// One direction of a link. Times count from the link's start, and are told.
pub struct Lane {
    weather: Weather,
    /// When the link is done with what it was given.
    busy_until: Duration,
    /// Nothing overtakes on a link.
    last_arrival: Duration,
    /// End and size of what is not on the link yet, in order.
    queue: VecDeque<(Duration, usize)>,
    queued_bytes: usize,
    counters: Counters,
}

impl Lane {
    /// A direction whose chance comes from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            weather: Weather::new(seed),
            busy_until: Duration::ZERO,
            last_arrival: Duration::ZERO,
            queue: VecDeque::new(),
            queued_bytes: 0,
            counters: Counters::default(),
        }
    }

    /// What has happened so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// A packet of IPv4 comes to the link.
    pub fn offer(&mut self, profile: &Profile, now: Duration, packet: &[u8]) -> Fate {
        let is_blocked = profile.udp == Udp::Blocked && packet.get(9) == Some(&UDP);
        if is_blocked || profile.swallows_above.is_some_and(|most| packet.len() > most) {
            self.counters.offered += 1;
            self.counters.filtered += 1;
            return Fate::Vanishes;
        }
        self.offer_bytes(profile, now, packet.len())
    }

    /// So many bytes come to the link, of whatever kind.
    pub fn offer_bytes(&mut self, profile: &Profile, now: Duration, bytes: usize) -> Fate {
        self.counters.offered += 1;
        self.counters.offered_bytes += bytes as u64;
        while let Some((_, size)) = self.queue.front().copied().filter(|(end, _)| *end <= now) {
            self.queue.pop_front();
            self.queued_bytes -= size;
        }
        if self.queued_bytes + bytes > profile.queue_bytes {
            self.counters.overflowed += 1;
            return Fate::Vanishes;
        }
        // What is lost has used up the link all the same.
        let end = self.busy_until.max(now) + profile.busy_for(bytes);
        self.busy_until = end;
        self.queue.push_back((end, bytes));
        self.queued_bytes += bytes;
        self.counters.deepest_queue_bytes = self.counters.deepest_queue_bytes.max(self.queued_bytes as u64);
        let is_lost = self.weather.loses(profile.loss);
        let late = self.weather.part_of(profile.jitter);
        if profile.is_dark(end) {
            self.counters.darkened += 1;
            return Fate::Vanishes;
        }
        if is_lost {
            self.counters.lost += 1;
            return Fate::Vanishes;
        }
        let arrival = (end + profile.round_trip / 2 + late).max(self.last_arrival);
        self.last_arrival = arrival;
        self.counters.delivered += 1;
        self.counters.delivered_bytes += bytes as u64;
        Fate::Arrives(arrival)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn plain() -> Profile {
        Profile { loss: 0.0, jitter: Duration::ZERO, ..Profile::named("a").unwrap() }
    }

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_packet_takes_its_time_on_the_link_and_half_a_round_trip() {
        let (mut lane, profile) = (Lane::new(1), plain());
        // 800 bytes of 64 kbit/s are 100 ms.
        assert_eq!(lane.offer_bytes(&profile, at(0), 800), Fate::Arrives(at(400)));
        assert_eq!(lane.offer_bytes(&profile, at(0), 800), Fate::Arrives(at(500)), "the second waits for the first");
        assert_eq!(lane.offer_bytes(&profile, at(1_000), 800), Fate::Arrives(at(1_400)), "the link was idle again");
    }

    #[test]
    fn what_the_queue_has_no_room_for_is_thrown_away_and_room_comes_back_with_time() {
        let (mut lane, profile) = (Lane::new(1), plain());
        let taken = (0..50).filter(|_| lane.offer_bytes(&profile, at(0), 1_000) != Fate::Vanishes).count();
        assert_eq!((taken, lane.counters().overflowed), (32, 18));
        assert_eq!(lane.counters().deepest_queue_bytes, 32_000);
        // A second later 8,000 bytes have left.
        let taken = (0..50).filter(|_| lane.offer_bytes(&profile, at(1_000), 1_000) != Fate::Vanishes).count();
        assert_eq!(taken, 8);
    }

    #[test]
    fn in_an_outage_nothing_arrives_but_the_link_is_used_up() {
        let profile = Profile { loss: 0.0, jitter: Duration::ZERO, ..Profile::named("d").unwrap() };
        let mut lane = Lane::new(1);
        assert_eq!(lane.offer_bytes(&profile, at(10_000), 1_000), Fate::Vanishes);
        // What enters in the light and would leave in the dark does not leave either.
        assert_eq!(lane.offer_bytes(&profile, at(39_999), 1_000), Fate::Vanishes);
        assert!(matches!(lane.offer_bytes(&profile, at(60_000), 1_000), Fate::Arrives(_)));
        assert_eq!(lane.counters().darkened, 2);
    }

    #[test]
    fn jitter_never_lets_a_packet_overtake() {
        let profile = Profile { jitter: at(500), loss: 0.0, ..Profile::named("c").unwrap() };
        let mut lane = Lane::new(3);
        let arrivals = (0..200).filter_map(|n| match lane.offer_bytes(&profile, at(n * 10), 1_200) {
            Fate::Arrives(at) => Some(at),
            Fate::Vanishes => None,
        });
        let arrivals = arrivals.collect::<Vec<_>>();
        assert!(arrivals.is_sorted() && arrivals.len() == 200);
    }

    #[test]
    fn a_link_carries_its_rate_less_its_losses() {
        let profile = Profile { jitter: Duration::ZERO, ..Profile::named("b").unwrap() };
        let mut lane = Lane::new(5);
        for millis in 0..600_000 {
            lane.offer_bytes(&profile, at(millis), 100);
        }
        let rate = lane.counters().delivered_bytes as f64 / 600.0;
        assert!((rate / profile.most_bytes_per_second() - 1.0).abs() < 0.02, "{rate}");
    }

    #[test]
    fn filters_take_udp_and_what_is_too_long_and_nothing_else() {
        let profile = Profile { udp: Udp::Blocked, swallows_above: Some(1_300), ..plain() };
        let mut lane = Lane::new(1);
        let mut packet = vec![0; 1_000];
        packet[9] = UDP;
        assert_eq!(lane.offer(&profile, at(0), &packet), Fate::Vanishes);
        packet[9] = 6;
        assert!(matches!(lane.offer(&profile, at(0), &packet), Fate::Arrives(_)));
        packet.resize(1_301, 0);
        assert_eq!(lane.offer(&profile, at(0), &packet), Fate::Vanishes);
        assert_eq!(lane.counters().filtered, 2);
    }
}
