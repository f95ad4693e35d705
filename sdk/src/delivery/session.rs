//! One uninterrupted time of delivering: the machine, fed and obeyed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tongqiao_engine::delivery::{BatchId, Delivery, Input, Notice, Output, Settings};
use tongqiao_engine::{Change, Collection, EpochBook, Lane, LogPlace};
use tongqiao_protocol::{EpochId, Outcome};
use tongqiao_store::{PendingQuery, Reason, Store, StoreError};

use super::role::{self, Role};
use super::transmit;
use crate::client::Shared;
use crate::{entropy, epoch};

/// How often the store is asked whether another process has appended.
const APPEND_POLL: Duration = Duration::from_millis(250);
/// Answers on their way back to the machine. More requests than this are never under way.
const INPUTS_WAITING: usize = 64;
/// No sleep is longer, so that a clock that jumped is noticed.
const LONGEST_SLEEP_MS: i64 = 1_000;

/// The machine and what it acts upon, while this process holds the role.
pub(super) struct Session {
    shared: Arc<Shared>,
    role: Role,
    machine: Delivery,
    inputs: mpsc::Receiver<Input>,
    answers: mpsc::Sender<Input>,
    standing: Standing,
    last_renewal_at: tokio::time::Instant,
    /// Requests under way; given up when the session ends, so that nothing outlives a closed client.
    requests: JoinSet<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Holding,
    Lost,
}

impl Session {
    pub(super) async fn open(shared: Arc<Shared>, role: Role) -> Result<Self, StoreError> {
        let book = shared.storage.run(read_book).await?;
        // Answers that are given while the platform is out of reach name the epoch that was last known.
        shared.exchange.recall_epoch(book.current());
        let settings = Settings { batch_bytes: shared.batch_bytes, ..Settings::default() };
        let machine = Delivery::new(settings, book);
        let (answers, inputs) = mpsc::channel(INPUTS_WAITING);
        let last_renewal_at = tokio::time::Instant::now();
        let (standing, requests) = (Standing::Holding, JoinSet::new());
        Ok(Self { shared, role, machine, inputs, answers, standing, last_renewal_at, requests })
    }

    pub(super) async fn run(mut self, stop: &mut watch::Receiver<bool>) {
        let mut poll = tokio::time::interval(APPEND_POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewal = tokio::time::interval(Duration::from_millis(role::RENEWAL_MS));
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut epochs = self.shared.exchange.epochs();
        // What other requests have heard of the epoch before this session began counts as well.
        epochs.mark_changed();
        self.feed(Input::Timer);
        while self.standing == Standing::Holding && !*stop.borrow() {
            self.obey().await;
            let wake_in = self.next_wake();
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                _ = renewal.tick() => self.renew().await,
                Some(input) = self.inputs.recv() => {
                    while self.requests.try_join_next().is_some() {}
                    self.feed(input);
                }
                () = self.shared.appended.notified() => self.appended(),
                () = self.shared.nudged.notified() => self.feed(Input::Nudged),
                Ok(()) = epochs.changed() => {
                    let heard = *epochs.borrow_and_update();
                    heard.into_iter().for_each(|epoch| self.feed(Input::EpochHeard(epoch)));
                }
                _ = poll.tick() => self.appended(),
                () = tokio::time::sleep(wake_in) => self.feed(Input::Timer),
            }
        }
        self.requests.shutdown().await;
        if self.standing == Standing::Holding {
            let role = self.role;
            if let Err(error) = self.shared.storage.run(move |store| role.give_back(store)).await {
                tracing::warn!(
                    code = error.code().code(),
                    "the delivery role could not be given back; it expires by itself"
                );
            }
        }
    }

    fn feed(&mut self, input: Input) {
        // Without randomness retries are merely less spread.
        let random = entropy::number().unwrap_or_default();
        self.machine.handle(input, self.shared.clock.local(), random);
    }

    fn appended(&mut self) {
        for lane in Lane::ALL {
            self.feed(Input::Appended { lane });
        }
    }

