//! What the store keeps of a case beside its events: the number, and the events in the order of their making.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tongqiao_engine::deadline::{ClockStep, Moment};
use tongqiao_engine::{Actor, CaseState, Change, Collection, Entry, EntryKind, EntryState, Expected, Happening};
use tongqiao_protocol::case::{CaseEvent, CaseEventData, CaseEventKind, ClockStanding, Joint, Procedure};
use tongqiao_protocol::{CaseId, CaseNumber, Digest, EventId, IncarnationId, ProducerId, Suite, Timestamp};
use tongqiao_store::{Store, StoreError};

use crate::receipt::Receipt;

/// The document of a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CaseFile {
    pub(super) case: CaseId,
    pub(super) number: CaseNumber,
    pub(super) item: String,
    pub(super) item_version: u32,
    pub(super) division: String,
    pub(super) opened_at: Timestamp,
    /// The life of the store in which the stream of the case began.
    pub(super) incarnation: IncarnationId,
    /// What the application said, so that a second opening with the same case id can be told from another case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Digest>,
    /// Its part in a joint procedure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) joint: Option<Joint>,
    pub(super) events: Vec<FiledEvent>,
}

/// One event of the case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FiledEvent {
    pub(super) id: EventId,
    /// The kind's word, or `abandoned`.
    pub(super) kind: String,
    /// Of a special procedure, which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) procedure: Option<String>,
    /// The event that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaced_by: Option<EventId>,
    /// The record's digest, which outlives the record: the same bytes may come again after its retention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<Digest>,
    /// The case's revision after it, noted from the receipt because the receipt's retention ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
    /// What it says, told from other content under the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Digest>,
    /// What the clocks of the case need of it, because the record's retention ends before the case does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) clock: Option<ClockNote>,
}

/// By which what an event says is told from something else under the same id: without time and place, which are others when it
/// is said again. Its id is a part of it, so that the digest of a short text tells nothing to whoever knows only the digest.
pub(super) fn content_of(event: &CaseEvent, suite: Suite) -> Digest {
    let nowhere = CaseEvent {
        time: Timestamp::from_millis(0),
        producer: ProducerId::from_bytes([0; 16]),
        incarnation: IncarnationId::from_bytes([0; 16]),
        sequence: 1,
        revision: 0,
        clock: ClockStanding::Free,
        replacement: None,
        ..event.clone()
    };
    Digest::of(suite, &nowhere.to_bytes())
}

/// What an event means for deadlines, and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClockNote {
    pub(super) at: Timestamp,
    pub(super) step: ClockStep,
    /// How far this machine's clock may have been off.
    pub(super) uncertainty_ms: u32,
}

impl ClockNote {
    pub(super) fn of(event: &CaseEvent) -> Option<Self> {
        let step = ClockStep::of(event.id, &event.data)?;
        let uncertainty_ms = match event.clock {
            ClockStanding::Attested => ATTESTED_UNCERTAINTY_MS,
            ClockStanding::Free => FREE_UNCERTAINTY_MS,
        };
        Some(Self { at: event.time, step, uncertainty_ms })
    }

    /// The moment that counts. A time that was read from a clock is as good as the clock; one that somebody wrote down,
    /// such as midnight for "on that day", is what it says.
    pub(super) fn moment(self) -> Moment {
        let far = |stated: Timestamp| stated.millis_since(self.at).unsigned_abs() > u64::from(self.uncertainty_ms);
        let uncertainty_ms = if self.step.stated().is_some_and(far) { 0 } else { self.uncertainty_ms };
        Moment { at: self.at, uncertainty_ms }
    }
}

/// What a clock that the platform's signed time has set may be off by: its noise, and half a request's usual way.
const ATTESTED_UNCERTAINTY_MS: u32 = 2_000;
/// What a machine's clock that nobody has confirmed is commonly off by, at most.
const FREE_UNCERTAINTY_MS: u32 = 300_000;

impl FiledEvent {
    pub(super) fn of(event: &CaseEvent, digest: Digest) -> Self {
        let procedure = match &event.data {
            CaseEventData::SpecialBegun(begin) => Some(begin.procedure),
            CaseEventData::SpecialEnded(end) => Some(end.procedure),
            _ => None,
        };
        let procedure = procedure.map(Procedure::as_str).map(str::to_owned);
        Self {
            id: event.id,
            kind: event.data.name().to_owned(),
            procedure,
            replaced_by: None,
            digest: Some(digest),
            revision: None,
            content: Some(content_of(event, digest.suite())),
            clock: ClockNote::of(event),
        }
    }

