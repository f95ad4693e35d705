//! Signing bills, voids and refunds and committing them.

use serde_json::json;
use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Expected, Sequence, StreamKey};
use tongqiao_protocol::bill::{BillRecord, RefundRecord, VoidRecord};
use tongqiao_protocol::{
    Amount, BillId, Digest, ErrorCode, Faults, RecordId, RecordKind, RefundId, SignedRecord, Timestamp,
};
use tongqiao_store::Reason;

use super::bill_draft::BillDraft;
use super::bill_file::BillFile;
use crate::client::Shared;
use crate::{Error, entropy};

/// How long the platform may take first notice of a refund: a week, because money is owed.
const REFUND_TAKEN_WITHIN_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// How often a record is signed anew because another process was faster.
const ATTEMPTS: u32 = 64;

struct Placed {
    kind: EntryKind,
    id: RecordId,
    stream: StreamKey,
    sequence: Sequence,
    not_after: Option<Timestamp>,
}

pub(super) async fn create(shared: &Shared, draft: &BillDraft) -> Result<BillId, Error> {
    let now = shared.clock.now();
    let bill = match draft.chosen_id() {
        Some(bill) if is_here(shared, bill).await? => return Ok(bill),
        Some(bill) => bill,
        None => entropy::id(now, BillId::from_time_and_random)?,
    };
    let mut record = draft.to_json(now);
    record["bill"] = json!(bill);
    record["party"] = json!(shared.credentials.party());
    let record = record.to_string().into_bytes();
    readable(BillRecord::parse(&record))?;
    let identity = shared.storage.ask(|store| store.identity()).await?;
    let not_after = draft.not_after(now);
    let stream = StreamKey { producer: identity.producer, incarnation: identity.incarnation, subject: bill.into() };
    let file = BillFile {
        bill,
        producer: identity.producer,
        incarnation: identity.incarnation,
        not_after,
        view: None,
        notified: false,
    };
    let place = Placed {
        kind: EntryKind::Bill,
        id: bill.into(),
        stream,
        sequence: Sequence::FIRST,
        not_after: Some(not_after),
    };
    let append = sign(shared, RecordKind::Bill, record, place)?;
    if let Err(error) = shared.storage.ask(move |store| store.commit(vec![append, file.put(Expected::Absent)])).await {
        // Another process with the same bill id was faster.
        return if is_here(shared, bill).await? { Ok(bill) } else { Err(error) };
    }
    shared.appended.notify_one();
    Ok(bill)
}

async fn is_here(shared: &Shared, bill: BillId) -> Result<bool, Error> {
    shared.storage.ask(move |store| Ok(BillFile::load(store, bill)?.is_some())).await
}

pub(super) async fn void(shared: &Shared, bill: BillId, reason: &str) -> Result<(), Error> {
    let created = shared.clock.now();
    let party = shared.credentials.party().clone();
    let record = VoidRecord { bill, party, reason: reason.to_owned(), created }.to_bytes();
    readable(VoidRecord::parse(&record))?;
    let id = entropy::id(created, RecordId::from_time_and_random)?;
    follow(shared, bill, RecordKind::Void, EntryKind::Void, id, &record, None).await
}

pub(super) async fn refund(
    shared: &Shared,
    chosen: Option<RefundId>,
    bill: BillId,
    amount: Amount,
    reason: &str,
) -> Result<RefundId, Error> {
    let created = shared.clock.now();
    let refund = match chosen {
        Some(refund) => {
            let here = shared.storage.ask(move |store| Ok(store.entry(&refund.into())?.is_some())).await?;
            if here {
                return Ok(refund);
            }
            refund
        }
        None => entropy::id(created, RefundId::from_time_and_random)?,
    };
    let not_after = created.plus_millis(REFUND_TAKEN_WITHIN_MS);
    let record = RefundRecord {
        refund,
        bill,
        party: shared.credentials.party().clone(),
        amount,
        reason: reason.to_owned(),
        not_after,
        created,
    }
    .to_bytes();
    readable(RefundRecord::parse(&record))?;
    follow(shared, bill, RecordKind::Refund, EntryKind::Refund, refund.into(), &record, Some(not_after)).await?;
    Ok(refund)
}

/// What the platform would refuse for its form is not signed.
fn readable<T>(parsed: Result<T, Faults>) -> Result<(), Error> {
    match parsed {
        Ok(_) => Ok(()),
        Err(faults) => Err(Error::from_faults(faults).unwrap_or_else(|| Error::internal("a fault without faults"))),
    }
}

/// Commits a record behind the bill in the bill's stream.
async fn follow(
    shared: &Shared,
    bill: BillId,
    record_kind: RecordKind,
    kind: EntryKind,
    id: RecordId,
    record: &[u8],
    not_after: Option<Timestamp>,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let found = shared.storage.ask(move |store| {
            let Some((file, _)) = BillFile::load(store, bill)? else { return Ok(None) };
            let identity = store.identity()?;
            // A restored store goes on in a stream of its own.
            let stream =
                StreamKey { producer: identity.producer, incarnation: identity.incarnation, subject: file.bill.into() };
            Ok(Some((stream, store.next_sequence(&stream)?)))
        });
        let (stream, sequence) = found.await?.ok_or_else(|| Error::of(ErrorCode::BillUnknown))?;
        let append = sign(shared, record_kind, record.to_vec(), Placed { kind, id, stream, sequence, not_after })?;
        match shared.storage.run(move |store| store.commit(vec![append])).await {
            Ok(_) => {
                shared.appended.notify_one();
                return Ok(());
            }
            Err(error) if matches!(error.reason(), Reason::SequenceTaken { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::of(ErrorCode::StoreConflict))
}

fn sign(shared: &Shared, record_kind: RecordKind, record: Vec<u8>, place: Placed) -> Result<Change, Error> {
    let author = shared.credentials.author();
    let digest = Digest::of(author.suite(), &record);
    let signed = SignedRecord::sign(record_kind, record, author, &entropy::bytes()?)?;
    let bytes = serde_json::to_vec(&signed).map_err(Error::internal)?;
    let now = shared.clock.local();
    let entry = Entry {
        id: place.id,
        kind: place.kind,
        lane: place.kind.lane(),
        stream: place.stream,
        sequence: place.sequence,
        ordinal: 0,
        digest,
        size_bytes: u32::try_from(bytes.len()).map_err(Error::internal)?,
        accepted_at: now,
        state: EntryState::Pending,
        attempts: 0,
        next_attempt_at: now,
        // The machine compares with this machine's clock; the record says the platform's time.
        not_after: place.not_after.map(|at| at.plus_millis(-shared.clock.offset_ms())),
        replaces: None,
        terminal_at: None,
    };
    Ok(Change::Append { entry, bytes })
}
