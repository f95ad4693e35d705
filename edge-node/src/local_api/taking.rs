//! Case events: into custody, or the platform's word about them where it is here already.

use serde::Serialize;
use tongqiao::Carried;
use tongqiao_protocol::case::DataClass;
use tongqiao_protocol::receipt::{Receipt, ReceiptBody, ReceiptKind};
use tongqiao_protocol::{EpochId, ErrorCode, EventId, Language, Problem, SignedRecord};

use super::desk::{Inside, Letter};
use super::health::Counters;
use super::passing;
use super::reply::{Reply, Trouble, in_language};
use super::room;

/// One result, as chapter 5.5 has it, with what 14.1 adds.
#[derive(Serialize)]
struct ResultOf {
    id: Option<EventId>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    custody: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<serde_json::Value>,
}

/// `POST /v1/case-events`.
pub(super) async fn events(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let caller = inside.identify(&letter).await?;
    let records = read(&letter.body)?;
    // What may not be kept is not kept, and those that came with it keep their order: the platform answers for all.
    if records.iter().any(must_pass) {
        return passing::pass(inside, letter).await;
    }
    if let Err(full) = room::for_records(inside).await
        && !are_all_here(inside, &records).await?
    {
        return Err(full);
    }
    let carried = inside.client.carrier().take(records, |author| inside.may_carry(&caller, author)).await?;
    let bodies = carried.iter().filter_map(|carried| match carried {
        Carried::InCustody(body) => Some(body.clone()),
        _ => None,
    });
    let receipts = inside.client.carrier().sign(&bodies.collect::<Vec<_>>())?;
    Counters::count(&inside.counters.custody, receipts.len());
    let judged = carried.iter().filter(|carried| matches!(carried, Carried::Judged { .. }));
    let judged = judged.filter_map(Carried::event).collect::<Vec<_>>();
    if let Some(first) = judged.first() {
        inside.note_receipts(&caller, *first, judged.len()).await?;
    }
    Reply::json(&answer_of(inside.client.carrier().epoch(), carried, receipts, letter.asked.language))
}

/// The answer to records of which each stands so; `receipts` are those of custody, in their order.
pub(crate) fn answer_of(
    epoch: Option<EpochId>,
    carried: Vec<Carried>,
    receipts: Vec<Receipt>,
    language: Language,
) -> serde_json::Value {
    let mut receipts = receipts.into_iter();
    let results = carried.into_iter().map(|carried| {
        let bare = |status| ResultOf {
            id: carried.event(),
            status,
            custody: None,
            receipt: None,
            problem: None,
            missing: None,
        };
        match &carried {
            Carried::InCustody(_) => ResultOf { custody: receipts.next(), ..bare("custody") },
            Carried::Judged { receipt, .. } => {
                let body = receipt.body().ok();
                let problem = body.as_ref().and_then(problem_of);
                let status = if problem.is_some() { "refused" } else { "duplicate" };
                ResultOf { receipt: Some(receipt.as_ref().clone()), problem, ..bare(status) }
            }
            Carried::Waits { behind, .. } => {
                ResultOf { missing: Some(serde_json::json!({ "event": behind })), ..bare("deferred") }
            }
            Carried::KeyNotLookedUp { keyid } => {
                ResultOf { missing: Some(serde_json::json!({ "key": keyid })), ..bare("deferred") }
            }
            Carried::Refused { problem, .. } => {
                ResultOf { problem: Some(in_language(problem, language)), ..bare("refused") }
            }
        }
    });
    serde_json::json!({ "epoch": epoch, "results": results.collect::<Vec<_>>() })
}

fn problem_of(body: &ReceiptBody) -> Option<Problem> {
    let refused = body.kind == ReceiptKind::Refused;
    let problem = body.problem.as_ref().filter(|_| refused)?;
    Problem::parse(problem.to_string().as_bytes())
}

/// `GET /v1/case-events/{event}/receipt`.
pub(super) async fn receipt(inside: &Inside, letter: Letter) -> Result<Reply, Trouble> {
    let event = letter.path().split('/').nth(3).and_then(|text| text.parse::<EventId>().ok());
    if let Some(event) = event
        && let Some(receipt) = inside.client.carrier().receipt(event).await?
    {
        let caller = inside.identify(&letter).await?;
        // Whose event it is, stands in the record.
        if inside.client.carrier().author(event).await?.is_some_and(|author| inside.may_carry(&caller, &author)) {
            inside.note_receipts(&caller, event, 1).await?;
            return Reply::json(&receipt);
        }
        return Err(ErrorCode::ReceiptUnknown.into());
    }
    passing::pass(inside, letter).await
}

/// The records of a request; `None` when it holds none.
pub(crate) fn records(body: &[u8]) -> Option<Vec<SignedRecord>> {
    read(body).ok()
}

fn read(body: &[u8]) -> Result<Vec<SignedRecord>, Trouble> {
    #[derive(serde::Deserialize)]
    struct Batch {
        events: Vec<SignedRecord>,
    }
    std::str::from_utf8(body).map_err(|_| Trouble::from(ErrorCode::RequestNotUtf8))?;
    let document = serde_json::from_slice::<serde_json::Value>(body);
    let document = document.map_err(|_| Trouble::from(ErrorCode::RequestMalformedJson))?;
    let count = document.get("events").and_then(serde_json::Value::as_array).map(Vec::len);
    match count {
        Some(0) => return Err(ErrorCode::RequestEmptyBatch.into()),
        Some(count) if count > tongqiao_protocol::limits::BATCH_RECORDS_MAX => {
            return Err(ErrorCode::RequestBatchTooLarge.into());
        }
        _ => {}
    }
    let batch = serde_json::from_value::<Batch>(document);
    batch
        .map(|batch| batch.events)
        .map_err(|error| Trouble::from(ErrorCode::RequestInvalid).with_detail(&error.to_string()))
}

/// Whether nothing of it would be new: what was taken is told about whether there is room or not.
async fn are_all_here(inside: &Inside, records: &[SignedRecord]) -> Result<bool, Trouble> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: EventId,
    }
    for record in records {
        let Ok(Named { id }) = serde_json::from_slice(&record.record) else { return Ok(false) };
        if inside.client.carrier().author(id).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a node may not keep the record.
fn must_pass(record: &SignedRecord) -> bool {
    #[derive(serde::Deserialize)]
    struct Class {
        dataclass: String,
    }
    serde_json::from_slice::<Class>(&record.record)
        .is_ok_and(|class| class.dataclass == DataClass::NotToBeCached.as_str())
}
