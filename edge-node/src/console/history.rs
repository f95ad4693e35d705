//! How the link was in the last hour and day: a few hundred samples in memory, gone with the process.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tongqiao_protocol::Timestamp;

use crate::link::LinkState;

/// An hour of samples that are ten seconds apart.
const SHORT_MOST: usize = 360;
/// A day of samples that are five minutes apart.
const LONG_MOST: usize = 288;
const LONG_EVERY_MS: i64 = 300_000;

/// How it was at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: Timestamp,
    pub(super) link: LinkState,
    /// Records on their way.
    pub(super) pending: u64,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Hour,
    Day,
}

impl Reach {
    pub(super) const fn millis(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

#[derive(Default)]
struct Rings {
    hour: VecDeque<Sample>,
    day: VecDeque<Sample>,
}

/// What has been seen since the start.
#[derive(Default)]
pub(super) struct History(Mutex<Rings>);

impl History {
    pub(super) fn note(&self, sample: Sample) {
        let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rings.hour.push_back(sample);
        if rings.hour.len() > SHORT_MOST {
            rings.hour.pop_front();
        }
        match rings.day.back_mut() {
            // Of five minutes the worst is kept: an outage that was short was one all the same.
            Some(last) if sample.at.millis_since(last.at).abs() < LONG_EVERY_MS => {
                last.pending = last.pending.max(sample.pending);
                if sample.link == LinkState::Down {
                    last.link = LinkState::Down;
                }
            }
            _ => rings.day.push_back(sample),
        }
        if rings.day.len() > LONG_MOST {
            rings.day.pop_front();
        }
    }

    /// The samples of the last hour or day, oldest first.
    pub(super) fn last(&self, reach: Reach, now: Timestamp) -> Vec<Sample> {
        let rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = match reach {
            Reach::Hour => &rings.hour,
            Reach::Day => &rings.day,
        };
        ring.iter().filter(|sample| now.millis_since(sample.at) <= reach.millis()).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_kept_in_tens_of_seconds_and_a_day_in_the_worst_of_five_minutes() {
        let history = History::default();
        let at = |second: i64| Timestamp::from_millis(1_790_000_000_000 + second * 1_000);
        for second in (0..7_200).step_by(10) {
            let link = if second == 3_610 { LinkState::Down } else { LinkState::Up };
            history.note(Sample { at: at(second), link, pending: if second == 20 { 7 } else { 0 } });
        }
        let now = at(7_200);
        let hour = history.last(Reach::Hour, now);
        assert_eq!((hour.len(), hour[0].at), (360, at(3_600)));
        let day = history.last(Reach::Day, now);
        assert_eq!((day.len(), day[0].pending), (24, 7));
        assert_eq!(day.iter().filter(|sample| sample.link == LinkState::Down).count(), 1);
        assert!(history.last(Reach::Day, now.plus_millis(Reach::Day.millis())).is_empty());
    }
}
