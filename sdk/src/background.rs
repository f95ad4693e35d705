//! Tasks that work for a client as long as it lives.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Shared;

/// Runs a task to its end. One that panics is begun again over what is on disk, like after a crash: a bug must not silence a
/// department until somebody restarts the process.
pub(crate) async fn revive<T>(
    what: &'static str,
    shared: Arc<Shared>,
    pause: Duration,
    begin: impl Fn(Arc<Shared>) -> T + Send,
) where
    T: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(begin(Arc::clone(&shared))).await {
        if !error.is_panic() {
            return;
        }
        tracing::error!(%error, "the {what} ended abnormally and starts again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.closed() => return,
        }
    }
}
