//! When to try again: exponential with full jitter, capped; what the platform asks for comes first.

use tongqiao_protocol::Timestamp;

use super::Settings;

/// A `Retry-After` beyond a day is cut to a day: a mistyped header must not silence a department for a year.
pub const RETRY_AFTER_LIMIT_MS: u64 = 86_400_000;

/// Random numbers spun from the one that the driver gave, so that one input may need several.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spinner(pub(super) u64);

impl Spinner {
    /// The next number (SplitMix64).
    pub(super) fn spin(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Moves a deadline with the clock when that was set back.
pub(super) fn earlier(deadline: &mut Option<Timestamp>, by_ms: i64) {
    *deadline = deadline.map(|at| at.plus_millis(-by_ms));
}

/// The largest delay after `failures` failures in a row.
pub(super) fn ceiling_ms(settings: &Settings, failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(40);
    settings.retry_base_ms.saturating_mul(1 << doublings).min(settings.retry_cap_ms).max(1)
}

/// When to try again after `failures` failures in a row, the last one at `now`: the delivery's own schedule, for whatever
/// else asks the same platform. `random` must be unpredictable to others. Always later than `now`.
pub fn retry_at(
    settings: &Settings,
    failures: u32,
    retry_after_ms: Option<u64>,
    now: Timestamp,
    random: u64,
) -> Timestamp {
    next_attempt(settings, failures, retry_after_ms, now, &mut Spinner(random))
}

/// The same with a spinner that has more to do.
pub(super) fn next_attempt(
    settings: &Settings,
    failures: u32,
    retry_after_ms: Option<u64>,
    now: Timestamp,
    spinner: &mut Spinner,
) -> Timestamp {
    let jitter = 1 + spinner.spin() % ceiling_ms(settings, failures);
    let delay = match retry_after_ms {
        // The jitter comes on top, so that all who were told the same moment do not come at that moment.
        Some(asked) => asked.min(RETRY_AFTER_LIMIT_MS).saturating_add(jitter.min(settings.retry_base_ms.max(1))),
        None => jitter,
    };
    now.plus_millis(i64::try_from(delay).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_never_are_zero() {
        let settings = Settings::default();
        let ceilings: [u64; 5] = [1, 2, 3, 10, 200].map(|failures| ceiling_ms(&settings, failures));
        assert_eq!(ceilings, [500, 1_000, 2_000, 256_000, 300_000]);
        let now = Timestamp::from_millis(0);
        for seed in 0..1_000 {
            let at = next_attempt(&settings, 3, None, now, &mut Spinner(seed)).as_millis();
            assert!((1..=2_000).contains(&at), "{at}");
        }
    }

    #[test]
    fn jitter_is_spread_over_the_whole_interval() {
        let settings = Settings::default();
        let mut spinner = Spinner(7);
        let mut quarters = [0; 4];
        for _ in 0..4_000 {
            let at = next_attempt(&settings, 1, None, Timestamp::from_millis(0), &mut spinner).as_millis();
            quarters[usize::try_from((at - 1) / 125).unwrap_or(0)] += 1;
        }
        assert!(quarters.iter().all(|&count| (800..1_200).contains(&count)), "{quarters:?}");
    }

    #[test]
    fn retry_after_is_obeyed_up_to_a_day() {
        let settings = Settings::default();
        let now = Timestamp::from_millis(0);
        let at = next_attempt(&settings, 1, Some(60_000), now, &mut Spinner(1)).as_millis();
        assert!((60_001..=60_500).contains(&at), "{at}");
        let at = next_attempt(&settings, 1, Some(u64::MAX), now, &mut Spinner(1)).as_millis();
        assert!((86_400_001..=86_400_500).contains(&at), "{at}");
        // Never at the same moment again, whatever the settings and the platform say.
        let hasty = Settings { retry_base_ms: 0, ..settings };
        assert_eq!(next_attempt(&hasty, 1, Some(0), now, &mut Spinner(1)).as_millis(), 1);
    }
}
