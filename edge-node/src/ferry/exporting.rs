//! At the node: what waits, written as bundles for the hub.

use std::collections::HashSet;
use std::path::Path;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use sha2::{Digest as _, Sha256};
use tongqiao::{Carrier, Credentials};
use tongqiao_protocol::batch::EventBatch;
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::{KeyDirectory, KeyRecord, PartyId, SignedRecord, Suite};

use super::FerryError;
use super::folder::{self, RECORDS};
use crate::audit::{Audit, Deed, OPERATOR};
use crate::courier::local_now;
use crate::link::Call;
use crate::link::bundle::{self, Address, Holds, Load};
use crate::node::Node;
use crate::{NodeSettings, settings};

/// Bytes of records in one request; each record is at most as large once more.
const BATCH_BYTES: usize = 256 * 1024;
/// Records in one request.
const BATCH_RECORDS: usize = 500;
/// A bundle is closed when it has so many bytes, packed.
const LOAD_BYTES: usize = 16 * 1024 * 1024;
/// Or so many records: the answers to them have to fit into one bundle as well.
const LOAD_RECORDS: usize = 10_000;

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Bundles.
    pub bundles: usize,
    /// Records in them.
    pub records: usize,
    /// Tells this set of records from any other.
    pub fingerprint: [u8; 32],
}

/// Writes all that waits at the node to a folder, and takes the node's earlier bundles of records out of it. Nothing counts as
/// delivered by that. The node may be running.
///
/// # Errors
/// [`FerryError`]. Bundles that were there before are still there then.
pub async fn export(settings: &NodeSettings, into: &Path) -> Result<Exported, FerryError> {
    export_if_changed(settings, into, None).await.map(Option::unwrap_or_default)
}

/// As [`export`], unless just the records wait of which `before` was told.
///
/// # Errors
/// [`FerryError`].
pub async fn export_if_changed(
    settings: &NodeSettings,
    into: &Path,
    before: Option<&Exported>,
) -> Result<Option<Exported>, FerryError> {
    let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
    let (client, _, register) = Node::at_rest(settings, &credentials).await?;
    let exported = export_with(&client.carrier(), &credentials, settings, into, before).await;
    register.close();
    client.close().await;
    exported
}

async fn export_with(
    carrier: &Carrier,
    credentials: &Credentials,
    settings: &NodeSettings,
    into: &Path,
    before: Option<&Exported>,
) -> Result<Option<Exported>, FerryError> {
    if let Some(before) = before
        && fingerprint(carrier).await? == before.fingerprint
    {
        return Ok(None);
    }
    let directory = carrier.directory().await?;
    let to = addressee(directory.as_ref(), &settings.hub_party)?;
    let audit = Audit::of(&settings.data);
    let suite = own_suite(carrier, credentials).await?;
    let writing = Writing { carrier, credentials, to, suite, into, audit };
    let earlier = earlier(into, credentials.party())?;
    let (mut hash, mut done, mut written) = (Sha256::new(), Exported::default(), HashSet::new());
    let (mut load, mut batch, mut size) = (Load::default(), Vec::new(), 0);
    let mut after = Some(0);
    while let Some(place) = after {
        let waiting = carrier.waiting(place).await?;
        after = waiting.next;
        for record in waiting.records {
            hash.update(record.signature.value.as_bytes());
            size += record.record.len();
            batch.push(record);
            if size >= BATCH_BYTES || batch.len() >= BATCH_RECORDS {
                size = 0;
                add(&mut load, std::mem::take(&mut batch));
            }
            if load.size >= LOAD_BYTES || load.count >= LOAD_RECORDS {
                written.insert(writing.close(std::mem::take(&mut load), &mut done)?);
            }
        }
    }
    add(&mut load, batch);
    if load.count > 0 {
        written.insert(writing.close(load, &mut done)?);
    }
    for path in earlier.iter().filter(|path| !written.contains(*path)) {
        folder::remove(path);
    }
    done.fingerprint = hash.finalize().into();
    Ok(Some(done))
}

fn add(load: &mut Load, records: Vec<SignedRecord>) {
    if records.is_empty() {
        return;
    }
    let count = records.len();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Plain values are always written.
    let body = serde_json::to_vec(&EventBatch { events: records }).unwrap_or_default();
    let call = Call::new(Method::POST, "/v1/case-events", &headers, body);
    load.add(call.target(), &call.encode(), count);
}

/// Everything that stays the same from bundle to bundle.
struct Writing<'a> {
    carrier: &'a Carrier,
    credentials: &'a Credentials,
    to: KeyRecord,
    suite: Suite,
    into: &'a Path,
    audit: Audit,
}

impl Writing<'_> {
    fn close(&self, load: Load, done: &mut Exported) -> Result<std::path::PathBuf, FerryError> {
        let count = load.count;
        let from = self.credentials.party();
        let address = Address { from, to: &self.to, holds: Holds::Records, created: local_now() };
        let written = bundle::write(self.carrier, self.suite, &address, load)?;
        let (id, bytes) = written.ok_or_else(|| FerryError::NobodyThere(self.to.party.clone()))?;
        // Noted before it is there: a stick may be pulled out at any moment.
        let noted = self.audit.note(OPERATOR, Deed::FerryWritten, &format!("{id} with {count}"));
        noted.map_err(FerryError::Audit)?;
        done.bundles += 1;
        done.records += count;
        folder::write(self.into, &format!("{from}.{id}{RECORDS}"), &bytes)
    }
}

/// The newest link key of a party that is not revoked. No clock is asked: a box whose battery is dead can still write.
pub(super) fn addressee(directory: Option<&KeyDirectory>, party: &PartyId) -> Result<KeyRecord, FerryError> {
    let keys = directory.map(|directory| directory.keys.as_slice()).unwrap_or_default().iter();
    let usable = keys.filter(|key| key.party == *party && key.key_use == KeyUse::Hop && key.revoked.is_none());
    usable
        .filter(|key| key.public_key.suite() == Suite::International)
        .max_by_key(|key| key.valid_from)
        .cloned()
        .ok_or_else(|| FerryError::NobodyThere(party.clone()))
}

/// The suite of the key that signs bundles here.
pub(super) async fn own_suite(carrier: &Carrier, credentials: &Credentials) -> Result<Suite, FerryError> {
    let key = carrier.key(credentials.author_key_id()).await.found();
    key.map(|key| key.public_key.suite()).ok_or_else(|| FerryError::NobodyThere(credentials.party().clone()))
}

async fn fingerprint(carrier: &Carrier) -> Result<[u8; 32], FerryError> {
    let mut hash = Sha256::new();
    let mut after = Some(0);
    while let Some(place) = after {
        let waiting = carrier.waiting(place).await?;
        waiting.records.iter().for_each(|record| hash.update(record.signature.value.as_bytes()));
        after = waiting.next;
    }
    Ok(hash.finalize().into())
}

fn earlier(into: &Path, party: &PartyId) -> Result<Vec<std::path::PathBuf>, FerryError> {
    let start = format!("{party}.");
    let is_own = |path: &std::path::PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&start))
    };
    Ok(folder::list(into, RECORDS)?.into_iter().filter(is_own).collect())
}
