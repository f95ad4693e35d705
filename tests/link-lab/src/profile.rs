//! What a link is like.

use std::time::Duration;

/// What a link is like, in both directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What it carries, headers included.
    pub bits_per_second: u64,
    /// There and back, when nothing else is on the way.
    pub round_trip: Duration,
    /// How much a packet may come later than that, at most.
    pub jitter: Duration,
    /// Share of packets that are lost: half of them alone, half in bursts of three on average.
    pub loss: f64,
    /// How many bytes wait before the link before any are thrown away.
    pub queue_bytes: usize,
    /// When nothing gets through.
    pub outage: Option<Outage>,
    /// Packets longer than this vanish without a word.
    pub swallows_above: Option<usize>,
    /// What becomes of UDP.
    pub udp: Udp,
}

/// A link that is dark for the last part of every period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// How often it comes.
    pub period: Duration,
    /// How long it lasts, at the end of each period.
    pub dark: Duration,
}

/// What becomes of UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Udp {
    /// It passes like everything else.
    #[default]
    Passes,
    /// It is dropped, as some networks do.
    Blocked,
}

/// There is no profile of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile {0:?}; there are a, b, c, d, e and clean")]
pub struct UnknownProfile(String);

impl Profile {
    /// The names of [`Profile::named`].
    pub const NAMES: [&'static str; 6] = ["a", "b", "c", "d", "e", "clean"];

    /// A profile by its name: `a` satellite, `b` a village's radio, `c` a congested cell, `d` and `e` with outages, `clean` without
    /// anything.
    ///
    /// # Errors
    /// [`UnknownProfile`].
    pub fn named(name: &str) -> Result<Self, UnknownProfile> {
        let (kbit, round_trip_ms, jitter_ms, loss, queue_kb, outage) = match name {
            "a" => (64, 600, 20, 0.01, 32, None),
            "b" => (512, 150, 10, 0.05, 64, None),
            "c" => (2_000, 60, 6, 0.10, 128, None),
            "d" => (256, 300, 10, 0.01, 48, Some((30, 20))),
            "e" => (256, 300, 10, 0.01, 48, Some((50, 20))),
            "clean" => (100_000, 1, 0, 0.0, 1_000, None),
            _ => return Err(UnknownProfile(name.to_owned())),
        };
        Ok(Self {
            bits_per_second: kbit * 1_000,
            round_trip: Duration::from_millis(round_trip_ms),
            jitter: Duration::from_millis(jitter_ms),
            loss,
            queue_bytes: queue_kb * 1_000,
            outage: outage
                .map(|(period, dark)| Outage { period: Duration::from_secs(period), dark: Duration::from_secs(dark) }),
            swallows_above: None,
            udp: Udp::Passes,
        })
    }

    /// How long the link is busy with so many bytes.
    pub fn busy_for(&self, bytes: usize) -> Duration {
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(self.bits_per_second.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Whether nothing gets through at this moment, counted from the start.
    pub fn is_dark(&self, at: Duration) -> bool {
        self.outage.is_some_and(|outage| outage.is_dark(at))
    }

    /// What the link can deliver at best, in bytes a second: rate, less losses, less outages.
    pub fn most_bytes_per_second(&self) -> f64 {
        let up = self.outage.map_or(1.0, |outage| 1.0 - outage.dark.as_secs_f64() / outage.period.as_secs_f64());
        self.bits_per_second as f64 / 8.0 * (1.0 - self.loss) * up
    }
}

impl Outage {
    fn is_dark(self, at: Duration) -> bool {
        at.as_nanos() % self.period.as_nanos().max(1) >= self.period.saturating_sub(self.dark).as_nanos()
    }

    /// When it is light again, from a moment that is dark.
    pub fn end(self, at: Duration) -> Duration {
        let into = at.as_nanos() % self.period.as_nanos().max(1);
        let rest = self.period.as_nanos().saturating_sub(into);
        at + Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn every_name_has_a_profile_and_no_other() {
        assert!(Profile::NAMES.iter().all(|name| Profile::named(name).is_ok()));
        assert_eq!(Profile::named("f").unwrap_err().to_string(), UnknownProfile("f".to_owned()).to_string());
    }

    #[test]
    fn an_outage_is_the_end_of_its_period() {
        let d = Profile::named("d").unwrap();
        let dark = |seconds: f64| d.is_dark(Duration::from_secs_f64(seconds));
        assert!(!dark(0.0) && !dark(9.999) && dark(10.0) && dark(29.999) && !dark(30.0) && dark(45.0));
        assert_eq!(d.outage.unwrap().end(Duration::from_secs(45)), Duration::from_secs(60));
    }

    #[test]
    fn the_limit_counts_losses_and_outages() {
        let a = Profile::named("a").unwrap();
        assert!((a.most_bytes_per_second() - 7_920.0).abs() < 1e-6);
        let d = Profile::named("d").unwrap();
        assert!((d.most_bytes_per_second() - 32_000.0 * 0.99 / 3.0).abs() < 1e-6);
        assert_eq!(a.busy_for(8_000), Duration::from_secs(1));
    }
}
