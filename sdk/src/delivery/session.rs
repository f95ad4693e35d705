//! One uninterrupted time of delivering: the machine, fed and obeyed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tongqiao_engine::delivery::{BatchId, Delivery, Input, Output, Settings};
use tongqiao_engine::{Change, Collection, EpochBook, Lane};
use tongqiao_protocol::EpochId;
use tongqiao_store::{PendingQuery, StoreError};

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
        let stored = shared.storage.run(|store| store.document(Collection::Epoch, EpochBook::KEY)).await?;
        // A book that cannot be read is begun anew: the worst that follows is that settled records are offered again,
        // and the platform answers `duplicate`.
        let book = stored.and_then(|document| EpochBook::from_bytes(&document.bytes).ok()).unwrap_or_default();
        let machine = Delivery::new(Settings::default(), book);
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
                Ok(()) = epochs.changed() => self.fetch_epoch(),
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
                    let (shared, answers) = (Arc::clone(&self.shared), self.answers.clone());
                    self.requests.spawn(async move {
                        let input = transmit::transmit(&shared, request, kind, ids).await;
                        // Nobody listens when the role was lost; the next holder sends the same records again.
                        drop(answers.send(input).await);
                    });
                }
                Output::FetchEpoch => self.fetch_epoch(),
                Output::LoadRetained { epoch, from_position, limit } => {
                    self.load_retained(epoch, from_position, limit).await;
                }
                Output::Notify(notice) => self.shared.notices.give(notice),
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
        let input = match self.shared.storage.run(move |store| store.commit(changes)).await {
            Ok(_) => Input::Durable(batch),
            Err(error) => {
                tracing::warn!(code = error.code().code(), "a delivery's result could not be stored");
                if role::is_conflict(&error) {
                    self.standing = Standing::Lost;
                }
                Input::PersistFailed(batch)
            }
        };
        self.feed(input);
    }

    async fn load_retained(&mut self, epoch: EpochId, from_position: u64, limit: u32) {
        let found = self.shared.storage.run(move |store| store.settled_since(&epoch, from_position, limit)).await;
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
        let (shared, answers) = (Arc::clone(&self.shared), self.answers.clone());
        self.requests.spawn(async move {
            let input = match epoch::fetch(&shared).await {
                Ok(notice) => Input::EpochSeen(notice),
                Err(error) => {
                    tracing::debug!(code = error.code().code(), "the platform's epoch could not be had");
                    Input::EpochUnavailable
                }
            };
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
