//! What the platform has for this party: kept on disk before it is shown, shown until it is acknowledged, and never again.
//!
//! An entry may come any number of times (an answer that was lost, a restored platform, another process of this store); by its
//! id it is known for ever. The platform repeats it until it has this party's signed word, which is on disk before it is sent
//! and goes out again until the platform has it.

mod shelf;
mod webhook;

use std::sync::Arc;

use tongqiao_protocol::inbox::{InboxAcknowledgement, InboxEntry};
use tongqiao_protocol::{EpochId, ErrorCode, InboxEntryId, RecordKind, Retry, SignedRecord};

use self::shelf::{Arrival, Arrived};
pub use self::webhook::{WebhookReply, WebhookRequest, WebhookStatus};
use crate::client::{Running, Shared};
use crate::exchange::Ask;
use crate::{Error, entropy};

/// How long the platform is asked to wait for news; well within the time in which a silent connection is given up.
const WAIT_SECONDS: &str = "20";

/// The inbox of this party; see [`Client::inbox`](crate::Client::inbox).
///
/// ```no_run
/// use tongqiao::protocol::case::OpenValue;
/// use tongqiao::protocol::inbox::InboxKind;
///
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// let inbox = client.inbox();
/// loop {
///     let entry = inbox.next().await?;
///     match entry.kind {
///         OpenValue::Known(InboxKind::BillPaid) => println!("{} is paid", entry.subject),
///         other => println!("{other:?} about {}", entry.subject),
///     }
///     // … store what it means, in your own database …
///     inbox.acknowledge(entry.id).await?;
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Inbox {
    shared: Arc<Running>,
}

impl Inbox {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// The oldest entry that nobody here is at work on; waits for one as long as it takes, through outages of the link too.
    /// The entry is this caller's for five minutes: until then no other caller and no other process of this store is shown
    /// it. What is not acknowledged by then is shown again.
    ///
    /// # Errors
    /// What waiting cannot mend: a refusal of the platform, `signature.mismatch` when an entry is not the platform's,
    /// `client.closed`, or a `store.` code.
    pub async fn next(&self) -> Result<InboxEntry, Error> {
        let mut failures = 0;
        loop {
            self.shared.still_open()?;
            if let Some(entry) = shelf::claim(&self.shared).await? {
                return Ok(entry);
            }
            let pulled = tokio::select! {
                () = self.shared.closed() => return Err(Error::of(ErrorCode::ClientClosed)),
                pulled = pull(&self.shared, WAIT_SECONDS) => pulled,
                () = self.shared.inbox_news.notified() => Ok(0),
            };
            match pulled {
                Ok(_) => failures = 0,
                Err(error) if error.retry() == Retry::Never || error.retry() == Retry::AfterChange => {
                    return Err(error);
                }
                Err(error) => {
                    failures += 1;
                    tracing::debug!(code = error.code().code(), failures, "the inbox is not reached");
                    tokio::select! {
                        () = self.shared.closed() => return Err(Error::of(ErrorCode::ClientClosed)),
                        () = tokio::time::sleep(self.shared.pause_after(failures, error.retry_after_ms())) => {}
                    }
                }
            }
        }
    }

    /// Asks the platform now, without waiting for news, and sends the acknowledgements that are still due; how many entries
    /// were new.
    ///
    /// # Errors
    /// An error of the connection, a refusal of the platform, `signature.mismatch`, or a `store.` code.
    pub async fn refresh(&self) -> Result<usize, Error> {
        self.shared.still_open()?;
        pull(&self.shared, "0").await
    }

    /// Entries that are here and not acknowledged, oldest first, whoever is at work on them; at most a thousand.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn open(&self) -> Result<Vec<InboxEntry>, Error> {
        shelf::open(&self.shared).await
    }

    /// Takes an entry over for good: it is never shown again. Returns when that is on disk; the platform is told now if it can
    /// be reached, and else as soon as it can. Saying it twice is saying it once.
    ///
    /// # Errors
    /// `client.unknown_inbox_entry` when the entry never came here, or a `store.` code.
    pub async fn acknowledge(&self, id: InboxEntryId) -> Result<(), Error> {
        shelf::acknowledge(&self.shared, id).await?;
        if let Err(error) = tell(&self.shared).await {
            tracing::debug!(code = error.code().code(), "the platform hears of acknowledgements later");
        }
        Ok(())
    }

    /// Tells the platform what was acknowledged here; how many entries it had not heard of. [`Inbox::next`] and
    /// [`Inbox::refresh`] do it too.
    ///
    /// # Errors
    /// As [`Inbox::refresh`].
    pub async fn send_acknowledgements(&self) -> Result<usize, Error> {
        tell(&self.shared).await
    }
}

