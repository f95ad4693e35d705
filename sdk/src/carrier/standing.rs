//! Where a record that is offered stands, and taking what is new.

use std::collections::BTreeMap;

use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Sequence, StreamKey};
use tongqiao_protocol::case::ClockStanding;
use tongqiao_protocol::custody::CustodyBody;
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{ErrorCode, EventId, KeyId, Language, PartyId, Problem, RecordId, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

use super::check::Genuine;
use super::{Checked, NotTaken, body, standing_of};
use crate::Error;
use crate::client::Running;

/// How often a commit is tried again because another caller took a place of the same stream.
const TRIES: usize = 16;

/// Where a record that was offered stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// It is on disk here, and the platform has not judged it yet. To be signed by [`Carrier::sign`](crate::Carrier::sign).
    InCustody(CustodyBody),
    /// The platform has judged it: its receipt, `settled` or `refused`.
    Judged {
        /// The event.
        event: EventId,
        /// The platform's receipt, verified when it came.
        receipt: Box<Receipt>,
    },
    /// It stands behind a record of its stream that is being replaced; offer it again.
    Waits {
        /// The event.
        event: EventId,
        /// What it waits for.
        behind: EventId,
    },
    /// Its key is not known here and could not be looked up; offer it again.
    KeyNotLookedUp {
        /// The key.
        keyid: KeyId,
    },
    /// It is not taken, or the platform answered without a receipt.
    Refused {
        /// The event, as far as it could be read.
        event: Option<EventId>,
        /// Why.
        problem: Box<Problem>,
    },
}

impl Carried {
    /// The event, as far as it could be read.
    pub fn event(&self) -> Option<EventId> {
        match self {
            Self::InCustody(body) => Some(EventId::from_bytes(*body.record.as_bytes())),
            Self::Judged { event, .. } | Self::Waits { event, .. } => Some(*event),
            Self::KeyNotLookedUp { .. } => None,
            Self::Refused { event, .. } => *event,
        }
    }
}

/// What the store knows of a record.
pub(crate) enum Known {
    /// It has come just now.
    New,
    /// It has been here since then.
    Pending(Timestamp),
    Judged(Box<Receipt>),
    Dead(Box<Problem>),
    OtherBytes,
    Waits(EventId),
}

/// Takes what is new; says how many records that were, and where each of all stands.
pub(super) async fn settle(shared: &Running, checked: Vec<Checked>) -> Result<(usize, Vec<Carried>), Error> {
    let now = shared.clock.local();
    let asked = shared.storage.run(move |store| {
        let mut tries = 0..TRIES;
        loop {
            let (known, changes) = look(store, &checked, now)?;
            let taken = changes.len();
            let done = if changes.is_empty() { Ok(()) } else { store.commit(changes).map(drop) };
            match done {
                Err(error) if was_overtaken(&error) && tries.next().is_some() => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok((taken, checked, known)),
            }
        }
    });
    let (taken, checked, known) = asked.await?;
    Ok((taken, tell(shared.credentials.party(), standing_of(shared), checked, known, now)))
}

/// What the node `edge` says of each record, by what was known of it at `now`.
pub(crate) fn tell(
    edge: &PartyId,
    clock: ClockStanding,
    checked: Vec<Checked>,
    known: Vec<Option<Known>>,
    now: Timestamp,
) -> Vec<Carried> {
    let offered = checked.into_iter().zip(known).map(|(checked, known)| match (checked, known) {
        (Err(NotTaken::Refused(problem)), _) => Carried::Refused { event: None, problem },
        (Err(NotTaken::KeyNotLookedUp(keyid)), _) => Carried::KeyNotLookedUp { keyid },
        (Ok(genuine), Some(known)) => carried(edge, clock, &genuine, known, now),
        // Every record that was not refused has been looked up.
        (Ok(genuine), None) => refused(genuine.event.id, ErrorCode::InternalDefect),
    });
    offered.collect()
}

/// Whether another caller took a place in between, so that looking again helps.
pub(crate) fn was_overtaken(error: &StoreError) -> bool {
    matches!(error.reason(), Reason::SequenceTaken { .. } | Reason::IdTaken { .. } | Reason::NotReplaceable { .. })
}

fn refused(event: EventId, code: ErrorCode) -> Carried {
    Carried::Refused { event: Some(event), problem: Box::new(Problem::new(code, Language::Chinese)) }
}

fn carried(edge: &PartyId, clock: ClockStanding, genuine: &Genuine, known: Known, now: Timestamp) -> Carried {
    let event = genuine.event.id;
    match known {
        Known::New => Carried::InCustody(body(edge, genuine, now, clock)),
        // How good the clock was then, nobody has noted: less is claimed rather than more.
        Known::Pending(since) => Carried::InCustody(body(edge, genuine, since, ClockStanding::Free)),
        Known::Judged(receipt) => Carried::Judged { event, receipt },
        Known::Dead(problem) => Carried::Refused { event: Some(event), problem },
        Known::OtherBytes => refused(event, ErrorCode::EventIdConflict),
        Known::Waits(behind) => Carried::Waits { event, behind },
    }
}

