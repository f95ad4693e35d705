//! Finding out whether a bill exists at the platform.

use tongqiao_engine::{Change, EntryState};
use tongqiao_protocol::bill::{BillView, PaymentOutcome};
use tongqiao_protocol::{BillId, ErrorCode, limits};

use super::bill_file::{self, BillFile};
use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// What is known about a bill. Money is never guessed: while nobody knows, the outcome is unknown.
#[derive(Debug)]
pub struct Resolution {
    /// Confirmed: the platform has it. Absent: it does not, and never will. Unknown: ask again later; never charge again.
    pub outcome: PaymentOutcome,
    /// What the platform said.
    pub view: Option<BillView>,
    /// Why it is still unknown.
    pub error: Option<Error>,
}

pub(super) async fn resolve(shared: &Shared, bill: BillId) -> Result<Resolution, Error> {
    let file = shared.storage.ask(move |store| BillFile::load(store, bill)).await?;
    let Some((file, _)) = file else { return Err(Error::of(ErrorCode::BillUnknown)) };
    let asked = ask(shared, Ask::get(format!("/v1/bills/{bill}"))).await;
    let answer = match asked {
        // The platform has never heard of it. Before `not_after` it may still be on its way; afterwards it is shut out.
        Err(error) if error.code() == ErrorCode::BillUnknown && shared.clock.now() > file.not_after => {
            ask(shared, Ask::post(format!("/v1/bills/{bill}/fence"), b"{}".to_vec())).await
        }
        other => other,
    };
    match answer {
        Ok(view) => {
            bill_file::note(shared, &view).await?;
            settle(shared, &view).await?;
            Ok(Resolution { outcome: view.outcome, view: Some(view), error: None })
        }
        Err(error) => Ok(Resolution { outcome: PaymentOutcome::Unknown, view: None, error: Some(error) }),
    }
}

async fn ask(shared: &Shared, ask: Ask) -> Result<BillView, Error> {
    let answer = shared.exchange.ask(ask).await?;
    serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
}

/// A bill whose fate is known no longer waits for a person.
async fn settle(shared: &Shared, view: &BillView) -> Result<(), Error> {
    if view.outcome != PaymentOutcome::Confirmed {
        return Ok(());
    }
    let (id, at) = (view.bill.into(), shared.clock.local());
    let state = EntryState::Settled { epoch: view.epoch, position: limits::SEQUENCE_MAX };
    let receipt = serde_json::to_vec(view).map_err(Error::internal)?;
    shared
        .storage
        .ask(move |store| match store.entry(&id)? {
            Some(entry) if matches!(entry.state, EntryState::Expired | EntryState::Dead) => {
                store.commit(vec![Change::Settle { id, state, receipt, at }]).map(|_| ())
            }
            _ => Ok(()),
        })
        .await
}
