//! The mirrored catalogue: fetched, checked, kept in the store and in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::header::ETAG;
use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{Digest, ErrorCode, RecordKind, SignedRecord, Timestamp};

use super::Item;
use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// The document's key in [`Collection::Catalogue`].
const KEY: &str = "mirror";

/// Which state of the catalogue is mirrored here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The address of the edition: the digest of its bytes.
    pub digest: Digest,
    /// When the platform published it.
    pub published: Timestamp,
    /// When this machine last heard that it is the latest.
    pub fetched_at: Timestamp,
}

/// One edition of the catalogue, as mirrored.
#[derive(Debug)]
pub struct Catalogue {
    edition: Edition,
    items: BTreeMap<(String, u32), Arc<Item>>,
}

impl Catalogue {
    /// Which edition this is, and how old.
    pub const fn edition(&self) -> &Edition {
        &self.edition
    }

    /// All items in the order of code and version.
    pub fn items(&self) -> impl Iterator<Item = &Arc<Item>> {
        self.items.values()
    }

    /// One version of one item.
    pub fn item(&self, code: &str, version: u32) -> Option<&Arc<Item>> {
        self.items.get(&(code.to_owned(), version))
    }

    fn new(edition: Edition, items: impl IntoIterator<Item = Arc<Item>>) -> Self {
        let items = items.into_iter().map(|item| ((item.code.clone(), item.version), item)).collect();
        Self { edition, items }
    }
}

/// The record of `GET /v1/catalogue`.
#[derive(Deserialize)]
struct Snapshot {
    published: Timestamp,
    items: Vec<Item>,
}

/// The record of `GET /v1/catalogue/changes`.
#[derive(Deserialize)]
struct Changes {
    since: Digest,
    snapshot: Digest,
    published: Timestamp,
    changed: Vec<Item>,
    removed: Vec<Removed>,
}

#[derive(Deserialize)]
struct Removed {
    code: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    edition: Edition,
    items: Vec<Arc<Item>>,
}

/// The mirror of one client.
#[derive(Default)]
pub(crate) struct Mirror {
    current: RwLock<Option<Arc<Catalogue>>>,
    refreshing: tokio::sync::Mutex<()>,
}

impl Mirror {
    /// What is mirrored, however old; fetched when there is nothing.
    pub(crate) async fn current_or_fetched(&self, shared: &Shared) -> Result<Arc<Catalogue>, Error> {
        match self.current(shared).await? {
            Some(catalogue) => Ok(catalogue),
            None => self
                .refresh(shared)
                .await
                .map_err(|error| Error::of(ErrorCode::CatalogueNotMirrored).outcome_is(error.outcome()).because(error)),
        }
    }

    pub(crate) async fn current(&self, shared: &Shared) -> Result<Option<Arc<Catalogue>>, Error> {
        if let Some(catalogue) = self.in_memory() {
            return Ok(Some(catalogue));
        }
        let stored = shared.storage.ask(|store| store.document(Collection::Catalogue, KEY)).await?;
        // A mirror that cannot be read is fetched again.
        let stored = stored.and_then(|document| serde_json::from_slice::<Stored>(&document.bytes).ok());
        Ok(stored.map(|stored| self.remember(Catalogue::new(stored.edition, stored.items))))
    }

    /// Asks the platform for what changed since the mirrored edition, or for everything.
    pub(crate) async fn refresh(&self, shared: &Shared) -> Result<Arc<Catalogue>, Error> {
        let _one_at_a_time = self.refreshing.lock().await;
        let next = match self.current(shared).await? {
            None => whole(shared).await?,
            Some(current) => match changes(shared, &current).await {
                // The platform no longer keeps our edition.
                Err(error) if error.code() == ErrorCode::CatalogueUnknownBase => whole(shared).await?,
                other => other?,
            },
        };
        let stored = Stored { edition: next.edition.clone(), items: next.items.values().cloned().collect() };
        let bytes = serde_json::to_vec(&stored).map_err(Error::internal)?;
        let put = Change::PutDocument {
            collection: Collection::Catalogue,
            key: KEY.to_owned(),
            expected: Expected::Any,
            bytes,
        };
        shared.storage.ask(move |store| store.commit(vec![put])).await?;
        Ok(self.remember(next))
    }

    fn in_memory(&self) -> Option<Arc<Catalogue>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, catalogue: Catalogue) -> Arc<Catalogue> {
        let catalogue = Arc::new(catalogue);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&catalogue));
        catalogue
    }
}

async fn whole(shared: &Shared) -> Result<Catalogue, Error> {
    let answer = shared.exchange.ask(Ask::get("/v1/catalogue")).await?;
    let address = answer.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(|tag| tag.trim_matches('"'));
    let (record, digest) = checked(shared, answer.body()).await?;
    if address.is_some_and(|address| address != digest.to_string()) {
        return Err(Error::of(ErrorCode::CatalogueSignatureInvalid).detail("the content is not what its address says"));
    }
    let snapshot = serde_json::from_slice::<Snapshot>(&record).map_err(Error::malformed_answer)?;
    let edition = Edition { digest, published: snapshot.published, fetched_at: shared.clock.local() };
    Ok(Catalogue::new(edition, snapshot.items.into_iter().map(Arc::new)))
}

async fn changes(shared: &Shared, current: &Catalogue) -> Result<Catalogue, Error> {
    let ask = Ask::get("/v1/catalogue/changes").query("since", &current.edition.digest.to_string());
    let answer = shared.exchange.ask(ask).await?;
    let (record, _) = checked(shared, answer.body()).await?;
    let changes = serde_json::from_slice::<Changes>(&record).map_err(Error::malformed_answer)?;
    if changes.since != current.edition.digest {
        return Err(Error::malformed_answer("changes since another edition"));
    }
    let mut items = current.items.clone();
    for removed in changes.removed {
        items.remove(&(removed.code, removed.version));
    }
    for item in changes.changed {
        items.insert((item.code.clone(), item.version), Arc::new(item));
    }
    let edition = Edition { digest: changes.snapshot, published: changes.published, fetched_at: shared.clock.local() };
    Ok(Catalogue { edition, items })
}

/// The record's bytes and digest, if the platform signed it.
async fn checked(shared: &Shared, body: &[u8]) -> Result<(Vec<u8>, Digest), Error> {
    let record = serde_json::from_slice::<SignedRecord>(body).map_err(Error::malformed_answer)?;
    let suite = shared
        .directory
        .check(shared, RecordKind::Catalogue, &record)
        .await
        .map_err(|error| Error::of(ErrorCode::CatalogueSignatureInvalid).because(error))?;
    let digest = record.digest(suite);
    Ok((record.record, digest))
}
