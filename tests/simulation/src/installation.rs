//! What department and node have in common: a disk, the real delivery machine over it, and questions under way.

use std::collections::{BTreeMap, VecDeque};

use http::Method;
use tongqiao::Response;
use tongqiao::deciding::{self, Outgoing};
use tongqiao::{Arrival, Silence, TransportFailure};
use tongqiao_engine::delivery::{Delivery, Input, Output, RecordAnswer, RequestNumber, Settings, Verdict};
use tongqiao_engine::{Failure, Lane};
use tongqiao_protocol::epoch::EPOCH_HEADER;
use tongqiao_protocol::{ProducerId, Timestamp};
use tongqiao_store::{PendingQuery, Store as _, StoreIdentity};

use crate::context::Context;
use crate::disk::{After, Disk, Fate};
use crate::happening::{Happening, Question};
use crate::place::{Asker, Place};
use crate::plan::MINUTE;
use crate::plant::Plant;

/// How often the platform's epoch is looked at without a cause.
const LOOK_EVERY: i64 = 10 * MINUTE;
/// The machine is woken at least so often.
const SLEEP_MOST: i64 = 15_000;

/// What was asked.
pub enum Asking {
    /// The machine sends records.
    Records(RequestNumber, Box<Outgoing>),
    /// The machine wants the epoch.
    Epoch,
    /// Nobody wants the epoch in particular.
    Look,
    /// A node's caller wants something of the platform.
    Passed(Asker),
}

/// What is to be sent, by whoever knows the way.
pub type Sending = (Asker, Question);

/// A process with its disk.
pub struct Installation {
    /// Where it is.
    pub place: Place,
    /// Its disk.
    pub disk: Disk,
    /// Which start of the process it is.
    pub life: u64,
    /// Whether the process runs.
    pub is_up: bool,
    /// By how much its clock is wrong.
    pub clock_ms: i64,
    identity: StoreIdentity,
    machine: Delivery,
    questions: BTreeMap<u64, Asking>,
    asked: u64,
    due: u64,
    looked_at: i64,
    /// Who waited for the disk when the process died.
    pub unheard: Vec<After>,
}

impl Installation {
    /// Before its first start.
    pub fn new(context: &mut Context, place: Place) -> Self {
        let identity = StoreIdentity {
            producer: ProducerId::from_time_and_random(context.time(), context.bytes()),
            incarnation: tongqiao_protocol::IncarnationId::from_time_and_random(context.time(), context.bytes()),
        };
        let disk = Disk::new(identity);
        let machine = Delivery::new(Settings::default(), tongqiao_engine::EpochBook::default());
        let (questions, looked_at) = (BTreeMap::new(), context.now);
        let (life, is_up, clock_ms, asked, due) = (0, false, 0, 0, 0);
        Self {
            place,
            disk,
            life,
            is_up,
            clock_ms,
            identity,
            machine,
            questions,
            asked,
            due,
            looked_at,
            unheard: Vec::new(),
        }
    }

    /// Its idea of the present.
    pub fn clock(&self, context: &Context) -> Timestamp {
        context.time().plus_millis(self.clock_ms)
    }

    /// The epoch that it believes in.
    pub const fn epoch(&self) -> Option<tongqiao_protocol::EpochId> {
        self.machine.epoch()
    }

    /// Who writes.
    pub const fn identity(&self) -> StoreIdentity {
        self.identity
    }

    /// Stands up.
    pub fn start(&mut self, context: &mut Context) -> Vec<Sending> {
        if self.is_up {
            return Vec::new();
        }
        if matches!(self.place, Place::Node(_)) && context.has(Plant::CustodyInMemory) && self.life > 0 {
            self.disk = Disk::new(self.identity);
        }
        self.life += 1;
        self.is_up = true;
        let book = deciding::epoch_book(&self.disk.store).unwrap_or_default();
        let settings = Settings { custody_poll_ms: 10_000, batch_bytes: 256 * 1024, ..Settings::default() };
        self.machine = Delivery::new(settings, book);
        self.feed(context, Input::Timer)
    }

