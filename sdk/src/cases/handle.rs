//! What the caller holds after something was accepted, and what this store knows of a case.

use std::sync::Arc;
use std::time::Duration;

use tongqiao_engine::delivery::Notice;
use tongqiao_engine::{CaseState, Entry, EntryState};
use tongqiao_protocol::{CaseId, CaseNumber, Digest, ErrorCode, EventId, Problem, RecordId, Timestamp};

use super::case_file::CaseFile;
use crate::Error;
use crate::client::{Running, Shared};
use crate::notices::Notices;
use crate::receipt::{Receipt, problem_in};

/// An accepted event of a case: safe on disk, on its way.
#[derive(Clone)]
pub struct CaseHandle {
    shared: Arc<Running>,
    case: CaseId,
    number: CaseNumber,
    event: EventId,
}

impl CaseHandle {
    pub(super) const fn new(shared: Arc<Running>, case: CaseId, number: CaseNumber, event: EventId) -> Self {
        Self { shared, case, number, event }
    }

    /// The case's id.
    pub const fn id(&self) -> CaseId {
        self.case
    }

    /// The case's number, which stands from now on.
    pub const fn number(&self) -> CaseNumber {
        self.number
    }

    /// The event that was accepted.
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// Waits until the platform has judged the event, and gives its verified receipt. Waits as long as it takes: give it
    /// a timeout of your own; a wait that is dropped changes nothing. It works in every process that shares the store.
    ///
    /// # Errors
    /// The platform's refusal with all its faults, `event.blocked` for a dead letter, `event.unknown` when the record's
    /// retention (30 days after its receipt, unless the builder says otherwise) is over, `client.closed`, or a `store.`
    /// code.
    pub async fn settled(&self) -> Result<Receipt, Error> {
        let stored = await_terminal(&self.shared, self.event.into()).await?;
        Receipt::read(&stored)
    }
}

impl std::fmt::Debug for CaseHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseHandle").field("case", &self.case).field("event", &self.event).finish_non_exhaustive()
    }
}

/// How soon the store is looked at again when another process delivers, and so hears the notices: at first, and at last
/// (each look doubles it), so that many long waits cost little.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(1_600));

/// The handle of an event in the store.
pub(super) async fn find(shared: &Arc<Running>, event: EventId) -> Result<CaseHandle, Error> {
    let found = shared.storage.ask(move |store| {
        let Some(entry) = store.entry(&event.into())? else { return Ok(None) };
        let case = CaseId::from_bytes(*entry.stream.subject.as_bytes());
        Ok(CaseFile::load(store, case)?.map(|(file, _)| file))
    });
    let unknown = || Error::of(ErrorCode::EventUnknown).detail("it was never accepted here, or its retention is over");
    let file = found.await?.ok_or_else(unknown)?;
    Ok(CaseHandle::new(Arc::clone(shared), file.case, file.number, event))
}

/// The number, the first event and the content of a case that this store has.
pub(super) async fn opened(
    shared: &Shared,
    case: CaseId,
) -> Result<Option<(CaseNumber, EventId, Option<Digest>)>, Error> {
    let file = shared.storage.ask(move |store| CaseFile::load(store, case)).await?;
    // An opening that was refused and said anew is the case's beginning.
    Ok(file.and_then(|(file, _)| {
        let first = file.events.iter().find(|event| event.replaced_by.is_none())?;
        Some((file.number, first.id, file.content))
    }))
}

/// Waits until the platform has taken a record.
pub(crate) async fn await_record(shared: &Shared, id: RecordId) -> Result<(), Error> {
    await_terminal(shared, id).await.map(|_| ())
}

/// Waits for a record's terminal receipt and gives the bytes that the store keeps.
async fn await_terminal(shared: &Shared, id: RecordId) -> Result<Vec<u8>, Error> {
    let mut notices = shared.notices.listen(&shared.stop);
    let (mut look_again, longest) = LOOK_AGAIN;
    loop {
        if let Some(result) = terminal(shared, id).await? {
            return result;
        }
        shared.still_open()?;
        // Whatever is noticed, the store is asked: it alone knows.
        tokio::select! {
            () = told_of(&mut notices, id) => {}
            () = tokio::time::sleep(look_again) => look_again = (look_again * 2).min(longest),
        }
    }
}

