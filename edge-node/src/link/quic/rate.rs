//! How fast to send: as fast as data arrive, whatever is lost.
//!
//! On a radio link a lost packet says nothing of a full queue. So the rate is measured: how much arrived while a packet and its
//! answer were on the way. As much is kept under way as that rate fills in the shortest round trip, and a little more, so that a
//! line that has become faster is noticed.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::congestion::{Controller, ControllerFactory};
use quinn_proto::RttEstimator;

/// What is under way, in parts of what the line holds.
const CRUISE: f64 = 1.25;
/// The same while the rate is being found.
const STARTUP: f64 = 2.5;
/// The rate counts as found when it grew by less than this for some rounds.
const GROWTH: f64 = 1.25;
const ROUNDS_WITHOUT_GROWTH: u8 = 3;
/// The rate is the best of so many round trips, and of no less than this time.
const MEMORY_ROUNDS: u32 = 10;
const MEMORY_LEAST: Duration = Duration::from_secs(2);
/// The shortest round trip is measured anew after so long, by letting the queue run empty.
const ROUND_TRIP_GOOD_FOR: Duration = Duration::from_secs(20);
const DRAIN_PACKETS: u64 = 4;
/// Packets under way before anything is known.
const FIRST_PACKETS: u64 = 10;
/// More than this lost, round after round, is no weather: somebody throws away what is too much.
const LOSS_CEILING: f64 = 0.30;
const ROUNDS_OVER_CEILING: u8 = 3;
/// What took longer was held up by an outage, and says nothing of the rate.
const OUTAGE: Duration = Duration::from_secs(8);
/// Packets whose sending is remembered.
const SENT_MOST: usize = 16 * 1024;

/// Makes controllers.
pub(super) struct RateFactory;

impl ControllerFactory for RateFactory {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(Rate::new(now, current_mtu))
    }
}

/// A packet on its way: what had arrived when it was sent, and when.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    delivered: u64,
    /// When the latest of what had arrived was confirmed, and when that had been sent.
    confirmed_at: Instant,
    confirmed_sent_at: Instant,
}

#[derive(Debug, Clone)]
struct Startup {
    best: f64,
    rounds_without_growth: u8,
}

/// The controller.
#[derive(Debug, Clone)]
pub(super) struct Rate {
    mtu: u64,
    delivered: u64,
    flying: u64,
    sent: VecDeque<Sent>,
    confirmed_at: Instant,
    confirmed_sent_at: Instant,
    /// The newest packet confirmed in the batch that is being read.
    newest: Option<Instant>,
    /// Rates, each greater than those after it.
    rates: VecDeque<(Instant, f64)>,
    round_trip: Duration,
    round_trip_at: Instant,
    /// Since when the queue is let run empty.
    drain: Option<Instant>,
    startup: Option<Startup>,
    round_began: Instant,
    round_delivered: u64,
    round_lost: u64,
    rounds_over_ceiling: u8,
}

impl Rate {
    fn new(now: Instant, mtu: u16) -> Self {
        Self {
            mtu: mtu.into(),
            delivered: 0,
            flying: 0,
            sent: VecDeque::new(),
            confirmed_at: now,
            confirmed_sent_at: now,
            newest: None,
            rates: VecDeque::new(),
            round_trip: Duration::ZERO,
            round_trip_at: now,
            drain: None,
            startup: Some(Startup { best: 0.0, rounds_without_growth: 0 }),
            round_began: now,
            round_delivered: 0,
            round_lost: 0,
            rounds_over_ceiling: 0,
        }
    }

    fn rate(&self) -> f64 {
        self.rates.front().map_or(0.0, |(_, rate)| *rate)
    }

    fn note_rate(&mut self, now: Instant, rate: f64, is_idle: bool) {
        // Where there was nothing to send, a low rate says nothing of the line.
        if is_idle && rate < self.rate() {
            return;
        }
        let memory = (self.round_trip * MEMORY_ROUNDS).max(MEMORY_LEAST);
        while self.rates.back().is_some_and(|(_, weaker)| *weaker <= rate) {
            self.rates.pop_back();
        }
        self.rates.push_back((now, rate));
        while self.rates.len() > 1 && self.rates.front().is_some_and(|(at, _)| now.duration_since(*at) > memory) {
            self.rates.pop_front();
        }
    }

    fn note_round_trip(&mut self, now: Instant, sent: Instant) {
        let sample = now.duration_since(sent);
        let is_shortest = self.round_trip.is_zero() || sample <= self.round_trip;
        let ends_drain = self.drain.is_some_and(|since| sent > since && now.duration_since(since) > self.round_trip);
        if is_shortest || ends_drain {
            self.round_trip = sample;
            self.round_trip_at = now;
            self.drain = None;
        } else if self.drain.is_none() && now.duration_since(self.round_trip_at) > ROUND_TRIP_GOOD_FOR {
            self.drain = Some(now);
        }
    }

    /// A packet that was sent after the round began was confirmed.
    fn end_round(&mut self, now: Instant) {
        if let Some(startup) = &mut self.startup {
            let rate = self.rates.front().map_or(0.0, |(_, rate)| *rate);
            if rate >= startup.best * GROWTH {
                startup.best = rate;
                startup.rounds_without_growth = 0;
            } else {
                startup.rounds_without_growth += 1;
            }
            if startup.rounds_without_growth >= ROUNDS_WITHOUT_GROWTH {
                self.startup = None;
            }
        }
        let all = self.round_delivered + self.round_lost;
        let is_over = all > 10 * self.mtu && self.round_lost as f64 > LOSS_CEILING * all as f64;
        self.rounds_over_ceiling = if is_over { self.rounds_over_ceiling + 1 } else { 0 };
        if self.rounds_over_ceiling >= ROUNDS_OVER_CEILING {
            let half = self.rate() / 2.0;
            self.rates = VecDeque::from([(now, half)]);
            self.rounds_over_ceiling = 0;
        }
        self.round_began = now;
        self.round_delivered = 0;
        self.round_lost = 0;
    }
}

