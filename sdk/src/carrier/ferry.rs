//! What the ferry needs: records that wait, in their order; a signature under a bundle; and the platform's answer as it came.

use tongqiao_engine::{Entry, EntryKind, EntryState};
use tongqiao_protocol::{BundleId, RecordKind, SignedRecord};

use super::Carrier;
use crate::exchange::Ask;
use crate::{Error, entropy};

/// How many rows of the store are looked at in one go.
const PAGE: u32 = 500;

/// Records that wait for the platform's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// They, as they were signed, in the order in which they were taken.
    pub records: Vec<SignedRecord>,
    /// Where to go on; `None` when there are no more.
    pub next: Option<u64>,
}

impl Carrier {
    /// Case events that the platform has not judged yet, from a place on (0 to begin with); few or none in one call.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn waiting(&self, after: u64) -> Result<Waiting, Error> {
        self.shared
            .storage
            .ask(move |store| {
                let rows = store.entries(after, PAGE)?;
                let next = rows.last().map(|row| row.ordinal);
                let mut records = Vec::new();
                for row in rows.iter().filter(|row| is_waiting(row)) {
                    // A damaged record is put aside by the delivery, and holds nothing up here.
                    let bytes = store.bytes(&row.id).ok().flatten();
                    records.extend(bytes.and_then(|bytes| serde_json::from_slice::<SignedRecord>(&bytes).ok()));
                }
                Ok(Waiting { records, next })
            })
            .await
    }

    /// The id of a new bundle.
    ///
    /// # Errors
    /// An error when the operating system gives no randomness.
    pub fn new_bundle(&self) -> Result<BundleId, Error> {
        entropy::id(self.shared.clock.local(), BundleId::from_time_and_random)
    }

    /// Signs the head of a bundle with the party's own key.
    ///
    /// # Errors
    /// `client.signing_failed`.
    pub fn sign_bundle(&self, head: Vec<u8>) -> Result<SignedRecord, Error> {
        Ok(SignedRecord::sign(RecordKind::Bundle, head, self.shared.credentials.author(), &entropy::bytes()?)?)
    }

    /// Brings a body of `POST /v1/case-events` to the platform, signed as the caller, and gives the answer's body.
    ///
    /// # Errors
    /// What the platform says of the whole request, or an error of the connection. Repeating it is harmless.
    pub async fn pass_on(&self, batch: Vec<u8>) -> Result<Vec<u8>, Error> {
        Ok(self.shared.exchange.ask(Ask::post("/v1/case-events", batch)).await?.body().to_vec())
    }

    /// The platform's signed statement of its epoch, as it came; nothing of it is checked here.
    ///
    /// # Errors
    /// A refusal, or an error of the connection.
    pub async fn signed_epoch(&self) -> Result<Vec<u8>, Error> {
        Ok(self.shared.exchange.ask(Ask::get("/v1/epoch")).await?.body().to_vec())
    }

    /// Takes a signed key directory that was carried here, as if it had been asked for; nothing is learnt of the time from it.
    ///
    /// # Errors
    /// `directory.invalid` when it is not to be believed or older than the one in use, which stays; or a `store.` code.
    pub async fn take_directory(&self, signed: &[u8]) -> Result<(), Error> {
        let record = serde_json::from_slice(signed).map_err(Error::malformed_answer)?;
        self.shared.directory.take(&self.shared, record).await
    }

    /// The platform's signed key directory, as it came; nothing of it is checked here.
    ///
    /// # Errors
    /// A refusal, or an error of the connection.
    pub async fn signed_directory(&self) -> Result<Vec<u8>, Error> {
        Ok(self.shared.exchange.ask(Ask::get("/v1/directory")).await?.body().to_vec())
    }
}

fn is_waiting(row: &Entry) -> bool {
    row.kind == EntryKind::CaseEvent && row.state == EntryState::Pending
}
