//! One installation: the real delivery machine, its store, and the little that stands between.

use tongqiao_engine::{
    BatchId, Change, Delivery, Entry, EntryKind, EntryState, Failure, FailureScope, Input, Lane, Notice, Outcome,
    Output, RequestNumber, Retry, Settings, check,
};
use tongqiao_protocol::{EpochId, RecordId, Timestamp};

use crate::event::{Event, event_id, stream};
use crate::scenario::{Reading, Scenario};
use crate::store::Store;

/// A commit that a delivery asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commit {
    batch: BatchId,
    changes: Vec<Change>,
    /// It is on disk; the machine has not heard of it.
    pub on_disk: bool,
}

/// One installation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Producer {
    /// Which one.
    pub number: usize,
    /// What survives.
    pub store: Store,
    /// The machine; dropped by a crash.
    pub delivery: Delivery,
    /// Its clock.
    pub now: Timestamp,
    /// The life of its store.
    pub incarnation: u8,
    /// How many events it has ever signed; makes ids.
    signed: u8,
    /// An event that is signed and whose commit is under way.
    pub accepting: Option<Event>,
    /// A commit of the delivery under way.
    pub commit: Option<Commit>,
    /// A page of pending entries that was read and not yet handed over.
    pub page: Option<(Vec<Entry>, bool)>,
    /// The machine wants to know the epoch.
    pub asks_epoch: bool,
    /// The epoch that its driver told the machine last.
    pub told_epoch: Option<EpochId>,
    /// Requests without an answer.
    pub outstanding: Vec<RequestNumber>,
    /// How often its process has started; answers to a dead process reach nobody.
    pub starts: u8,
    /// A copy of its store.
    pub backup: Option<Store>,
    /// How many events of its script were ever accepted; what a rollback loses nobody writes again.
    pub accepted_steps: usize,
    /// A rule of the machine was broken.
    pub broken: Option<&'static str>,
}

/// What a producer sends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sending {
    /// Who.
    pub producer: usize,
    /// Which start of its process.
    pub starts: u8,
    /// The request's name.
    pub number: RequestNumber,
    /// What.
    pub events: Vec<Event>,
}

impl Producer {
    /// An installation with an empty store.
    pub fn new(number: usize, scenario: &Scenario) -> Self {
        Self {
            number,
            store: Store::default(),
            delivery: machine(&Store::default(), scenario),
            now: Timestamp::from_millis(0),
            incarnation: 0,
            signed: 0,
            accepting: None,
            commit: None,
            page: None,
            asks_epoch: false,
            told_epoch: None,
            outstanding: Vec::new(),
            starts: 0,
            backup: None,
            accepted_steps: 0,
            broken: None,
        }
    }

    /// The process dies and starts again over what is on disk.
    pub fn crash(&mut self, scenario: &Scenario) -> Vec<Sending> {
        self.delivery = machine(&self.store, scenario);
        self.accepting = None;
        self.commit = None;
        self.page = None;
        self.asks_epoch = false;
        self.told_epoch = None;
        self.outstanding.clear();
        self.starts += 1;
        self.step(scenario, Input::Timer)
    }

    /// Signs an event; its commit begins.
    pub fn sign(&mut self, scenario: &Scenario, step: usize, abandons: Option<Event>) -> Vec<Sending> {
        let script = scenario.scripts[self.number][step];
        self.signed += 1;
        let incarnation = abandons.map_or(self.incarnation, |refused| refused.incarnation);
        let sequence = abandons
            .map_or_else(|| self.store.next_sequence(&stream(self.number, incarnation)), |refused| refused.sequence);
        let event = Event {
            id: event_id(self.number, self.signed),
            producer: self.number,
            incarnation,
            sequence,
            revision: script.revision,
            step,
            kind: script.kind,
            abandons: abandons.map(|refused| refused.id),
        };
        self.accepting = Some(event);
        // The machine hears of it before it is durable, and must not care.
        let entry = self.entry_of(&event);
        self.step(scenario, Input::Offered(entry))
    }

    /// The commit of the signed event is on disk, and the application hears "accepted".
    pub fn accepted(&mut self, scenario: &Scenario) -> Vec<Sending> {
        let Some(event) = self.accepting.take() else { return Vec::new() };
        self.accepted_steps = self.accepted_steps.max(event.step + 1);
        let entry = self.entry_of(&event);
        if !self.store.append(entry, event) {
            self.broken = Some("the store refused a sequence that it had given");
        }
        self.step(scenario, Input::Appended { lane: Lane::Case })
    }

    fn entry_of(&self, event: &Event) -> Entry {
        Entry {
            id: event.id,
            kind: EntryKind::CaseEvent,
            lane: Lane::Case,
            stream: event.stream(),
            sequence: event.sequence,
            ordinal: 0,
            digest: event.digest(),
            size_bytes: 100,
            accepted_at: self.now,
            state: EntryState::Pending,
            attempts: 0,
            next_attempt_at: self.now,
            not_after: None,
            replaces: event.abandons,
            terminal_at: None,
        }
    }

    /// The next place of the script whose event has not been accepted.
    pub const fn next_step(&self) -> usize {
        self.accepted_steps
    }

    /// A refused event that nobody has replaced yet.
    pub fn refused(&self) -> Option<Event> {
        let open = self.store.entries().find(|entry| matches!(entry.state, EntryState::Refused { .. }))?;
        self.store.event(&open.id)
    }

