//! Which records go into the next request of a lane.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use tongqiao_protocol::{RecordId, Timestamp};

use super::Settings;
use super::window::{Phase, Slot, Subject, Window, subject_of};
use crate::{EntryKind, Lane};

/// A request to be.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) kind: EntryKind,
    pub(super) ids: Vec<RecordId>,
    /// One of the records has failed before.
    pub(super) is_retry: bool,
}

/// Whether the budget has a token for a record that failed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retries {
    Allowed,
    Spent,
}

/// What may go out of one stream now: its first records, in sequence, without a gap.
///
/// Nothing, if any record of the subject is under way: two requests may overtake one another. Of several incarnations the
/// one that was here first goes first; the next only when nothing of it is pending.
fn sendable<'a>(slots: &[&'a Slot], retries: Retries, now: Timestamp) -> Vec<&'a Slot> {
    if slots.iter().any(|slot| slot.phase != Phase::Ready) {
        return Vec::new();
    }
    let Some(oldest) = slots.first() else { return Vec::new() };
    let mut stream: Vec<&Slot> =
        slots.iter().copied().filter(|slot| slot.entry.stream == oldest.entry.stream).collect();
    stream.sort_by_key(|slot| slot.entry.sequence);
    let mut run: Vec<&Slot> = Vec::new();
    for slot in stream {
        let follows = run.last().is_none_or(|before| slot.entry.sequence == before.entry.sequence.next());
        let due = slot.entry.is_due(now) && slot.entry.not_after.is_none_or(|limit| limit > now);
        let affordable = retries == Retries::Allowed || slot.entry.attempts == 0;
        if !follows || !due || !affordable {
            break;
        }
        run.push(slot);
    }
    run
}

/// The next request of a lane; `None` if nothing may go out now.
pub(super) fn choose(
    window: &Window,
    lane: Lane,
    settings: &Settings,
    retries: Retries,
    now: Timestamp,
) -> Option<Batch> {
    let mut subjects: BTreeMap<Subject, Vec<&Slot>> = BTreeMap::new();
    for slot in window.in_order(lane) {
        subjects.entry(subject_of(&slot.entry.stream)).or_default().push(slot);
    }
    let mut batch: Option<Batch> = None;
    let mut limit = usize::try_from(settings.batch_records).unwrap_or(usize::MAX);
    let mut bytes = 0_u64;
    let mut asked: BTreeSet<Subject> = BTreeSet::new();
    for first in window.in_order(lane) {
        let subject = subject_of(&first.entry.stream);
        if !asked.insert(subject) || window.parked(&subject).is_some() {
            continue;
        }
        for slot in sendable(subjects.get(&subject)?, retries, now) {
            let size = u64::from(slot.entry.size_bytes);
            let Some(batch) = &mut batch else {
                batch = Some(Batch {
                    kind: slot.entry.kind,
                    ids: alloc::vec![slot.entry.id],
                    is_retry: slot.entry.attempts > 0,
                });
                limit = limit.min(usize::try_from(slot.batch_limit).unwrap_or(usize::MAX));
                bytes = size;
                continue;
            };
            let shares = batch.kind == EntryKind::CaseEvent && slot.entry.kind == EntryKind::CaseEvent;
            let tighter = limit.min(usize::try_from(slot.batch_limit).unwrap_or(usize::MAX));
            // Too many, too heavy, or of a kind that travels alone: it waits for the next request, and so does all behind it.
            if !shares || batch.ids.len() >= tighter || bytes.saturating_add(size) > settings.batch_bytes {
                break;
            }
            limit = tighter;
            bytes += size;
            batch.is_retry |= slot.entry.attempts > 0;
            batch.ids.push(slot.entry.id);
        }
        if batch.as_ref().is_some_and(|batch| batch.ids.len() >= limit || batch.kind != EntryKind::CaseEvent) {
            break;
        }
    }
    batch
}
