//! Losses: half of them alone, half in bursts (Gilbert and Elliott).

/// How long a burst is, in packets, on average.
const BURST: f64 = 3.0;

/// The chance of one direction; the same seed gives the same losses.
pub(crate) struct Weather {
    chance: fastrand::Rng,
    is_bursting: bool,
}

impl Weather {
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: fastrand::Rng::with_seed(seed), is_bursting: false }
    }

    /// Whether the next packet is lost, at a mean share of `loss`.
    pub(crate) fn loses(&mut self, loss: f64) -> bool {
        let half = loss / 2.0;
        let turns = if self.is_bursting { 1.0 / BURST } else { half / (BURST * (1.0 - half)) };
        if self.chance.f64() < turns {
            self.is_bursting = !self.is_bursting;
        }
        // Both are drawn whatever the first says, so that a seed means the same packets at every loss.
        let alone = self.chance.f64() < half;
        self.is_bursting || alone
    }

    /// A part of the whole, evenly.
    pub(crate) fn part_of(&mut self, whole: std::time::Duration) -> std::time::Duration {
        whole.mul_f64(self.chance.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_lost_as_was_said_and_partly_in_bursts() {
        for loss in [0.01, 0.05, 0.10] {
            let mut weather = Weather::new(7);
            let lost = (0..400_000).map(|_| weather.loses(loss)).collect::<Vec<_>>();
            let share = lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64;
            assert!((share / loss - 1.0).abs() < 0.08, "{share} of {loss}");
            let pairs = lost.windows(2).filter(|pair| pair[0] && pair[1]).count() as f64 / lost.len() as f64;
            assert!(pairs > 2.0 * loss * loss, "{pairs} pairs are no more than chance");
        }
    }

    #[test]
    fn nothing_is_lost_where_nothing_should_be() {
        let mut weather = Weather::new(1);
        assert!((0..10_000).all(|_| !weather.loses(0.0)));
    }
}
