//! What an answer means for the records it speaks of. Every state an answer leads to is committed before it is told.

use alloc::vec;
use alloc::vec::Vec;

use tongqiao_protocol::{RecordId, Timestamp};

#[cfg(feature = "planted")]
use super::Bug;
use super::retry::{Spinner, next_attempt};
use super::saving::{Effect, Work};
use super::window::{Phase, subject_of};
use super::{Delivery, Missing, Notice, RecordAnswer, RequestNumber, TerminalReceipt, Verdict};
use crate::{Change, EntryState, Failure, FailureScope, Outcome, ReceiptStanding, Retry};

/// Whether a terminal receipt says that the record took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    Settled,
    Refused,
}

/// A record in custody is asked about this often at least, however many there are.
const CUSTODY_PACE_MOST_MS: u64 = 10 * 60 * 1_000;

impl Delivery {
    pub(super) fn answered(
        &mut self,
        number: RequestNumber,
        results: Vec<RecordAnswer>,
        now: Timestamp,
        spin: &mut Spinner,
    ) {
        let mut results = results;
        let Some(request) = self.requests.remove(&number) else {
            // Late or unknown: a verified receipt is a proof whenever it comes; anything else says nothing now.
            for answer in results {
                match answer.verdict {
                    Verdict::Settled(receipt) => self.terminal(answer.id, Judged::Settled, receipt, now, spin),
                    Verdict::Refused(receipt) => self.terminal(answer.id, Judged::Refused, receipt, now, spin),
                    _ => {}
                }
            }
            return;
        };
        self.lane_worked(request.lane);
        for id in request.ids {
            if self.window.slot(&id).is_none_or(|slot| slot.phase != Phase::InFlight(number)) {
                continue;
            }
            let verdict = results.iter().position(|answer| answer.id == id).map(|at| results.swap_remove(at).verdict);
            if let Some(slot) = self.window.slot_mut(&id) {
                slot.phase = Phase::Ready;
            }
            match verdict {
                Some(Verdict::Settled(receipt)) => self.terminal(id, Judged::Settled, receipt, now, spin),
                Some(Verdict::Refused(receipt)) => self.terminal(id, Judged::Refused, receipt, now, spin),
                Some(Verdict::Deferred(missing)) => self.deferred(id, missing, now, spin),
                Some(Verdict::InCustody) => self.in_custody(id, now, spin),
                Some(Verdict::Unverifiable) => self.unverifiable(id, now, spin),
                Some(Verdict::Failed(failure)) => self.record_failed(id, failure, now, spin),
                // The platform did not speak of it.
                None => self.put_off(id, None, vec![], now, spin),
            }
        }
    }

    fn terminal(&mut self, id: RecordId, judged: Judged, receipt: TerminalReceipt, now: Timestamp, spin: &mut Spinner) {
        let TerminalReceipt { epoch, position, time, bytes } = receipt;
        let standing = self.epochs.judge().standing(epoch, position);
        let takes = standing == ReceiptStanding::Stands && self.epochs.may_take(epoch);
        if standing != ReceiptStanding::Stands {
            self.epochs.wonder();
        }
        let failures = self.window.slot(&id).map_or(1, |slot| slot.entry.attempts.saturating_add(1));
        let again_at = next_attempt(&self.settings, failures, None, now, spin);
        let Some(slot) = self.window.slot_mut(&id) else { return };
        if slot.phase == Phase::Saving {
            return;
        }
        if !takes {
            // It proves nothing about the log that is running now. Ask again, but not in a loop.
            if slot.phase == Phase::Ready {
                slot.entry.attempts = failures;
                slot.entry.next_attempt_at = again_at;
            }
            return;
        }
        slot.phase = Phase::Saving;
        let stream = slot.entry.stream;
        let (state, notice, effect) = match judged {
            Judged::Settled => (
                EntryState::Settled { epoch, position },
                Notice::Settled { id, stream, epoch, position },
                Effect::Finished(id),
            ),
            Judged::Refused => (
                EntryState::Refused { epoch, position },
                Notice::Refused { id, stream, receipt: bytes.clone() },
                Effect::Blocked(id),
            ),
        };
        self.savings.push(Work {
            changes: vec![Change::Settle { id, state, receipt: bytes, at: time.unwrap_or(now) }],
            notices: vec![notice],
            effect,
        });
    }

