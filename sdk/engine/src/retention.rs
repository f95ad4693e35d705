//! When a record may be forgotten: never before its terminal receipt, and then only after the days of retention, because a
//! platform restored from a backup asks every sender for what it lost.

use tongqiao_protocol::Timestamp;

use crate::{Change, Entry, EntryState};

const DAY_MS: i64 = 86_400_000;

/// How long records are kept after they have become final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Retention {
    days: u16,
}

impl Default for Retention {
    /// Thirty days.
    fn default() -> Self {
        Self { days: 30 }
    }
}

impl Retention {
    /// The shortest retention: what a platform needs to notice a loss and come back.
    pub const DAYS_MIN: u16 = 7;
    /// Ten years.
    pub const DAYS_MAX: u16 = 3_660;

    /// A retention of so many days; `None` outside [`Retention::DAYS_MIN`] to [`Retention::DAYS_MAX`].
    pub const fn of_days(days: u16) -> Option<Self> {
        if days < Self::DAYS_MIN || days > Self::DAYS_MAX { None } else { Some(Self { days }) }
    }

    /// The days.
    pub const fn days(self) -> u16 {
        self.days
    }

    /// Records that became final before this may be forgotten.
    pub fn limit(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-(i64::from(self.days) * DAY_MS))
    }

    /// Whether a record may be forgotten now. What still needs a human (refused, expired, dead) never is.
    pub fn is_over(self, entry: &Entry, now: Timestamp) -> bool {
        let done = matches!(entry.state, EntryState::Settled { .. } | EntryState::Replaced { .. });
        done && entry.terminal_at.is_some_and(|at| at < self.limit(now))
    }

    /// The change that forgets a record, if it may be forgotten.
    pub fn forget(self, entry: &Entry, now: Timestamp) -> Option<Change> {
        if self.is_over(entry, now) { Some(Change::Forget { id: entry.id }) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use tongqiao_protocol::{Digest, EpochId, IncarnationId, ProducerId, RecordId, Suite};

    use super::*;
    use crate::{EntryKind, Lane, Sequence, StreamKey, SubjectId};

    fn entry(state: EntryState, terminal_at: Option<Timestamp>) -> Entry {
        Entry {
            id: RecordId::from_bytes([1; 16]),
            kind: EntryKind::CaseEvent,
            lane: Lane::Case,
            stream: StreamKey {
                producer: ProducerId::from_bytes([0; 16]),
                incarnation: IncarnationId::from_bytes([0; 16]),
                subject: SubjectId::from_bytes([0; 16]),
            },
            sequence: Sequence::FIRST,
            ordinal: 1,
            digest: Digest::of(Suite::International, b""),
            size_bytes: 1,
            accepted_at: Timestamp::from_millis(0),
            state,
            attempts: 0,
            next_attempt_at: Timestamp::from_millis(0),
            not_after: None,
            replaces: None,
            terminal_at,
        }
    }

    #[test]
    fn a_settled_record_is_kept_to_the_last_millisecond_of_its_days() {
        let settled = EntryState::Settled { epoch: EpochId::from_bytes([0; 16]), position: 0 };
        let entry = entry(settled, Some(Timestamp::from_millis(0)));
        let retention = Retention::default();
        assert!(!retention.is_over(&entry, Timestamp::from_millis(30 * DAY_MS)));
        assert!(retention.is_over(&entry, Timestamp::from_millis(30 * DAY_MS + 1)));
        assert_eq!(retention.forget(&entry, Timestamp::from_millis(0)), None);
    }

    #[test]
    fn what_is_not_final_or_needs_a_human_is_never_forgotten() {
        let refused = EntryState::Refused { epoch: EpochId::from_bytes([0; 16]), position: 0 };
        let late = Timestamp::from_millis(i64::MAX);
        for state in [EntryState::Pending, refused, EntryState::Expired, EntryState::Dead] {
            assert!(!Retention::default().is_over(&entry(state, Some(Timestamp::from_millis(0))), late), "{state:?}");
        }
        let settled = EntryState::Settled { epoch: EpochId::from_bytes([0; 16]), position: 0 };
        assert!(!Retention::default().is_over(&entry(settled, None), late));
    }

    #[test]
    fn a_retention_is_between_a_week_and_ten_years() {
        assert_eq!([6, 7, 3_660, 3_661].map(|days| Retention::of_days(days).is_some()), [false, true, true, false]);
    }
}
