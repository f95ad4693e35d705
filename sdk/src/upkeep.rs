//! What is done now and then: keys, catalogue and numbers are kept fresh, what need not be kept is forgotten.

use std::sync::Arc;
use std::time::Duration;

use tongqiao_engine::Change;

use crate::background::revive;
use crate::client::Shared;
use crate::{Error, cases, materials, payments, witness};

/// How often, when nothing special is wanted.
const ROUND: Duration = Duration::from_secs(300);
/// Records forgotten in one commit.
const FORGOTTEN_AT_ONCE: u32 = 500;

/// After a panic, so long until the next round.
const REVIVAL: Duration = Duration::from_secs(5);

/// Keeps things fresh until the client is closed, also after a panic.
pub(crate) async fn keep_up(shared: Arc<Shared>) {
    revive("upkeep", shared, REVIVAL, go_round).await;
}

async fn go_round(shared: Arc<Shared>) {
    let mut failures = 0;
    let mut catalogue_due = tokio::time::Instant::now();
    loop {
        let refresh_catalogue = tokio::time::Instant::now() >= catalogue_due;
        let done = tokio::select! {
            biased;
            // Whatever is under way can be dropped: it is done again in the next round, or by the next process.
            () = shared.closed() => return,
            done = round(&shared, refresh_catalogue.then_some(WithCatalogue)) => done,
        };
        let pause = match done {
            Ok(()) => {
                failures = 0;
                if refresh_catalogue {
                    catalogue_due = tokio::time::Instant::now() + ROUND;
                }
                ROUND
            }
            Err(error) => {
                failures += 1;
                shared.pause_after(failures, error.retry_after_ms())
            }
        };
        tokio::select! {
            () = shared.closed() => return,
            () = tokio::time::sleep(pause) => {}
            // While the platform cannot or does not want to, wanting more is no reason to come earlier.
            () = shared.upkeep.notified(), if failures == 0 => {}
        }
    }
}

/// Numbers may be wanted often; the catalogue is asked for at its own pace.
struct WithCatalogue;

/// Does everything that is due. No step waits for the success of another: a division for which there are no numbers says
/// nothing about the catalogue. Of several failures the one that asks for the longest pause is given.
async fn round(shared: &Shared, with_catalogue: Option<WithCatalogue>) -> Result<(), Error> {
    let mut steps = Vec::new();
    if with_catalogue.is_some() {
        // First, because it brings the platform's signed time. One that is not believed stops nothing of the rest, which the
        // keys in use verify.
        let directory = shared.directory.refresh(shared).await;
        if let Err(error) = &directory {
            tracing::warn!(%error, "the key directory was not renewed; the former one stays in use");
        }
        steps.push(("directory", directory));
    }
    steps.push(("fences", payments::renew_fences(shared).await));
    steps.push(("numbers", shared.numbers.top_up(shared).await));
    steps.push(("numbers passed on", cases::tell_parts(shared).await));
    if with_catalogue.is_some() {
        steps.push(("log", witness::keep_watch(shared).await));
        steps.push(("catalogue", shared.mirror.refresh(shared).await.map(|_| ())));
        steps.push(("calendar and rules", shared.arrangement.keep_fresh(shared).await));
    }
    steps.push(("forgetting", forget(shared).await));
    let failed = steps.into_iter().filter_map(|(step, done)| Some((step, done.err()?)));
    let failed = failed.inspect(|(step, error)| {
        tracing::debug!(step, code = error.code().code(), "a part of the upkeep has to wait");
    });
    match failed.map(|(_, error)| error).max_by_key(Error::retry_after) {
        Some(error) => Err(error),
        None => Ok(()),
    }
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
                let mut changes = cases::noted_before_forgetting(store, &due)?;
                changes.extend(due.into_iter().map(|entry| Change::Forget { id: entry.id }));
                store.commit(changes)?;
            }
        })
        .await?;
    materials::forget_copies(shared, before).await
}
