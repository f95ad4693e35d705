//! Time: where it is read, and how far it is from the platform's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tongqiao_protocol::Timestamp;

/// The machine's idea of the present.
///
/// The library asks nobody else. A test that wants a wrong clock passes its own to
/// [`ClientBuilder::clock`](crate::ClientBuilder::clock).
///
/// ```
/// use tongqiao::Clock;
/// use tongqiao::protocol::Timestamp;
///
/// struct TenMinutesLate;
/// impl Clock for TenMinutesLate {
///     fn now(&self) -> Timestamp {
///         tongqiao::SystemClock.now().plus_millis(-600_000)
///     }
/// }
/// assert!(TenMinutesLate.now() < tongqiao::SystemClock.now());
/// ```
pub trait Clock: Send + Sync {
    /// The present, as this machine sees it.
    fn now(&self) -> Timestamp;
}

/// The operating system's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place in the library that reads time")]
    fn now(&self) -> Timestamp {
        // A machine before 1970 shows 1970: the platform calls every signature stale then, and its Date corrects us.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's clock with what is known of the platform's.
pub(crate) struct PlatformClock {
    clock: Arc<dyn Clock>,
    offset_ms: AtomicI64,
    /// When (locally) the platform's time was last heard.
    heard_at: Mutex<Option<Timestamp>>,
}

/// The `Date` header counts whole seconds, and a request takes a while: differences below this are noise.
const NOISE_MS: i64 = 1_500;
/// An event's time is called attested if the platform's time was heard within a day.
const ATTESTED_FOR_MS: i64 = 24 * 3_600 * 1_000;

impl PlatformClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset_ms: AtomicI64::new(0), heard_at: Mutex::new(None) }
    }

    /// The machine's own time: for deadlines and retries, which must not jump when the platform's clock does.
    pub(crate) fn local(&self) -> Timestamp {
        self.clock.now()
    }

    /// The platform's time as far as we know it: for whatever the platform will compare with its own clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().plus_millis(self.offset_ms.load(Ordering::Relaxed))
    }

    /// By how much the platform is ahead of this machine, in milliseconds.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Whether the platform's time was heard lately, so that [`Self::now`] is more than this machine's own opinion.
    pub(crate) fn is_attested(&self) -> bool {
        let heard_at = *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner);
        heard_at.is_some_and(|at| (0..ATTESTED_FOR_MS).contains(&self.clock.now().millis_since(at)))
    }

    /// Takes notice of the platform's time `heard`, asked for at `sent_at` and received now.
    pub(crate) fn hear(&self, heard: Timestamp, sent_at: Timestamp) {
        let now = self.clock.now();
        let travelled = now.millis_since(sent_at).max(0);
        // The header is cut to the second: half a second is the best guess at what was cut.
        let offset = heard.plus_millis(500 + travelled / 2).millis_since(now);
        let known = self.offset_ms.load(Ordering::Relaxed);
        if offset.saturating_sub(known).abs() > NOISE_MS {
            let settled = if offset.abs() <= NOISE_MS { 0 } else { offset };
            if settled != known {
                tracing::info!(offset_ms = settled, "this machine's clock differs from the platform's");
            }
            self.offset_ms.store(settled, Ordering::Relaxed);
        }
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Standing(Timestamp);
    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    #[test]
    fn a_clock_that_is_an_hour_late_is_corrected_by_what_the_platform_says() {
        let local = Timestamp::from_millis(1_790_000_000_000);
        let clock = PlatformClock::new(Arc::new(Standing(local)));
        assert!(!clock.is_attested());
        clock.hear(local.plus_millis(3_600_000), local);
        assert!((clock.now().millis_since(local) - 3_600_000).abs() < 1_000);
        assert_eq!(clock.local(), local);
        assert!(clock.is_attested());
    }

    #[test]
    fn a_difference_below_the_precision_of_the_date_header_is_no_correction() {
        let local = Timestamp::from_millis(1_790_000_000_900);
        let clock = PlatformClock::new(Arc::new(Standing(local)));
        clock.hear(Timestamp::from_millis(1_790_000_000_000), local);
        assert_eq!(clock.offset_ms(), 0);
    }
}
