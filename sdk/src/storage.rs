//! The store, called from asynchronous code.

use std::pin::Pin;
use std::sync::Arc;

use tongqiao_store::{Store, StoreError};

use crate::Error;

/// Work on the store under way.
pub(crate) type Working<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// A store behind the runtime's threads for blocking work: a commit waits for the disk, and must not hold up a reactor.
#[derive(Clone)]
pub(crate) struct Storage(Arc<dyn Store>);

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
