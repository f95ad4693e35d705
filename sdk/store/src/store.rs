//! The promise that every store makes.

use std::sync::Arc;

use tongqiao_engine::{Change, Collection, Document, Entry, LogPlace, Sequence, StreamKey};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use crate::{Crew, IntegrityReport, PendingQuery, Statistics, StoreError, StoreIdentity, Ticket};

/// What a commit gave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The ordinals of the appended entries, in the order of their changes.
    pub ordinals: Vec<u64>,
    /// The new versions of the written documents, in the order of their changes.
    pub versions: Vec<u64>,
}

/// A durable outbox with a few versioned documents beside it.
///
/// All methods but [`Store::hand_in`] block; call them from a thread that may (`spawn_blocking` in an asynchronous program). A
/// store may be shared by threads, and a [`SqliteStore`](crate::SqliteStore) by processes.
///
/// # Errors
/// Every method may fail with [`Reason::Io`](crate::Reason::Io), [`Reason::Busy`](crate::Reason::Busy) or
/// [`Reason::Corrupt`](crate::Reason::Corrupt); what else can happen stands at the method.
pub trait Store: Send + Sync {
    /// Who writes, and in which life of the store.
    ///
    /// # Errors
    /// See the trait.
    fn identity(&self) -> Result<StoreIdentity, StoreError>;

    /// Begins a new incarnation: after a restore from a backup, or when a virtual machine was cloned.
    ///
    /// Entries of earlier incarnations keep their streams and are still delivered. Case numbers leased before must be
    /// burnt by the caller.
    ///
    /// # Errors
    /// See the trait.
    fn begin_incarnation(&self) -> Result<StoreIdentity, StoreError>;

    /// Applies all changes, in order, or none of them; returns when they are on disk. Concurrent callers share one
    /// synchronisation of the disk.
    ///
    /// What each change does beyond its own description:
    /// * `Append` takes an entry in state `Pending`; its ordinal is given by the store.
    /// * `Settle` writes over `Pending`, `Expired` and `Dead` (a late receipt is still the truth) and changes nothing else.
    /// * `Reschedule`, `Expire` and `Bury` change pending entries only.
    /// * `Reoffer` changes settled and refused entries only; the old receipt is kept until the new one comes, and `not_after`
    ///   goes: what was settled does not expire.
    /// * `Forget` of an unknown id changes nothing.
    ///
    /// # Errors
    /// `SequenceTaken`, `VersionConflict`, `IdTaken`, `EntryUnknown`, `NotReplaceable`, `NotForgettable`,
    /// `InvalidChange`, `Full`; see [`Reason`](crate::Reason). Nothing has changed then, unless the
    /// [outcome](StoreError::outcome) is unknown.
    fn commit(&self, changes: Vec<Change>) -> Result<Committed, StoreError>;

    /// The same for asynchronous code: returns at once, with a future that is ready when [`Store::commit`] would have
    /// returned. Thousands may wait in this way without a thread for each.
    ///
    /// Somebody has to do what blocks: when nobody does so yet, `crew` is given a [`Lead`](crate::Lead), and brings it to a thread
    /// that may block. It also wakes the tasks.
    ///
    /// What becomes of the changes when the ticket is dropped stands [there](Ticket).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tongqiao_engine::{Change, Collection, Expected};
    /// use tongqiao_store::{Crew, Lead, SqliteStore, Store};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let store = SqliteStore::open(directory.path().join("outbox.db"))?;
    /// // In a program on tokio: `handle.spawn_blocking(move || lead.run())`.
    /// let crew: Arc<dyn Crew> = Arc::new(|lead: Lead| drop(std::thread::spawn(move || lead.run())));
    /// let ticket = store.hand_in(
    ///     vec![Change::PutDocument {
    ///         collection: Collection::Checkpoint,
    ///         key: "inbox".to_owned(),
    ///         expected: Expected::Absent,
    ///         bytes: b"17".to_vec(),
    ///     }],
    ///     &crew,
    /// );
    /// # fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     loop {
    /// #         match std::pin::Pin::new(&mut future).poll(&mut context) {
    /// #             std::task::Poll::Ready(output) => return output,
    /// #             std::task::Poll::Pending => std::thread::yield_now(),
    /// #         }
    /// #     }
    /// # }
    /// assert_eq!(block_on(ticket)?.versions, [1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn hand_in(&self, changes: Vec<Change>, crew: &Arc<dyn Crew>) -> Ticket;

    /// The sequence that the next entry of the stream must have.
    ///
    /// # Errors
    /// See the trait.
    fn next_sequence(&self, stream: &StreamKey) -> Result<Sequence, StoreError>;

    /// Entries that may be sent now, by ordinal.
    ///
    /// Left out are entries that are not [due](Entry::is_due), entries behind a refused, dead or expired entry that [holds its
    /// stream](Entry::holds_its_stream), entries behind one that is not due, and entries whose predecessor in the stream has a
    /// higher ordinal (a replacement).
    ///
    /// # Errors
    /// See the trait.
    fn pending(&self, query: &PendingQuery) -> Result<Vec<Entry>, StoreError>;

    /// All entries by ordinal, in pages. A page is short only when there are no more, also where damaged rows were left out.
    ///
    /// # Errors
    /// See the trait.
    fn entries(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Refused, expired and dead entries by ordinal, in pages: what a human has to look at.
    ///
    /// # Errors
    /// See the trait.
    fn needing_attention(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// One entry.
    ///
    /// # Errors
    /// See the trait.
    fn entry(&self, id: &RecordId) -> Result<Option<Entry>, StoreError>;

    /// The signed record exactly as it was accepted.
    ///
    /// # Errors
    /// See the trait; `CorruptRow` when the checksum does not fit.
    fn bytes(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError>;

    /// The receipt of a settled or refused entry, or the problem of a dead one. One that was offered again and died keeps its
    /// earlier receipt, the evidence of what the platform lost.
    ///
    /// # Errors
    /// See the trait; `CorruptRow` when the checksum does not fit.
    fn receipt(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Settled and refused entries whose receipt is of that epoch and stands behind `after`, by position and ordinal. Fewer
    /// than `limit` mean that there are no more, also when damaged rows were left out.
    ///
    /// # Errors
    /// See the trait.
    fn settled_since(&self, epoch: &EpochId, after: LogPlace, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Every epoch of which a receipt is kept: what an epoch book that was lost is made of again.
    ///
    /// # Errors
    /// See the trait.
    fn epochs(&self) -> Result<Vec<EpochId>, StoreError>;

    /// Settled and replaced entries that left `Pending` before that time, oldest first.
    ///
    /// # Errors
    /// See the trait.
    fn due_for_forgetting(&self, before: Timestamp, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// One document.
    ///
    /// # Errors
    /// See the trait.
    fn document(&self, collection: Collection, key: &str) -> Result<Option<Document>, StoreError>;

    /// The documents of a collection whose key begins with `prefix`, by key (bytewise), in pages: `after_key` is the last
    /// key of the page before, or empty.
    ///
    /// # Errors
    /// See the trait.
    fn documents(
        &self,
        collection: Collection,
        prefix: &str,
        after_key: &str,
        limit: u32,
    ) -> Result<Vec<(String, Document)>, StoreError>;

    /// How much is where.
    ///
    /// # Errors
    /// See the trait.
    fn statistics(&self) -> Result<Statistics, StoreError>;

    /// Reads everything once and compares checksums. Takes time in proportion to the store's size.
    ///
    /// # Errors
    /// See the trait; damage is reported, not an error.
    fn check(&self) -> Result<IntegrityReport, StoreError>;
}
