//! Our store, with any number of callers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Lane, Sequence, StreamKey, SubjectId};
use tongqiao_protocol::{Digest, RecordId, Suite, Timestamp};
use tongqiao_store::{SqliteStore, Store, StoreIdentity};

use super::disk::Disk;
use super::load::{Load, Trouble, Until, drive};
use super::{RECORD_BYTES, median};

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
}
