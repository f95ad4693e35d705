//! One writer at a time per case, within this process. Between processes the store's versions decide.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;
use tongqiao_protocol::CaseId;

type Lock = tokio::sync::Mutex<()>;

/// The cases that somebody is writing to now.
#[derive(Default)]
pub(crate) struct CaseLocks {
    held: Mutex<HashMap<CaseId, Weak<Lock>>>,
}

impl CaseLocks {
    /// Waits for the case's turn.
    pub(super) async fn turn(&self, case: CaseId) -> OwnedMutexGuard<()> {
        self.lock_of(case).lock_owned().await
    }

    fn lock_of(&self, case: CaseId) -> Arc<Lock> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.get(&case).and_then(Weak::upgrade) {
            return lock;
        }
        held.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(Lock::default());
        held.insert(case, Arc::downgrade(&lock));
        lock
    }
}