    pub(super) fn kind(&self) -> Option<CaseEventKind> {
        CaseEventKind::from_name(&self.kind)
    }

    /// Whether an event of this kind may mean something for the clocks.
    pub(super) fn may_move_clocks(&self) -> bool {
        use CaseEventKind::{Accepted, Applied, CorrectionRequested, Decided, Delivered, Rejected, Withdrawn};
        use CaseEventKind::{Complained, ComplaintAnswered, Evaluated, EvaluationFollowedUp};
        use CaseEventKind::{SpecialBegun, SpecialEnded, SupervisionAnswered, SupervisionOrdered};
        matches!(
            self.kind(),
            Some(
                Applied
                    | CorrectionRequested
                    | Rejected
                    | Accepted
                    | SpecialBegun
                    | SpecialEnded
                    | Decided
                    | Delivered
                    | Withdrawn
                    | Complained
                    | ComplaintAnswered
                    | Evaluated
                    | EvaluationFollowedUp
                    | SupervisionOrdered
                    | SupervisionAnswered
            )
        )
    }

    fn happening(&self) -> Option<Happening> {
        let procedure = self.procedure.as_deref().and_then(|name| name.parse().ok());
        let kind = self.kind()?;
        Some(procedure.map_or(Happening::plain(kind), |procedure| Happening::special(kind, procedure)))
    }
}

/// Where an event of the case stands, as far as this store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// On its way; we go on as if it will be applied.
    Pending,
    /// On its way in a stream of an earlier life of this store, whose order the platform does not know from ours.
    PendingElsewhere,
    /// Applied; the case's revision after it, where the receipt is still kept.
    Settled(Option<u64>),
    /// It has not taken effect, and is not expected to.
    Void,
}

impl CaseFile {
    /// Reads the document of a case with its version.
    pub(super) fn load(store: &dyn Store, case: CaseId) -> Result<Option<(Self, u64)>, StoreError> {
        let document = store.document(Collection::Case, &case.to_string())?;
        Ok(document.and_then(|document| Some((serde_json::from_slice(&document.bytes).ok()?, document.version))))
    }

    /// Writes the document.
    pub(super) fn put(&self, expected: Expected) -> Change {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Change::PutDocument { collection: Collection::Case, key: self.case.to_string(), expected, bytes }
    }

    /// How each event stands, in the order of the file; `incarnation` is the store's present life.
    pub(super) fn standings(&self, store: &dyn Store, incarnation: IncarnationId) -> Result<Vec<Standing>, StoreError> {
        self.events.iter().map(|event| standing(store, event, incarnation)).collect()
    }

    /// Notes what the receipts say, before their retention ends. `true` when there was something to note.
    pub(super) fn note_revisions(&mut self, standings: &[Standing]) -> bool {
        let mut noted = false;
        for (event, standing) in self.events.iter_mut().zip(standings) {
            if let Standing::Settled(Some(revision)) = standing
                && event.revision != Some(*revision)
            {
                event.revision = Some(*revision);
                noted = true;
            }
        }
        noted
    }

    /// Puts what took effect at the platform, all of it and in order, before whatever is still on its way or void; what is
    /// filed here of an event stays. `true` when that changed anything.
    pub(super) fn catch_up(&mut self, effective: Vec<FiledEvent>) -> bool {
        let before: Vec<(EventId, Option<u64>)> = self.events.iter().map(|event| (event.id, event.revision)).collect();
        let mut ours = std::mem::take(&mut self.events);
        for theirs in effective {
            let filed = ours.iter().position(|event| event.id == theirs.id).map(|place| ours.remove(place));
            let revision = theirs.revision;
            self.events.push(FiledEvent { revision, ..filed.unwrap_or(theirs) });
        }
        self.events.append(&mut ours);
        !self.events.iter().map(|event| (event.id, event.revision)).eq(before)
    }

    /// The place of an event in the file.
    pub(super) fn place_of(&self, event: EventId) -> Option<usize> {
        self.events.iter().position(|filed| filed.id == event)
    }

    /// The state that our own events lead to; `None` where somebody else's must have come between.
    pub(super) fn state(&self, standings: &[Standing]) -> Option<CaseState> {
        self.effective(standings).filter_map(FiledEvent::happening).try_fold(CaseState::None, CaseState::after)
    }

    /// What has happened, or is on its way: all but abandonments and what has not taken effect.
    pub(super) fn effective<'a>(&'a self, standings: &'a [Standing]) -> impl Iterator<Item = &'a FiledEvent> {
        let events = self.events.iter().zip(standings).filter(|(_, standing)| **standing != Standing::Void);
        events.map(|(event, _)| event).filter(|event| event.kind().is_some())
    }