    /// Dies, and stands up again later.
    pub fn crash(&mut self, context: &mut Context, wait_ms: i64) {
        if !self.is_up {
            return;
        }
        context.note(&format!("{} dies", self.place));
        self.is_up = false;
        self.questions.clear();
        self.unheard.extend(self.disk.crash(context));
        if matches!(self.place, Place::Node(_)) && context.has(Plant::DiskLies) {
            self.disk.lose_last();
        }
        context.after(wait_ms, Happening::Starts(self.place));
    }

    /// Hands something to the machine and does what it asks for.
    pub fn feed(&mut self, context: &mut Context, input: Input) -> Vec<Sending> {
        let mut inputs = VecDeque::from([input]);
        let mut sendings = Vec::new();
        while let Some(input) = inputs.pop_front() {
            let now = self.clock(context);
            self.machine.handle(input, now, context.chance.u64(..));
            while let Some(output) = self.machine.poll() {
                if context.dies_here() {
                    let wait = context.chance.i64(50..20_000);
                    self.crash(context, wait);
                    return sendings;
                }
                if let Some(answer) = self.obey(context, output, &mut sendings) {
                    inputs.push_back(answer);
                }
            }
        }
        self.set_alarm(context);
        sendings
    }

    fn obey(&mut self, context: &mut Context, output: Output, sendings: &mut Vec<Sending>) -> Option<Input> {
        let store = &self.disk.store;
        match output {
            Output::Load { lane, after_ordinal, limit } => {
                let query = PendingQuery { lane, after_ordinal, limit, now: self.clock(context) };
                let entries = store.pending(&query).unwrap_or_default();
                let exhausted = entries.len() < limit as usize;
                Some(Input::Loaded { lane, entries, exhausted })
            }
            Output::LoadRetained { epoch, after, limit } => {
                let entries = store.settled_since(&epoch, after, limit).unwrap_or_default();
                let exhausted = entries.len() < limit as usize;
                Some(Input::Retained { epoch, entries, exhausted })
            }
            Output::Persist { batch, changes } => {
                self.disk.push(context, self.place, self.life, changes, After::Machine(batch));
                None
            }
            Output::Transmit { request, kind, ids, .. } => match Outgoing::load(store, kind, &ids) {
                Ok(outgoing) if !outgoing.is_empty() => {
                    let question = Question {
                        method: Method::POST,
                        target: outgoing.target().to_owned(),
                        body: outgoing.body().to_vec(),
                    };
                    sendings.push(self.ask(context, question, Asking::Records(request, Box::new(outgoing))));
                    None
                }
                _ => Some(Input::Answered { request, results: Vec::new() }),
            },
            Output::FetchEpoch => {
                sendings.push(self.ask_epoch(context, Asking::Epoch));
                None
            }
            Output::Notify(notice) => {
                context.note(&format!("{} notices {notice:?}", self.place));
                None
            }
        }
    }

    fn ask_epoch(&mut self, context: &mut Context, asking: Asking) -> Sending {
        self.looked_at = context.now;
        let question = Question { method: Method::GET, target: "/v1/epoch".to_owned(), body: Vec::new() };
        self.ask(context, question, asking)
    }

    /// Asks; somebody else knows the way.
    pub fn ask(&mut self, context: &mut Context, question: Question, asking: Asking) -> Sending {
        self.asked += 1;
        let asker = Asker { place: self.place, life: self.life, question: self.asked };
        self.questions.insert(self.asked, asking);
        let patience = if matches!(self.place, Place::Node(_)) { 20_000 } else { 30_000 };
        context.after(patience, Happening::GivenUp(asker));
        (asker, question)
    }

    /// What was asked, if this process asked it and still waits.
    pub fn asking(&mut self, asker: Asker) -> Option<Asking> {
        if !self.is_up || asker.life != self.life { None } else { self.questions.remove(&asker.question) }
    }