/// Returns when there is a notice of this record's end, or none to come.
async fn told_of(notices: &mut Notices, id: RecordId) {
    while let Some(notice) = notices.next().await {
        let (Notice::Settled { id: ended, .. }
        | Notice::Refused { id: ended, .. }
        | Notice::Expired { id: ended, .. }
        | Notice::Buried { id: ended, .. }) = notice
        else {
            continue;
        };
        if ended == id {
            return;
        }
    }
}

/// What the store says of a record; `None` while it is pending.
async fn terminal(shared: &Shared, id: RecordId) -> Result<Option<Result<Vec<u8>, Error>>, Error> {
    let found = shared.storage.ask(move |store| {
        let Some(entry) = store.entry(&id)? else { return Ok(None) };
        let stored = match entry.state {
            EntryState::Pending => None,
            EntryState::Dead => store.problem(&id)?,
            _ => store.receipt(&id)?,
        };
        Ok(Some((entry, stored.unwrap_or_default())))
    });
    let unknown = || Error::of(ErrorCode::EventUnknown).detail("it was never accepted here, or its retention is over");
    let (entry, stored) = found.await?.ok_or_else(unknown)?;
    Ok(match entry.state {
        EntryState::Pending => None,
        EntryState::Settled { .. } => Some(Ok(stored)),
        EntryState::Refused { .. } | EntryState::Replaced { .. } | EntryState::Dead => {
            let code = ErrorCode::EventBlocked;
            Some(Err(problem_in(&stored).map_or_else(|| Error::of(code), Error::from_problem)))
        }
        // It may have arrived: only the platform's proof says that it did not.
        EntryState::Expired => Some(Err(Error::of(ErrorCode::BillOutcomeUnknown))),
    })
}

/// What this store knows of a case.
#[derive(Debug, Clone)]
pub struct CaseView {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// The item's code.
    pub item: String,
    /// The item's version under which it was taken.
    pub item_version: u32,
    /// The division, twelve digits.
    pub division: String,
    /// When it was opened here.
    pub opened_at: Timestamp,
    /// The state that the events made here lead to; `None` where somebody else's must have come between.
    pub state: Option<CaseState>,
    /// Its revision, with what is still on its way counted as applied.
    pub revision: u64,
    /// Its events that were made here, in order.
    pub events: Vec<EventView>,
}

/// What this store knows of an event.
#[derive(Debug, Clone)]
pub struct EventView {
    /// The event.
    pub event: EventId,
    /// The kind's word, or `abandoned`.
    pub kind: String,
    /// Its row in the outbox; `None` when its retention is over.
    pub entry: Option<Entry>,
    /// The receipt, once there is one.
    pub receipt: Option<Receipt>,
    /// Why it was refused or became a dead letter.
    pub problem: Option<Problem>,
    /// The event that took its place.
    pub replaced_by: Option<EventId>,
}

pub(super) async fn view(shared: &Shared, case: CaseId) -> Result<Option<CaseView>, Error> {
    shared
        .storage
        .ask(move |store| {
            let Some((file, _)) = CaseFile::load(store, case)? else { return Ok(None) };
            let standings = file.standings(store, store.identity()?.incarnation)?;
            let (revision, state) = (file.revision(&standings), file.state(&standings));
            let mut events = Vec::with_capacity(file.events.len());
            for filed in &file.events {
                let id = filed.id.into();
                let stored = store.receipt(&id)?.unwrap_or_default();
                // A dead one may have a receipt and a reason.
                let dead = store.problem(&id)?;
                events.push(EventView {
                    event: filed.id,
                    kind: filed.kind.clone(),
                    entry: store.entry(&id)?,
                    receipt: Receipt::read(&stored).ok(),
                    problem: problem_in(dead.as_deref().unwrap_or(&stored)),
                    replaced_by: filed.replaced_by,
                });
            }
            Ok(Some(CaseView {
                case: file.case,
                number: file.number,
                item: file.item,
                item_version: file.item_version,
                division: file.division,
                opened_at: file.opened_at,
                state,
                revision,
                events,
            }))
        })
        .await
}