    /// The case as whatever takes the place of the event at `place` finds it: what comes behind it waits for it, so that only
    /// what the platform has applied counts there.
    pub(super) fn standings_at(standings: &[Standing], place: usize) -> Vec<Standing> {
        let waiting = |index: usize, standing: &Standing| index > place && !matches!(standing, Standing::Settled(_));
        let each = standings.iter().enumerate();
        each.map(|(index, standing)| if waiting(index, standing) { Standing::Void } else { *standing }).collect()
    }

    /// The revision once everything on its way is applied.
    pub(super) fn revision(&self, standings: &[Standing]) -> u64 {
        let events = self.events.iter().zip(standings).filter(|(event, _)| event.kind().is_some());
        events.fold(0, |revision, (_, standing)| match standing {
            Standing::Settled(Some(stated)) => *stated,
            Standing::Settled(None) | Standing::Pending | Standing::PendingElsewhere => revision + 1,
            Standing::Void => revision,
        })
    }

    /// The revision that the next event may say it has seen: what receipts have told. What is still on its way in the same
    /// stream is not counted. The platform knows its order by the sequence, it may yet be refused and given up, and
    /// somebody else's event may come before it: counted as seen, that one would never be weighed against ours.
    pub(super) fn seen(&self, standings: &[Standing]) -> u64 {
        let events = self.events.iter().zip(standings).filter(|(event, _)| event.kind().is_some());
        events.fold(0, |seen, (_, standing)| match standing {
            Standing::Settled(Some(stated)) => seen.max(*stated),
            Standing::Settled(None) | Standing::PendingElsewhere => seen + 1,
            Standing::Pending | Standing::Void => seen,
        })
    }
}

/// The files of the cases of these records as they must be before the records are forgotten: with the revisions that the
/// receipts tell, without which the next event of the case would say that it has seen less than it has.
pub(crate) fn noted_before_forgetting(store: &dyn Store, records: &[Entry]) -> Result<Vec<Change>, StoreError> {
    let incarnation = store.identity()?.incarnation;
    let of_cases = records.iter().filter(|entry| entry.kind == EntryKind::CaseEvent);
    let cases: BTreeSet<CaseId> = of_cases.map(|entry| CaseId::from_bytes(*entry.stream.subject.as_bytes())).collect();
    let mut changes = Vec::new();
    for case in cases {
        let Some((mut file, version)) = CaseFile::load(store, case)? else { continue };
        let standings = file.standings(store, incarnation)?;
        if file.note_revisions(&standings) {
            changes.push(file.put(Expected::Version(version)));
        }
    }
    Ok(changes)
}

/// Whether something may happen to a case in this state, or in one that the platform may have brought it to meanwhile
/// without our knowing.
pub(super) fn may_happen(state: CaseState, happening: Happening) -> bool {
    let by_platform = CaseEventKind::ALL.into_iter().filter(|kind| Actor::of(*kind).contains(&Actor::Platform));
    let mut states = by_platform.filter_map(|kind| state.after(Happening::plain(kind))).chain([state]);
    states.any(|state| state.after(happening).is_some())
}

fn standing(store: &dyn Store, event: &FiledEvent, incarnation: IncarnationId) -> Result<Standing, StoreError> {
    if event.replaced_by.is_some() {
        return Ok(Standing::Void);
    }
    // An event whose row is gone was settled long ago: nothing else is forgotten.
    let Some(entry) = store.entry(&event.id.into())? else { return Ok(Standing::Settled(event.revision)) };
    Ok(match entry.state {
        EntryState::Pending if entry.stream.incarnation == incarnation => Standing::Pending,
        EntryState::Pending => Standing::PendingElsewhere,
        EntryState::Settled { .. } => {
            let receipt = store.receipt(&entry.id)?.and_then(|bytes| Receipt::read(&bytes).ok());
            Standing::Settled(receipt.and_then(|receipt| receipt.revision).or(event.revision))
        }
        EntryState::Refused { .. } | EntryState::Replaced { .. } | EntryState::Expired | EntryState::Dead => {
            Standing::Void
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_happen_is_known_here_and_what_the_platform_may_have_done_is_left_open() {
        let accepted = Happening::plain(CaseEventKind::Accepted);
        assert!(may_happen(CaseState::Applied, accepted));
        assert!(!may_happen(CaseState::Rejected, accepted));
        assert!(!may_happen(CaseState::Applied, Happening::plain(CaseEventKind::Decided)));
        // The applicant may have corrected through the platform.
        assert!(may_happen(CaseState::Correcting, accepted));
    }
}
