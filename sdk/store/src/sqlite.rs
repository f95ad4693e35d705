//! The store on one SQLite file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::params;
use tongqiao_engine::{Change, Collection, Document, Entry, LogPlace, Sequence, StreamKey};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use crate::{
    Committed, Crew, IntegrityReport, PendingQuery, Reason, Statistics, Store, StoreError, StoreIdentity, Ticket,
};

mod append;
mod apply;
mod check;
mod failure;
mod group_commit;
mod mark;
mod migrate;
mod open;
mod prepared;
mod reading;
mod row;
mod salvage;
#[cfg(test)]
mod tests;
mod writer;

use group_commit::GroupCommit;
use mark::Mark;
use prepared::Group;
use reading::Readers;
pub use salvage::SalvageReport;
use writer::Writer;

/// What can be chosen about a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// New work is refused with `store.full` when the data takes this many bytes; `None` for no limit but the disk's.
    /// Receipts and other changes to accepted work still go through, so the limit must stay below the space there is.
    pub limit_bytes: Option<u64>,
}

impl SqliteOptions {
    /// Refuses new work when the data takes `bytes`.
    #[must_use]
    pub const fn limit_bytes(mut self, bytes: u64) -> Self {
        self.limit_bytes = Some(bytes);
        self
    }
}

/// A store on one SQLite file (and the two that SQLite keeps beside it, `-wal` and `-shm`, and our `-mark`).
///
/// Several values, in one process or in several on the same machine, may share a file; not over a network drive.
///
/// ```
/// use tongqiao_engine::{Change, Collection, Expected};
/// use tongqiao_store::{SqliteStore, Store};
///
/// let directory = tempfile::tempdir()?;
/// let store = SqliteStore::open(directory.path().join("outbox.db"))?;
/// store.commit(vec![Change::PutDocument {
///     collection: Collection::Checkpoint,
///     key: "inbox".to_owned(),
///     expected: Expected::Absent,
///     bytes: b"17".to_vec(),
/// }])?;
/// assert_eq!(store.document(Collection::Checkpoint, "inbox")?.map(|document| document.version), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    commits: Arc<GroupCommit>,
    readers: Readers,
}

impl SqliteStore {
    /// Opens the file, makes it when there is none, and brings it up to date.
    ///
    /// When the file is a copy (another inode than it was written for), or was set back (it has not come as far as the mark
    /// beside it says), a new incarnation begins.
    ///
    /// # Errors
    /// [`Reason::NotAStore`] for another program's database, [`Reason::NewerSchema`] for the file of a newer version,
    /// [`Reason::Corrupt`] when it cannot be read at all (see [`SqliteStore::salvage`]).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Like [`SqliteStore::open`], with choices.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let (connection, _) = open::writer(&path)?;
        let SqliteOptions { limit_bytes } = options;
        let writer = Writer {
            connection,
            mark: Mark::open(&path),
            path: path.clone(),
            limit_bytes,
            is_damaged: false,
            commits: 0,
            #[cfg(test)]
            transactions_to_death: 0,
        };
        Ok(Self { commits: GroupCommit::new(writer), readers: Readers::new(path) })
    }

    /// How often this value has synchronised the disk for a commit (checkpoints of the log not counted).
    pub fn synchronisations(&self) -> u64 {
        self.commits.writer().commits
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn identity(&self) -> Result<StoreIdentity, StoreError> {
        let found = self.readers.read(open::read_identity)?;
        found.map(|(identity, _)| identity).ok_or_else(|| StoreError::new(Reason::Corrupt))
    }

    fn begin_incarnation(&self) -> Result<StoreIdentity, StoreError> {
        let mut writer = self.commits.writer();
        let path = writer.path.clone();
        open::renew_incarnation(&mut writer.connection, &path)
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Committed, StoreError> {
        self.commits.commit(Group::prepare(changes)?)
    }

    fn hand_in(&self, changes: Vec<Change>, crew: &Arc<dyn Crew>) -> Ticket {
        match Group::prepare(changes) {
            Ok(group) => self.commits.hand_in(group, crew),
            Err(error) => Ticket::known(Err(error)),
        }
    }

    fn next_sequence(&self, stream: &StreamKey) -> Result<Sequence, StoreError> {
        self.readers.read(|connection| match append::find_owner(connection, stream)? {
            Some(owner) => append::next_sequence(connection, owner, stream.subject.as_bytes()),
            None => Ok(Sequence::FIRST),
        })
    }

    fn pending(&self, query: &PendingQuery) -> Result<Vec<Entry>, StoreError> {
        self.readers.read(|connection| reading::pending(connection, query))
    }

    fn entries(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.readers.read(|connection| reading::entries(connection, reading::ALL, [after_ordinal.cast_signed()], limit))
    }

    fn needing_attention(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let values = [after_ordinal.cast_signed()];
        self.readers.read(|connection| reading::entries(connection, reading::NEEDING_ATTENTION, values, limit))
    }

    fn entry(&self, id: &RecordId) -> Result<Option<Entry>, StoreError> {
        self.readers.read(|connection| reading::entry(connection, id))
    }

    fn bytes(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        let query = "SELECT bytes, bytes_seal FROM entry WHERE id = ?1";
        self.readers.read(|connection| reading::sealed(connection, query, id))
    }

    fn receipt(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        let query = "SELECT r.bytes, r.seal FROM entry e JOIN receipt r ON r.ordinal = e.ordinal WHERE e.id = ?1";
        self.readers.read(|connection| reading::sealed(connection, query, id))
    }

    fn settled_since(&self, epoch: &EpochId, after: LogPlace, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let column = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let values = params![epoch.as_bytes(), column(after.position), column(after.ordinal)];
        self.readers.read(|connection| reading::entries(connection, reading::SETTLED_SINCE, values, limit))
    }

    fn epochs(&self) -> Result<Vec<EpochId>, StoreError> {
        self.readers.read(reading::epochs)
    }

    fn due_for_forgetting(&self, before: Timestamp, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let values = [before.as_millis()];
        self.readers.read(|connection| reading::entries(connection, reading::DUE_FOR_FORGETTING, values, limit))
    }

    fn document(&self, collection: Collection, key: &str) -> Result<Option<Document>, StoreError> {
        self.readers.read(|connection| reading::document(connection, collection, key))
    }

    fn documents(
        &self,
        collection: Collection,
        prefix: &str,
        after_key: &str,
        limit: u32,
    ) -> Result<Vec<(String, Document)>, StoreError> {
        self.readers.read(|connection| reading::documents(connection, collection, prefix, after_key, limit))
    }

    fn statistics(&self) -> Result<Statistics, StoreError> {
        self.readers.read(reading::statistics)
    }

    fn check(&self) -> Result<IntegrityReport, StoreError> {
        self.readers.read(check::check)
    }
}
