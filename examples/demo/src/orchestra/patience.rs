//! When to give up: after a minute in which nothing has *moved*. A report that says the same as the last one is no movement.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::process::{Report, Role};

/// How long nothing may move before the demo stops and draws the ledger of what there is.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Remembers what moved last.
pub(super) struct Patience {
    since: Instant,
    settled: BTreeMap<Role, (u64, u64)>,
}

impl Patience {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, settled: BTreeMap::new() }
    }

    /// Somebody said something.
    pub(super) fn heard(&mut self, role: Role, report: &Report, now: Instant) {
        match report {
            Report::Settled { count, accepted } => {
                let numbers = (*count, *accepted);
                if self.settled.insert(role, numbers) != Some(numbers) {
                    self.since = now;
                }
            }
            _ => self.since = now,
        }
    }

    /// Something else happened: a kill, a start, a payment.
    pub(super) fn moved(&mut self, now: Instant) {
        self.since = now;
    }

    pub(super) fn is_exhausted(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= SILENCE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn numbers_that_stand_still_exhaust_patience_however_often_they_are_said() {
        let begin = Instant::now();
        let mut patience = Patience::new(begin);
        for tenth in 0..600 {
            patience.heard(
                Role::Department(0),
                &Report::Settled { count: 6, accepted: 7 },
                begin + SECOND * tenth / 10,
            );
            assert!(!patience.is_exhausted(begin + SECOND * tenth / 10), "at {tenth} tenths");
        }
        assert!(patience.is_exhausted(begin + SILENCE_MAX));
    }

    #[test]
    fn numbers_that_move_and_anything_else_that_is_said_renew_patience() {
        let begin = Instant::now();
        let mut patience = Patience::new(begin);
        patience.heard(Role::Department(0), &Report::Settled { count: 6, accepted: 7 }, begin);
        patience.heard(Role::Department(0), &Report::Settled { count: 7, accepted: 7 }, begin + SECOND);
        assert!(!patience.is_exhausted(begin + SILENCE_MAX));
        patience.heard(Role::Department(1), &Report::Done, begin + SILENCE_MAX);
        assert!(!patience.is_exhausted(begin + SILENCE_MAX + SECOND));
        assert!(patience.is_exhausted(begin + SILENCE_MAX + SILENCE_MAX));
    }
}
