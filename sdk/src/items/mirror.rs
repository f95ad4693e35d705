//! The mirrored catalogue: fetched, checked, kept in the store as it was signed, and in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::header::ETAG;
use serde::{Deserialize, Serialize};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{Digest, ErrorCode, RecordKind, SignedRecord, Timestamp};

use super::Item;
use super::listing::{Agency, Intermediary, Question};
use crate::Error;
use crate::client::Shared;
use crate::exchange::Ask;

/// The key in [`Collection::Catalogue`] of the edition, byte for byte as the platform signed it.
const KEY: &str = "edition";
/// The key of when it was last heard to be the latest; apart, so that hearing so does not write the edition anew.
const HEARD: &str = "heard";

/// Which state of the catalogue is mirrored here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The address of the edition: the digest of its bytes.
    pub digest: Digest,
    /// When the platform published it.
    pub published: Timestamp,
    /// When this machine last heard that it is the latest, by its own clock.
    pub fetched_at: Timestamp,
}

/// One edition of the catalogue, as mirrored.
#[derive(Debug)]
pub struct Catalogue {
    edition: Edition,
    items: Arc<BTreeMap<(String, u32), Arc<Item>>>,
    listing: Arc<Listing>,
}

/// What the edition publishes beside items.
#[derive(Debug, Default, Deserialize)]
struct Listing {
    #[serde(default)]
    agencies: Vec<Agency>,
    #[serde(default)]
    intermediaries: Vec<Intermediary>,
    #[serde(default)]
    questions: Vec<Question>,
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

    /// The agencies that handle items, by code.
    pub fn agencies(&self) -> &[Agency] {
        &self.listing.agencies
    }

    /// The organisations that produce papers which guides ask for, by code.
    pub fn intermediaries(&self) -> &[Intermediary] {
        &self.listing.intermediaries
    }

    /// What people ask, with answers.
    pub fn questions(&self) -> &[Question] {
        &self.listing.questions
    }

    /// The questions that somebody who wants this item would ask.
    pub fn questions_about<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Question> {
        self.questions().iter().filter(|question| question.is_about(item))
    }

    /// Who produces a paper that the item's guide asks for.
    pub fn intermediaries_for<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Intermediary> {
        self.intermediaries().iter().filter(|intermediary| intermediary.serves(item))
    }

    /// The same edition, heard to be the latest.
    fn heard(&self, fetched_at: Timestamp) -> Self {
        let edition = Edition { fetched_at, ..self.edition.clone() };
        Self { edition, items: Arc::clone(&self.items), listing: Arc::clone(&self.listing) }
    }
}

/// The record of `GET /v1/catalogue`.
#[derive(Deserialize)]
struct Snapshot {
    published: Timestamp,
    items: Vec<Item>,
    #[serde(flatten)]
    listing: Listing,
}

/// The record of `GET /v1/catalogue/changes`, as far as it is needed: whether there is a later edition. An edition's
/// address is the digest of its own bytes, so that one put together here from changes could not be checked against it.
#[derive(Deserialize)]
struct Changes {
    since: Digest,
    snapshot: Digest,
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

    /// What is mirrored, however old. The file may have been touched: a stored edition is checked like a fetched one.
    pub(crate) async fn current(&self, shared: &Shared) -> Result<Option<Arc<Catalogue>>, Error> {
        if let Some(catalogue) = self.in_memory() {
            return Ok(Some(catalogue));
        }
        let stored = shared.storage.ask(|store| {
            Ok((store.document(Collection::Catalogue, KEY)?, store.document(Collection::Catalogue, HEARD)?))
        });
        let (Some(edition), heard) = stored.await? else { return Ok(None) };
        let heard = heard.and_then(|document| serde_json::from_slice(&document.bytes).ok());
        let heard = heard.unwrap_or(Timestamp::from_millis(0));
        match read(shared, &edition.bytes, heard, Source::Store).await {
            Ok(catalogue) => Ok(Some(self.remember(catalogue))),
            Err(error) => {
                tracing::warn!(code = error.code().code(), "the stored catalogue does not verify; it is fetched again");
                Ok(None)
            }
        }
    }

