//! The ferry: what waits at a node, carried to the hub as files, and the platform's answers carried back.
//!
//! A stick that gets lost shows nothing of a person, a bundle that comes twice or late does no harm, and nothing is counted as
//! delivered before the platform's receipt is here. The answers go the same way as those of the link: the node's own delivery asks,
//! and hears what has arrived when the link is silent. So there is one place where a receipt is judged.
//!
//! Normative is 19.4 of `conformance/spec`.

mod arrivals;
mod exporting;
mod folder;
mod importing;
mod passing;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tongqiao::Client;
use tongqiao_protocol::{BundleId, PartyId};

pub(crate) use arrivals::Arrivals;
pub use exporting::{Exported, export, export_if_changed};
pub use importing::import;
pub use passing::pass;

pub use crate::link::bundle::Unusable;
use crate::{SettingsError, StartError};

/// How often a node looks whether something has arrived.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why the ferry cannot work at all. Whatever was carried may be carried again.
#[derive(Debug, thiserror::Error)]
pub enum FerryError {
    /// Settings, credentials, store.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store or the platform.
    #[error(transparent)]
    Client(#[from] tongqiao::Error),
    /// A file or folder.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, #[source] std::io::Error),
    /// The audit file. Nothing left the house or came in.
    #[error("the audit file cannot be written, so nothing more is carried: {0}")]
    Audit(#[source] std::io::Error),
    /// The directory names no key for whom a bundle could be encrypted.
    #[error("the directory names no link key of {0} that is not revoked: nothing can be written for it")]
    NobodyThere(PartyId),
    /// The own credentials are not of a node or hub.
    #[error("the credentials hold no key for links: enrol as node or hub")]
    NoLinkKey,
}

impl From<SettingsError> for FerryError {
    fn from(error: SettingsError) -> Self {
        Self::Start(error.into())
    }
}

/// What became of one file.
#[derive(Debug)]
pub struct Read {
    /// The file.
    pub file: PathBuf,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a file.
#[derive(Debug)]
pub enum Fate {
    /// It was taken, and removed from the folder as far as that can be written to.
    Taken {
        /// Its id.
        bundle: BundleId,
        /// Records that the platform has judged.
        judged: usize,
        /// Records that it has not judged: they stay at the node.
        open: usize,
        /// Why, each reason once.
        reasons: Vec<String>,
    },
    /// Its key is revoked or was not valid: a person has to look at it. It stands in the folder `quarantine`.
    Quarantined,
    /// It cannot be read; it stays where it is.
    Refused(Unusable),
    /// Something was in the way; it stays where it is, and reading it again is harmless.
    Failed(FerryError),
}

impl Fate {
    /// Whether somebody has to do something.
    pub const fn needs_somebody(&self) -> bool {
        !matches!(self, Self::Taken { .. })
    }
}

/// Nudges the delivery when the ferry has brought something.
pub(crate) async fn deliver_when_something_arrives(
    client: Client,
    arrivals: Arrivals,
    mut stopped: watch::Receiver<bool>,
) {
    let mut seen = arrivals.last();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
        let last = arrivals.last();
        if last != seen {
            seen = last;
            client.outbox().nudge();
        }
    }
}