    /// The commit reaches the disk.
    pub fn commit_to_disk(&mut self) {
        if let Some(commit) = &mut self.commit {
            commit.on_disk = true;
            let changes = commit.changes.clone();
            self.store.apply(&changes);
        }
    }

    /// The machine hears that the commit is on disk.
    pub fn hear_durable(&mut self, scenario: &Scenario) -> Vec<Sending> {
        match self.commit.take() {
            Some(commit) => self.step(scenario, Input::Durable(commit.batch)),
            None => Vec::new(),
        }
    }

    /// The machine hears that the commit failed.
    pub fn hear_persist_failed(&mut self, scenario: &Scenario) -> Vec<Sending> {
        match self.commit.take() {
            Some(commit) => self.step(scenario, Input::PersistFailed(commit.batch)),
            None => Vec::new(),
        }
    }

    /// The machine gets the page that was read.
    pub fn hand_page(&mut self, scenario: &Scenario) -> Vec<Sending> {
        match self.page.take() {
            Some((entries, exhausted)) => self.step(scenario, Input::Loaded { lane: Lane::Case, entries, exhausted }),
            None => Vec::new(),
        }
    }

    /// A request has taken too long; it may have arrived.
    pub fn give_up(&mut self, scenario: &Scenario, number: RequestNumber) -> Vec<Sending> {
        self.outstanding.retain(|other| *other != number);
        let failure = Failure {
            scope: FailureScope::Endpoint,
            retry: Retry::SameRequest,
            outcome: Outcome::Unknown,
            retry_after_ms: None,
            problem: Vec::new(),
        };
        self.step(scenario, Input::Failed { request: number, failure })
    }

    /// Time passes to the next deadline.
    pub fn tick(&mut self, scenario: &Scenario) -> Vec<Sending> {
        if let Some(deadline) = self.delivery.next_deadline() {
            self.now = self.now.max(deadline);
        }
        self.step(scenario, Input::Timer)
    }

    /// Hands something to the machine and does what it asks for.
    pub fn step(&mut self, scenario: &Scenario, input: Input) -> Vec<Sending> {
        let mut sendings = Vec::new();
        self.delivery.handle(input, self.now, 0);
        while let Some(output) = self.delivery.poll() {
            match output {
                Output::Load { lane: Lane::Case, after_ordinal, limit } => {
                    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                    let page = self.store.pending(Lane::Case, after_ordinal, limit, self.now);
                    if scenario.reading == Reading::Late {
                        self.page = Some(page);
                    } else {
                        let (entries, exhausted) = page;
                        self.delivery.handle(Input::Loaded { lane: Lane::Case, entries, exhausted }, self.now, 0);
                    }
                }
                Output::Load { lane, .. } => {
                    self.delivery.handle(Input::Loaded { lane, entries: vec![], exhausted: true }, self.now, 0);
                }
                Output::Persist { batch, changes } => {
                    self.commit = Some(Commit { batch, changes, on_disk: false });
                }
                Output::Transmit { request, ids, .. } => sendings.push(self.transmit(request, &ids)),
                Output::FetchEpoch => self.asks_epoch = true,
                Output::LoadRetained { epoch, after, .. } => {
                    // Pages of one, so that the scan's paging is part of every search.
                    let entries = self.store.retained(epoch, after, 1);
                    let exhausted = entries.is_empty();
                    self.delivery.handle(Input::Retained { epoch, entries, exhausted }, self.now, 0);
                }
                Output::Notify(notice) => self.notified(&notice),
            }
        }
        if check(&self.delivery).is_err() {
            self.broken = Some("an invariant of the delivery machine");
        }
        sendings
    }

    fn transmit(&mut self, number: RequestNumber, ids: &[RecordId]) -> Sending {
        self.outstanding.push(number);
        let events =
            ids.iter().filter_map(|id| self.store.event(id).or(self.accepting.filter(|event| event.id == *id)));
        let events: Vec<Event> = events.collect();
        if !ids.iter().all(|id| self.store.entry(id).is_some()) {
            self.broken = Some("something was sent before it was durable");
        }
        Sending { producer: self.number, starts: self.starts, number, events }
    }

    fn notified(&mut self, notice: &Notice) {
        let state = |id| self.store.entry(id).map(|entry| entry.state);
        let durable = match notice {
            Notice::Settled { id, .. } => matches!(state(id), Some(EntryState::Settled { .. })),
            // A human may have been quicker.
            Notice::Refused { id, .. } => {
                matches!(state(id), Some(EntryState::Refused { .. } | EntryState::Replaced { .. }))
            }
            Notice::Buried { .. } | Notice::Expired { .. } => false,
            _ => true,
        };
        if !durable {
            self.broken = Some("a notice told what is not on disk");
        }
    }
}

fn machine(store: &Store, scenario: &Scenario) -> Delivery {
    let settings = Settings {
        window_entries: scenario.window_entries,
        batch_records: scenario.batch_records,
        retry_base_ms: 1,
        retry_cap_ms: 1,
        retry_refill_ms: 1,
        reread_ms: scenario.reread_ms,
        ..Settings::default()
    };
    let delivery = Delivery::new(settings, store.book());
    match scenario.bug {
        Some(bug) => delivery.with_bug(bug),
        None => delivery,
    }
}
