//! What is done now and then: keys, catalogue and numbers are kept fresh, what need not be kept is forgotten.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tongqiao_engine::Change;

use crate::Error;
use crate::client::Shared;

/// How often, when nothing special is wanted.
const ROUND: Duration = Duration::from_secs(300);
/// How often while the platform is out of reach and something is missing.
const ROUND_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Records forgotten in one commit.
const FORGOTTEN_AT_ONCE: u32 = 500;

/// Keeps things fresh until told to stop.
pub(crate) async fn keep_up(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut catalogue_due = tokio::time::Instant::now();
    while !*stop.borrow() {
        let refresh_catalogue = tokio::time::Instant::now() >= catalogue_due;
        let round = match round(&shared, refresh_catalogue.then_some(WithCatalogue)).await {
            Ok(()) => {
                if refresh_catalogue {
                    catalogue_due = tokio::time::Instant::now() + ROUND;
                }
                ROUND
            }
            Err(error) => {
                tracing::debug!(code = error.code().code(), "the upkeep has to wait");
                ROUND_AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(round) => {}
            () = shared.upkeep.notified() => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// Numbers may be wanted often; the catalogue is asked for at its own pace.
struct WithCatalogue;

async fn round(shared: &Shared, with_catalogue: Option<WithCatalogue>) -> Result<(), Error> {
    if with_catalogue.is_none() {
        shared.numbers.top_up(shared).await?;
        return forget(shared).await;
    }
    // First, because it brings the platform's signed time. A directory that is not believed must not stop the rest, which
    // the keys in use verify.
    let directory = shared.directory.refresh(shared).await;
    if let Err(error) = &directory {
        tracing::warn!(%error, "the key directory was not renewed; the former one stays in use");
    }
    shared.numbers.top_up(shared).await?;
    shared.mirror.refresh(shared).await?;
    directory?;
    forget(shared).await
}

/// Settled records go when their retention is over. Both ends of it are the platform's: the receipt's time, and the present as
/// the platform told it lately. A machine whose battery is dead settles in 1970, and must not forget it when it hears the time.
async fn forget(shared: &Shared) -> Result<(), Error> {
    if !shared.clock.is_attested() {
        return Ok(());
    }
    let before = shared.retention.limit(shared.clock.now());
    shared
        .storage
        .ask(move |store| {
            loop {
                let due = store.due_for_forgetting(before, FORGOTTEN_AT_ONCE)?;
                if due.is_empty() {
                    return Ok(());
                }
                store.commit(due.into_iter().map(|entry| Change::Forget { id: entry.id }).collect())?;
            }
        })
        .await
}