impl Controller for Rate {
    fn on_sent(&mut self, now: Instant, bytes: u64, _last_packet_number: u64) {
        if self.flying == 0 {
            // The line was idle: what arrives is counted from here.
            self.confirmed_at = now;
            self.confirmed_sent_at = now;
        }
        self.flying += bytes;
        if self.sent.back().is_none_or(|last| last.at < now) {
            let (confirmed_at, confirmed_sent_at) = (self.confirmed_at, self.confirmed_sent_at);
            self.sent.push_back(Sent { at: now, delivered: self.delivered, confirmed_at, confirmed_sent_at });
        }
        if self.sent.len() > SENT_MOST {
            self.sent.pop_front();
        }
    }

    fn on_ack(&mut self, _now: Instant, sent: Instant, bytes: u64, _app_limited: bool, _rtt: &RttEstimator) {
        self.delivered += bytes;
        self.round_delivered += bytes;
        self.newest = Some(self.newest.map_or(sent, |newest| newest.max(sent)));
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, _largest: Option<u64>) {
        self.flying = in_flight;
        let Some(newest) = self.newest.take() else { return };
        self.note_round_trip(now, newest);
        let place = self.sent.partition_point(|sent| sent.at < newest);
        if let Some(sent) = self.sent.get(place).copied().filter(|sent| sent.at == newest) {
            let confirming = now.duration_since(sent.confirmed_at);
            let sending = newest.duration_since(sent.confirmed_sent_at);
            let took = confirming.max(sending);
            // Less than the shortest round trip cannot have been measured whole.
            if took >= self.round_trip && !took.is_zero() && took < OUTAGE {
                self.note_rate(now, (self.delivered - sent.delivered) as f64 / took.as_secs_f64(), app_limited);
            }
            self.sent.drain(..place);
        }
        self.confirmed_at = now;
        self.confirmed_sent_at = self.confirmed_sent_at.max(newest);
        if newest >= self.round_began {
            self.end_round(now);
        }
    }

    fn on_congestion_event(&mut self, _now: Instant, _sent: Instant, _persistent: bool, lost_bytes: u64) {
        self.round_lost += lost_bytes;
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.mtu = new_mtu.into();
    }

    fn window(&self) -> u64 {
        if self.drain.is_some() {
            return DRAIN_PACKETS * self.mtu;
        }
        let holds = self.rate() * self.round_trip.as_secs_f64();
        let gain = if self.startup.is_some() { STARTUP } else { CRUISE };
        let window = (gain * holds) as u64 + 3 * self.mtu;
        if self.startup.is_some() { window.max(self.initial_window()) } else { window }
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        FIRST_PACKETS * self.mtu
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of so many bytes a second with an empty queue, on which every tenth packet is lost; gives the window in the end.
    fn window_on(bytes_per_second: f64, round_trip: Duration, seconds: u64) -> u64 {
        let start = Instant::now();
        let mut rate = Rate::new(start, 1_200);
        let (mut on_line, mut busy_until) = (VecDeque::<(Instant, Instant)>::new(), start);
        let (mut now, mut count, mut flying) = (start, 0_u64, 0_u64);
        while now < start + Duration::from_secs(seconds) {
            while flying + 1_200 <= rate.window() {
                rate.on_sent(now, 1_200, count);
                busy_until = busy_until.max(now) + Duration::from_secs_f64(1_200.0 / bytes_per_second);
                on_line.push_back((now, busy_until + round_trip));
                flying += 1_200;
                count += 1;
            }
            let Some((sent, arrives)) = on_line.pop_front() else { break };
            now = arrives;
            flying -= 1_200;
            if count.is_multiple_of(10) {
                rate.on_congestion_event(now, sent, false, 1_200);
            } else {
                rate.delivered += 1_200;
                rate.round_delivered += 1_200;
                rate.newest = Some(sent);
                rate.on_end_acks(now, flying, false, None);
            }
        }
        rate.window()
    }

    #[test]
    fn the_window_is_what_the_line_holds_whatever_is_lost() {
        for (rate, millis) in [(8_000.0, 600), (64_000.0, 150), (250_000.0, 60)] {
            let round_trip = Duration::from_millis(millis);
            let holds = rate * (round_trip.as_secs_f64() + 1_200.0 / rate);
            let window = window_on(rate, round_trip, 30) as f64;
            assert!(window > 0.9 * holds && window < 1.6 * holds + 3.0 * 1_200.0, "{window} of {holds}");
        }
    }

    #[test]
    fn after_twenty_seconds_the_queue_is_let_run_empty_once() {
        let start = Instant::now();
        let mut rate = Rate::new(start, 1_200);
        let millis = |millis| Duration::from_millis(millis);
        rate.note_round_trip(start + millis(100), start);
        rate.note_round_trip(start + millis(21_000), start + millis(20_500));
        assert_eq!(rate.window(), DRAIN_PACKETS * 1_200);
        rate.note_round_trip(start + millis(21_500), start + millis(21_300));
        assert_eq!((rate.drain, rate.round_trip), (None, millis(200)));
    }
}
