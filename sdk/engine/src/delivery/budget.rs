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
    use super::*;

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
