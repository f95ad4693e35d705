//! What becomes of a refused event: said anew, or given up.

use std::sync::Arc;

use tongqiao_engine::{Entry, EntryState, Expected};
use tongqiao_protocol::case::{Abandonment, CaseEvent, CaseEventData, Replacement};
use tongqiao_protocol::{CaseId, ErrorCode, EventId};
use tongqiao_store::Reason;

use super::case_file::FiledEvent;
use super::handle::CaseHandle;
use super::{joint, judgement, query_secret, writing};
use crate::Error;
use crate::client::{Running, Shared};

pub(super) async fn supersede(
    shared: &Arc<Running>,
    refused: EventId,
    change: CaseEventData,
) -> Result<CaseHandle, Error> {
    replace(shared, refused, Replacement::Supersedes(refused), change).await
}

pub(super) async fn abandon(
    shared: &Arc<Running>,
    refused: EventId,
    by: &str,
    reason: &str,
) -> Result<CaseHandle, Error> {
    let giving_up = Abandonment { by: by.to_owned(), reason: reason.to_owned() };
    replace(shared, refused, Replacement::Abandons(refused), CaseEventData::Abandoned(giving_up)).await
}

async fn replace(
    shared: &Arc<Running>,
    refused: EventId,
    replacement: Replacement,
    mut data: CaseEventData,
) -> Result<CaseHandle, Error> {
    let old = refused_entry(shared, refused).await?;
    let case = CaseId::from_bytes(*old.stream.subject.as_bytes());
    let _turn = shared.case_locks.turn(case).await;
    let ground = writing::ground_at(shared, case, Some(refused)).await?;
    joint::keep(&mut data, ground.file.joint.as_ref());
    judgement::judge_change(shared, &ground, &data).await?;
    let mut event = CaseEvent { number: None, ..replacement_on(shared, &ground, &data)? };
    // The place stays in the stream in which it was refused, even after a restore.
    (event.producer, event.incarnation) = (old.stream.producer, old.stream.incarnation);
    writing::replacing(&mut event, old.sequence, replacement);
    if let CaseEventData::Applied(application) = &mut event.data {
        let password = query_secret::password(shared, case).await?;
        application.query = Some(password.verifier(writing::own_suite(shared), case));
        event.number = Some(ground.file.number);
        event.revision = 0;
    }
    let mut file = ground.file;
    let signed = writing::sign(shared, &event)?;
    let filed = FiledEvent::of(&event, signed.digest());
    if let CaseEventData::Applied(application) = &event.data {
        file.content = Some(writing::content_digest(shared, case, application));
        (file.item, file.item_version) = (application.item.code.as_str().to_owned(), application.item.version);
    }
    // In the file as in the stream: before whatever has been waiting for it.
    match file.place_of(refused) {
        Some(place) => {
            if let Some(replaced) = file.events.get_mut(place) {
                replaced.replaced_by = Some(event.id);
            }
            file.events.insert(place + 1, filed);
        }
        None => file.events.push(filed),
    }
    let (number, put) = (file.number, file.put(Expected::Version(ground.version)));
    match shared.storage.commit(vec![signed.append(), put]).await {
        Ok(_) => {
            shared.appended.notify_one();
            Ok(CaseHandle::new(Arc::clone(shared), case, number, event.id))
        }
        Err(error) if matches!(error.reason(), Reason::NotReplaceable { .. }) => {
            Err(Error::of(ErrorCode::EventReplacementInvalid).because(error))
        }
        Err(error) => Err(error.into()),
    }
}

/// An opening may be replaced by another opening; everything else goes the usual way.
fn replacement_on(shared: &Shared, ground: &writing::Ground, data: &CaseEventData) -> Result<CaseEvent, Error> {
    match data {
        CaseEventData::Applied(_) => {
            let stand_in = CaseEventData::Abandoned(Abandonment { by: String::new(), reason: String::new() });
            let event = writing::event_on(shared, ground, &stand_in)?;
            Ok(CaseEvent { data: data.clone(), ..event })
        }
        _ => writing::event_on(shared, ground, data),
    }
}

async fn refused_entry(shared: &Shared, refused: EventId) -> Result<Entry, Error> {
    let entry = shared.storage.ask(move |store| store.entry(&refused.into())).await?;
    match entry {
        Some(entry) if matches!(entry.state, EntryState::Refused { .. } | EntryState::Dead) => Ok(entry),
        Some(_) => Err(Error::of(ErrorCode::EventReplacementInvalid)),
        None => Err(Error::of(ErrorCode::EventUnknown)),
    }
}
