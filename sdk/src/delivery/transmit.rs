//! One request of the delivery: records of one kind, exactly as they are stored.

use tongqiao_engine::delivery::{Input, RecordAnswer, RequestNumber, Verdict};
use tongqiao_engine::{Entry, EntryKind, EntryState, Failure, FailureScope, Outcome, Retry};
use tongqiao_protocol::receipt;
use tongqiao_protocol::{BillId, ErrorCode, Language, Problem, RecordId, SignedRecord};
use tongqiao_store::{Reason, Store, StoreError};

use super::answer;
use crate::classify::Refusal;
use crate::client::Shared;
use crate::exchange::Ask;
use crate::payments;

/// A record as the store holds it.
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    pub(super) bytes: Vec<u8>,
    /// The receipt that a restored platform has forgotten: it says that the record was taken in time.
    pub(super) earlier: Option<Vec<u8>>,
}

/// Sends the records and says what came of it.
pub(super) async fn transmit(shared: &Shared, request: RequestNumber, kind: EntryKind, ids: Vec<RecordId>) -> Input {
    tracing::debug!(?request, ?kind, records = ids.len(), "records are sent");
    match attempt(shared, kind, ids).await {
        Ok(results) => Input::Answered { request, results },
        Err(failure) => Input::Failed { request, failure },
    }
}

async fn attempt(shared: &Shared, kind: EntryKind, ids: Vec<RecordId>) -> Result<Vec<RecordAnswer>, Failure> {
    let loading = shared.storage.run(move |store| load(store, &ids)).await;
    let Loaded { records, damaged } = loading.map_err(|error| Failure::from(Refusal::unsent(error.into())))?;
    if records.is_empty() {
        // Nothing is sent: the machine hears of what is damaged, and that it got no answer about what is gone.
        return Ok(damaged);
    }
    // The one that has waited longest says how often this was tried; each was counted when it failed.
    let failures = records.iter().map(|record| record.entry.attempts).max().unwrap_or_default();
    let ask = ask(kind, &records).attempt(failures.saturating_add(1));
    let answer = shared.exchange.send(&ask).await;
    let mut answers = match (kind, answer) {
        (EntryKind::CaseEvent, Ok(response)) => answer::case_events(shared, &records, response.body()).await,
        (_, Ok(response)) => answer::payment(shared, &records, response.body()).await,
        // One record to a request: what is said of the request is said of it, and holds up no other payment.
        (EntryKind::Bill | EntryKind::Void | EntryKind::Refund, Err(refusal))
            if refusal.scope() == FailureScope::Request =>
        {
            Ok(refused(shared, &records, ask.body(), refusal).await)
        }
        (_, Err(refusal)) => Err(refusal.into()),
    }?;
    answers.extend(damaged);
    Ok(answers)
}

/// The verdict on a payment's record that was refused by a problem.
async fn refused(shared: &Shared, records: &[Stored], body: &[u8], refusal: Refusal) -> Vec<RecordAnswer> {
    let Some(record) = records.first() else { return Vec::new() };
    let (code, signed) = (refusal.code(), refusal.signed().cloned());
    let mut failure = Failure::from(refusal);
    if code == ErrorCode::BillUnknown && record.entry.kind != EntryKind::Bill {
        // A void or refund may overtake its bill; behind a bill that will never come it waits for nothing.
        let bill = RecordId::from_bytes(*record.entry.stream.subject.as_bytes());
        let comes = shared.storage.run(move |store| store.entry(&bill)).await.is_ok_and(|entry| {
            entry.is_none_or(|entry| matches!(entry.state, EntryState::Pending | EntryState::Settled { .. }))
        });
        failure.retry = if comes { Retry::AfterDelay } else { Retry::Never };
    }
    let is_final = matches!(failure.retry, Retry::Never | Retry::AfterChange);
    if is_final && !payments::is_refusal_signed(shared, signed.as_ref(), body, code.code()).await {
        // Anybody on the way could have said so, and the author would charge anew.
        tracing::error!(id = %record.entry.id, code = code.code(), "a refusal that the platform did not sign is not believed");
        return vec![RecordAnswer { id: record.entry.id, verdict: Verdict::Unverifiable }];
    }
    failure.problem = with_evidence(failure.problem, signed.as_ref());
    vec![RecordAnswer { id: record.entry.id, verdict: Verdict::Failed(failure) }]
}

/// The problem with the platform's signed word beside it, as it is kept.
fn with_evidence(problem: Vec<u8>, signed: Option<&SignedRecord>) -> Vec<u8> {
    let document = serde_json::from_slice::<serde_json::Value>(&problem).ok().zip(signed);
    document.map_or(problem, |(mut document, signed)| {
        document["refusal"] = serde_json::json!(signed);
        document.to_string().into_bytes()
    })
}

/// What could be read of a batch.
pub(crate) struct Loaded {
    pub(crate) records: Vec<Stored>,
    /// The verdicts on records that are not what was written: they are put aside, and cost the others nothing.
    pub(crate) damaged: Vec<RecordAnswer>,
}

pub(crate) fn load(store: &dyn Store, ids: &[RecordId]) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded { records: Vec::with_capacity(ids.len()), damaged: Vec::new() };
    for id in ids {
        match store.entry(id).and_then(|entry| Ok((entry, store.bytes(id)?, store.receipt(id)?))) {
            Ok((Some(entry), Some(bytes), earlier)) => loaded.records.push(Stored { entry, bytes, earlier }),
            // A record that is gone meanwhile is left out; the machine sees that it got no answer.
            Ok(_) => {}
            Err(error) if matches!(error.reason(), Reason::CorruptRow | Reason::Corrupt) => {
                tracing::error!(%id, %error, "a record is damaged and cannot be sent");
                loaded.damaged.push(RecordAnswer { id: *id, verdict: Verdict::Failed(unsendable(&error)) });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(loaded)
}

/// What makes a dead letter of a damaged record.
fn unsendable(error: &StoreError) -> Failure {
    let problem = Problem::new(error.code(), Language::Chinese).with_detail(&error.to_string());
    Failure {
        scope: FailureScope::Request,
        retry: Retry::Never,
        outcome: Outcome::NotSent,
        retry_after_ms: None,
        problem: problem.to_bytes(),
    }
}

/// What the machine hears of a request whose sending ended abnormally: it may have arrived.
pub(super) fn abandoned(request: RequestNumber) -> Input {
    let problem = Problem::new(ErrorCode::InternalDefect, Language::Chinese);
    let failure = Failure {
        scope: FailureScope::Endpoint,
        retry: Retry::SameRequest,
        outcome: Outcome::Unknown,
        retry_after_ms: None,
        problem: problem.to_bytes(),
    };
    Input::Failed { request, failure }
}

/// The record as stored; one that is offered again has beside it the receipt that it once got.
fn with_earlier_receipt(record: &Stored) -> Vec<u8> {
    let mut body = record.bytes.clone();
    let receipt = record.earlier.as_ref().filter(|bytes| {
        record.entry.kind != EntryKind::Void && serde_json::from_slice::<receipt::Receipt>(bytes).is_ok()
    });
    if let Some(receipt) = receipt
        && body.pop() == Some(b'}')
    {
        body.extend_from_slice(b",\"receipt\":");
        body.extend_from_slice(receipt);
        body.push(b'}');
        return body;
    }
    record.bytes.clone()
}

/// The route and body of a kind. What is stored goes out byte for byte.
pub(crate) fn ask(kind: EntryKind, records: &[Stored]) -> Ask {
    let first = records.first();
    let body = || first.map(with_earlier_receipt).unwrap_or_default();
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
