//! Signing events and committing them with what the store keeps of their case.

use tongqiao_engine::{CaseState, Change, Entry, EntryKind, EntryState, Expected, Happening, Sequence, StreamKey};
use tongqiao_protocol::case::{Application, CaseEvent, CaseEventData, CaseEventKind, DataClass, Replacement};
use tongqiao_protocol::{
    CaseId, CaseNumber, Digest, ErrorCode, EventId, Outcome, RecordId, RecordKind, SignedRecord, Suite, Timestamp,
};
use tongqiao_store::{Reason, StoreError};

use super::case_file::{CaseFile, FiledEvent, content_of, may_happen};
use super::judgement;
use super::opening::{self, Opening};
use super::past::Past;
use crate::client::Shared;
use crate::{Error, entropy};

/// How often an event is signed anew because other writers were faster. Each failure means that one of them succeeded.
const ATTEMPTS: u32 = 64;

/// A signed event and its row.
pub(super) struct SignedEvent {
    pub(super) entry: Entry,
    pub(super) bytes: Vec<u8>,
}

impl SignedEvent {
    pub(super) const fn digest(&self) -> Digest {
        self.entry.digest
    }

    pub(super) fn append(self) -> Change {
        Change::Append { entry: self.entry, bytes: self.bytes }
    }
}

/// Signs an event.
pub(super) fn sign(shared: &Shared, event: &CaseEvent) -> Result<SignedEvent, Error> {
    let record = event.to_bytes();
    // What the platform would refuse for its form is not signed.
    match CaseEvent::parse_with_remarks(&record) {
        Ok((_, remarks)) => {
            for remark in &remarks {
                tracing::warn!(event = %event.id, %remark, "a value is sent that this version does not know");
            }
        }
        Err(faults) => {
            return Err(Error::from_faults(faults).unwrap_or_else(|| Error::internal("a fault without faults")));
        }
    }
    let author = shared.credentials.author();
    let digest = Digest::of(author.suite(), &record);
    let signed = SignedRecord::sign(RecordKind::Event, record, author, &entropy::bytes()?)?;
    let bytes = serde_json::to_vec(&signed).map_err(Error::internal)?;
    Ok(SignedEvent { entry: entry_of(event, digest, bytes.len(), shared.clock.local())?, bytes })
}

/// The row of an event.
pub(super) fn entry_of(event: &CaseEvent, digest: Digest, size: usize, now: Timestamp) -> Result<Entry, Error> {
    let sequence = Sequence::new(event.sequence).ok_or_else(|| Error::internal("a sequence of zero"))?;
    Ok(Entry {
        id: event.id.into(),
        kind: EntryKind::CaseEvent,
        lane: EntryKind::CaseEvent.lane(),
        stream: StreamKey { producer: event.producer, incarnation: event.incarnation, subject: event.case.into() },
        sequence,
        ordinal: 0,
        digest,
        size_bytes: u32::try_from(size).map_err(Error::internal)?,
        accepted_at: now,
        state: EntryState::Pending,
        attempts: 0,
        next_attempt_at: now,
        not_after: None,
        replaces: event.replacement.map(|replacement| RecordId::from(replacement.refused())),
        terminal_at: None,
    })
}

/// The digest by which duplicates of one of our own records are told.
pub(super) fn own_suite(shared: &Shared) -> Suite {
    shared.credentials.author().suite()
}

/// Commits an opening.
pub(super) async fn commit_opening(shared: &Shared, opening: Opening) -> Result<(), Error> {
    commit_openings(shared, vec![opening]).await
}

/// Commits openings that belong together: all of them, or none.
pub(super) async fn commit_openings(shared: &Shared, openings: Vec<Opening>) -> Result<(), Error> {
    let mut changes = Vec::with_capacity(openings.len() * 2);
    for opening in openings {
        let signed = sign(shared, &opening.event)?;
        let file = new_file(shared, &opening.event, opening.number, signed.digest())?;
        changes.extend([signed.append(), file.put(Expected::Absent)]);
    }
    shared.storage.commit(changes).await?;
    shared.appended.notify_one();
    Ok(())
}

