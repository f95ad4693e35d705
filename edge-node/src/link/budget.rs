//! How much of the line may be taken, by the hour.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tongqiao_protocol::Timestamp;

use super::Shaper;
use crate::courier::local_now;

/// What is taken of a line whose rate is known: what stays free keeps the queue on the way empty.
const SHARE: f64 = 0.93;
const HOUR_MS: i64 = 3_600_000;
/// All of China keeps the time of Beijing.
const BEIJING_HOURS: i64 = 8;
/// A change of the hour is heeded within this time.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Hours at which less may be taken, where the line is shared with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourCap {
    /// The first hour of the day, 0 to 23, in Beijing.
    pub from: u8,
    /// The hour at which it ends; no later than `from`, it ends on the next day.
    pub to: u8,
    /// What may be taken, in kbit/s.
    pub kbit: u32,
}

impl HourCap {
    fn holds_at(self, hour: i64) -> bool {
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        if from < to { (from..to).contains(&hour) } else { hour >= from || hour < to }
    }
}

/// How much of the line may be taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budget {
    /// What the line carries; 0 is unknown.
    pub(crate) line_kbit: u32,
    pub(crate) caps: Vec<HourCap>,
}

impl Budget {
    /// Bytes a second that may be sent at this time; `None` is no limit.
    fn bytes_per_second(&self, now: Timestamp) -> Option<u64> {
        let hour = (now.as_millis().div_euclid(HOUR_MS) + BEIJING_HOURS).rem_euclid(24);
        let line = (self.line_kbit > 0).then(|| (f64::from(self.line_kbit) * 125.0 * SHARE) as u64);
        let caps = self.caps.iter().filter(|cap| cap.holds_at(hour)).map(|cap| u64::from(cap.kbit.max(1)) * 125);
        line.into_iter().chain(caps).min()
    }

    /// Holds the shaper to it, for as long as anybody uses the shaper.
    pub(crate) fn govern(self, shaper: &Arc<Shaper>) {
        shaper.limit(self.bytes_per_second(local_now()));
        if self.caps.is_empty() {
            return;
        }
        let shaper = Arc::downgrade(shaper);
        tokio::spawn(async move {
            let mut looks = tokio::time::interval(LOOK_EVERY);
            loop {
                looks.tick().await;
                let Some(shaper) = shaper.upgrade() else { return };
                shaper.limit(self.bytes_per_second(local_now()));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of a day in Beijing.
    fn at(hour: i64) -> Timestamp {
        Timestamp::from_millis((hour + 24 * 20_000 - BEIJING_HOURS) * HOUR_MS + 1)
    }

    #[test]
    fn a_known_line_is_not_filled_to_the_brim_and_an_unknown_one_is_left_to_itself() {
        assert_eq!(Budget { line_kbit: 64, caps: Vec::new() }.bytes_per_second(at(12)), Some(7_440));
        assert_eq!(Budget::default().bytes_per_second(at(12)), None);
    }

    #[test]
    fn the_least_of_what_holds_counts_and_hours_go_past_midnight() {
        let day = HourCap { from: 8, to: 18, kbit: 128 };
        let night = HourCap { from: 22, to: 6, kbit: 400 };
        let budget = Budget { line_kbit: 512, caps: vec![day, night] };
        let limits = [7, 8, 17, 18, 22, 23, 0, 5, 6].map(|hour| budget.bytes_per_second(at(hour)));
        let (line, office, dark) = (Some(59_520), Some(16_000), Some(50_000));
        assert_eq!(limits, [line, office, office, line, dark, dark, dark, dark, line]);
    }
}
