//! The city's working calendar and its supervision rules, mirrored as the platform signed them: deadlines are read without a
//! network, by the same days and thresholds as at the city.

use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::supervision_rule::SupervisionRules;
use tongqiao_protocol::{ErrorCode, Faults, Outcome, RecordKind, SignedRecord, Timestamp, WorkingCalendar};
use tongqiao_store::{Reason, Store, StoreError};

use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// The platform says that its answer is fresh for an hour; they change once a year.
const FRESH_FOR_MS: i64 = 3_600_000;

/// What the platform publishes signed, in editions of which a later one takes the place of an earlier.
pub(crate) trait Published: Sized + Send + Sync + 'static {
    const KIND: RecordKind;
    /// The path after `/v1/`, which is the key in the store too.
    const NAME: &'static str;

    fn read(bytes: &[u8]) -> Result<Self, Faults>;
    fn issued(&self) -> Timestamp;
    fn shelf(arrangement: &Arrangement) -> &Shelf<Self>;
}

impl Published for WorkingCalendar {
    const KIND: RecordKind = RecordKind::WorkingCalendar;
    const NAME: &'static str = "working-calendar";

    fn read(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse(bytes)
    }

    fn issued(&self) -> Timestamp {
        self.issued
    }

    fn shelf(arrangement: &Arrangement) -> &Shelf<Self> {
        &arrangement.calendar
    }
}

impl Published for SupervisionRules {
    const KIND: RecordKind = RecordKind::SupervisionRules;
    const NAME: &'static str = "supervision-rules";

    fn read(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse(bytes)
    }

    fn issued(&self) -> Timestamp {
        self.issued
    }

    fn shelf(arrangement: &Arrangement) -> &Shelf<Self> {
        &arrangement.rules
    }
}

/// Both mirrors of one client.
#[derive(Default)]
pub(crate) struct Arrangement {
    calendar: Shelf<WorkingCalendar>,
    rules: Shelf<SupervisionRules>,
}

/// One mirror.
pub(crate) struct Shelf<T> {
    current: RwLock<Option<Arc<Edition<T>>>>,
    refreshing: Mutex<()>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { current: RwLock::default(), refreshing: Mutex::default() }
    }
}

/// An edition, and when it was last heard to be the latest.
struct Edition<T> {
    content: Arc<T>,
    heard_at: Timestamp,
}

/// As the store keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    heard_at: Timestamp,
    /// What the platform signed, byte for byte.
    signed: SignedRecord,
}

impl Arrangement {
    /// What is mirrored, however old; fetched where there is nothing. `None` when it cannot be had now.
    ///
    /// # Errors
    /// `signature.answer_unsigned` when what came is not the platform's word; a `store.` code.
    pub(crate) async fn current_or_fetched<T: Published>(&self, shared: &Shared) -> Result<Option<Arc<T>>, Error> {
        if let Some(current) = self.current::<T>(shared).await? {
            return Ok(Some(Arc::clone(&current.content)));
        }
        match self.refresh::<T>(shared).await {
            Ok(()) => Ok(T::shelf(self).in_memory().map(|edition| Arc::clone(&edition.content))),
            Err(error) if error.code() == ErrorCode::SignatureAnswerUnsigned => Err(error),
            Err(error) => {
                tracing::debug!(name = T::NAME, code = error.code().code(), "not mirrored, and not to be had now");
                Ok(None)
            }
        }
    }

    /// Fetches what is not mirrored or an hour old.
    pub(crate) async fn keep_fresh(&self, shared: &Shared) -> Result<(), Error> {
        self.keep_one_fresh::<WorkingCalendar>(shared).await?;
        self.keep_one_fresh::<SupervisionRules>(shared).await
    }

    async fn keep_one_fresh<T: Published>(&self, shared: &Shared) -> Result<(), Error> {
        let heard_at = self.current::<T>(shared).await?.map(|edition| edition.heard_at);
        let now = shared.clock.now();
        match heard_at {
            Some(heard_at) if (0..FRESH_FOR_MS).contains(&now.millis_since(heard_at)) => Ok(()),
            _ => self.refresh::<T>(shared).await,
        }
    }

    /// Asks the platform, and keeps what it signed.
    async fn refresh<T: Published>(&self, shared: &Shared) -> Result<(), Error> {
        let shelf = T::shelf(self);
        let _one_at_a_time = shelf.refreshing.lock().await;
        let answer = shared.exchange.ask(Ask::get(format!("/v1/{}", T::NAME))).await?;
        let signed = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
        let heard_at = shared.clock.now();
        let content = checked::<T>(shared, &signed, None).await?;
        let kept = Kept { heard_at, signed };
        let (issued, bytes) = (content.issued(), serde_json::to_vec(&kept).map_err(Error::internal)?);
        let stored = shared.storage.ask(move |store| keep::<T>(store, issued, &bytes)).await?;
        let before = shelf.in_memory().map(|edition| edition.content.issued());
        if stored == Keeping::Older || before.is_some_and(|before| issued < before) {
            return Err(not_his_word("an older edition was offered in place of the present one"));
        }
        shelf.remember(Edition { content: Arc::new(content), heard_at });
        Ok(())
    }