/// The document of a case that begins with this event.
pub(super) fn new_file(
    shared: &Shared,
    event: &CaseEvent,
    number: CaseNumber,
    digest: Digest,
) -> Result<CaseFile, Error> {
    let CaseEventData::Applied(application) = &event.data else {
        return Err(Error::of(ErrorCode::CaseUnknown));
    };
    Ok(CaseFile {
        case: event.case,
        number,
        item: application.item.code.as_str().to_owned(),
        item_version: application.item.version,
        division: application.division.as_twelve().to_owned(),
        opened_at: event.time,
        incarnation: event.incarnation,
        content: Some(content_digest(shared, event.case, application)),
        joint: application.joint.clone(),
        events: vec![FiledEvent::of(event, digest)],
    })
}

/// By which a second opening of the same case is told from another one with its id. The case's id goes in, so that the
/// digest of a short application tells nothing to whoever knows only the digest.
pub(super) fn content_digest(shared: &Shared, case: CaseId, application: &Application) -> Digest {
    let mut application = application.clone();
    // It follows from the case's id, and is not a part of what a draft says.
    application.query = None;
    // The same decision of a human, said again a little later.
    application.overrides.iter_mut().for_each(|one| one.at = Timestamp::from_millis(0));
    let bytes = serde_json::to_vec(&application).unwrap_or_default();
    Digest::of_parts(own_suite(shared), &[case.as_bytes(), &bytes])
}

/// Everything that the next event of a case is built on.
pub(super) struct Ground {
    pub(super) file: CaseFile,
    pub(super) version: u64,
    pub(super) stream: StreamKey,
    pub(super) sequence: Sequence,
    /// The revision that the event may say it has seen.
    pub(super) seen: u64,
    /// As far as it can be told here.
    pub(super) state: Option<CaseState>,
    pub(super) past: Past,
}

/// Reads what the next event of a case is built on.
pub(super) async fn ground(shared: &Shared, case: CaseId) -> Result<Ground, Error> {
    ground_at(shared, case, None).await
}

/// The same for an event that takes the place of `replaced`: what comes behind it has not happened yet.
pub(super) async fn ground_at(shared: &Shared, case: CaseId, replaced: Option<EventId>) -> Result<Ground, Error> {
    let found = shared.storage.ask(move |store| {
        let Some((mut file, version)) = CaseFile::load(store, case)? else { return Ok(None) };
        let identity = store.identity()?;
        // A restored store does not know how far its old streams went: it goes on in a new one.
        let stream = StreamKey { producer: identity.producer, incarnation: identity.incarnation, subject: case.into() };
        let sequence = store.next_sequence(&stream)?;
        let standings = file.standings(store, identity.incarnation)?;
        // The file is written with the event; then it may as well remember what the receipts say.
        file.note_revisions(&standings);
        let seen = file.seen(&standings);
        let found = match replaced.and_then(|event| file.place_of(event)) {
            Some(place) => CaseFile::standings_at(&standings, place),
            None => standings,
        };
        let (state, past) = (file.state(&found), Past::read(store, &file, &found)?);
        Ok(Some(Ground { file, version, stream, sequence, seen, state, past }))
    });
    found.await?.ok_or_else(|| Error::of(ErrorCode::CaseUnknown))
}

/// The event that `data` becomes on that ground.
pub(super) fn event_on(shared: &Shared, ground: &Ground, data: &CaseEventData) -> Result<CaseEvent, Error> {
    if data.kind() == Some(CaseEventKind::Applied) {
        return Err(Error::of(ErrorCode::CaseTransitionImpossible).detail("a case is opened once"));
    }
    if let (Some(state), Some(happening)) = (ground.state, Happening::of(data))
        && !may_happen(state, happening)
    {
        let words = format!("{} cannot happen to a case that is {}", happening.kind(), state.as_str());
        return Err(Error::of(ErrorCode::CaseTransitionImpossible).outcome_is(Outcome::NotSent).detail(words));
    }
    bare_event(shared, ground, data)
}

