//! Finding out whether a bill or a refund exists at the platform, and putting aside what needs nobody any more.

use tongqiao_engine::bill_life::{Question, outcome_of};
use tongqiao_engine::{Change, EntryKind, EntryState, Expected};
use tongqiao_protocol::bill::{BillView, PaymentOutcome, RefundView};
use tongqiao_protocol::{BillId, ErrorCode, RecordId, RefundId};

use super::bill_file::{self, BillFile};
use super::proof::Proof;
use super::{asking, fencing};
use crate::Error;
use crate::client::Shared;

/// What is known about a bill. Money is never guessed: while nobody knows, the outcome is unknown.
#[derive(Debug)]
pub struct Resolution {
    /// Confirmed: the platform has it. Absent: it does not, and never will. Unknown: ask again later; never charge again.
    pub outcome: PaymentOutcome,
    /// Whether another bill for the same debt is safe: this one can never be paid, or its money would be owed back.
    pub may_be_replaced: bool,
    /// It was proved absent, a restore of the platform undid the proof, and it has not been fenced again. If it is confirmed now and another
    /// bill was made meanwhile, one of the two must be voided.
    pub was_absent: bool,
    /// What the platform said and proved.
    pub view: Option<BillView>,
    /// Why it is still unknown.
    pub error: Option<Error>,
}

/// What is known about a refund.
#[derive(Debug)]
pub struct RefundResolution {
    /// As for a bill.
    pub outcome: PaymentOutcome,
    /// What the platform said and proved.
    pub view: Option<RefundView>,
    /// Why it is still unknown.
    pub error: Option<Error>,
}

pub(super) async fn resolve(shared: &Shared, bill: BillId) -> Result<Resolution, Error> {
    let file = fencing::trusted(shared, bill).await?;
    let answer = match asking::bill(shared, bill).await {
        // The platform has never heard of it. Before `not_after` it may still be on its way; afterwards it is shut out.
        Err(error) if error.code() == ErrorCode::BillUnknown && may_be_fenced(&file, shared) => {
            // A fence that it once knew was lost in a restore of which nothing has been heard here yet.
            bill_file::doubt_absence(shared, bill).await?;
            asking::fence(shared, bill).await
        }
        other => other,
    };
    let (view, error) = match answer {
        Ok((view, proof)) => {
            end(shared, bill.into(), outcome_of(Some(view.state)), proof).await?;
            (Some(view), None)
        }
        Err(error) => (None, Some(error)),
    };
    let file = load(shared, bill).await?;
    let outcome = view.as_ref().map_or_else(|| file.life.outcome(), |view| outcome_of(Some(view.state)));
    let (may_be_replaced, was_absent) = (file.life.may_be_replaced(), file.life.was_absent());
    Ok(Resolution { outcome, may_be_replaced, was_absent, view: view.or(file.view), error })
}

fn may_be_fenced(file: &BillFile, shared: &Shared) -> bool {
    file.life.outcome() == PaymentOutcome::Absent || file.life.question(shared.clock.now()) == Some(Question::Fence)
}

pub(super) async fn resolve_refund(shared: &Shared, refund: RefundId) -> Result<RefundResolution, Error> {
    let id = RecordId::from(refund);
    let (entry, record) = shared.storage.ask(move |store| Ok((store.entry(&id)?, store.bytes(&id)?))).await?;
    let entry = entry.ok_or_else(|| Error::of(ErrorCode::RefundUnknown))?;
    let bill = BillId::from_bytes(*entry.stream.subject.as_bytes());
    let life = load(shared, bill).await?.life;
    let answer = match (asking::refund(shared, refund).await, record) {
        (Err(error), Some(record))
            if error.code() == ErrorCode::RefundUnknown
                && life.refund_question(&refund, shared.clock.now()) == Some(Question::Fence) =>
        {
            asking::fence_refund(shared, refund, bill, record).await
        }
        (other, _) => other,
    };
    match answer {
        Ok((view, proof)) => {
            let outcome = load(shared, bill).await?.life.refund_outcome(&refund);
            end(shared, id, outcome, proof).await?;
            Ok(RefundResolution { outcome, view: Some(view), error: None })
        }
        Err(error) => Ok(RefundResolution { outcome: life.refund_outcome(&refund), view: None, error: Some(error) }),
    }
}

/// Takes a record that failed for good off the list of what needs a person.
pub(super) async fn acknowledge(shared: &Shared, id: RecordId) -> Result<(), Error> {
    let entry = shared.storage.ask(move |store| store.entry(&id)).await?;
    let entry = entry.ok_or_else(|| Error::of(ErrorCode::EventUnknown))?;
    let bill = BillId::from_bytes(*entry.stream.subject.as_bytes());
    match (entry.kind, entry.state) {
        (EntryKind::CaseEvent, _) => {
            return Err(Error::of(ErrorCode::BillUnknown).detail("a case event is superseded or abandoned"));
        }
        // Its outcome must be known first.
        (EntryKind::Bill | EntryKind::Refund, EntryState::Expired) => return Err(unknown(id)),
        (_, EntryState::Pending | EntryState::Settled { .. } | EntryState::Replaced { .. }) => return Ok(()),
        (_, EntryState::Refused { .. } | EntryState::Dead | EntryState::Expired) => {}
    }
    shared
        .storage
        .ask(move |store| {
            let mut changes = vec![Change::Forget { id }];
            if entry.kind == EntryKind::Refund
                && let Some((mut file, version)) = BillFile::load(store, bill)?
            {
                file.life.refund_given_up(&RefundId::from_bytes(*id.as_bytes()));
                changes.push(file.put(Expected::Version(version)));
            }
            store.commit(changes).map(drop)
        })
        .await
}

/// The error while nobody knows.
pub(super) fn unknown(id: RecordId) -> Error {
    Error::of(ErrorCode::BillOutcomeUnknown).detail(id.to_string())
}

async fn load(shared: &Shared, bill: BillId) -> Result<BillFile, Error> {
    let file = shared.storage.ask(move |store| BillFile::load(store, bill)).await?;
    file.map(|(file, _)| file).ok_or_else(|| Error::of(ErrorCode::BillUnknown))
}

/// A record whose fate is proved no longer waits for a person: settled with its receipt, or gone, with the proof kept in the
/// bill's document.
async fn end(shared: &Shared, id: RecordId, outcome: PaymentOutcome, proof: Proof) -> Result<(), Error> {
    shared
        .storage
        .ask(move |store| {
            let Some(entry) = store.entry(&id)? else { return Ok(()) };
            let waits = matches!(entry.state, EntryState::Expired | EntryState::Dead | EntryState::Refused { .. });
            let is_refused = matches!(entry.state, EntryState::Refused { .. });
            let change = match outcome {
                PaymentOutcome::Confirmed if waits && !is_refused => {
                    let state = EntryState::Settled { epoch: proof.epoch, position: proof.position };
                    // The platform's time, like every receipt's: retention counts from it, and this machine's clock may be wrong.
                    Change::Settle { id, state, receipt: proof.bytes, at: proof.time }
                }
                PaymentOutcome::Absent if waits => Change::Forget { id },
                _ => return Ok(()),
            };
            store.commit(vec![change]).map(drop)
        })
        .await
}