    fn deferred(&mut self, id: RecordId, missing: Missing, now: Timestamp, spin: &mut Spinner) {
        #[cfg(feature = "planted")]
        if self.has_bug(Bug::DeferredAsSettled) {
            let receipt = self.epochs.book().current().map(|epoch| TerminalReceipt {
                epoch,
                position: 0,
                time: None,
                bytes: vec![],
            });
            if let Some(receipt) = receipt {
                self.terminal(id, Judged::Settled, receipt, now, spin);
            }
            return;
        }
        let Some(slot) = self.window.slot(&id) else { return };
        let (stream, sequence) = (slot.entry.stream, slot.entry.sequence);
        // Its own predecessor, sent with it, has just got a verdict of its own: that decides what becomes of the followers.
        let predecessor_here = self.window.slots().any(|other| {
            other.entry.stream == stream && other.entry.sequence < sequence && other.phase != Phase::Ready
        });
        if predecessor_here {
            return;
        }
        let attempts = slot.entry.attempts.saturating_add(1);
        let until = next_attempt(&self.settings, attempts, None, now, spin);
        let notice = Notice::Deferred { id, missing, attempts, next_attempt_at: until };
        self.put_off_until(id, attempts, until, vec![notice]);
    }

    /// The node is near and keeps the record, so nothing has failed: it is asked at an even pace, and what follows in the
    /// stream goes out with the next question. Of many records each is asked about more seldom: a backlog of thousands would
    /// otherwise be offered again and again before anything new.
    fn in_custody(&mut self, id: RecordId, now: Timestamp, spin: &mut Spinner) {
        const QUESTIONS: u32 = 1;
        let waiting = self.window.parked_len().saturating_add(self.window.order_len()) as u64;
        let pace = waiting.saturating_mul(self.settings.custody_each_ms).max(self.settings.custody_poll_ms);
        let until = next_attempt(&self.settings, QUESTIONS, Some(pace.min(CUSTODY_PACE_MOST_MS)), now, spin);
        self.put_off_until(id, QUESTIONS, until, vec![Notice::InCustody { id, next_attempt_at: until }]);
    }

    fn unverifiable(&mut self, id: RecordId, now: Timestamp, spin: &mut Spinner) {
        #[cfg(feature = "planted")]
        if self.has_bug(Bug::UnverifiableAsSettled) {
            let receipt = self.epochs.book().current().map(|epoch| TerminalReceipt {
                epoch,
                position: 0,
                time: None,
                bytes: vec![],
            });
            if let Some(receipt) = receipt {
                self.terminal(id, Judged::Settled, receipt, now, spin);
            }
            return;
        }
        self.put_off(id, None, vec![Notice::ReceiptUnverifiable { id }], now, spin);
    }

    fn record_failed(&mut self, id: RecordId, failure: Failure, now: Timestamp, spin: &mut Spinner) {
        match failure.retry {
            Retry::Never | Retry::AfterChange => self.bury(id, failure.problem, now),
            Retry::SameRequest | Retry::AfterDelay => self.put_off(id, failure.retry_after_ms, vec![], now, spin),
        }
    }

    fn bury(&mut self, id: RecordId, problem: Vec<u8>, now: Timestamp) {
        let Some(slot) = self.window.slot_mut(&id) else { return };
        slot.phase = Phase::Saving;
        let stream = slot.entry.stream;
        self.savings.push(Work {
            changes: vec![Change::Bury { id, at: now, problem: problem.clone() }],
            notices: vec![Notice::Buried { id, stream, problem }],
            effect: Effect::Blocked(id),
        });
    }

    fn put_off(
        &mut self,
        id: RecordId,
        retry_after_ms: Option<u64>,
        notices: Vec<Notice>,
        now: Timestamp,
        spin: &mut Spinner,
    ) {
        let Some(slot) = self.window.slot(&id) else { return };
        let attempts = slot.entry.attempts.saturating_add(1);
        let until = next_attempt(&self.settings, attempts, retry_after_ms, now, spin);
        self.put_off_until(id, attempts, until, notices);
    }

    fn put_off_until(&mut self, id: RecordId, attempts: u32, until: Timestamp, notices: Vec<Notice>) {
        let Some(slot) = self.window.slot_mut(&id) else { return };
        slot.phase = Phase::Saving;
        slot.entry.attempts = attempts;
        let until = slot.entry.not_after.map_or(until, |limit| until.min(limit));
        slot.entry.next_attempt_at = until;
        self.savings.push(Work {
            changes: vec![Change::Reschedule { id, attempts, next_attempt_at: until }],
            notices,
            effect: Effect::Parked { id, until },
        });
    }

