//! Which life of the platform's log is running.

use serde::Deserialize;
use tongqiao_engine::delivery::{EpochNotice, KeptPart};
use tongqiao_protocol::{EpochId, RecordKind, SignedRecord};

use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// The record of `GET /v1/epoch`.
#[derive(Deserialize)]
struct Statement {
    epoch: EpochId,
    #[serde(default)]
    previous: Vec<Previous>,
}

#[derive(Deserialize)]
struct Previous {
    epoch: EpochId,
    kept: u64,
}

/// Asks the platform and checks its signature: whoever could forge this could make everybody send everything again.
pub(crate) async fn fetch(shared: &Shared) -> Result<EpochNotice, Error> {
    let answer = shared.exchange.ask(Ask::get("/v1/epoch")).await?;
    let record = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
    shared.directory.check(shared, RecordKind::Epoch, &record).await?;
    let statement = serde_json::from_slice::<Statement>(&record.record).map_err(Error::malformed_answer)?;
    let previous = statement.previous.into_iter().map(|part| KeptPart { epoch: part.epoch, kept: part.kept }).collect();
    Ok(EpochNotice { epoch: statement.epoch, previous })
}
