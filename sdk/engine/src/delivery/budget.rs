//! How many retries may be made: a token bucket per lane, so that a platform that comes back is not trampled.

use tongqiao_protocol::Timestamp;

use super::Settings;

/// Whole tokens, and the time up to which refilling has been counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RetryBudget {
    tokens: u32,
    /// `None` while the bucket is full: a full bucket does not count time.
    counted_to: Option<Timestamp>,
}

impl RetryBudget {
    pub(super) const fn full(settings: &Settings) -> Self {
        Self { tokens: settings.retry_burst, counted_to: None }
    }

    /// Adds what time has brought.
    pub(super) fn refill(&mut self, settings: &Settings, now: Timestamp) {
        let Some(from) = self.counted_to else { return };
        let step = settings.retry_refill_ms.max(1);
        let Ok(passed) = u64::try_from(now.millis_since(from)) else {
            // The clock was set back; counting starts again from here.
            self.counted_to = Some(now);
            return;
        };
        let earned = passed / step;
        let missing = u64::from(settings.retry_burst.saturating_sub(self.tokens));
        if earned >= missing {
            *self = Self::full(settings);
        } else {
            self.tokens += u32::try_from(earned).unwrap_or(0);
            self.counted_to = Some(from.plus_millis(i64::try_from(earned * step).unwrap_or(0)));
        }
    }

    /// Spends a token on a retry.
    pub(super) fn spend(&mut self, now: Timestamp) {
        self.tokens = self.tokens.saturating_sub(1);
        if self.counted_to.is_none() {
            self.counted_to = Some(now);
        }
    }

    /// When the next retry may be made, if not now.
    pub(super) fn empty_until(&self, settings: &Settings) -> Option<Timestamp> {
        let step = i64::try_from(settings.retry_refill_ms.max(1)).unwrap_or(i64::MAX);
        if self.tokens > 0 { None } else { self.counted_to.map(|from| from.plus_millis(step)) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// The plainest bucket: looks at every millisecond.
    struct PlainBucket {
        tokens: u32,
        /// Milliseconds since the bucket stopped being full, or since the last token fell into it.
        counted: u64,
    }

    impl PlainBucket {
        fn millisecond(&mut self, settings: &Settings) {
            if self.tokens >= settings.retry_burst {
                return;
            }
            self.counted += 1;
            if self.counted == settings.retry_refill_ms {
                self.counted = 0;
                self.tokens += 1;
            }
        }
    }

    proptest! {
        #[test]
        fn a_budget_agrees_with_a_bucket_that_looks_at_every_millisecond(
            (burst, refill) in (1_u32..6, 1_u64..50),
            steps in prop::collection::vec((0_i64..120, any::<bool>()), 1..60),
        ) {
            let settings = Settings { retry_burst: burst, retry_refill_ms: refill, ..Settings::default() };
            let (mut budget, mut plain) = (RetryBudget::full(&settings), PlainBucket { tokens: burst, counted: 0 });
            let mut now = Timestamp::from_millis(0);
            let mut spent: Vec<Timestamp> = Vec::new();
            for (passes, wants) in steps {
                now = now.plus_millis(passes);
                (0..passes).for_each(|_| plain.millisecond(&settings));
                budget.refill(&settings, now);
                prop_assert_eq!(budget.tokens, plain.tokens);
                let until = budget.empty_until(&settings);
                if plain.tokens > 0 {
                    prop_assert_eq!(until, None);
                } else {
                    let left = i64::try_from(refill - plain.counted).unwrap_or(i64::MAX);
                    prop_assert_eq!(until, Some(now.plus_millis(left)));
                }
                if wants && plain.tokens > 0 {
                    plain.tokens -= 1;
                    budget.spend(now);
                    spent.push(now);
                }
            }
            // However it is asked: never more in any span than a burst and what falls into the bucket meanwhile.
            for (first, begin) in spent.iter().enumerate() {
                for (count, end) in spent[first..].iter().enumerate() {
                    let span = u64::try_from(end.millis_since(*begin)).unwrap_or(0);
                    prop_assert!(count as u64 <= u64::from(burst) + span / refill);
                }
            }
        }
    }

    #[test]
    fn a_burst_is_allowed_and_then_one_retry_per_interval() {
        let settings = Settings { retry_burst: 3, retry_refill_ms: 100, ..Settings::default() };
        let mut budget = RetryBudget::full(&settings);
        let start = Timestamp::from_millis(0);
        for _ in 0..3 {
            assert_eq!(budget.empty_until(&settings), None);
            budget.spend(start);
        }
        assert_eq!(budget.empty_until(&settings), Some(start.plus_millis(100)));
        budget.refill(&settings, start.plus_millis(99));
        assert_eq!(budget.empty_until(&settings), Some(start.plus_millis(100)));
        budget.refill(&settings, start.plus_millis(100));
        assert_eq!(budget.empty_until(&settings), None);
        budget.spend(start.plus_millis(100));
        assert_eq!(budget.empty_until(&settings), Some(start.plus_millis(200)));
        budget.refill(&settings, start.plus_millis(10_000));
        assert_eq!(budget, RetryBudget::full(&settings));
    }

    #[test]
    fn a_clock_set_back_neither_gives_tokens_nor_stops_them_for_ever() {
        let settings = Settings { retry_burst: 1, retry_refill_ms: 100, ..Settings::default() };
        let mut budget = RetryBudget::full(&settings);
        budget.spend(Timestamp::from_millis(1_000_000));
        budget.refill(&settings, Timestamp::from_millis(0));
        assert_eq!(budget.empty_until(&settings), Some(Timestamp::from_millis(100)));
        budget.refill(&settings, Timestamp::from_millis(100));
        assert_eq!(budget.empty_until(&settings), None);
    }
}