/// The same, whether it may happen or not.
fn bare_event(shared: &Shared, ground: &Ground, data: &CaseEventData) -> Result<CaseEvent, Error> {
    let now = shared.clock.now();
    Ok(CaseEvent {
        id: entropy::id(now, EventId::from_time_and_random)?,
        party: shared.credentials.party().clone(),
        case: ground.file.case,
        time: now,
        producer: ground.stream.producer,
        incarnation: ground.stream.incarnation,
        sequence: ground.sequence.get(),
        revision: ground.seen,
        number: None,
        data_class: DataClass::Personal,
        clock: opening::standing(shared),
        replacement: None,
        data: data.clone(),
    })
}

/// Signs and commits the next event of a case; when another process was faster, again on the new ground. An event with a
/// `chosen` id that the case has already is that event, if it says the same.
pub(super) async fn append(
    shared: &Shared,
    case: CaseId,
    chosen: Option<EventId>,
    data: &CaseEventData,
) -> Result<(CaseNumber, EventId), Error> {
    for _ in 0..ATTEMPTS {
        let ground = ground(shared, case).await?;
        if let Some(filed) = chosen.and_then(|chosen| ground.file.events.iter().find(|filed| filed.id == chosen)) {
            return said_before(shared, &ground, filed, data);
        }
        judgement::judge_change(shared, &ground, data).await?;
        let mut event = event_on(shared, &ground, data)?;
        event.id = chosen.unwrap_or(event.id);
        let mut file = ground.file;
        let signed = sign(shared, &event)?;
        file.events.push(FiledEvent::of(&event, signed.digest()));
        let (number, put) = (file.number, file.put(Expected::Version(ground.version)));
        match shared.storage.commit(vec![signed.append(), put]).await {
            Ok(_) => {
                shared.appended.notify_one();
                return Ok((number, event.id));
            }
            Err(error) if was_overtaken(&error) => {}
            Err(error) if chosen.is_some() && matches!(error.reason(), Reason::IdTaken { .. }) => {
                // Another process said it a moment ago; or it is the id of a record of something else.
                let ground = self::ground(shared, case).await?;
                let filed = ground.file.events.iter().find(|filed| Some(filed.id) == chosen);
                return filed.map_or_else(|| Err(other_content()), |filed| said_before(shared, &ground, filed, data));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::of(ErrorCode::StoreConflict).detail("other writers of this case are faster again and again"))
}

/// The event that has the chosen id already.
fn said_before(
    shared: &Shared,
    ground: &Ground,
    filed: &FiledEvent,
    data: &CaseEventData,
) -> Result<(CaseNumber, EventId), Error> {
    let again = CaseEvent { id: filed.id, ..bare_event(shared, ground, data)? };
    let same = match filed.content {
        Some(content) => content == content_of(&again, content.suite()),
        // Filed before contents were kept.
        None => filed.kind == data.name(),
    };
    if same { Ok((ground.file.number, filed.id)) } else { Err(other_content()) }
}

fn other_content() -> Error {
    Error::of(ErrorCode::EventIdConflict)
        .outcome_is(Outcome::NotSent)
        .detail("the id is of an event with other content")
}

/// Whether a commit failed only because somebody else wrote to the same case.
pub(super) fn was_overtaken(error: &StoreError) -> bool {
    matches!(error.reason(), Reason::SequenceTaken { .. } | Reason::VersionConflict { .. })
}

/// The replacement of a refused event, as the next attempt at its place.
pub(super) fn replacing(event: &mut CaseEvent, place: Sequence, replacement: Replacement) {
    event.sequence = place.get();
    event.replacement = Some(replacement);
}
