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
///
/// Two things are heard. The `Date` of any answer is good enough to stamp requests, which are refused and stamped anew when
/// it lied. Only a time that the platform *signed* makes this machine's clock attested and moves the times of records.
pub(crate) struct PlatformClock {
    clock: Arc<dyn Clock>,
    /// By the last plausible `Date`.
    dated_ms: AtomicI64,
    signed: Mutex<Option<SignedTime>>,
}

/// What the last signed time said.
#[derive(Debug, Clone, Copy)]
struct SignedTime {
    offset_ms: i64,
    /// When, by the local clock.
    heard_at: Timestamp,
    time: Timestamp,
}

/// The `Date` header counts whole seconds, and a request takes a while: differences below this are noise.
const NOISE_MS: i64 = 1_500;
/// An event's time is called attested if the platform's time was heard within a day.
const ATTESTED_FOR_MS: i64 = 24 * 3_600 * 1_000;
/// An answer that took longer says too little about the present.
const TRAVEL_MS_MAX: i64 = 60_000;
/// No platform of this protocol has lived before 2026, and none is asked after 2125: such a `Date` is a mistake or a lie.
const PLAUSIBLE: std::ops::Range<i64> = 1_767_196_800_000..4_922_870_400_000;

impl PlatformClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, dated_ms: AtomicI64::new(0), signed: Mutex::new(None) }
    }

    /// The machine's own time: for deadlines and retries, which must not jump when the platform's clock does.
    pub(crate) fn local(&self) -> Timestamp {
        self.clock.now()
    }

    /// The platform's time as far as we know it: for whatever the platform will compare with its own clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().plus_millis(self.offset_ms())
    }

    /// The time to stamp a request with.
    pub(crate) fn for_requests(&self) -> Timestamp {
        self.clock.now().plus_millis(self.dated_offset_ms())
    }

    /// By how much the platform is ahead of this machine, in milliseconds: by its signed word, if that is fresh.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.fresh().map_or_else(|| self.dated_offset_ms(), |signed| signed.offset_ms)
    }

    /// The same by the last `Date`.
    pub(crate) fn dated_offset_ms(&self) -> i64 {
        self.dated_ms.load(Ordering::Relaxed)
    }

    /// Whether the platform's signed time was heard lately, so that [`Self::now`] is more than this machine's own opinion.
    pub(crate) fn is_attested(&self) -> bool {
        self.fresh().is_some()
    }

    fn fresh(&self) -> Option<SignedTime> {
        let signed = *self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        signed.filter(|signed| (0..ATTESTED_FOR_MS).contains(&self.clock.now().millis_since(signed.heard_at)))
    }

    /// Takes notice of the `Date` of an answer, asked for at `sent_at` and received now.
    pub(crate) fn hear(&self, heard: Timestamp, sent_at: Timestamp) {
        if !PLAUSIBLE.contains(&heard.as_millis()) {
            tracing::warn!(%heard, "an answer's Date is impossible; it is not taken");
            return;
        }
        let now = self.clock.now();
        let travelled = now.millis_since(sent_at).max(0);
        // The header is cut to the second: half a second is the best guess at what was cut.
        let offset = heard.plus_millis(500 + travelled / 2).millis_since(now);
        let known = self.dated_ms.load(Ordering::Relaxed);
        if offset.saturating_sub(known).abs() > NOISE_MS {
            let settled = if offset.abs() <= NOISE_MS { 0 } else { offset };
            if settled != known {
                tracing::info!(offset_ms = settled, "this machine's clock differs from the platform's");
            }
            self.dated_ms.store(settled, Ordering::Relaxed);
        }
    }

    /// Takes notice of a time that the platform signed for the request sent at `sent_at`, received now. One that is not newer
    /// than the last was signed for somebody else, and says nothing.
    pub(crate) fn hear_signed(&self, time: Timestamp, sent_at: Timestamp) {
        let now = self.clock.now();
        let travelled = now.millis_since(sent_at);
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = signed.is_none_or(|before| time > before.time);
        if !newer || !(0..=TRAVEL_MS_MAX).contains(&travelled) || !PLAUSIBLE.contains(&time.as_millis()) {
            return;
        }
        let offset = time.plus_millis(travelled / 2).millis_since(now);
        let offset_ms = if offset.abs() <= NOISE_MS { 0 } else { offset };
        *signed = Some(SignedTime { offset_ms, heard_at: now, time });
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
        assert!(!clock.is_attested(), "anybody on the way can write a Date");
        clock.hear_signed(local.plus_millis(3_600_000), local);
        assert!(clock.is_attested());
    }

    #[test]
    fn a_date_moves_no_clock_that_a_signed_time_has_attested() {
        let local = Timestamp::from_millis(1_790_000_000_000);
        let clock = PlatformClock::new(Arc::new(Standing(local)));
        clock.hear_signed(local.plus_millis(600_000), local);
        clock.hear(local.plus_millis(40 * 86_400_000), local);
        assert_eq!(clock.offset_ms(), 600_000);
        // Requests follow the Date all the same: a platform whose clock was set must be reached.
        assert!(clock.for_requests().millis_since(local) > 39 * 86_400_000);
    }

    #[test]
    fn an_impossible_date_and_a_repeated_or_late_signed_time_say_nothing() {
        let local = Timestamp::from_millis(1_790_000_000_000);
        let clock = PlatformClock::new(Arc::new(Standing(local)));
        for impossible in [0, 1_767_196_799_999, 4_922_870_400_000, i64::MAX] {
            clock.hear(Timestamp::from_millis(impossible), local);
            clock.hear_signed(Timestamp::from_millis(impossible), local);
        }
        clock.hear_signed(local, local.plus_millis(-60_001));
        assert_eq!((clock.dated_offset_ms(), clock.is_attested()), (0, false));
        clock.hear_signed(local.plus_millis(5_000), local.plus_millis(-60_000));
        assert_eq!(clock.offset_ms(), 35_000);
        clock.hear_signed(local.plus_millis(5_000), local);
        assert_eq!(clock.offset_ms(), 35_000, "the same statement again is a replay");
    }

    #[test]
    fn a_difference_below_the_precision_of_the_date_header_is_no_correction() {
        let local = Timestamp::from_millis(1_790_000_000_900);
        let clock = PlatformClock::new(Arc::new(Standing(local)));
        clock.hear(Timestamp::from_millis(1_790_000_000_000), local);
        assert_eq!(clock.offset_ms(), 0);
    }
}
