//! Fences after a restore: what a backup does not know is fenced again before anybody believes that it is absent.

use tongqiao_engine::{Change, Collection, EpochBook, Expected, ReceiptStanding};
use tongqiao_protocol::bill::BillState;
use tongqiao_protocol::{BillId, ErrorCode};
use tongqiao_store::{Store, StoreError};

use super::asking;
use super::bill_file::{self, BillFile};
use super::reconciling::{Readable, each_bill};
use crate::Error;
use crate::client::Shared;

/// The document in [`Collection::Epoch`] that names the last epoch in which all fences were seen to.
const DONE: &str = "fences";

/// The bill's document as it may be believed: where the proof of its absence was lost in a restore, its outcome is unknown.
pub(super) async fn trusted(shared: &Shared, bill: BillId) -> Result<BillFile, Error> {
    let found = shared.storage.ask(move |store| Ok((BillFile::load(store, bill)?, book(store)?))).await?;
    let unknown = || Error::of(ErrorCode::BillUnknown);
    let (Some((file, _)), book) = found else { return Err(unknown()) };
    if has_lost_its_proof(&file, &book) {
        return bill_file::doubt_absence(shared, bill).await?.ok_or_else(unknown);
    }
    Ok(file)
}

/// Fences again, once an epoch, every bill of which the platform has lost the fence.
pub(crate) async fn renew(shared: &Shared) -> Result<(), Error> {
    let found = shared.storage.ask(|store| {
        let book = book(store)?;
        let Some(current) = book.current() else { return Ok(None) };
        let done = store.document(Collection::Epoch, DONE)?;
        if done.is_some_and(|done| done.bytes == current.as_bytes()) {
            return Ok(None);
        }
        let mut lost = Vec::new();
        let all = each_bill(store, |file| {
            if has_lost_its_proof(file, &book) || (file.life.was_absent() && file.life.state().is_none()) {
                lost.push(file.bill);
            }
        })?;
        Ok(Some((current, lost, all)))
    });
    let Some((current, lost, all)) = found.await? else { return Ok(()) };
    let mut failed = None;
    for bill in lost {
        // Durable before the question: a process that dies here must not believe the old proof.
        bill_file::doubt_absence(shared, bill).await?;
        match asking::fence(shared, bill).await {
            Ok((view, _)) => {
                tracing::warn!(%bill, state = ?view.state, "fenced again, because the platform was restored")
            }
            // The others are seen to all the same.
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if all == Readable::NotAll {
        return Err(Error::of(ErrorCode::StoreCorrupt).detail("a bill in the store cannot be read"));
    }
    let (key, bytes) = (DONE.to_owned(), current.as_bytes().to_vec());
    let change = Change::PutDocument { collection: Collection::Epoch, key, expected: Expected::Any, bytes };
    shared.storage.ask(move |store| store.commit(vec![change]).map(drop)).await
}

/// Whether a bill counts as absent by a receipt that the platform does not stand by any more.
fn has_lost_its_proof(file: &BillFile, book: &EpochBook) -> bool {
    let lost = |(epoch, position)| book.standing(epoch, position) == ReceiptStanding::Lost;
    file.life.state() == Some(BillState::Fenced) && file.absence_stands_at().is_none_or(lost)
}

/// The epoch book; an empty one where it cannot be read, in which nothing is lost.
fn book(store: &dyn Store) -> Result<EpochBook, StoreError> {
    let document = store.document(Collection::Epoch, EpochBook::KEY)?;
    Ok(document.and_then(|document| EpochBook::from_bytes(&document.bytes).ok()).unwrap_or_default())
}