    fn next_wake(&self) -> Duration {
        let now = self.shared.clock.local();
        let due = self.machine.next_deadline().map_or(LONGEST_SLEEP_MS, |at| at.millis_since(now));
        Duration::from_millis(u64::try_from(due.clamp(1, LONGEST_SLEEP_MS)).unwrap_or(1))
    }

    /// Does what the machine asks for until it asks for nothing more.
    async fn obey(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Load { lane, after_ordinal, limit } => self.load(lane, after_ordinal, limit).await,
                Output::Persist { batch, changes } => self.persist(batch, changes).await,
                Output::Transmit { request, kind, ids, .. } => {
                    let shared = Arc::clone(&self.shared);
                    let under_way = shared.traffic.enter();
                    let sending = async move {
                        let answered = transmit::transmit(&shared, request, kind, ids).await;
                        drop(under_way);
                        answered
                    };
                    self.spawn(sending, move || transmit::abandoned(request));
                }
                Output::FetchEpoch => self.fetch_epoch(),
                Output::LoadRetained { epoch, after, limit } => {
                    self.load_retained(epoch, after, limit).await;
                }
                Output::Notify(notice) => {
                    if matches!(notice, Notice::EpochChanged { .. }) {
                        // What the upkeep looks after may have been lost as well.
                        self.shared.upkeep.notify_one();
                    }
                    self.shared.notices.give(notice);
                }
            }
            if self.standing == Standing::Lost {
                return;
            }
        }
    }

    async fn load(&mut self, lane: Lane, after_ordinal: u64, limit: u32) {
        let query = PendingQuery { lane, after_ordinal, limit, now: self.shared.clock.local() };
        let input = match self.shared.storage.run(move |store| store.pending(&query)).await {
            Ok(entries) => {
                let exhausted = entries.len() < limit as usize;
                Input::Loaded { lane, entries, exhausted }
            }
            Err(error) => {
                tracing::warn!(code = error.code().code(), "pending records cannot be read");
                Input::Loaded { lane, entries: Vec::new(), exhausted: false }
            }
        };
        self.feed(input);
    }

    async fn persist(&mut self, batch: BatchId, mut changes: Vec<Change>) {
        self.renew_if_due().await;
        changes.push(self.role.fence());
        let input = match self.shared.storage.commit(changes).await {
            Ok(_) => Input::Durable(batch),
            Err(error) => {
                tracing::warn!(code = error.code().code(), "a delivery's result could not be stored");
                if role::is_conflict(&error) {
                    self.standing = Standing::Lost;
                }
                if can_never_succeed(&error) { Input::PersistRefused(batch) } else { Input::PersistFailed(batch) }
            }
        };
        self.feed(input);
    }

    async fn load_retained(&mut self, epoch: EpochId, after: LogPlace, limit: u32) {
        let found = self.shared.storage.run(move |store| store.settled_since(&epoch, after, limit)).await;
        let input = match found {
            Ok(entries) => {
                let exhausted = entries.len() < limit as usize;
                Input::Retained { epoch, entries, exhausted }
            }
            Err(error) => {
                tracing::warn!(code = error.code().code(), "retained records cannot be read");
                Input::Retained { epoch, entries: Vec::new(), exhausted: false }
            }
        };
        self.feed(input);
    }

    fn fetch_epoch(&mut self) {
        let shared = Arc::clone(&self.shared);
        let asking = async move {
            match epoch::fetch(&shared).await {
                Ok(notice) => Input::EpochSeen(notice),
                Err(error) => {
                    tracing::debug!(code = error.code().code(), "the platform's epoch could not be had");
                    Input::EpochUnavailable
                }
            }
        };
        self.spawn(asking, || Input::EpochUnavailable);
    }

    /// Runs a question to the platform beside the machine. Every question gets its answer, also when the asking panics: a
    /// machine that waits for one that never comes would send ever less.
    fn spawn(
        &mut self,
        asking: impl Future<Output = Input> + Send + 'static,
        abandoned: impl FnOnce() -> Input + Send + 'static,
    ) {
        let answers = self.answers.clone();
        self.requests.spawn(async move {
            // A task of its own, so that a panic is an answer; in a set of its own, so that it ends with this one.
            let mut alone = JoinSet::new();
            alone.spawn(asking);
            let input = match alone.join_next().await {
                Some(Ok(input)) => input,
                ended => {
                    let error = ended.and_then(Result::err);
                    tracing::error!(?error, "a request of the delivery ended abnormally");
                    abandoned()
                }
            };
            // Nobody listens when the role was lost; the next holder sends the same records again.
            drop(answers.send(input).await);
        });
    }

    async fn renew(&mut self) {
        let now = self.shared.clock.local();
        self.last_renewal_at = tokio::time::Instant::now();
        // The role moves into the blocking thread and back; it is small.
        let mut role = self.role;
        match self.shared.storage.run(move |store| role.renew(store, now).map(|kept| (role, kept))).await {
            Ok((role, true)) => self.role = role,
            Ok((_, false)) => {
                tracing::info!("another process delivers now");
                self.standing = Standing::Lost;
            }
            // The fence of the next commit decides.
            Err(error) => tracing::warn!(code = error.code().code(), "the delivery role could not be renewed"),
        }
    }

    /// A long series of commits must not outlast the role.
    async fn renew_if_due(&mut self) {
        if self.last_renewal_at.elapsed() >= Duration::from_millis(role::RENEWAL_MS) {
            self.renew().await;
        }
    }
}

