//! Our store, with any number of callers.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Lane, Sequence, StreamKey, SubjectId};
use tongqiao_protocol::{Digest, RecordId, Suite, Timestamp};
use tongqiao_store::{SqliteStore, Store, StoreIdentity};

use super::disk::Disk;
use super::{RECORD_BYTES, median};

pub(crate) struct Ours {
    store: SqliteStore,
    identity: StoreIdentity,
    digest: Digest,
    records: AtomicU64,
}

pub(crate) struct Measured {
    pub(crate) rate: f64,
    pub(crate) records_per_sync: f64,
}

impl Ours {
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
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

    /// The medians, in microseconds, of one `fdatasync` and of one commit of a single caller, taken in turns.
    pub(crate) fn alone_beside(&self, disk: &mut Disk, time: Duration) -> Result<(f64, f64), Box<dyn Error>> {
        let (mut syncs, mut commits) = (Vec::new(), Vec::new());
        let began = Instant::now();
        while began.elapsed() < time {
            syncs.push(disk.append_and_wait()?.as_secs_f64() * 1e6);
            let change = self.next_change();
            let started = Instant::now();
            self.store.commit(vec![change])?;
            commits.push(started.elapsed().as_secs_f64() * 1e6);
        }
        Ok((median(&mut syncs), median(&mut commits)))
    }

    pub(crate) fn records_per_second(&self, callers: usize, time: Duration) -> Result<Measured, Box<dyn Error>> {
        let (stop, failed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (first, syncs) = (self.records.load(Ordering::Relaxed), self.store.synchronisations());
        let began = Instant::now();
        thread::scope(|scope| {
            for _ in 0..callers {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        if self.store.commit(vec![self.next_change()]).is_err() {
                            failed.store(true, Ordering::Relaxed);
                            return;
                        }
                        // Nobody sleeps until the end: the callers themselves look at the clock.
                        if began.elapsed() >= time {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        if failed.into_inner() {
            return Err("a commit failed".into());
        }
        let records = (self.records.load(Ordering::Relaxed) - first) as f64;
        let syncs = (self.store.synchronisations() - syncs).max(1) as f64;
        Ok(Measured { rate: records / began.elapsed().as_secs_f64(), records_per_sync: records / syncs })
    }

    /// Commits that many records and gives the number of commits that the store has counted.
    pub(crate) fn commit_exactly(&self, callers: usize, records: u32) -> Result<u64, Box<dyn Error>> {
        let (left, failed) = (AtomicU32::new(records), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..callers {
                scope.spawn(|| {
                    let take = |left: u32| left.checked_sub(1);
                    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                        if self.store.commit(vec![self.next_change()]).is_err() {
                            failed.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        if failed.into_inner() { Err("a commit failed".into()) } else { Ok(self.store.synchronisations()) }
    }
}
