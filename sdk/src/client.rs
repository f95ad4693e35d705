//! The client: one per process and store, cheap to clone, with a sub-client per noun.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tongqiao_engine::Retention;
use tongqiao_engine::delivery::{Settings, retry_at};
use tongqiao_protocol::{ErrorCode, Timestamp};

use crate::arrangement::Arrangement;
use crate::builder::ClientBuilder;
use crate::carrier::Carrier;
use crate::cases::{CaseLocks, Cases, NumberPool};
use crate::clock::PlatformClock;
use crate::credentials::Credentials;
use crate::delivery::Traffic;
use crate::directory::Directory;
use crate::exchange::Exchange;
use crate::identity::{CasServer, Identity, Keyring};
use crate::inbox::Inbox;
use crate::items::{Items, Mirror};
use crate::materials::{Materials, Uploads};
use crate::notices::{NoticeBoard, Notices};
use crate::outbox::Outbox;
use crate::payments::Payments;
use crate::publication::Publication;
use crate::receipts::Receipts;
use crate::storage::Storage;
use crate::witness::Witness;
use crate::{Error, entropy};

/// What all sub-clients and background tasks of one client share.
pub(crate) struct Shared {
    pub(crate) storage: Storage,
    pub(crate) exchange: Exchange,
    pub(crate) clock: Arc<PlatformClock>,
    pub(crate) credentials: Credentials,
    pub(crate) directory: Directory,
    pub(crate) witness: Witness,
    pub(crate) mirror: Mirror,
    pub(crate) arrangement: Arrangement,
    pub(crate) keyring: Option<Keyring>,
    pub(crate) cas: Option<CasServer>,
    pub(crate) numbers: NumberPool,
    /// How long what is settled is kept.
    pub(crate) retention: Retention,
    /// How many bytes of records one request carries at most.
    pub(crate) batch_bytes: u64,
    /// How many bytes a piece of a material has at most.
    pub(crate) piece_bytes: usize,
    pub(crate) case_locks: CaseLocks,
    pub(crate) notices: NoticeBoard,
    /// How far the uploads of this process are.
    pub(crate) uploads: Uploads,
    /// The folder for copies of materials; none where the store is in memory and nobody named one.
    pub(crate) spool: Option<std::path::PathBuf>,
    /// The requests with records that are under way.
    pub(crate) traffic: Traffic,
    /// Rung when this process has appended to the outbox.
    pub(crate) appended: Notify,
    /// Entries were brought by a webhook.
    pub(crate) inbox_news: Notify,
    /// Rung when somebody knows that the link is back.
    pub(crate) nudged: Notify,
    /// Rung when numbers run low or something else of the upkeep is wanted soon.
    pub(crate) upkeep: Notify,
    /// `true` once the client is closed.
    pub(crate) stop: watch::Sender<bool>,
}

impl Shared {
    /// Nothing is accepted by a client that no longer delivers.
    pub(crate) fn still_open(&self) -> Result<(), Error> {
        if *self.stop.borrow() { Err(Error::of(ErrorCode::ClientClosed)) } else { Ok(()) }
    }

    /// How long to wait after so many failures, by the delivery's schedule: what the platform asks for comes first, and the
    /// rest is spread by chance.
    pub(crate) fn pause_after(&self, failures: u32, asked_ms: Option<u64>) -> Duration {
        let now = self.clock.local();
        // Without randomness retries are merely less spread.
        let random = entropy::number().unwrap_or_default();
        let at = retry_at(&Settings::default(), failures, asked_ms, now, random);
        Duration::from_millis(u64::try_from(at.millis_since(now)).unwrap_or(1))
    }

    /// Returns when the client is closed.
    pub(crate) async fn closed(&self) {
        // The sender is ours, so that the channel cannot end before us.
        drop(self.stop.subscribe().wait_for(|stopped| *stopped).await);
    }
}

/// What is shared, and the background tasks that work on it: whoever holds this keeps the delivery going. Every sub-client
/// and every handle does, so that a caller who keeps only one of them is not left waiting for a delivery that has ended.
pub(crate) struct Running {
    shared: Arc<Shared>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Deref for Running {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
    }
}

