//! The client: one per process and store, cheap to clone, with a sub-client per noun.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tongqiao_engine::Retention;
use tongqiao_protocol::Timestamp;

use crate::Error;
use crate::builder::ClientBuilder;
use crate::cases::{CaseLocks, Cases, NumberPool};
use crate::clock::PlatformClock;
use crate::credentials::Credentials;
use crate::directory::Directory;
use crate::exchange::Exchange;
use crate::identity::{Identity, Keyring};
use crate::items::{Items, Mirror};
use crate::notices::{NoticeBoard, Notices};
use crate::outbox::Outbox;
use crate::payments::Payments;
use crate::storage::Storage;

/// What all sub-clients and background tasks of one client share.
pub(crate) struct Shared {
    pub(crate) storage: Storage,
    pub(crate) exchange: Exchange,
    pub(crate) clock: Arc<PlatformClock>,
    pub(crate) credentials: Credentials,
    pub(crate) directory: Directory,
    pub(crate) mirror: Mirror,
    pub(crate) keyring: Option<Keyring>,
    pub(crate) numbers: NumberPool,
    /// How long what is settled is kept.
    pub(crate) retention: Retention,
    pub(crate) case_locks: CaseLocks,
    pub(crate) notices: NoticeBoard,
    /// Rung when this process has appended to the outbox.
    pub(crate) appended: Notify,
    /// Rung when somebody knows that the link is back.
    pub(crate) nudged: Notify,
    /// Rung when numbers run low or something else of the upkeep is wanted soon.
    pub(crate) upkeep: Notify,
}

/// The library's front door; see the [crate's first page](crate).
///
/// Clones share one connection pool, one outbox and one set of background tasks, which end when the last clone is
/// dropped. [`Client::close`] also waits for them.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    tasks: Arc<Tasks>,
}

/// What runs in the background.
pub(crate) struct Tasks {
    stop: watch::Sender<bool>,
    handles: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl Client {
    /// Begins to build a client: where the platform is, and as whom to speak.
    ///
    /// ```no_run
    /// use tongqiao::{Client, Credentials};
    ///
    /// # async fn run() -> Result<(), tongqiao::Error> {
    /// let credentials = Credentials::from_file("civil-affairs.credentials.json")?;
    /// let client = Client::builder("https://platform.example", credentials).store("outbox.sqlite").build().await?;
    /// # Ok(()) }
    /// ```
    pub fn builder(endpoint: &str, credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(endpoint, credentials)
    }

    pub(crate) fn start(shared: Arc<Shared>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let handles = vec![
            tokio::spawn(crate::delivery::deliver(Arc::clone(&shared), stopping.clone())),
            tokio::spawn(crate::upkeep::keep_up(Arc::clone(&shared), stopping)),
        ];
        Self { shared, tasks: Arc::new(Tasks { stop, handles: std::sync::Mutex::new(handles) }) }
    }

    /// Signing people in 统一身份认证.
    pub fn identity(&self) -> Identity {
        Identity::new(Arc::clone(&self.shared))
    }

    /// What can be applied for 事项.
    pub fn items(&self) -> Items {
        Items::new(Arc::clone(&self.shared))
    }

    /// Cases and what happens to them 办件.
    pub fn cases(&self) -> Cases {
        Cases::new(Arc::clone(&self.shared))
    }

    /// Bills, payments and refunds 统一支付.
    pub fn payments(&self) -> Payments {
        Payments::new(Arc::clone(&self.shared))
    }

    /// What has been accepted here and is not settled yet.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(Arc::clone(&self.shared))
    }

    /// What happens in the background from now on.
    pub fn notices(&self) -> Notices {
        self.shared.notices.listen()
    }

    /// The platform's time, as far as it is known: this machine's, corrected by what the platform's answers say.
    pub fn platform_time(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// By how many milliseconds the platform's clock is ahead of this machine's.
    pub fn clock_offset_ms(&self) -> i64 {
        self.shared.clock.offset_ms()
    }

    /// Asks for the platform's key directory now, which happens by itself every five minutes: so that a key that was announced
    /// or revoked is known at once.
    ///
    /// # Errors
    /// `directory.invalid` when the answer is not signed by a key in use, or is older than the directory in use, which stays;
    /// or an error of the connection.
    pub async fn refresh_directory(&self) -> Result<(), Error> {
        self.shared.directory.refresh(&self.shared).await
    }

    /// Stops the background tasks of all clones and waits for them. What is accepted stays in the store and is delivered
    /// when a client is next built on it.
    pub async fn close(self) {
        self.tasks.stop.send_replace(true);
        let handles = {
            let mut held = self.tasks.handles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::take(&mut *held)
        };
        for handle in handles {
            if let Err(error) = handle.await {
                tracing::error!(%error, "a background task ended abnormally");
            }
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("party", &self.shared.credentials.party().as_str()).finish_non_exhaustive()
    }
}
