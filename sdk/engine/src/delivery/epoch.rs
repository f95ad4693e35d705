//! What happens when the platform was restored from a backup: exactly what it lost is offered again.
//!
//! Nothing is sent while the book is being turned, and no receipt of the new epoch is taken before the book that names it
//! is durable; so every epoch that this store has receipts of stands in the book, whenever the process dies.

use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use tongqiao_protocol::{EpochId, Timestamp};

use super::retry::earlier;
use super::saving::{Effect, Work};
use super::{EpochNotice, Notice, Output};
use crate::{Change, Collection, Entry, EntryState, EpochBook, Expected, LogPlace, ReceiptStanding};

/// Entries per page of a scan.
const PAGE_ENTRIES: u32 = 500;

/// What is still to be read: of each epoch, what stands behind the place.
type Parts = VecDeque<(EpochId, LogPlace)>;

/// Where the turning of the book stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Turning {
    /// The book is true as far as known.
    No,
    /// Commits under way may still settle in a lost part; the scan begins when they are over.
    Draining(EpochBook),
    /// Reading what was settled in lost parts.
    Scanning { next: EpochBook, parts: Parts, reoffered: u64, asked: bool, not_before: Option<Timestamp> },
    /// A page goes back to pending; then the scan goes on.
    Reoffering { next: EpochBook, parts: Parts, reoffered: u64, left: usize },
    /// The turned book is being committed.
    Writing { next: EpochBook, reoffered: u64 },
}

/// The book and its turning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Epochs {
    book: EpochBook,
    turning: Turning,
    /// Came while the book was being turned.
    later: Option<EpochNotice>,
    /// An answer named it.
    heard: Option<EpochId>,
    /// Something was heard that the book does not explain; nothing is sent until the platform was asked.
    wants_asking: bool,
    asking: bool,
    pub(super) failures: u32,
    pub(super) ask_not_before: Option<Timestamp>,
}

/// What the epochs need next.
pub(super) enum EpochStep {
    Nothing,
    Output(Output),
    Work(Work),
}

impl Epochs {
    pub(super) fn new(book: EpochBook) -> Self {
        let wants_asking = book.current().is_none();
        Self {
            book,
            turning: Turning::No,
            later: None,
            heard: None,
            wants_asking,
            asking: false,
            failures: 0,
            ask_not_before: None,
        }
    }

    /// The book by which an arriving receipt is judged: the turned one as soon as it is known, so that a receipt from a part
    /// that is being given up is not taken behind the back of the scan.
    pub(super) const fn judge(&self) -> &EpochBook {
        match &self.turning {
            Turning::No => &self.book,
            Turning::Draining(next)
            | Turning::Scanning { next, .. }
            | Turning::Reoffering { next, .. }
            | Turning::Writing { next, .. } => next,
        }
    }

    /// Whether a receipt that the judge lets stand may be taken now: one of the new epoch only after its book is durable.
    pub(super) fn may_take(&self, epoch: EpochId) -> bool {
        matches!(self.turning, Turning::No) || self.judge().current() != Some(epoch)
    }

    /// Whether anything may be sent.
    pub(super) const fn may_send(&self) -> bool {
        matches!(self.turning, Turning::No) && !self.wants_asking && !self.asking && self.later.is_none()
    }

    #[cfg(feature = "planted")]
    pub(super) const fn book(&self) -> &EpochBook {
        &self.book
    }

    /// A receipt was heard that the book does not explain.
    pub(super) const fn wonder(&mut self) {
        if !self.asking && matches!(self.turning, Turning::No) {
            self.wants_asking = true;
        }
    }

    /// An answer's header names this epoch.
    pub(super) const fn heard(&mut self, epoch: EpochId) {
        self.heard = Some(epoch);
    }

    pub(super) fn seen(&mut self, notice: EpochNotice) {
        self.heard = None;
        self.wants_asking = false;
        self.asking = false;
        self.failures = 0;
        self.ask_not_before = None;
        if matches!(self.turning, Turning::No) { self.turn(&notice) } else { self.later = Some(notice) }
    }

    fn turn(&mut self, notice: &EpochNotice) {
        if let Some(next) = self.book.turned(notice) {
            self.turning = Turning::Draining(next);
        }
    }

    /// Planted bug: the new epoch is believed and written down, but nothing is offered again.
    #[cfg(feature = "planted")]
    pub(super) fn skip_scan(&mut self) {
        if let Turning::Scanning { next, .. } = &self.turning {
            let parts = VecDeque::new();
            self.turning =
                Turning::Scanning { next: next.clone(), parts, reoffered: 0, asked: false, not_before: None };
        }
    }

    pub(super) const fn unavailable(&mut self, retry_at: Timestamp) {
        if self.asking {
            self.asking = false;
            self.wants_asking = true;
            self.failures = self.failures.saturating_add(1);
            self.ask_not_before = Some(retry_at);
        }
    }

