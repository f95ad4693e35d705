//! Which life of the platform's log is running.

use tongqiao_engine::delivery::{EpochNotice, KeptPart};
use tongqiao_protocol::epoch::EpochStatement;
use tongqiao_protocol::{RecordKind, SignedRecord};

use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// What the delivery wants to know of it.
pub(crate) async fn fetch(shared: &Shared) -> Result<EpochNotice, Error> {
    Ok(notice(statement(shared).await?))
}

/// A statement, as the delivery takes it.
pub(crate) fn notice(statement: EpochStatement) -> EpochNotice {
    let previous = statement.previous.into_iter().map(|part| KeptPart { epoch: part.epoch, kept: part.kept }).collect();
    EpochNotice { epoch: statement.epoch, previous }
}

/// Asks the platform and checks its signature: whoever could forge this could make everybody send everything again.
pub(crate) async fn statement(shared: &Shared) -> Result<EpochStatement, Error> {
    let answer = shared.exchange.ask(Ask::get("/v1/epoch")).await?;
    let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
    shared.directory.check(shared, RecordKind::Epoch, &record).await?;
    serde_json::from_slice::<EpochStatement>(&record.record).map_err(Error::malformed_answer)
}
