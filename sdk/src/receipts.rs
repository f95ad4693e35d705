//! Proofs of receipts, for whoever does not want to take the platform's word or ours.

use std::sync::Arc;

use tongqiao_protocol::transparency::{Checkpoint, InclusionProof, ReceiptProof};
use tongqiao_protocol::{ErrorCode, RecordId, receipt};

use crate::client::{Running, Shared};
use crate::exchange::Ask;
use crate::witness::{self, ATTEMPTS, Held, LogDispute};
use crate::{Error, Receipt, epoch};

/// Proofs of receipts by the platform's transparency log; see [`Client::receipts`](crate::Client::receipts).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client, case: tongqiao::CaseHandle) -> Result<(), tongqiao::Error> {
/// case.settled().await?;
/// let proof = client.receipts().prove(case.event()).await?;
/// let bundle = proof.to_json().expect("a proof is JSON");
/// println!("{bundle}");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Receipts {
    shared: Arc<Running>,
}

impl Receipts {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// Proves that the receipt of a record stands in the platform's log: a bundle that anybody can check with the platform's
    /// key alone. The log is checked to continue what this store has seen of it.
    ///
    /// # Errors
    /// `receipt.unknown` when the record was never accepted here, has no receipt yet or was forgotten; `log.receipt_lost` when a
    /// restore has undone the receipt; `log.not_included`, `log.forked`, `log.rolled_back` when the platform has changed its
    /// past; or an error of the connection.
    pub async fn prove(&self, record: impl Into<RecordId>) -> Result<ReceiptProof, Error> {
        let id = record.into();
        let stored = self.shared.storage.ask(move |store| store.receipt(&id)).await?;
        let unknown = || Error::of(ErrorCode::ReceiptUnknown).detail("there is no receipt of it here");
        let bytes = stored.ok_or_else(unknown)?;
        // A dead letter keeps a problem in the same place; that is no receipt.
        let wire = serde_json::from_slice::<receipt::Receipt>(&bytes).map_err(|_| unknown())?;
        for _ in 0..ATTEMPTS {
            let held = witness::observe(&self.shared).await?;
            if let Some(inclusion) = included(&self.shared, &wire, &held).await? {
                return Ok(ReceiptProof { receipt: wire, checkpoint: held.record, inclusion });
            }
        }
        Err(Error::malformed_answer("the platform gives no proof for the checkpoint that it signed"))
    }

    /// Asks for a checkpoint now, which happens by itself every five minutes, and checks that it continues those before.
    ///
    /// # Errors
    /// `log.forked` or `log.rolled_back`, with the evidence in [`Receipts::dispute`]; or an error of the connection.
    pub async fn check_log(&self) -> Result<Checkpoint, Error> {
        Ok(witness::observe(&self.shared).await?.checkpoint)
    }

    /// The newest checkpoint that was found to continue those before; `None` before the first.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        Ok(witness::newest(&self.shared).await?.map(|held| held.checkpoint))
    }

    /// The evidence of the first dispute about the log; `None` while there was none.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn dispute(&self) -> Result<Option<LogDispute>, Error> {
        witness::kept_dispute(&self.shared).await
    }
}

impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receipts")
    }
}

/// The way from a receipt to a checkpoint; `None` when the platform was restored between the two.
async fn included(shared: &Shared, wire: &receipt::Receipt, held: &Held) -> Result<Option<InclusionProof>, Error> {
    // Its signature was checked when it came. The key may have been revoked since: then the log, under the key of today, is
    // what still vouches for it.
    let body = serde_json::from_slice::<Receipt>(&wire.receipt).map_err(Error::malformed_answer)?;
    let checkpoint = &held.checkpoint;
    if body.epoch != checkpoint.epoch {
        let statement = epoch::statement(shared).await?;
        if statement.epoch != checkpoint.epoch {
            return Ok(None);
        }
        if body.position >= witness::kept_of(&statement, body.epoch) {
            return Err(Error::of(ErrorCode::LogReceiptLost));
        }
    }
    if body.position >= checkpoint.size {
        return Err(missing(shared, wire, held, "the log ends before the receipt's position").await);
    }
    let (position, size) = (body.position.to_string(), checkpoint.size.to_string());
    let ask = Ask::get("/v1/log/inclusion").query("position", &position).query("size", &size);
    let answer = match shared.exchange.ask(ask).await {
        // It has become shorter since: the next checkpoint shows why.
        Err(error) if error.code() == ErrorCode::RequestOutOfRange => return Ok(None),
        other => other?,
    };
    let proof = serde_json::from_slice::<InclusionProof>(answer.body()).map_err(Error::malformed_answer)?;
    if proof.epoch != checkpoint.epoch {
        return Ok(None);
    }
    if proof.position != body.position || !proof.proves(&wire.receipt, checkpoint) {
        return Err(missing(shared, wire, held, "another receipt stands at its position").await);
    }
    Ok(Some(proof))
}

/// The alarm that a receipt is not in the log, if the platform did sign it: a store that was changed accuses nobody.
async fn missing(shared: &Shared, wire: &receipt::Receipt, held: &Held, detail: &str) -> Error {
    match crate::receipt::verify_wire(shared, wire).await {
        Ok(_) => witness::raise(shared, LogDispute::of_receipt(detail, wire.clone(), held)).await,
        Err(error) => error,
    }
}