impl Inbox {
    /// Has the platform bring entries to an `https` address of this application as soon as there are any, signed as its answers
    /// are ([`Inbox::receive`] judges them). The same address again changes nothing; asking for entries goes on working beside it.
    ///
    /// # Errors
    /// `request.invalid_value` for an address that the platform does not call (another scheme, its own machine), or an error of
    /// the connection.
    pub async fn set_webhook(&self, address: &str) -> Result<WebhookStatus, Error> {
        webhook::set(&self.shared, Some(address)).await
    }

    /// Takes the address back. What is not acknowledged is still there to be asked for.
    ///
    /// # Errors
    /// An error of the connection.
    pub async fn remove_webhook(&self) -> Result<WebhookStatus, Error> {
        webhook::set(&self.shared, None).await
    }

    /// How the webhook stands at the platform.
    ///
    /// # Errors
    /// An error of the connection.
    pub async fn webhook(&self) -> Result<WebhookStatus, Error> {
        webhook::status(&self.shared).await
    }

    /// Judges a request that came to the address of [`Inbox::set_webhook`], whatever HTTP server the application has: the
    /// signature by a key of the platform, its age, the body's digest, and the platform's signature of every entry. What is new
    /// is on disk before this returns, and is shown by [`Inbox::next`] and [`Inbox::open`] like everything else, once. Answer with
    /// the status of the reply, and nothing else.
    ///
    /// ```no_run
    /// use tongqiao::WebhookRequest;
    ///
    /// # async fn run(client: tongqiao::Client, body: Vec<u8>, input: &str, signature: &str, digest: &str) {
    /// let headers = [("signature-input", input), ("signature", signature), ("content-digest", digest)];
    /// let request = WebhookRequest { method: "POST", target: "/tongqiao/inbox", headers: &headers, body: &body };
    /// let status = client.inbox().receive(request).await.status; // 204 when it is on disk
    /// # let _ = status; }
    /// ```
    ///
    /// # Limits
    /// A body of 4 MiB.
    pub async fn receive(&self, request: WebhookRequest<'_>) -> WebhookReply {
        webhook::receive(&self.shared, request).await
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inbox")
    }
}

/// A page as it travels.
#[derive(serde::Deserialize)]
struct Page {
    entries: Vec<SignedRecord>,
    epoch: EpochId,
}

async fn pull(shared: &Shared, wait_seconds: &str) -> Result<usize, Error> {
    tell(shared).await?;
    let (epoch, after) = shelf::place(shared).await?;
    let ask = |after: u64| Ask::get("/v1/inbox").query("wait", wait_seconds).query("after", &after.to_string());
    let mut page = read_page(&shared.exchange.ask(ask(after)).await?)?;
    // Places are those of one epoch: after a restore everything that is open is asked for anew.
    if after > 0 && epoch != Some(page.epoch) {
        page = read_page(&shared.exchange.ask(Ask::get("/v1/inbox")).await?)?;
    }
    let new = taken_in(shared, page, Arrival::Asked).await?;
    // What came although it was acknowledged is acknowledged once more: a restore had forgotten it.
    tell(shared).await?;
    Ok(new)
}

/// Verifies every entry of a page and keeps what is new; how many that were.
async fn taken_in(shared: &Shared, page: Page, arrival: Arrival) -> Result<usize, Error> {
    let mut arrived = Vec::with_capacity(page.entries.len());
    for record in page.entries {
        shared.directory.check(shared, RecordKind::InboxEntry, &record).await?;
        let entry = InboxEntry::parse(&record.record).map_err(Error::malformed_answer)?;
        if entry.addressee != *shared.credentials.party() {
            return Err(Error::malformed_answer("an entry of somebody else's inbox"));
        }
        arrived.push(Arrived { entry, record: record.record });
    }
    shelf::keep(shared, page.epoch, arrived, arrival).await
}

fn read_page(answer: &crate::Response) -> Result<Page, Error> {
    serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
}

/// Sends what is acknowledged and unsent.
async fn tell(shared: &Shared) -> Result<usize, Error> {
    let mut told = 0;
    loop {
        let entries = shelf::unsent(shared).await?;
        if entries.is_empty() {
            return Ok(told);
        }
        let acknowledgement = InboxAcknowledgement {
            party: shared.credentials.party().clone(),
            entries: entries.clone(),
            time: shared.clock.now(),
        };
        let author = shared.credentials.author();
        let kind = RecordKind::InboxAcknowledgement;
        let signed = SignedRecord::sign(kind, acknowledgement.to_bytes(), author, &entropy::bytes()?)?;
        let body = serde_json::to_vec(&signed).map_err(Error::internal)?;
        shared.exchange.ask(Ask::post("/v1/inbox/acknowledgements", body)).await?;
        told += entries.len();
        shelf::sent(shared, entries).await?;
    }
}