    /// From memory, else from the store. The file may have been touched: what it gives is checked like what came.
    async fn current<T: Published>(&self, shared: &Shared) -> Result<Option<Arc<Edition<T>>>, Error> {
        let shelf = T::shelf(self);
        if let Some(current) = shelf.in_memory() {
            return Ok(Some(current));
        }
        let stored = shared.storage.ask(|store| store.document(Collection::Arrangement, T::NAME)).await?;
        let Some(kept) = stored.and_then(|document| serde_json::from_slice::<Kept>(&document.bytes).ok()) else {
            return Ok(None);
        };
        match checked::<T>(shared, &kept.signed, Some(kept.heard_at)).await {
            Ok(content) => {
                shelf.remember(Edition { content: Arc::new(content), heard_at: kept.heard_at });
                Ok(shelf.in_memory())
            }
            Err(error) => {
                tracing::warn!(name = T::NAME, %error, "what is stored does not verify; it is fetched again");
                Ok(None)
            }
        }
    }
}

impl<T> Shelf<T> {
    fn in_memory(&self) -> Option<Arc<Edition<T>>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, edition: Edition<T>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(edition));
    }
}

/// What became of an edition that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Kept,
    /// The store has a later one, by this process or another.
    Older,
}

/// Writes an edition, never over a later one.
fn keep<T: Published>(store: &dyn Store, issued: Timestamp, bytes: &[u8]) -> Result<Keeping, StoreError> {
    loop {
        let before = store.document(Collection::Arrangement, T::NAME)?;
        let expected = before.as_ref().map_or(Expected::Absent, |document| Expected::Version(document.version));
        let kept = before.and_then(|document| serde_json::from_slice::<Kept>(&document.bytes).ok());
        if kept.and_then(|kept| T::read(&kept.signed.record).ok()).is_some_and(|kept| kept.issued() > issued) {
            return Ok(Keeping::Older);
        }
        let put = Change::PutDocument {
            collection: Collection::Arrangement,
            key: T::NAME.to_owned(),
            expected,
            bytes: bytes.to_vec(),
        };
        match store.commit(vec![put]) {
            Ok(_) => return Ok(Keeping::Kept),
            Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The content, if the platform signed it: with a key that is valid now, or was when it came (`at`).
async fn checked<T: Published>(shared: &Shared, signed: &SignedRecord, at: Option<Timestamp>) -> Result<T, Error> {
    verify(shared, T::KIND, signed, at).await?;
    T::read(&signed.record).map_err(Error::malformed_answer)
}

/// Whether the platform signed a record of this kind.
pub(crate) async fn verify(
    shared: &Shared,
    kind: RecordKind,
    signed: &SignedRecord,
    at: Option<Timestamp>,
) -> Result<(), Error> {
    let keyid = &signed.signature.keyid;
    let message = SignedRecord::message(kind, keyid, &signed.record);
    let verified = shared.directory.verify(shared, keyid, at, &message, &signed.signature.value).await;
    verified.map(drop).map_err(|error| not_his_word("the signature does not verify").because(error))
}

/// The error for what the platform did not say, or not now.
pub(crate) fn not_his_word(why: &str) -> Error {
    Error::of(ErrorCode::SignatureAnswerUnsigned).outcome_is(Outcome::NotSent).detail(why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_store::MemoryStore;

    use super::*;

    fn kept(issued: &str) -> (Timestamp, Vec<u8>) {
        let record = format!(r#"{{"issued":"{issued}","years":[]}}"#).into_bytes();
        let issued = WorkingCalendar::parse(&record).unwrap().issued;
        let signature = serde_json::json!({ "keyid": "platform/1", "value": format!("{}==", "A".repeat(86)) });
        let signature = serde_json::from_value(signature).unwrap();
        let kept = Kept { heard_at: issued, signed: SignedRecord { record, signature } };
        (issued, serde_json::to_vec(&kept).unwrap())
    }

    #[test]
    fn an_older_edition_never_takes_the_place_of_a_later_one() {
        let store = MemoryStore::new().unwrap();
        let (first, next) = (kept("2024-11-12T00:00:00+08:00"), kept("2025-11-04T00:00:00+08:00"));
        let stored = || store.document(Collection::Arrangement, WorkingCalendar::NAME).unwrap().unwrap().bytes;
        for (edition, becomes, remains) in [
            (&first, Keeping::Kept, &first),
            (&next, Keeping::Kept, &next),
            (&first, Keeping::Older, &next),
            (&next, Keeping::Kept, &next),
        ] {
            assert_eq!(keep::<WorkingCalendar>(&store, edition.0, &edition.1).unwrap(), becomes);
            assert_eq!(stored(), remains.1);
        }
    }
}