/// The epoch book. One that is damaged is made again of the epochs that receipts are kept of: of an epoch between two restores
/// the platform may know nothing, and what was settled in it would never be offered again.
pub(crate) fn read_book(store: &dyn Store) -> Result<EpochBook, StoreError> {
    let book = match store.document(Collection::Epoch, EpochBook::KEY) {
        Ok(None) => None,
        Ok(Some(document)) => EpochBook::from_bytes(&document.bytes).ok(),
        Err(error) if *error.reason() == Reason::CorruptRow => None,
        Err(error) => return Err(error),
    };
    match book {
        Some(book) => Ok(book),
        None => {
            let epochs = store.epochs()?;
            if !epochs.is_empty() {
                tracing::warn!(epochs = epochs.len(), "the epoch book is lost and made again of the receipts");
            }
            Ok(EpochBook::rebuilt(epochs))
        }
    }
}

/// Whether a commit was refused for what it asks, so that asking again is in vain.
pub(crate) fn can_never_succeed(error: &StoreError) -> bool {
    let of_the_change = matches!(
        error.reason(),
        Reason::EntryUnknown { .. } | Reason::CorruptRow | Reason::InvalidChange { .. } | Reason::NotForgettable { .. }
    );
    of_the_change && error.outcome() == Outcome::Rejected
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_engine::{EpochNotice, Expected};
    use tongqiao_protocol::EpochId;
    use tongqiao_store::MemoryStore;

    use super::*;

    fn write(store: &MemoryStore, bytes: Vec<u8>) {
        let key = EpochBook::KEY.to_owned();
        let change = Change::PutDocument { collection: Collection::Epoch, key, expected: Expected::Any, bytes };
        store.commit(vec![change]).unwrap();
    }

    #[test]
    fn a_book_that_cannot_be_read_does_not_stop_the_delivery() {
        let store = MemoryStore::new().unwrap();
        assert_eq!(read_book(&store).unwrap(), EpochBook::default());
        let notice = EpochNotice { epoch: EpochId::from_bytes([1; 16]), previous: vec![] };
        let book = EpochBook::default().turned(&notice).unwrap();
        write(&store, book.to_bytes());
        assert_eq!(read_book(&store).unwrap(), book);
        write(&store, b"noise".to_vec());
        assert_eq!(read_book(&store).unwrap().current(), None);
    }
}
