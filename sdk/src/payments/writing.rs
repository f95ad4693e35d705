//! Signing bills, voids and refunds and committing them.

use serde_json::json;
use tongqiao_engine::bill_life::{BillLife, NoRefund};
use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Expected, Sequence, StreamKey};
use tongqiao_protocol::bill::{BillRecord, BillState, RefundRecord, VoidRecord};
use tongqiao_protocol::{
    Amount, BillId, Digest, ErrorCode, Faults, Outcome, RecordId, RecordKind, RefundId, SignedRecord, Timestamp,
};
use tongqiao_store::Reason;

use super::RefundParts;
use super::asking;
use super::bill_draft::BillDraft;
use super::bill_file::{BillFile, BillTerms};
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
        Some(bill) => bill,
        None => entropy::id(now, BillId::from_time_and_random)?,
    };
    let mut record = draft.to_json(now);
    record["bill"] = json!(bill);
    record["party"] = json!(shared.credentials.party());
    let bytes = record.to_string().into_bytes();
    let record = readable(BillRecord::parse(&bytes))?;
    if is_here(shared, &record).await? {
        return Ok(bill);
    }
    let identity = shared.storage.ask(|store| store.identity()).await?;
    let not_after = draft.not_after(now);
    let stream = StreamKey { producer: identity.producer, incarnation: identity.incarnation, subject: bill.into() };
    let file = BillFile {
        bill,
        producer: identity.producer,
        incarnation: identity.incarnation,
        not_after,
        life: BillLife::requested(bill, Digest::of(shared.credentials.author().suite(), &bytes), not_after),
        terms: Some(BillTerms::of(&record)),
        view: None,
        acknowledged: false,
    };
    let place = Placed {
        kind: EntryKind::Bill,
        id: bill.into(),
        stream,
        sequence: Sequence::FIRST,
        not_after: Some(not_after),
    };
    let append = sign(shared, RecordKind::Bill, bytes, place)?;
    if let Err(error) = shared.storage.commit(vec![append, file.put(Expected::Absent)]).await.map_err(Error::from) {
        // Another process with the same bill id was faster.
        return if is_here(shared, &record).await? { Ok(bill) } else { Err(error) };
    }
    shared.appended.notify_one();
    Ok(bill)
}

/// Whether this store has the bill already.
///
/// # Errors
/// `bill.id_conflict` when it has another bill under that id. After the retention the content cannot be compared any more.
async fn is_here(shared: &Shared, wanted: &BillRecord) -> Result<bool, Error> {
    let bill = wanted.bill;
    let found = shared.storage.ask(move |store| Ok((BillFile::load(store, bill)?, store.bytes(&bill.into())?)));
    let (file, bytes) = found.await?;
    if file.is_none() {
        return Ok(false);
    }
    let Some(stored) = bytes.as_deref().and_then(record_in).and_then(|record| BillRecord::parse(&record).ok()) else {
        return Ok(true);
    };
    // Made again later it has other times; everything that was chosen must be the same.
    let wanted = BillRecord { not_after: stored.not_after, created: stored.created, ..wanted.clone() };
    if stored == wanted { Ok(true) } else { Err(Error::of(ErrorCode::BillIdConflict).outcome_is(Outcome::NotSent)) }
}

fn record_in(signed: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<SignedRecord>(signed).ok().map(|signed| signed.record)
}

pub(super) async fn void(shared: &Shared, bill: BillId, reason: &str) -> Result<(), Error> {
    let created = shared.clock.now();
    let party = shared.credentials.party().clone();
    let record = VoidRecord { bill, party, reason: reason.to_owned(), created }.to_bytes();
    readable(VoidRecord::parse(&record))?;
    let id = entropy::id(created, RecordId::from_time_and_random)?;
    let may = |file: &mut BillFile| match file.life.state() {
        Some(BillState::Paid) => Err(ErrorCode::BillAlreadyPaid),
        Some(BillState::Fenced) => Err(ErrorCode::BillFenced),
        None | Some(BillState::Open | BillState::Void) => Ok(()),
    };
    follow(shared, bill, RecordKind::Void, EntryKind::Void, id, &record, None, may).await
}

