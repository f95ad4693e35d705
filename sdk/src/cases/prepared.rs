//! Events that the application keeps in its own database before they are taken into the outbox.

use std::sync::Arc;

use tongqiao_engine::{Change, Expected, Sequence};
use tongqiao_protocol::case::{CaseEvent, CaseEventData};
use tongqiao_protocol::{CaseId, CaseNumber, ErrorCode, EventId, RecordKind, SignedRecord, Verifier as _};
use tongqiao_store::Reason;

use super::case_file::{CaseFile, FiledEvent};
use super::draft::CaseDraft;
use super::handle::CaseHandle;
use super::past::Past;
use super::{judgement, opening, writing};
use crate::Error;
use crate::client::{Running, Shared};

/// A signed event that was neither stored nor sent; see [`Cases::prepare`](crate::Cases::prepare).
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    case: CaseId,
    event: EventId,
    number: Option<CaseNumber>,
    bytes: Vec<u8>,
}

impl Prepared {
    /// What to keep, and to hand to [`Cases::submit`](crate::Cases::submit).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The case.
    pub const fn case(&self) -> CaseId {
        self.case
    }

    /// The event.
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// The number that an opening took.
    pub const fn number(&self) -> Option<CaseNumber> {
        self.number
    }

    /// Takes back what [`Prepared::bytes`] gave.
    ///
    /// # Errors
    /// `record.malformed` when these are other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (_, event) = read(bytes)?;
        Ok(Self { case: event.case, event: event.id, number: event.number, bytes: bytes.to_vec() })
    }
}

/// Without the bytes: they hold the whole application.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("case", &self.case).field("event", &self.event).finish_non_exhaustive()
    }
}

pub(super) async fn opening(shared: &Shared, draft: &CaseDraft) -> Result<Prepared, Error> {
    let opening = opening::compose(shared, draft).await?;
    let signed = writing::sign(shared, &opening.event)?;
    Ok(Prepared {
        case: opening.event.case,
        event: opening.event.id,
        number: Some(opening.number),
        bytes: signed.bytes,
    })
}

pub(super) async fn change(
    shared: &Shared,
    case: CaseId,
    data: &CaseEventData,
    after: Option<&Prepared>,
) -> Result<Prepared, Error> {
    let event = match after {
        None => {
            let ground = writing::ground(shared, case).await?;
            judgement::judge_change(shared, &ground, data).await?;
            writing::event_on(shared, &ground, data)?
        }
        Some(before) => behind(shared, case, before, data).await?,
    };
    let signed = writing::sign(shared, &event)?;
    Ok(Prepared { case, event: event.id, number: None, bytes: signed.bytes })
}

/// The event that comes directly behind one that is not submitted yet.
async fn behind(shared: &Shared, case: CaseId, before: &Prepared, data: &CaseEventData) -> Result<CaseEvent, Error> {
    let (_, before) = read(&before.bytes)?;
    if before.case != case {
        return Err(Error::of(ErrorCode::CaseUnknown).detail("the event before it belongs to another case"));
    }
    let number =
        before.number.map_or_else(|| stored_number(shared, case), |number| Box::pin(async move { Ok(number) }));
    let file = CaseFile {
        case,
        number: number.await?,
        item: String::new(),
        item_version: 0,
        division: String::new(),
        opened_at: before.time,
        incarnation: before.incarnation,
        content: None,
        joint: None,
        events: Vec::new(),
    };
    let stream =
        tongqiao_engine::StreamKey { producer: before.producer, incarnation: before.incarnation, subject: case.into() };
    let sequence = Sequence::new(before.sequence).ok_or_else(|| Error::of(ErrorCode::RecordMalformed))?.next();
    let (seen, past) = (before.revision, Past::default());
    let ground = writing::Ground { file, version: 0, stream, sequence, seen, state: None, past };
    writing::event_on(shared, &ground, data)
}

type Numbering<'a> = std::pin::Pin<Box<dyn Future<Output = Result<CaseNumber, Error>> + Send + 'a>>;

