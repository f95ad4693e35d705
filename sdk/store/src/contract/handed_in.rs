//! A store whose commits are handed in, as tasks do it: it must keep the same contract.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tongqiao_engine::{Change, Collection, Document, Entry, LogPlace, Sequence, StreamKey};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use crate::{
    Committed, Crew, IntegrityReport, Lead, PendingQuery, Statistics, Store, StoreError, StoreIdentity, Ticket,
};

/// Asks another store, and hands in what is to be committed.
#[derive(Debug)]
pub struct HandedIn<S>(pub S);

/// A crew that has a new thread for each lead.
pub fn crew() -> Arc<dyn Crew> {
    Arc::new(|lead: Lead| drop(thread::spawn(move || lead.run())))
}

/// Waits for a ticket on this thread.
pub fn wait(ticket: Ticket) -> Result<Committed, StoreError> {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut ticket = std::pin::pin!(ticket);
    loop {
        match ticket.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park(),
        }
    }
}

impl<S: Store> Store for HandedIn<S> {
    fn identity(&self) -> Result<StoreIdentity, StoreError> {
        self.0.identity()
    }

    fn begin_incarnation(&self) -> Result<StoreIdentity, StoreError> {
        self.0.begin_incarnation()
    }

    fn commit(&self, changes: Vec<Change>) -> Result<Committed, StoreError> {
        wait(self.0.hand_in(changes, &crew()))
    }

    fn hand_in(&self, changes: Vec<Change>, crew: &Arc<dyn Crew>) -> Ticket {
        self.0.hand_in(changes, crew)
    }

    fn next_sequence(&self, stream: &StreamKey) -> Result<Sequence, StoreError> {
        self.0.next_sequence(stream)
    }

    fn pending(&self, query: &PendingQuery) -> Result<Vec<Entry>, StoreError> {
        self.0.pending(query)
    }

    fn entries(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.0.entries(after_ordinal, limit)
    }

    fn needing_attention(&self, after_ordinal: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.0.needing_attention(after_ordinal, limit)
    }

    fn entry(&self, id: &RecordId) -> Result<Option<Entry>, StoreError> {
        self.0.entry(id)
    }

    fn bytes(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.bytes(id)
    }

    fn receipt(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.receipt(id)
    }

    fn settled_since(&self, epoch: &EpochId, after: LogPlace, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.0.settled_since(epoch, after, limit)
    }

    fn epochs(&self) -> Result<Vec<EpochId>, StoreError> {
        self.0.epochs()
    }

    fn due_for_forgetting(&self, before: Timestamp, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.0.due_for_forgetting(before, limit)
    }

    fn document(&self, collection: Collection, key: &str) -> Result<Option<Document>, StoreError> {
        self.0.document(collection, key)
    }

    fn documents(
        &self,
        collection: Collection,
        prefix: &str,
        after_key: &str,
        limit: u32,
    ) -> Result<Vec<(String, Document)>, StoreError> {
        self.0.documents(collection, prefix, after_key, limit)
    }

    fn statistics(&self) -> Result<Statistics, StoreError> {
        self.0.statistics()
    }

    fn check(&self) -> Result<IntegrityReport, StoreError> {
        self.0.check()
    }
}
