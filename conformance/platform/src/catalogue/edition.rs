//! Editions: published states of the whole catalogue, each signed and found by the digest of its bytes.

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{Digest, RecordKind, SignatureValue, SignedRecord, Suite, Timestamp};

use super::item::Item;
use super::listing::{Agency, Intermediary, Question};
use super::tables::{self, Tables};
use super::{CatalogueError, assembly, listing};
use crate::database::DatabaseError;
use crate::keys::PlatformKeys;

/// How many editions are kept; whoever holds an older one fetches the whole snapshot again.
pub(crate) const EDITIONS_KEPT: i64 = 16;

/// The record that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) published: Timestamp,
    /// Ordered by code and version, each once.
    pub(crate) items: Vec<Item>,
    /// By code.
    #[serde(default)]
    pub(crate) agencies: Vec<Agency>,
    /// By code.
    #[serde(default)]
    pub(crate) intermediaries: Vec<Intermediary>,
    #[serde(default)]
    pub(crate) questions: Vec<Question>,
}

/// A published edition.
#[derive(Debug, Clone)]
pub(crate) struct Edition {
    pub(crate) digest: Digest,
    pub(crate) published: Timestamp,
    pub(crate) record: SignedRecord,
    seed: String,
}

impl Edition {
    /// The items of the edition.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, CatalogueError> {
        serde_json::from_slice(&self.record.record)
            .map_err(|_| CatalogueError::Database(DatabaseError::Corrupt("catalogue edition")))
    }
}

/// Publishes what is compiled in, unless the latest edition already descends from it.
pub(crate) fn ensure(
    connection: &Connection,
    keys: &PlatformKeys,
    suite: Suite,
    now: Timestamp,
) -> Result<(), CatalogueError> {
    let seed = tables::seed();
    match latest(connection)? {
        Some(edition) if edition.seed == seed && edition.digest.suite() == suite => Ok(()),
        _ => {
            let tables = Tables::embedded()?;
            let snapshot = Snapshot {
                published: now,
                items: assembly::items(&tables)?,
                agencies: listing::agencies(&tables),
                intermediaries: listing::intermediaries(&tables)?,
                questions: listing::questions(&tables)?,
            };
            publish(connection, keys, suite, &snapshot, &seed).map(drop)
        }
    }
}

/// Publishes `items` as the next edition of the same descent.
pub(crate) fn succeed(
    connection: &Connection,
    keys: &PlatformKeys,
    former: &Edition,
    snapshot: &Snapshot,
) -> Result<Edition, CatalogueError> {
    publish(connection, keys, former.digest.suite(), snapshot, &former.seed)
}

fn publish(
    connection: &Connection,
    keys: &PlatformKeys,
    suite: Suite,
    snapshot: &Snapshot,
    seed: &str,
) -> Result<Edition, CatalogueError> {
    let bytes = serde_json::to_vec(snapshot).map_err(|error| CatalogueError::Internal(error.to_string()))?;
    let digest = Digest::of(suite, &bytes);
    let record = keys
        .sign_record(suite, RecordKind::Catalogue, bytes)
        .map_err(|error| CatalogueError::Internal(error.to_string()))?;
    connection
        .execute(
            "INSERT INTO catalogue_edition (digest, published, seed, record, keyid, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                digest.to_string(),
                snapshot.published.as_millis(),
                seed,
                &record.record,
                record.signature.keyid.as_str(),
                record.signature.value.as_bytes(),
            ),
        )
        .map_err(DatabaseError::from)?;
    let oldest_kept = connection.last_insert_rowid() - EDITIONS_KEPT + 1;
    connection
        .execute("DELETE FROM catalogue_edition WHERE number < ?1", [oldest_kept])
        .map_err(DatabaseError::from)?;
    Ok(Edition { digest, published: snapshot.published, record, seed: seed.to_owned() })
}

/// The digest of the latest edition, cheaply: the record itself is not read.
pub(crate) fn latest_digest(connection: &Connection) -> Result<Option<String>, DatabaseError> {
    let sql = "SELECT digest FROM catalogue_edition ORDER BY number DESC LIMIT 1";
    Ok(connection.query_row(sql, [], |row| row.get(0)).optional()?)
}

/// The latest edition.
pub(crate) fn latest(connection: &Connection) -> Result<Option<Edition>, DatabaseError> {
    find(connection, "ORDER BY number DESC LIMIT 1", [])
}

/// The edition with this digest, if it is still kept.
pub(crate) fn with_digest(connection: &Connection, digest: &str) -> Result<Option<Edition>, DatabaseError> {
    find(connection, "WHERE digest = ?1 ORDER BY number DESC LIMIT 1", [digest])
}

fn find(connection: &Connection, which: &str, params: impl rusqlite::Params) -> Result<Option<Edition>, DatabaseError> {
    let columns = "SELECT digest, published, seed, record, keyid, signature FROM catalogue_edition";
    let row = connection
        .query_row(&format!("{columns} {which}"), params, |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Vec<u8>>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, [u8; 64]>(5)?,
            ))
        })
        .optional()?;
    let Some((digest, published, seed, record, keyid, signature)) = row else { return Ok(None) };
    let signature = RecordSignature {
        keyid: keyid.parse().map_err(|_| DatabaseError::Corrupt("key id"))?,
        value: SignatureValue::from_bytes(signature),
    };
    Ok(Some(Edition {
        digest: digest.parse().map_err(|_| DatabaseError::Corrupt("digest"))?,
        published: Timestamp::from_millis(published),
        record: SignedRecord { record, signature },
        seed,
    }))
}
