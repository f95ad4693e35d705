//! 分发: a case of others, taken over with what happened in it so far.

use serde::Deserialize;
use tongqiao_engine::Expected;
use tongqiao_protocol::case::{CaseEvent, CaseEventData};
use tongqiao_protocol::{CaseId, CaseNumber, Digest, ErrorCode, PartyId, RecordKind, SignedRecord};

use super::case_file::{CaseFile, FiledEvent};
use super::writing::was_overtaken;
use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// How often a case is noted anew because other writers were faster.
const ATTEMPTS: u32 = 64;

/// A case as it stands at the platform, verified; see [`Cases::take_over`](crate::Cases::take_over).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOver {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// The case's revision.
    pub revision: u64,
    /// Every effective event in the order of the revisions, of whatever author; the first is the application.
    pub events: Vec<CaseEvent>,
}

#[derive(Deserialize)]
struct Page {
    case: CaseId,
    revision: u64,
    events: Vec<Listed>,
    next: u64,
}

#[derive(Deserialize)]
struct Listed {
    revision: u64,
    party: PartyId,
    signed: SignedRecord,
}

/// A record that its author signed, and the case's revision after it.
struct Verified {
    revision: u64,
    event: CaseEvent,
    digest: Digest,
}

pub(super) async fn run(shared: &Shared, case: CaseId) -> Result<TakenOver, Error> {
    let verified = records(shared, case).await?;
    let first = verified.first().ok_or_else(|| Error::of(ErrorCode::CaseUnknown))?;
    let number = first.event.number.ok_or_else(|| not_told("a case without a number"))?;
    let revision = verified.last().map_or(0, |last| last.revision);
    for _ in 0..ATTEMPTS {
        match note(shared, case, &verified).await {
            Ok(()) => {
                let events = verified.into_iter().map(|one| one.event).collect();
                return Ok(TakenOver { case, number, revision, events });
            }
            Err(error) if error.code() == ErrorCode::StoreConflict => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::of(ErrorCode::StoreConflict).detail("other writers of this case are faster again and again"))
}

/// All records of the case, without a gap, each verified.
async fn records(shared: &Shared, case: CaseId) -> Result<Vec<Verified>, Error> {
    let mut verified: Vec<Verified> = Vec::new();
    loop {
        let after = verified.last().map_or(0, |last| last.revision);
        let ask = Ask::get(format!("/v1/cases/{case}/events")).query("after", &after.to_string());
        let answer = shared.exchange.ask(ask).await?;
        let page = serde_json::from_slice::<Page>(answer.body()).map_err(Error::malformed_answer)?;
        if page.case != case {
            return Err(not_told("records of another case"));
        }
        let is_last = page.events.is_empty() || page.next >= page.revision;
        for listed in page.events {
            let expected = verified.last().map_or(0, |last| last.revision) + 1;
            let suite = shared.directory.check_author(shared, RecordKind::Event, &listed.party, &listed.signed).await?;
            let event = CaseEvent::parse(&listed.signed.record)
                .map_err(|faults| Error::from_faults(faults).unwrap_or_else(|| not_told("an event that is none")))?;
            if (event.case, &event.party, listed.revision) != (case, &listed.party, expected) {
                return Err(not_told("an event of another case, author or place"));
            }
            let digest = Digest::of(suite, &listed.signed.record);
            verified.push(Verified { revision: listed.revision, event, digest });
        }
        if is_last {
            return Ok(verified);
        }
    }
}

fn not_told(what: &str) -> Error {
    Error::of(ErrorCode::ClientBadAnswer).detail(what)
}

/// Brings the case's document to where the platform is. What is still on its way from here stays behind it.
async fn note(shared: &Shared, case: CaseId, verified: &[Verified]) -> Result<(), Error> {
    let settled: Vec<FiledEvent> = verified
        .iter()
        .map(|one| FiledEvent { revision: Some(one.revision), ..FiledEvent::of(&one.event, one.digest) })
        .collect();
    let Some(Verified { event: first, .. }) = verified.first() else { return Ok(()) };
    let (number, opened_at) = (first.number, first.time);
    let CaseEventData::Applied(application) = &first.data else {
        return Err(not_told("a case without an application"));
    };
    let item = (application.item.code.as_str().to_owned(), application.item.version);
    let division = application.division.as_twelve().to_owned();
    let joint = application.joint.clone();
    let noted = shared.storage.run(move |store| {
        let known = CaseFile::load(store, case)?;
        let (mut file, expected) = match known {
            Some((file, version)) => (file, Expected::Version(version)),
            None => {
                let Some(number) = number else { return Ok(()) };
                let incarnation = store.identity()?.incarnation;
                let (item, item_version) = item;
                let events = Vec::new();
                let file = CaseFile {
                    case,
                    number,
                    item,
                    item_version,
                    division,
                    opened_at,
                    incarnation,
                    content: None,
                    joint,
                    events,
                };
                (file, Expected::Absent)
            }
        };
        if file.catch_up(settled) {
            store.commit(vec![file.put(expected)])?;
        }
        Ok(())
    });
    noted.await.map_err(|error| if was_overtaken(&error) { Error::of(ErrorCode::StoreConflict) } else { error.into() })
}
