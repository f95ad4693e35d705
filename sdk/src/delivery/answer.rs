//! What the platform's answer says about each record, after its receipts were checked.

use serde::Deserialize;
use serde_json::value::RawValue;
use tongqiao_engine::delivery::{Missing, RecordAnswer, TerminalReceipt, Verdict};
use tongqiao_engine::{EntryKind, Failure, FailureScope, Outcome, Retry, Sequence};
use tongqiao_protocol::receipt::{Receipt, ReceiptKind, ReceiptOf};
use tongqiao_protocol::{ErrorCode, EventId, Language, Problem, RecordId};

use super::transmit::Stored;
use crate::keys::Keys;
use crate::receipt::{self, verify_custody};

/// The answer to `POST /v1/case-events`.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<One<'a>>,
}

#[derive(Deserialize)]
struct One<'a> {
    /// `null` where the platform could not even read whose record it is.
    id: Option<RecordId>,
    status: String,
    #[serde(borrow, default)]
    receipt: Option<&'a RawValue>,
    #[serde(default)]
    problem: Option<Problem>,
    #[serde(default)]
    missing: Option<MissingPart>,
    #[serde(default)]
    custody: Option<Receipt>,
}

#[derive(Deserialize)]
struct MissingPart {
    #[serde(default)]
    sequence: Option<u64>,
    #[serde(default)]
    event: Option<EventId>,
    #[serde(default)]
    revision: Option<u64>,
}

/// One verdict per record of a batch.
pub(crate) async fn case_events(
    keys: &impl Keys,
    records: &[Stored],
    body: &[u8],
) -> Result<Vec<RecordAnswer>, Failure> {
    let answer = serde_json::from_slice::<Answer<'_>>(body).map_err(|error| unreadable(&error.to_string()))?;
    if answer.results.len() != records.len() {
        return Err(unreadable("another number of results than records"));
    }
    let mut answers = Vec::with_capacity(records.len());
    // Results come in the order sent; a record that could not be read has no id of its own.
    for (record, one) in records.iter().zip(answer.results) {
        let verdict = match one.id {
            Some(id) if id != record.entry.id => Verdict::Unverifiable,
            _ => verdict(keys, record, one).await,
        };
        answers.push(RecordAnswer { id: record.entry.id, verdict });
    }
    Ok(answers)
}

/// The verdict on a bill, a void or a refund: its own receipt stands in the view that answers it.
pub(crate) async fn payment(keys: &impl Keys, records: &[Stored], body: &[u8]) -> Result<Vec<RecordAnswer>, Failure> {
    let answer = serde_json::from_slice::<View<'_>>(body).map_err(|error| unreadable(&error.to_string()))?;
    let Some(record) = records.first() else { return Ok(Vec::new()) };
    // A void has no id of its own: its receipt names the bill, and the void's digest.
    let (receipt, id, of) = match record.entry.kind {
        EntryKind::Void => {
            let bill = RecordId::from_bytes(*record.entry.stream.subject.as_bytes());
            (answer.void_receipt, bill, ReceiptOf::Void)
        }
        EntryKind::Refund => (answer.receipt, record.entry.id, ReceiptOf::Refund),
        EntryKind::Bill | EntryKind::CaseEvent => (answer.receipt, record.entry.id, ReceiptOf::Bill),
    };
    let Some(receipt) = receipt else { return Err(unreadable("the answer has no receipt")) };
    let verdict = receipted(keys, record, receipt, id, Some(of)).await;
    Ok(vec![RecordAnswer { id: record.entry.id, verdict }])
}

/// As much of the view of a bill or a refund as settles a record.
#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow, default)]
    receipt: Option<&'a RawValue>,
    #[serde(borrow, default)]
    void_receipt: Option<&'a RawValue>,
}

async fn verdict(keys: &impl Keys, record: &Stored, one: One<'_>) -> Verdict {
    match (one.status.as_str(), one.receipt, one.problem) {
        ("settled" | "refused" | "duplicate", Some(receipt), _) => {
            receipted(keys, record, receipt, record.entry.id, None).await
        }
        ("custody", None, _) => custody(keys, record, one.custody).await,
        ("deferred", ..) => Verdict::Deferred(missing(one.missing)),
        // Judged without a place in the log: the record could not be read, or is not its author's.
        (_, None, Some(problem)) => Verdict::Failed(Failure {
            scope: FailureScope::Request,
            retry: match problem.retry {
                tongqiao_protocol::Retry::Never => Retry::Never,
                tongqiao_protocol::Retry::SameRequest => Retry::SameRequest,
                tongqiao_protocol::Retry::AfterDelay => Retry::AfterDelay,
                tongqiao_protocol::Retry::AfterChange => Retry::AfterChange,
            },
            outcome: Outcome::Rejected,
            retry_after_ms: None,
            problem: problem.to_bytes(),
        }),
        _ => Verdict::Unverifiable,
    }
}

/// A node's receipt ends nothing; one that proves nothing is as good as none.
async fn custody(keys: &impl Keys, record: &Stored, receipt: Option<Receipt>) -> Verdict {
    match verify_custody(keys, receipt, record.entry.id, record.entry.digest).await {
        Some(_) => Verdict::InCustody,
        None => Verdict::Deferred(Missing::Unnamed),
    }
}

/// The receipt decides, whatever the answer's status says: it is signed, the status is not.
async fn receipted(keys: &impl Keys, record: &Stored, raw: &RawValue, id: RecordId, of: Option<ReceiptOf>) -> Verdict {
    let bytes = raw.get().as_bytes();
    match receipt::verify(keys, bytes).await {
        Ok(body) if body.record != id || body.digest != record.entry.digest || body.of != of => {
            tracing::error!(id = %record.entry.id, "a receipt is for another record");
            Verdict::Unverifiable
        }
        Ok(body) => {
            let (epoch, position, time) = (body.epoch, body.position, Some(body.time));
            let terminal = TerminalReceipt { epoch, position, time, bytes: bytes.to_vec() };
            match body.kind {
                ReceiptKind::Settled => Verdict::Settled(terminal),
                ReceiptKind::Refused => Verdict::Refused(terminal),
                // An edge has it; the platform's word is still to come.
                ReceiptKind::Custody => Verdict::Deferred(Missing::Unnamed),
            }
        }
        Err(error) => {
            tracing::error!(id = %record.entry.id, %error, "a receipt does not verify");
            Verdict::Unverifiable
        }
    }
}

fn missing(part: Option<MissingPart>) -> Missing {
    let Some(part) = part else { return Missing::Unnamed };
    match (part.sequence.and_then(Sequence::new), part.event, part.revision) {
        (Some(sequence), ..) => Missing::Sequence(sequence),
        (_, Some(event), _) => Missing::Event(event),
        (.., Some(revision)) => Missing::Revision(revision),
        _ => Missing::Unnamed,
    }
}

/// An answer that is not what the protocol says: it may have followed an effect, and no record is to blame.
fn unreadable(why: &str) -> Failure {
    let problem = Problem::new(ErrorCode::ClientBadAnswer, Language::Chinese).with_detail(why);
    Failure {
        scope: FailureScope::Endpoint,
        retry: Retry::AfterDelay,
        outcome: Outcome::Unknown,
        retry_after_ms: None,
        problem: problem.to_bytes(),
    }
}
