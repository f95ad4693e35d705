//! What is shown to an auditor when the platform's log contradicts itself.

use serde::{Deserialize, Serialize};
use tongqiao_engine::delivery::Notice;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{ErrorCode, SignedRecord};

use super::Held;
use crate::Error;
use crate::client::Shared;

/// The document's key in [`Collection::TransparencyLog`].
const KEY: &str = "dispute";

/// Two signed words of the platform that cannot both be true: evidence, which needs nobody's trust in this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDispute {
    /// `log.forked`, `log.rolled_back` or `log.not_included`.
    pub code: ErrorCode,
    /// What does not fit, for people.
    pub detail: String,
    /// The checkpoint that was believed before; absent for a receipt that is not in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<SignedRecord>,
    /// The receipt that is not in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The checkpoint that contradicts it.
    pub shown: SignedRecord,
}

impl LogDispute {
    pub(crate) fn of_checkpoints(code: ErrorCode, detail: &str, held: &Held, shown: &Held) -> Self {
        let (held, shown) = (Some(held.record.clone()), shown.record.clone());
        Self { code, detail: detail.to_owned(), held, receipt: None, shown }
    }

    pub(crate) fn of_receipt(detail: &str, receipt: Receipt, shown: &Held) -> Self {
        let (code, detail) = (ErrorCode::LogNotIncluded, detail.to_owned());
        Self { code, detail, held: None, receipt: Some(receipt), shown: shown.record.clone() }
    }
}

/// Keeps the evidence, tells everybody, and gives the error for the caller.
pub(crate) async fn raise(shared: &Shared, dispute: LogDispute) -> Error {
    let error = Error::of(dispute.code).detail(dispute.detail.clone());
    let notice = Notice::LogDisputed { code: dispute.code };
    if let Err(error) = keep(shared, &dispute).await {
        tracing::error!(code = error.code().code(), "the evidence could not be stored");
    }
    shared.notices.give(notice);
    error
}

/// The first dispute stays: later ones follow from it, and evidence is not overwritten.
async fn keep(shared: &Shared, dispute: &LogDispute) -> Result<(), Error> {
    let put = Change::PutDocument {
        collection: Collection::TransparencyLog,
        key: KEY.to_owned(),
        expected: Expected::Absent,
        bytes: serde_json::to_vec(dispute).map_err(Error::internal)?,
    };
    match shared.storage.commit(vec![put]).await.map(drop).map_err(Error::from) {
        Err(error) if error.code() == ErrorCode::StoreConflict => Ok(()),
        other => other,
    }
}

/// The dispute that was found first, if any.
pub(crate) async fn kept(shared: &Shared) -> Result<Option<LogDispute>, Error> {
    let stored = shared.storage.ask(|store| store.document(Collection::TransparencyLog, KEY)).await?;
    stored.map(|document| serde_json::from_slice(&document.bytes).map_err(Error::internal)).transpose()
}
