//! What has been accepted here and is not settled yet.

use std::sync::Arc;
use std::time::Duration;

use tongqiao_engine::{Entry, EntryState};
use tongqiao_protocol::{Problem, RecordId};
use tongqiao_store::{IntegrityReport, Statistics};

use crate::Error;
use crate::client::Running;

/// How many entries one page of the store holds.
const PAGE: u32 = 500;
/// How often the store is looked at while it is being emptied: by this process or another, which alone hears the notices.
const LOOK_AGAIN: Duration = Duration::from_millis(150);

/// The durable outbox; see [`Client::outbox`](crate::Client::outbox).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// let statistics = client.outbox().statistics().await?;
/// println!("{} waiting, oldest since {:?}", statistics.pending, statistics.oldest_pending_at);
/// for item in client.outbox().attention().await? {
///     println!("{} {:?} {:?}", item.entry.id, item.entry.state, item.problem.map(|problem| problem.code));
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Running>,
}

/// A record that waits for a person: refused, expired or dead.
#[derive(Debug, Clone)]
pub struct Attention {
    /// The record's row.
    pub entry: Entry,
    /// Why; `None` for an expired record, about which nothing is known. A dead letter that was settled in an epoch that the
    /// platform has lost has its reason here and keeps its receipt, the evidence, besides.
    pub problem: Option<Problem>,
}

impl Outbox {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// How much is where.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        self.shared.storage.ask(|store| store.statistics()).await
    }

    /// Everything that waits for a person: refused records (answer with
    /// [`Cases::supersede`](crate::Cases::supersede) or [`Cases::abandon`](crate::Cases::abandon)), expired ones (answer
    /// with [`Payments::resolve`](crate::Payments::resolve)) and dead letters.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn attention(&self) -> Result<Vec<Attention>, Error> {
        self.shared
            .storage
            .ask(|store| {
                let mut found = Vec::new();
                let mut after = 0;
                loop {
                    let page = store.needing_attention(after, PAGE)?;
                    let Some(last) = page.last() else { return Ok(found) };
                    after = last.ordinal;
                    for entry in page {
                        let why = match entry.state {
                            EntryState::Dead => store.problem(&entry.id)?,
                            _ => store.receipt(&entry.id)?,
                        };
                        let problem = why.as_deref().and_then(crate::receipt::problem_in);
                        found.push(Attention { entry, problem });
                    }
                }
            })
            .await
    }

    /// Waits until nothing of what was accepted is pending any more: everything is settled, or waits for a person. It does
    /// not end while a stream stands still behind a refused record.
    ///
    /// # Errors
    /// A `store.` code, or `client.closed` when the client was closed meanwhile.
    pub async fn drained(&self) -> Result<(), Error> {
        while self.statistics().await?.pending > 0 {
            self.shared.still_open()?;
            tokio::select! {
                () = self.shared.closed() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
        Ok(())
    }

    /// One record's row; `None` when it was never accepted here, or its retention is over.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn entry(&self, id: impl Into<RecordId>) -> Result<Option<Entry>, Error> {
        let id = id.into();
        self.shared.storage.ask(move |store| store.entry(&id)).await
    }

    /// Tries now what waits for a later attempt; for a person who knows that the link is back.
    pub fn nudge(&self) {
        self.shared.nudged.notify_one();
        self.shared.uploads.nudged.notify_one();
    }

    /// Reads the whole store once and compares checksums.
    ///
    /// # Errors
    /// A `store.` code; damage is reported, not an error.
    pub async fn check(&self) -> Result<IntegrityReport, Error> {
        self.shared.storage.ask(|store| store.check()).await
    }
}