pub(super) async fn refund(
    shared: &Shared,
    chosen: Option<RefundId>,
    bill: BillId,
    parts: RefundParts,
    reason: &str,
) -> Result<RefundId, Error> {
    let RefundParts { amount, late_fee } = parts;
    let created = shared.clock.now();
    let refund = match chosen {
        Some(refund) => refund,
        None => entropy::id(created, RefundId::from_time_and_random)?,
    };
    let not_after = created.plus_millis(REFUND_TAKEN_WITHIN_MS);
    let party = shared.credentials.party().clone();
    let record = RefundRecord { refund, bill, party, amount, late_fee, reason: reason.to_owned(), not_after, created };
    let bytes = record.to_bytes();
    readable(RefundRecord::parse(&bytes))?;
    if chosen.is_some() && refund_is_here(shared, &record).await? {
        return Ok(refund);
    }
    refresh(shared, bill, amount).await?;
    let may = move |file: &mut BillFile| {
        file.life.refund_asked(refund, amount, not_after).map_err(|no| match no {
            NoRefund::NotPaid => ErrorCode::BillNotPaid,
            NoRefund::ExceedsPaid { .. } => ErrorCode::BillRefundExceedsPaid,
            NoRefund::IdTaken => ErrorCode::RefundIdConflict,
            NoRefund::Zero => ErrorCode::RequestInvalidValue,
        })
    };
    let done =
        follow(shared, bill, RecordKind::Refund, EntryKind::Refund, refund.into(), &bytes, Some(not_after), may).await;
    match done {
        // Another process with the same refund id was faster.
        Err(error) if chosen.is_some() => {
            if refund_is_here(shared, &record).await? {
                Ok(refund)
            } else {
                Err(error)
            }
        }
        other => other.map(|()| refund),
    }
}

/// Whether this store has the refund already; `refund.id_conflict` when it has another one under that id.
async fn refund_is_here(shared: &Shared, wanted: &RefundRecord) -> Result<bool, Error> {
    let id = RecordId::from(wanted.refund);
    let stored = shared.storage.ask(move |store| store.bytes(&id)).await?;
    let Some(stored) = stored.as_deref().and_then(record_in).and_then(|record| RefundRecord::parse(&record).ok())
    else {
        return Ok(false);
    };
    let wanted = RefundRecord { not_after: stored.not_after, created: stored.created, ..wanted.clone() };
    if stored == wanted { Ok(true) } else { Err(Error::of(ErrorCode::RefundIdConflict).outcome_is(Outcome::NotSent)) }
}

/// What is known here may be old: the platform is asked before a refund is called impossible.
async fn refresh(shared: &Shared, bill: BillId, amount: Amount) -> Result<(), Error> {
    let file = shared.storage.ask(move |store| BillFile::load(store, bill)).await?;
    let (file, _) = file.ok_or_else(|| Error::of(ErrorCode::BillUnknown))?;
    if file.life.refundable() < amount {
        asking::bill(shared, bill).await?;
    }
    Ok(())
}

/// What the platform would refuse for its form is not signed.
fn readable<T>(parsed: Result<T, Faults>) -> Result<T, Error> {
    match parsed {
        Ok(record) => Ok(record),
        Err(faults) => Err(Error::from_faults(faults).unwrap_or_else(|| Error::internal("a fault without faults"))),
    }
}

/// Commits a record behind the bill in the bill's stream, with what `may` makes of the bill's document, unless it forbids it.
#[allow(clippy::too_many_arguments, reason = "the parts of one record")]
async fn follow(
    shared: &Shared,
    bill: BillId,
    record_kind: RecordKind,
    kind: EntryKind,
    id: RecordId,
    record: &[u8],
    not_after: Option<Timestamp>,
    may: impl Fn(&mut BillFile) -> Result<(), ErrorCode>,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let found = shared.storage.ask(move |store| {
            let Some((file, version)) = BillFile::load(store, bill)? else { return Ok(None) };
            let identity = store.identity()?;
            // A restored store goes on in a stream of its own.
            let stream =
                StreamKey { producer: identity.producer, incarnation: identity.incarnation, subject: file.bill.into() };
            let sequence = store.next_sequence(&stream)?;
            Ok(Some((file, version, stream, sequence)))
        });
        let found = found.await?.ok_or_else(|| Error::of(ErrorCode::BillUnknown))?;
        let (mut file, version, stream, sequence) = found;
        may(&mut file).map_err(|code| Error::of(code).outcome_is(Outcome::NotSent))?;
        let append = sign(shared, record_kind, record.to_vec(), Placed { kind, id, stream, sequence, not_after })?;
        let put = file.put(Expected::Version(version));
        match shared.storage.commit(vec![append, put]).await {
            Ok(_) => {
                shared.appended.notify_one();
                return Ok(());
            }
            Err(error) if matches!(error.reason(), Reason::SequenceTaken { .. } | Reason::VersionConflict { .. }) => {}
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