    /// A page of the scan; only settled entries go back, a refused one waits for its author in any epoch.
    pub(super) fn retained(
        &mut self,
        epoch: EpochId,
        entries: &[Entry],
        exhausted: bool,
        retry_at: Timestamp,
    ) -> Vec<Work> {
        let Turning::Scanning { next, parts, reoffered, asked: true, .. } = &mut self.turning else { return vec![] };
        if parts.front().is_none_or(|(asked_for, _)| *asked_for != epoch) {
            return vec![];
        }
        let mut not_before = None;
        let last = entries.iter().filter_map(Entry::log_place).max();
        match (exhausted, last) {
            (true, _) => {
                parts.pop_front();
            }
            (false, Some(last)) => {
                if let Some((_, after)) = parts.front_mut() {
                    *after = last;
                }
            }
            (false, None) => not_before = Some(retry_at),
        }
        // Each for itself: one damaged row must not keep the others from being offered.
        let works: Vec<Work> = entries
            .iter()
            .filter(|entry| matches!(entry.state, EntryState::Settled { .. }))
            .map(|entry| Work {
                changes: vec![Change::Reoffer { id: entry.id }],
                notices: vec![],
                effect: Effect::Reoffered(entry.id),
            })
            .collect();
        let (next, parts, reoffered) = (next.clone(), parts.clone(), *reoffered);
        if works.is_empty() {
            self.turning = Turning::Scanning { next, parts, reoffered, asked: false, not_before };
            return vec![];
        }
        self.turning = Turning::Reoffering { next, parts, reoffered, left: works.len() };
        works
    }

    /// One record of a page is pending again.
    pub(super) fn reoffered(&mut self) {
        if let Turning::Reoffering { reoffered, .. } = &mut self.turning {
            *reoffered += 1;
        }
        self.one_less();
    }

    /// One record of a page is dealt with, one way or the other.
    pub(super) fn one_less(&mut self) {
        let Turning::Reoffering { next, parts, reoffered, left } = &mut self.turning else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            let (next, parts, reoffered) = (next.clone(), parts.clone(), *reoffered);
            self.turning = Turning::Scanning { next, parts, reoffered, asked: false, not_before: None };
        }
    }

    /// The turned book is durable. What is to be said then, unless this was the first epoch of all.
    pub(super) fn written(&mut self) -> Option<Notice> {
        let Turning::Writing { next, reoffered } = &self.turning else { return None };
        let was_first = self.book.current().is_none();
        let reoffered = *reoffered;
        self.book = next.clone();
        self.turning = Turning::No;
        if let Some(later) = self.later.take() {
            self.turn(&later);
        }
        let epoch = self.book.current()?;
        if was_first && reoffered == 0 { None } else { Some(Notice::EpochChanged { epoch, reoffered }) }
    }

    /// Takes the next step, if one is due.
    pub(super) fn step(&mut self, savings_idle: bool, now: Timestamp) -> EpochStep {
        if matches!(self.turning, Turning::No)
            && let Some(epoch) = self.heard.take()
            && self.book.standing(epoch, 0) == ReceiptStanding::Unheard
        {
            self.wonder();
        }
        if self.wants_asking && !self.asking && self.ask_not_before.is_none_or(|at| at <= now) {
            self.wants_asking = false;
            self.asking = true;
            return EpochStep::Output(Output::FetchEpoch);
        }
        match &mut self.turning {
            Turning::Draining(next) if savings_idle => {
                let place = |(epoch, kept)| (epoch, LogPlace::before(kept));
                let parts = next.lost_parts().into_iter().map(place).collect();
                let next = next.clone();
                self.turning = Turning::Scanning { next, parts, reoffered: 0, asked: false, not_before: None };
                EpochStep::Nothing
            }
            Turning::Scanning { parts, asked, not_before, next, reoffered } if !*asked => {
                if not_before.is_some_and(|at| at > now) {
                    return EpochStep::Nothing;
                }
                if let Some((epoch, after)) = parts.front().copied() {
                    *asked = true;
                    return EpochStep::Output(Output::LoadRetained { epoch, after, limit: PAGE_ENTRIES });
                }
                let change = Change::PutDocument {
                    collection: Collection::Epoch,
                    key: EpochBook::KEY.to_string(),
                    expected: Expected::Any,
                    bytes: next.to_bytes(),
                };
                self.turning = Turning::Writing { next: next.clone(), reoffered: *reoffered };
                EpochStep::Work(Work { changes: vec![change], notices: vec![], effect: Effect::BookWritten })
            }
            _ => EpochStep::Nothing,
        }
    }

    /// When a step becomes due by time.
    pub(super) const fn waits_until(&self) -> Option<Timestamp> {
        match &self.turning {
            Turning::Scanning { not_before: Some(at), asked: false, .. } => Some(*at),
            _ if self.wants_asking => self.ask_not_before,
            _ => None,
        }
    }

    /// The machine's clock was set back by so much.
    pub(super) fn clock_set_back(&mut self, by_ms: i64) {
        earlier(&mut self.ask_not_before, by_ms);
        if let Turning::Scanning { not_before, .. } = &mut self.turning {
            earlier(not_before, by_ms);
        }
    }

    /// Whether the scan has just been set up.
    pub(super) const fn is_draining(&self) -> bool {
        matches!(self.turning, Turning::Draining(_))
    }
}
