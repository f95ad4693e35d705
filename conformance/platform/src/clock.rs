//! The platform's clock: real time with an offset, or a time set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tongqiao_protocol::Timestamp;

/// A clock that tests and the sandbox can move. Clones show the same time.
///
/// ```
/// use tongqiao_protocol::Timestamp;
/// use tongqiao_reference_platform::Clock;
/// let clock = Clock::manual(Timestamp::from_millis(0));
/// clock.advance_millis(1_500);
/// assert_eq!(clock.now(), Timestamp::from_millis(1_500));
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    /// Offset from real time, or the time itself when `manual`.
    millis: Arc<AtomicI64>,
    manual: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// The machine's clock; [`Clock::advance_millis`] shifts it.
    pub fn system() -> Self {
        Self { millis: Arc::default(), manual: false }
    }

    /// A clock that stands still until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self { millis: Arc::new(AtomicI64::new(start.as_millis())), manual: true }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let base = if self.manual { 0 } else { real_millis() };
        Timestamp::from_millis(base.saturating_add(self.millis.load(Ordering::SeqCst)))
    }

    /// Moves the clock forward by `millis` milliseconds, back when negative.
    pub fn advance_millis(&self, millis: i64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Makes the clock show `instant` now.
    pub fn set(&self, instant: Timestamp) {
        let base = if self.manual { 0 } else { real_millis() };
        self.millis.store(instant.as_millis().saturating_sub(base), Ordering::SeqCst);
    }
}

#[allow(clippy::disallowed_methods, reason = "the platform's one clock")]
fn real_millis() -> i64 {
    // A machine before 1970 shows 1970: every signature is then stale, which is the honest answer.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