/// What is known of each record, and what has to be written for those that are new.
pub(crate) fn look(
    store: &dyn Store,
    checked: &[Checked],
    now: Timestamp,
) -> Result<(Vec<Option<Known>>, Vec<Change>), StoreError> {
    let mut changes = Vec::new();
    let mut places = BTreeMap::<StreamKey, Sequence>::new();
    let mut fresh = BTreeMap::<RecordId, tongqiao_protocol::Digest>::new();
    let mut known = Vec::with_capacity(checked.len());
    for genuine in checked {
        let Ok(genuine) = genuine else {
            known.push(None);
            continue;
        };
        let id = RecordId::from(genuine.event.id);
        // The same event may stand twice in one batch.
        let here = match fresh.get(&id) {
            Some(digest) if *digest == genuine.digest => Some(Known::New),
            Some(_) => Some(Known::OtherBytes),
            None => standing(store, genuine)?,
        };
        if let Some(here) = here {
            known.push(Some(here));
            continue;
        }
        let stream = stream(genuine);
        let replaced = match genuine.event.replacement.map(|replacement| replacement.refused()) {
            Some(refused) => store.entry(&refused.into())?.filter(|entry| entry.stream == stream),
            None => None,
        };
        let (sequence, replaces) = match replaced {
            Some(old) if matches!(old.state, EntryState::Refused { .. } | EntryState::Dead) => {
                (old.sequence, Some(old.id))
            }
            // Its answer is on its way; until then nothing can take its place.
            Some(old) if old.state == EntryState::Pending => {
                known.push(Some(Known::Waits(EventId::from_bytes(*old.id.as_bytes()))));
                continue;
            }
            _ => {
                let next = match places.get(&stream) {
                    Some(last) => last.next(),
                    None => store.next_sequence(&stream)?,
                };
                places.insert(stream, next);
                (next, None)
            }
        };
        fresh.insert(id, genuine.digest);
        changes.push(Change::Append {
            entry: entry(genuine, stream, sequence, replaces, now),
            bytes: genuine.bytes.clone(),
        });
        known.push(Some(Known::New));
    }
    Ok((known, changes))
}

fn standing(store: &dyn Store, genuine: &Genuine) -> Result<Option<Known>, StoreError> {
    let id = RecordId::from(genuine.event.id);
    let Some(entry) = store.entry(&id)? else { return Ok(None) };
    if entry.digest != genuine.digest {
        return Ok(Some(Known::OtherBytes));
    }
    let receipt = |bytes: Vec<u8>| serde_json::from_slice::<Receipt>(&bytes).ok().map(Box::new);
    Ok(Some(match entry.state {
        EntryState::Settled { .. } | EntryState::Refused { .. } | EntryState::Replaced { .. } => {
            match store.receipt(&id)?.and_then(receipt) {
                Some(receipt) => Known::Judged(receipt),
                // A dead letter that was replaced has a problem in place of a receipt.
                None => Known::Dead(problem_of(store, &id)?),
            }
        }
        EntryState::Dead => Known::Dead(problem_of(store, &id)?),
        EntryState::Pending | EntryState::Expired => Known::Pending(entry.accepted_at),
    }))
}

fn problem_of(store: &dyn Store, id: &RecordId) -> Result<Box<Problem>, StoreError> {
    let bytes = match store.problem(id)? {
        Some(bytes) => Some(bytes),
        None => store.receipt(id)?,
    };
    let problem = bytes.as_deref().and_then(crate::receipt::problem_in);
    Ok(Box::new(problem.unwrap_or_else(|| Problem::new(ErrorCode::InternalDefect, Language::Chinese))))
}

fn stream(genuine: &Genuine) -> StreamKey {
    let event = &genuine.event;
    StreamKey { producer: event.producer, incarnation: event.incarnation, subject: event.case.into() }
}

/// The row of a record. Its place in the stream is that of its coming: what came here first goes to the platform first, and the
/// author's own numbers stand in the record, for the platform. So a stream whose beginning went another way goes on here.
fn entry(
    genuine: &Genuine,
    stream: StreamKey,
    sequence: Sequence,
    replaces: Option<RecordId>,
    now: Timestamp,
) -> Entry {
    Entry {
        id: genuine.event.id.into(),
        kind: EntryKind::CaseEvent,
        lane: EntryKind::CaseEvent.lane(),
        stream,
        sequence,
        ordinal: 0,
        digest: genuine.digest,
        // Of a record of at most a quarter of a megabyte.
        size_bytes: u32::try_from(genuine.bytes.len()).unwrap_or(u32::MAX),
        accepted_at: now,
        state: EntryState::Pending,
        attempts: 0,
        next_attempt_at: now,
        not_after: None,
        replaces,
        terminal_at: None,
    }
}
