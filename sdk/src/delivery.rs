//! The one retry loop: runs the engine's delivery machine over store, transport, clock and sleep.
//!
//! Any number of processes may share a store; the one that holds the delivery role runs the machine, the others only
//! append. Nothing here decides when something is sent, tried again or given up: that is the machine's business.

pub(crate) mod answer;
mod role;
pub(crate) mod session;
mod traffic;
pub(crate) mod transmit;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tongqiao_protocol::RequestId;

use crate::background::revive;
use crate::client::Shared;
use crate::entropy;
use role::Role;
use session::Session;
pub(crate) use traffic::Traffic;

/// How often a process without the role looks whether it has become free.
const ROLE_POLL: Duration = Duration::from_millis(500);

/// Delivers until told to stop, also after a panic.
pub(crate) async fn deliver(shared: Arc<Shared>) {
    revive("delivery", shared, ROLE_POLL, |shared| {
        let stop = shared.stop.subscribe();
        take_turns(shared, stop)
    })
    .await;
}

/// Holds the role whenever it is free.
async fn take_turns(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let holder = match entropy::id(shared.clock.local(), RequestId::from_time_and_random) {
        Ok(holder) => holder,
        Err(error) => {
            tracing::error!(code = error.code().code(), "delivery cannot start");
            return;
        }
    };
    while !*stop.borrow() {
        let now = shared.clock.local();
        match shared.storage.run(move |store| Role::take(store, holder, now)).await {
            Ok(Some(role)) => {
                tracing::debug!(%holder, "this process delivers");
                match Session::open(Arc::clone(&shared), role).await {
                    Ok(session) => {
                        // Whoever delivers also sends materials; dropping the set ends that with the session.
                        let mut uploads = JoinSet::new();
                        uploads.spawn(crate::materials::keep_uploading(Arc::clone(&shared)));
                        session.run(&mut stop).await;
                    }
                    Err(error) => tracing::warn!(code = error.code().code(), "the store cannot be read"),
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(code = error.code().code(), "the delivery role cannot be asked for"),
        }
        tokio::select! {
            () = tokio::time::sleep(ROLE_POLL) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}
