//! The worker that brings entries, as long as the platform runs. What it knows is in the database: started again, it goes on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::post;
use super::row::{self, Webhook};
use crate::app::AppState;

/// How many addressees are called at once.
const AT_ONCE: usize = 32;
/// How often is looked whether a pause is over, beside every commit.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Brings entries until `stopping` ends. A slow addressee holds up nobody else: each is called apart.
pub(crate) async fn work(app: AppState, mut stopping: watch::Receiver<()>) {
    let (busy, room) = (Busy::default(), Arc::new(Semaphore::new(AT_ONCE)));
    let mut committed = app.database.committed();
    loop {
        let now = app.clock.now();
        match app.database.read(move |connection| row::due(connection, now)).await {
            Ok(due) => due.into_iter().for_each(|webhook| call(&app, &busy, &room, webhook)),
            Err(error) => tracing::warn!(%error, "webhooks cannot be read"),
        }
        tokio::select! {
            _ = stopping.changed() => return,
            _ = committed.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Who is being called.
#[derive(Debug, Clone, Default)]
struct Busy(Arc<Mutex<HashSet<String>>>);

impl Busy {
    fn begin(&self, party: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(party.to_owned())
    }

    fn end(&self, party: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(party);
    }
}

fn call(app: &AppState, busy: &Busy, room: &Arc<Semaphore>, webhook: Webhook) {
    if !busy.begin(&webhook.party) {
        return;
    }
    let (app, busy, room) = (app.clone(), busy.clone(), Arc::clone(room));
    tokio::spawn(async move {
        if let Ok(_permit) = room.acquire().await
            && let Some(attempt) = post::bring(&app, &webhook).await
        {
            let (now, noted) = (app.clock.now(), webhook.clone());
            let noted = app.database.write(move |connection| row::note(connection, &noted, &attempt, now)).await;
            if let Err(error) = noted {
                // Said again later: the addressee knows what it has heard.
                tracing::warn!(%error, "an attempt of a webhook could not be noted");
            }
        }
        busy.end(&webhook.party);
    });
}
