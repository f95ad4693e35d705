//! Our store, with any number of callers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Lane, Sequence, StreamKey, SubjectId};
use tongqiao_protocol::{Digest, RecordId, Suite, Timestamp};
use tongqiao_store::{Crew, Lead, SqliteStore, Store, StoreIdentity, Wakers};

use super::disk::Disk;
use super::load::{Acts, Load, Tasks, Trouble, Until, drive};
use super::{RAW_ROWS, RECORD_BYTES, median};

pub(crate) struct Ours {
    store: SqliteStore,
    identity: StoreIdentity,
    digest: Digest,
    records: AtomicU64,
}

pub(crate) struct Measured {
    pub(crate) load: Load,
    /// As the store counts.
    pub(crate) commits: u64,
}

impl Ours {
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        let store = SqliteStore::open(path)?;
        let identity = store.identity()?;
        let digest = Digest::of(Suite::International, &[b'x'; RECORD_BYTES]);
        Ok(Self { store, identity, digest, records: AtomicU64::new(0) })
    }

    pub(crate) fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// The first event of a new case.
    pub(crate) fn next_change(&self) -> Change {
        let number = self.records.fetch_add(1, Ordering::Relaxed) + 1;
        let id = RecordId::from_bytes(u128::from(number).to_be_bytes());
        let now = Timestamp::from_millis(1_790_000_000_000);
        let entry = Entry {
            id,
            kind: EntryKind::CaseEvent,
            lane: Lane::Case,
            stream: StreamKey {
                producer: self.identity.producer,
                incarnation: self.identity.incarnation,
                subject: SubjectId::from_bytes(*id.as_bytes()),
            },
            sequence: Sequence::FIRST,
            ordinal: 0,
            digest: self.digest,
            size_bytes: RECORD_BYTES as u32,
            accepted_at: now,
            state: EntryState::Pending,
            attempts: 0,
            next_attempt_at: now,
            not_after: None,
            replaces: None,
            terminal_at: None,
        };
        Change::Append { entry, bytes: vec![b'x'; RECORD_BYTES] }
    }

    /// The medians, in microseconds, of one `fdatasync` behind an append, one behind an overwrite, and one commit of a single
    /// caller, taken in turns.
    pub(crate) fn alone_beside(&self, disk: &mut Disk, time: Duration) -> Result<[f64; 3], Trouble> {
        let mut micros: [Vec<f64>; 3] = Default::default();
        let began = Instant::now();
        while began.elapsed() < time {
            micros[0].push(disk.append_and_wait()?.as_secs_f64() * 1e6);
            micros[1].push(disk.overwrite_and_wait()?.as_secs_f64() * 1e6);
            let change = self.next_change();
            let started = Instant::now();
            self.store.commit(vec![change])?;
            micros[2].push(started.elapsed().as_secs_f64() * 1e6);
        }
        Ok(micros.map(|mut micros| median(&mut micros)))
    }

    /// Callers that are threads.
    pub(crate) fn commit(&self, callers: usize, until: Until) -> Result<Measured, Trouble> {
        let before = self.store.synchronisations();
        let load = drive(callers, until, || {
            Ok(|| {
                self.store.commit(vec![self.next_change()])?;
                Ok(())
            })
        })?;
        Ok(Measured { load, commits: self.store.synchronisations() - before })
    }

    /// Callers that are tasks, as those of the SDK are.
    pub(crate) fn hand_in(self: &Arc<Self>, tasks: &Tasks, callers: usize, until: Until) -> Result<Measured, Trouble> {
        let before = self.store.synchronisations();
        let crew = crew(tasks);
        let load = tasks.drive(callers, until, || Ok(Task { ours: Arc::clone(self), crew: Arc::clone(&crew) }))?;
        Ok(Measured { load, commits: self.store.synchronisations() - before })
    }

    /// One thread that has as many records in one group as raw SQLite has rows: what is left when nobody shares anything.
    pub(crate) fn records_per_second(&self, time: Duration) -> Result<f64, Trouble> {
        let (began, mut records) = (Instant::now(), 0);
        while began.elapsed() < time {
            self.store.commit((0..RAW_ROWS).map(|_| self.next_change()).collect())?;
            records += RAW_ROWS;
        }
        Ok(records as f64 / began.elapsed().as_secs_f64())
    }
}

struct Task {
    ours: Arc<Ours>,
    crew: Arc<dyn Crew>,
}

impl Acts for Task {
    async fn act(&mut self) -> Result<(), Trouble> {
        self.ours.store.hand_in(vec![self.ours.next_change()], &self.crew).await?;
        Ok(())
    }
}

/// What the SDK gives its store.
struct Runtime(Handle);

impl Crew for Runtime {
    fn lead(&self, lead: Lead) {
        drop(self.0.spawn_blocking(move || lead.run()));
    }

    fn wake(&self, tasks: Wakers) {
        drop(self.0.spawn(async move { drop(tasks) }));
    }
}

pub(crate) fn crew(tasks: &Tasks) -> Arc<dyn Crew> {
    Arc::new(Runtime(tasks.handle().clone()))
}
