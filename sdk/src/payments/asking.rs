//! Asking the platform about money, and believing only what it proves.

use tongqiao_protocol::bill::{BillView, FenceRecord, RefundView};
use tongqiao_protocol::{BillId, Digest, ErrorCode, RecordId, RecordKind, RefundId, SignedRecord};

use super::bill_file;
use super::proof::{self, Proof};
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, entropy};

/// Where a bill stands, proved and noted.
pub(super) async fn bill(shared: &Shared, bill: BillId) -> Result<(BillView, Proof), Error> {
    believe(shared, bill, Ask::get(format!("/v1/bills/{bill}"))).await
}

/// Fences a bill with the author's own signature; the answer is the bill where it exists, else the proof that it never will.
pub(super) async fn fence(shared: &Shared, bill: BillId) -> Result<(BillView, Proof), Error> {
    let party = shared.credentials.party().clone();
    let record = FenceRecord { bill, party, time: shared.clock.now() }.to_bytes();
    let author = shared.credentials.author();
    let signed = SignedRecord::sign(RecordKind::Fence, record, author, &entropy::bytes()?)?;
    let body = serde_json::to_vec(&signed).map_err(Error::internal)?;
    believe(shared, bill, Ask::post(format!("/v1/bills/{bill}/fence"), body)).await
}

async fn believe(shared: &Shared, bill: BillId, ask: Ask) -> Result<(BillView, Proof), Error> {
    let answer = shared.exchange.ask(ask).await?;
    let view = serde_json::from_slice::<BillView>(answer.body()).map_err(Error::malformed_answer)?;
    if view.bill != bill {
        return Err(Error::malformed_answer("the view of another bill"));
    }
    let file = bill_file::read(shared, bill).await?;
    if let Some(terms) = file.as_ref().and_then(|file| file.terms)
        && !terms.agrees_while_open(&view)
    {
        return Err(Error::malformed_answer("the platform computes another late fee than the bill's rule gives"));
    }
    let proof = proof::of_bill(shared, &view, file.map(|file| file.life.digest())).await?;
    bill_file::note(shared, &view).await?;
    Ok((view, proof))
}

/// Where a refund stands, proved and noted.
pub(super) async fn refund(shared: &Shared, refund: RefundId) -> Result<(RefundView, Proof), Error> {
    let answer = shared.exchange.ask(Ask::get(format!("/v1/refunds/{refund}"))).await?;
    believe_refund(shared, refund, answer.body()).await
}

/// Sends a refund's record again after its time: the platform answers with the refund it has, or refuses its id for ever.
pub(super) async fn fence_refund(
    shared: &Shared,
    refund: RefundId,
    bill: BillId,
    record: Vec<u8>,
) -> Result<(RefundView, Proof), Error> {
    match shared.exchange.ask(Ask::post(format!("/v1/bills/{bill}/refunds"), record)).await {
        Ok(answer) => believe_refund(shared, refund, answer.body()).await,
        // The refusal itself is not signed; what the platform keeps of it is.
        Err(error) if error.code() == ErrorCode::BillTooLate || error.code() == ErrorCode::RefundTooLate => {
            self::refund(shared, refund).await
        }
        Err(error) => Err(error),
    }
}

async fn believe_refund(shared: &Shared, refund: RefundId, body: &[u8]) -> Result<(RefundView, Proof), Error> {
    let view = serde_json::from_slice::<RefundView>(body).map_err(Error::malformed_answer)?;
    if view.refund != refund {
        return Err(Error::malformed_answer("the view of another refund"));
    }
    let proof = proof::of_refund(shared, &view, digest(shared, refund.into()).await?).await?;
    bill_file::note_refund(shared, &view).await?;
    Ok((view, proof))
}

async fn digest(shared: &Shared, id: RecordId) -> Result<Option<Digest>, Error> {
    shared.storage.ask(move |store| Ok(store.entry(&id)?.map(|entry| entry.digest))).await
}