    /// Hears an answer to one of the machine's own questions, or that there is none.
    pub fn hear(
        &mut self,
        context: &mut Context,
        asking: Asking,
        answer: Result<Response, TransportFailure>,
    ) -> Vec<Sending> {
        let heard =
            answer.as_ref().ok().and_then(|answer| answer.headers().get(EPOCH_HEADER)?.to_str().ok()?.parse().ok());
        let is_deaf = matches!(self.place, Place::Department(_)) && context.has(Plant::EpochUnheard);
        let input = match asking {
            Asking::Records(request, outgoing) => {
                let judged = outgoing.judge(&context.keys.known, answer.clone(), self.clock(context));
                match self.bent(context, &outgoing, answer.as_ref().ok(), judged) {
                    Ok(results) => Some(Input::Answered { request, results }),
                    Err(failure) => Some(Input::Failed { request, failure }),
                }
            }
            Asking::Epoch | Asking::Look => {
                let notice = answer.ok().and_then(|answer| context.keys.known.epoch(answer.body()));
                let notice = notice.map(|mut notice| {
                    if context.has(Plant::EpochForgets) {
                        notice.previous.iter_mut().for_each(|part| part.kept = u64::MAX);
                    }
                    notice
                });
                match notice {
                    Some(notice) if !is_deaf || self.epoch().is_none() => Some(Input::EpochSeen(notice)),
                    _ if matches!(asking, Asking::Epoch) => Some(Input::EpochUnavailable),
                    _ => None,
                }
            }
            Asking::Passed(_) => None,
        };
        let mut sendings = input.map(|input| self.feed(context, input)).unwrap_or_default();
        if let Some(epoch) = heard.filter(|_| self.is_up && !is_deaf) {
            sendings.extend(self.feed(context, Input::EpochHeard(epoch)));
        }
        sendings
    }

    /// The verdicts, with the bugs that are planted here.
    fn bent(
        &self,
        context: &Context,
        outgoing: &Outgoing,
        answer: Option<&Response>,
        judged: Result<Vec<RecordAnswer>, Failure>,
    ) -> Result<Vec<RecordAnswer>, Failure> {
        crate::bending::bent(context, self.place, &self.disk.store, self.epoch(), outgoing, answer, judged)
    }

    /// A commit has reached the disk, or not. What is not the machine's is given back.
    pub fn written(&mut self, context: &mut Context, life: u64) -> (Option<(After, Fate)>, Vec<Sending>) {
        if !self.is_up || life != self.life {
            return (None, Vec::new());
        }
        let Some((after, fate)) = self.disk.written(context, self.place, life) else { return (None, Vec::new()) };
        if context.dies_here() {
            // It is written, and nobody has heard of it.
            let wait = context.chance.i64(50..20_000);
            self.crash(context, wait);
            self.unheard.push(after);
            return (None, Vec::new());
        }
        let After::Machine(batch) = after else { return (Some((after, fate)), Vec::new()) };
        let input = match fate {
            Fate::Known(Ok(_)) => Input::Durable(batch),
            Fate::Known(Err(error)) if deciding::can_never_succeed(&error) => Input::PersistRefused(batch),
            Fate::Known(Err(_)) | Fate::Refused => Input::PersistFailed(batch),
        };
        (None, self.feed(context, input))
    }

    /// Something was appended.
    pub fn appended(&mut self, context: &mut Context) -> Vec<Sending> {
        let mut sendings = Vec::new();
        for lane in Lane::ALL {
            if self.is_up {
                sendings.extend(self.feed(context, Input::Appended { lane }));
            }
        }
        sendings
    }

    /// An alarm rings.
    pub fn due(&mut self, context: &mut Context, number: u64) -> Vec<Sending> {
        if !self.is_up || number != self.due {
            return Vec::new();
        }
        let mut sendings = Vec::new();
        if context.now - self.looked_at >= LOOK_EVERY {
            sendings.push(self.ask_epoch(context, Asking::Look));
        }
        sendings.extend(self.feed(context, Input::Timer));
        sendings
    }

    fn set_alarm(&mut self, context: &mut Context) {
        self.due += 1;
        let now = self.clock(context);
        let wait = self.machine.next_deadline().map_or(SLEEP_MOST, |at| at.millis_since(now)).clamp(1, SLEEP_MOST);
        context.after(wait, Happening::Due(self.place, self.due));
    }
}

/// That nobody has answered in time.
pub fn silence() -> TransportFailure {
    TransportFailure::new(Silence::TimedOut, Arrival::Perhaps, "silence")
}

/// Makes a fake of a terminal receipt into a verdict; for bugs.
pub fn fake(epoch: Option<tongqiao_protocol::EpochId>) -> Verdict {
    let epoch = epoch.unwrap_or(tongqiao_protocol::EpochId::from_bytes([0; 16]));
    let bytes = b"{}".to_vec();
    Verdict::Settled(tongqiao_engine::delivery::TerminalReceipt { epoch, position: 0, time: None, bytes })
}