    /// Asks the platform whether there is a later edition, and fetches it.
    pub(crate) async fn refresh(&self, shared: &Shared) -> Result<Arc<Catalogue>, Error> {
        let _one_at_a_time = self.refreshing.lock().await;
        let current = self.current(shared).await?;
        let now = shared.clock.local();
        if let Some(current) = &current
            && is_latest(shared, current).await?
        {
            keep(shared, vec![(HEARD, serde_json::to_vec(&now).map_err(Error::internal)?)]).await?;
            return Ok(self.remember(current.heard(now)));
        }
        let answer = shared.exchange.ask(Ask::get("/v1/catalogue")).await?;
        let address = answer.headers().get(ETAG).and_then(|value| value.to_str().ok());
        let address = address.map(|tag| tag.trim_matches('"').to_owned());
        let bytes = answer.into_body();
        let next = read(shared, &bytes, now, Source::Platform).await?;
        let invalid = |words: &str| Error::of(ErrorCode::CatalogueSignatureInvalid).detail(words);
        if address.is_some_and(|address| address != next.edition.digest.to_string()) {
            return Err(invalid("the content is not what its address says"));
        }
        if current.is_some_and(|current| next.edition.published < current.edition.published) {
            return Err(invalid("an older edition was offered in place of the present one"));
        }
        let heard = serde_json::to_vec(&now).map_err(Error::internal)?;
        keep(shared, vec![(KEY, bytes), (HEARD, heard)]).await?;
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

/// Whether the platform, by its signature, has nothing later. An edition that it no longer keeps is not the latest.
async fn is_latest(shared: &Shared, current: &Catalogue) -> Result<bool, Error> {
    let ask = Ask::get("/v1/catalogue/changes").query("since", &current.edition.digest.to_string());
    let answer = match shared.exchange.ask(ask).await {
        Err(error) if error.code() == ErrorCode::CatalogueUnknownBase => return Ok(false),
        other => other?,
    };
    let (record, _) = checked(shared, answer.body(), Source::Platform).await?;
    let changes = serde_json::from_slice::<Changes>(&record).map_err(Error::malformed_answer)?;
    if changes.since != current.edition.digest {
        return Err(Error::malformed_answer("changes since another edition"));
    }
    Ok(changes.snapshot == current.edition.digest)
}

/// Reads a signed edition. Megabytes are parsed where that may take its time.
async fn read(shared: &Shared, body: &[u8], fetched_at: Timestamp, source: Source) -> Result<Catalogue, Error> {
    let (record, digest) = checked(shared, body, source).await?;
    let parsed = tokio::task::spawn_blocking(move || -> Result<Catalogue, serde_json::Error> {
        let snapshot = serde_json::from_slice::<Snapshot>(&record)?;
        let items = snapshot.items.into_iter().map(|item| ((item.code.clone(), item.version), Arc::new(item)));
        let edition = Edition { digest, published: snapshot.published, fetched_at };
        Ok(Catalogue { edition, items: Arc::new(items.collect()), listing: Arc::new(snapshot.listing) })
    });
    parsed.await.map_err(Error::internal)?.map_err(Error::malformed_answer)
}

async fn keep(shared: &Shared, documents: Vec<(&str, Vec<u8>)>) -> Result<(), Error> {
    let put = |(key, bytes): (&str, Vec<u8>)| Change::PutDocument {
        collection: Collection::Catalogue,
        key: key.to_owned(),
        expected: Expected::Any,
        bytes,
    };
    let changes: Vec<_> = documents.into_iter().map(put).collect();
    shared.storage.commit(changes).await.map(drop).map_err(Error::from)
}

/// Where signed bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Just now: the key must be valid now.
    Platform,
    /// Checked when it came. What a key signed while it was valid stays good: the platform may have rotated it since.
    Store,
}

/// When an edition says that it was published.
#[derive(Deserialize)]
struct Published {
    published: Timestamp,
}

/// The record's bytes and digest, if the platform signed it.
async fn checked(shared: &Shared, body: &[u8], source: Source) -> Result<(Vec<u8>, Digest), Error> {
    let record = serde_json::from_slice::<SignedRecord>(body).map_err(Error::malformed_answer)?;
    let at = match source {
        Source::Platform => None,
        Source::Store => {
            Some(serde_json::from_slice::<Published>(&record.record).map_err(Error::malformed_answer)?.published)
        }
    };
    let keyid = &record.signature.keyid;
    let message = SignedRecord::message(RecordKind::Catalogue, keyid, &record.record);
    let suite = shared
        .directory
        .verify(shared, keyid, at, &message, &record.signature.value)
        .await
        .map_err(|error| Error::of(ErrorCode::CatalogueSignatureInvalid).because(error))?;
    let digest = record.digest(suite);
    Ok((record.record, digest))
}