/// The library's front door; see the [crate's first page](crate).
///
/// Clones share one connection pool, one outbox and one set of background tasks, which end when the last clone is
/// dropped, and the last [`Cases`], [`Payments`], [`Outbox`] and [`CaseHandle`](crate::CaseHandle) with it.
/// [`Client::close`] ends them at once and waits for them.
#[derive(Clone)]
pub struct Client {
    running: Arc<Running>,
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
        let handles = vec![
            tokio::spawn(crate::delivery::deliver(Arc::clone(&shared))),
            tokio::spawn(crate::upkeep::keep_up(Arc::clone(&shared))),
        ];
        Self { running: Arc::new(Running { shared, handles: Mutex::new(handles) }) }
    }

    /// A client that does only what it is told.
    pub(crate) fn at_rest(shared: Arc<Shared>) -> Self {
        Self { running: Arc::new(Running { shared, handles: Mutex::default() }) }
    }

    /// Signing people in 统一身份认证.
    pub fn identity(&self) -> Identity {
        Identity::new(Arc::clone(&self.running.shared))
    }

    /// What can be applied for 事项.
    pub fn items(&self) -> Items {
        Items::new(Arc::clone(&self.running.shared))
    }

    /// What anybody may ask: how a case stands, figures, open data 信息公开.
    pub fn publication(&self) -> Publication {
        Publication::new(Arc::clone(&self.running.shared))
    }

    /// Cases and what happens to them 办件.
    pub fn cases(&self) -> Cases {
        Cases::new(Arc::clone(&self.running))
    }

    /// The files of materials 材料.
    pub fn materials(&self) -> Materials {
        Materials::new(Arc::clone(&self.running))
    }

    /// What the platform has for this party 收件箱.
    pub fn inbox(&self) -> Inbox {
        Inbox::new(Arc::clone(&self.running))
    }

    /// Bills, payments and refunds 统一支付.
    pub fn payments(&self) -> Payments {
        Payments::new(Arc::clone(&self.running))
    }

    /// Records of others that are kept and passed on: for edge nodes 边缘节点.
    pub fn carrier(&self) -> Carrier {
        Carrier::new(Arc::clone(&self.running))
    }

    /// Proofs of receipts, by the platform's transparency log.
    pub fn receipts(&self) -> Receipts {
        Receipts::new(Arc::clone(&self.running))
    }

    /// What has been accepted here and is not settled yet.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(Arc::clone(&self.running))
    }

    /// What happens in the background from now on.
    pub fn notices(&self) -> Notices {
        self.running.notices.listen(&self.running.stop)
    }

    /// The platform's time, as far as it is known: this machine's, corrected by what the platform's answers say.
    pub fn platform_time(&self) -> Timestamp {
        self.running.clock.now()
    }

    /// By how many milliseconds the platform's clock is ahead of this machine's.
    pub fn clock_offset_ms(&self) -> i64 {
        self.running.clock.offset_ms()
    }

    /// Asks for the platform's key directory now, which happens by itself every five minutes: so that a key that was announced
    /// or revoked is known at once.
    ///
    /// # Errors
    /// `directory.invalid` when the answer is not signed by a key in use, or is older than the directory in use, which stays;
    /// or an error of the connection.
    pub async fn refresh_directory(&self) -> Result<(), Error> {
        self.running.directory.refresh(&self.running).await
    }

    /// Stops the background tasks of all clones and waits for them; requests under way are given up, and their records
    /// sent again later. What is accepted stays in the store and is delivered when a client is next built on it. From now
    /// on clones, sub-clients and handles answer `client.closed` where they would accept something or wait.
    pub async fn close(self) {
        self.running.stop.send_replace(true);
        let handles = {
            let mut held = self.running.handles.lock().unwrap_or_else(PoisonError::into_inner);
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
        f.debug_struct("Client").field("party", &self.running.credentials.party().as_str()).finish_non_exhaustive()
    }
}
