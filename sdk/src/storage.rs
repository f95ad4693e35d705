//! The store, called from asynchronous code.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;
use tongqiao_engine::Change;
use tongqiao_store::{Crew, Lead, Reason, Store, StoreError, Ticket, Wakers};

use crate::Error;

/// How often a change is tried again that another process was faster with.
const TRIES: usize = 16;

/// Does `work` again, looks included, when another writer was faster.
pub(crate) fn repeatedly<T>(mut work: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    for _ in 1..TRIES {
        match work() {
            Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
            other => return other,
        }
    }
    work()
}

/// Work on the store under way.
pub(crate) type Working<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// A store, asked on the runtime's threads for blocking work: the disk must not hold up a reactor. Commits take no thread each:
/// one of those threads commits for all who wait.
#[derive(Clone)]
pub(crate) struct Storage(Arc<dyn Store>);

/// A runtime does for the store's callers what blocks, and wakes them.
struct Runtime {
    handle: Handle,
    home: u64,
}

impl Runtime {
    fn current() -> Self {
        let handle = Handle::current();
        let mut hasher = DefaultHasher::new();
        handle.id().hash(&mut hasher);
        Self { handle, home: hasher.finish() }
    }
}

impl Crew for Runtime {
    fn lead(&self, lead: Lead) {
        // Nobody waits for the thread itself, only for what it commits.
        drop(self.handle.spawn_blocking(move || lead.run()));
    }

    fn wake(&self, tasks: Wakers) {
        // From inside, a runtime needs no system call for each task.
        drop(self.handle.spawn(async move { drop(tasks) }));
    }

    fn home(&self) -> u64 {
        self.home
    }
}

impl Storage {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Runs `work` where it may block. The future is boxed so that the closure's type does not become a part of every
    /// caller's future: closures over `&dyn Store` make the compiler doubt that those are `Send` for every lifetime.
    pub(crate) fn run<T, F>(&self, work: F) -> Working<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || work(store.as_ref()));
        Box::pin(async move {
            match task.await {
                Ok(result) => result,
                // The work itself does not panic, and blocking tasks are not cancelled once they run; a runtime that
                // shuts down is the only other reason, and then nobody is left to hear of it.
                Err(join) => match join.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => std::future::pending().await,
                },
            }
        })
    }

    /// Commits, as [`Store::commit`] does.
    pub(crate) fn commit(&self, changes: Vec<Change>) -> Ticket {
        let crew: Arc<dyn Crew> = Arc::new(Runtime::current());
        self.0.hand_in(changes, &crew)
    }

    /// [`Self::run`], with the library's error.
    pub(crate) fn ask<T, F>(&self, work: F) -> Working<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let run = self.run(work);
        Box::pin(async move { run.await.map_err(Error::from) })
    }
}
