//! One request of the delivery: records of one kind, exactly as they are stored.

use tongqiao_engine::delivery::{Input, RequestNumber};
use tongqiao_engine::{Entry, EntryKind, Failure};
use tongqiao_protocol::{BillId, ErrorCode, RecordId};

use super::answer;
use crate::Error;
use crate::classify::Refusal;
use crate::client::Shared;
use crate::exchange::Ask;

/// A record as the store holds it.
pub(super) struct Stored {
    pub(super) entry: Entry,
    pub(super) bytes: Vec<u8>,
}

/// Sends the records and says what came of it.
pub(super) async fn transmit(shared: &Shared, request: RequestNumber, kind: EntryKind, ids: Vec<RecordId>) -> Input {
    tracing::debug!(?request, ?kind, records = ids.len(), "records are sent");
    match attempt(shared, kind, ids).await {
        Ok(results) => Input::Answered { request, results },
        Err(failure) => Input::Failed { request, failure },
    }
}

async fn attempt(
    shared: &Shared,
    kind: EntryKind,
    ids: Vec<RecordId>,
) -> Result<Vec<tongqiao_engine::delivery::RecordAnswer>, Failure> {
    let records = load(shared, ids).await.map_err(|error| Failure::from(Refusal::unsent(error)))?;
    let answer = shared.exchange.send(&ask(kind, &records)).await;
    match (kind, answer) {
        (EntryKind::CaseEvent, Ok(response)) => answer::case_events(shared, &records, response.body()).await,
        (_, Ok(response)) => answer::payment(shared, &records, response.body()).await,
        (_, Err(refusal)) => Err(refusal.into()),
    }
}

async fn load(shared: &Shared, ids: Vec<RecordId>) -> Result<Vec<Stored>, Error> {
    shared
        .storage
        .ask(move |store| {
            let mut records = Vec::with_capacity(ids.len());
            for id in &ids {
                // A record that is gone meanwhile is left out; the machine sees that it got no answer.
                if let (Some(entry), Some(bytes)) = (store.entry(id)?, store.bytes(id)?) {
                    records.push(Stored { entry, bytes });
                }
            }
            Ok(records)
        })
        .await
        .and_then(|records| if records.is_empty() { Err(Error::of(ErrorCode::StoreNotFound)) } else { Ok(records) })
}

/// The route and body of a kind. What is stored goes out byte for byte.
fn ask(kind: EntryKind, records: &[Stored]) -> Ask {
    let first = records.first();
    let body = || first.map(|record| record.bytes.clone()).unwrap_or_default();
    let bill =
        || first.map(|record| BillId::from_bytes(*record.entry.stream.subject.as_bytes())).map(|id| id.to_string());
    match kind {
        EntryKind::CaseEvent => {
            let mut batch = b"{\"events\":[".to_vec();
            for (index, record) in records.iter().enumerate() {
                if index > 0 {
                    batch.push(b',');
                }
                batch.extend_from_slice(&record.bytes);
            }
            batch.extend_from_slice(b"]}");
            Ask::post("/v1/case-events", batch)
        }
        EntryKind::Bill => Ask::post("/v1/bills", body()),
        EntryKind::Void => Ask::post(format!("/v1/bills/{}/void", bill().unwrap_or_default()), body()),
        EntryKind::Refund => Ask::post(format!("/v1/bills/{}/refunds", bill().unwrap_or_default()), body()),
    }
}