fn stored_number(shared: &Shared, case: CaseId) -> Numbering<'_> {
    Box::pin(async move { writing::ground(shared, case).await.map(|ground| ground.file.number) })
}

pub(super) async fn submit(shared: &Arc<Running>, bytes: &[u8]) -> Result<CaseHandle, Error> {
    let (signed, event) = read(bytes)?;
    check_own(shared, &signed, &event)?;
    let digest = signed.digest(writing::own_suite(shared));
    let _turn = shared.case_locks.turn(event.case).await;
    let entry = writing::entry_of(&event, digest, bytes.len(), shared.clock.local())?;
    let (id, case) = (event.id, event.case);
    let bytes = bytes.to_vec();
    // Made here, because the application is ours to read and the store's work must own what it uses.
    let fresh = event.number.map(|number| writing::new_file(shared, &event, number, digest));
    let first = match fresh {
        Some(Ok(file)) => Some(CaseFile { events: Vec::new(), ..file }),
        _ => None,
    };
    let done = shared.storage.run(move |store| {
        if let Some(there) = store.entry(&id.into())? {
            return Ok(if there.digest == digest { Submission::There } else { Submission::OtherBytes });
        }
        let (mut file, expected) = match CaseFile::load(store, case)? {
            Some((file, version)) => (file, Expected::Version(version)),
            None => match first {
                Some(file) => (file, Expected::Absent),
                None => return Ok(Submission::CaseUnknown),
            },
        };
        // The record may be forgotten, because its retention is over: the case remembers that it was here.
        if let Some(filed) = file.events.iter().find(|filed| filed.id == event.id) {
            let same = filed.digest.is_none_or(|known| known == digest);
            return Ok(if same { Submission::There } else { Submission::OtherBytes });
        }
        file.events.push(FiledEvent::of(&event, digest));
        match store.commit(vec![Change::Append { entry, bytes }, file.put(expected)]) {
            Ok(_) => Ok(Submission::Taken(file.number)),
            Err(error) => match error.reason() {
                Reason::IdTaken { .. } => Ok(Submission::There),
                _ => Err(error),
            },
        }
    });
    let number = match done.await? {
        Submission::Taken(number) => {
            shared.appended.notify_one();
            number
        }
        Submission::There => writing::ground(shared, case).await?.file.number,
        Submission::OtherBytes => return Err(Error::of(ErrorCode::EventIdConflict)),
        Submission::CaseUnknown => return Err(Error::of(ErrorCode::CaseUnknown)),
    };
    Ok(CaseHandle::new(Arc::clone(shared), case, number, id))
}

enum Submission {
    Taken(CaseNumber),
    There,
    OtherBytes,
    CaseUnknown,
}

fn read(bytes: &[u8]) -> Result<(SignedRecord, CaseEvent), Error> {
    let malformed = || Error::of(ErrorCode::RecordMalformed);
    let signed = serde_json::from_slice::<SignedRecord>(bytes).map_err(|error| malformed().because(error))?;
    let event = CaseEvent::parse(&signed.record).map_err(|faults| malformed().because(faults))?;
    Ok((signed, event))
}

/// Bytes come back from somebody's database: whether they are still what was signed shows now, not at the platform.
fn check_own(shared: &Shared, signed: &SignedRecord, event: &CaseEvent) -> Result<(), Error> {
    let author = shared.credentials.author();
    if event.party != *shared.credentials.party() || signed.signature.keyid != *author.key_id() {
        return Err(Error::of(ErrorCode::RecordMalformed).detail("signed by another party or key"));
    }
    if let Some(key) = shared.credentials.author_public_key() {
        let message = SignedRecord::message(RecordKind::Event, author.key_id(), &signed.record);
        crate::SoftwareVerifier
            .verify(key, &message, &signed.signature.value)
            .map_err(|error| Error::of(ErrorCode::RecordSignatureMismatch).because(error))?;
    }
    Ok(())
}