    /// A request brought no results: its records are free again, smaller batches look for a culprit, the lane waits.
    pub(super) fn failed(&mut self, number: RequestNumber, failure: Failure, now: Timestamp, spin: &mut Spinner) {
        let Some(request) = self.requests.remove(&number) else { return };
        let lane = self.lane_mut(request.lane);
        lane.in_flight = lane.in_flight.saturating_sub(1);
        let mine: Vec<RecordId> = request
            .ids
            .into_iter()
            .filter(|id| self.window.slot(id).is_some_and(|slot| slot.phase == Phase::InFlight(number)))
            .collect();
        for id in &mine {
            if let Some(slot) = self.window.slot_mut(id) {
                slot.phase = Phase::Ready;
            }
        }
        let for_ever = matches!(failure.retry, Retry::Never | Retry::AfterChange);
        let blames_records = failure.scope == FailureScope::Request;
        if !(blames_records && for_ever) {
            self.lane_failed(request.lane, &failure, now, spin);
        }
        let failures = self.lane_mut(request.lane).failures;
        let suspicious = failure.outcome != Outcome::NotSent && failures >= self.settings.shrink_after_failures;
        if !((blames_records && for_ever) || suspicious) {
            return;
        }
        if let [id] = mine[..] {
            if blames_records && for_ever {
                self.bury(id, failure.problem, now);
            } else {
                // Perhaps this one record breaks the platform or the link: let others try before it.
                self.put_off(id, failure.retry_after_ms, vec![], now, spin);
            }
            return;
        }
        let half = u32::try_from(mine.len() / 2).unwrap_or(u32::MAX).max(1);
        for id in &mine {
            if let Some(slot) = self.window.slot_mut(id) {
                slot.batch_limit = half;
            }
        }
    }

    fn lane_failed(&mut self, lane: crate::Lane, failure: &Failure, now: Timestamp, spin: &mut Spinner) {
        let settings = self.settings;
        let state = self.lane_mut(lane);
        state.failures = state.failures.saturating_add(1);
        let failures = state.failures;
        let until = next_attempt(&settings, failures, failure.retry_after_ms, now, spin);
        // Several requests may fail together; the longest wait counts.
        let until = state.not_before.map_or(until, |at| at.max(until));
        state.not_before = Some(until);
        self.tell(Notice::LaneWaits { lane, failure: failure.clone(), failures, next_attempt_at: until });
    }

    fn lane_worked(&mut self, lane: crate::Lane) {
        let state = self.lane_mut(lane);
        state.in_flight = state.in_flight.saturating_sub(1);
        state.not_before = None;
        let recovered = state.failures > 0;
        state.failures = 0;
        if recovered {
            self.tell(Notice::LaneRecovered { lane });
        }
    }

    /// The work of a commit is durable: memory follows, and what was to be said is said.
    pub(super) fn durable(&mut self, works: Vec<Work>) {
        for work in works {
            match work.effect {
                Effect::Finished(id) => self.finished(&id),
                Effect::Blocked(id) => {
                    let loading = self.loading_of(&id);
                    if let Some(slot) = self.window.remove(&id, loading) {
                        let stream = slot.entry.stream;
                        // The store holds back what stands behind it, but a human may already have replaced it.
                        if slot.entry.holds_its_stream() {
                            self.window.drop_ready(|entry| entry.stream == stream && entry.replaces != Some(id));
                        }
                    }
                }
                Effect::Parked { id, until } => self.parked(id, until),
                Effect::Reoffered(_) => self.epochs.reoffered(),
                Effect::BookWritten => {
                    if let Some(notice) = self.epochs.written() {
                        self.tell(notice);
                    }
                    // What went back to pending stands before the cursors.
                    self.window.drop_ready(|_| true);
                    self.lanes.iter_mut().for_each(super::lanes::LaneState::read_again);
                }
            }
            work.notices.into_iter().for_each(|notice| self.tell(notice));
        }
    }

    fn finished(&mut self, id: &RecordId) {
        let loading = self.loading_of(id);
        if let Some(slot) = self.window.remove(id, loading)
            && slot.entry.replaces.is_some()
        {
            // What was held back behind the refused entry stands before the cursor.
            self.lane_mut(slot.entry.lane).read_again();
        }
    }

    pub(super) fn parked(&mut self, id: RecordId, until: Timestamp) {
        let Some(slot) = self.window.slot_mut(&id) else { return };
        let (lane, subject) = (slot.entry.lane, subject_of(&slot.entry.stream));
        let room = self.window.parked_len() < usize::try_from(self.settings.window_entries).unwrap_or(usize::MAX);
        if room && self.window.parked(&subject).is_none() {
            let state = self.lane_mut(lane);
            if state.pass_covers(until) {
                // Time has overtaken the commit: the pass under way met the entry here, not in the store.
                state.read_again();
            }
            let loading = state.loading();
            self.window.park(&id, until, loading);
        } else if let Some(slot) = self.window.slot_mut(&id) {
            // It waits in memory instead.
            slot.phase = Phase::Ready;
        }
    }
}
