//! A township's node: the real taking of records, a real delivery machine, and frames.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use tongqiao::deciding::Taking;
use tongqiao::{Arrival, Carried, Response, Silence, TransportFailure};
use tongqiao_edge::{Call, deciding};
use tongqiao_engine::Change;
use tongqiao_engine::delivery::Input;
use tongqiao_protocol::case::ClockStanding;
use tongqiao_protocol::custody;
use tongqiao_protocol::epoch::EPOCH_HEADER;
use tongqiao_protocol::{PROBLEM_MEDIA_TYPE, Problem};
use tongqiao_store::MemoryStore;

use crate::context::{Context, Line};
use crate::disk::{After, Fate};
use crate::happening::{Happening, Question};
use crate::installation::{Asking, Installation, Sending, silence};
use crate::keys;
use crate::place::{Asker, Place};
use crate::plant::Plant;

/// How often a commit is tried again because another caller took a place of the same stream, as the SDK does.
const TRIES: u32 = 16;

/// Records that are being taken.
pub struct Taken {
    taking: Taking,
    caller: Asker,
    tries: u32,
}

/// A node.
pub struct Node {
    base: Installation,
    number: usize,
}

impl Node {
    /// Before its first start.
    pub fn new(context: &mut Context, number: usize) -> Self {
        Self { base: Installation::new(context, Place::Node(number)), number }
    }

    /// Where it is.
    pub const fn place(&self) -> Place {
        self.base.place
    }

    /// What is on its disk.
    pub const fn store(&self) -> &MemoryStore {
        &self.base.disk.store
    }

    /// Its process.
    pub const fn base(&mut self) -> &mut Installation {
        &mut self.base
    }

    /// Stands up.
    pub fn start(&mut self, context: &mut Context) {
        let sendings = self.base.start(context);
        context.recorder.stands_up(self.number, &self.base.disk.store);
        self.send(context, sendings);
    }

    /// Dies.
    pub fn crash(&mut self, context: &mut Context, wait_ms: i64) {
        // Callers hear nothing, and ask again.
        self.base.crash(context, wait_ms);
    }

    /// Something for its machine.
    pub fn feed(&mut self, context: &mut Context, input: Input) {
        if self.base.is_up {
            let sendings = self.base.feed(context, input);
            self.send(context, sendings);
        }
    }

    /// The machine's alarm rings.
    pub fn due(&mut self, context: &mut Context, number: u64) {
        let sendings = self.base.due(context, number);
        self.send(context, sendings);
    }

    /// A department asks.
    pub fn asked(&mut self, context: &mut Context, caller: Asker, question: Question) {
        if !self.base.is_up {
            return;
        }
        if question.target != "/v1/case-events" {
            let (asker, question) = self.base.ask(context, question, Asking::Passed(caller));
            return self.send(context, vec![(asker, question)]);
        }
        let Some(records) = deciding::records(&question.body) else {
            return context.recorder.fault("a node was offered what is no batch".to_owned());
        };
        let author = keys::party(caller.place);
        let taking = Taking::check(&context.keys.known, records, |party| *party == author);
        self.take(context, Taken { taking, caller, tries: TRIES });
    }

    fn take(&mut self, context: &mut Context, mut taken: Taken) {
        let now = self.base.clock(context);
        let mut changes = match taken.taking.look(&self.base.disk.store, now) {
            Ok(changes) => changes,
            Err(error) => return context.note(&format!("not taken: {error}")),
        };
        if context.has(Plant::LastOfBatchDropped) && changes.len() > 1 {
            changes.pop();
        }
        let is_hasty = context.has(Plant::CustodyBeforeDisk);
        if changes.is_empty() || is_hasty {
            self.tell(context, taken);
            if changes.is_empty() {
                return;
            }
            return self.push(context, changes, After::Nobody);
        }
        self.push(context, changes, After::Taken(Box::new(taken)));
    }

    fn push(&mut self, context: &mut Context, changes: Vec<Change>, after: After) {
        let (place, life) = (self.base.place, self.base.life);
        self.base.disk.push(context, place, life, changes, after);
        if context.dies_here() {
            let wait = context.chance.i64(50..20_000);
            self.crash(context, wait);
        }
    }

    /// Says where each record stands.
    fn tell(&mut self, context: &mut Context, taken: Taken) {
        let now = self.base.clock(context);
        let carried = taken.taking.tell(&keys::party(self.base.place), ClockStanding::Free, now);
        let bodies = carried.iter().filter_map(|carried| match carried {
            Carried::InCustody(body) => Some(body.clone()),
            _ => None,
        });
        let bodies = bodies.collect::<Vec<_>>();
        bodies.iter().for_each(|body| context.recorder.kept(self.number, body.record));
        let random = context.bytes();
        let receipts = custody::sign(&bodies, context.keys.node(self.number), &random).unwrap_or_default();
        let body = deciding::answer(self.base.epoch(), carried, receipts);
        self.reply(context, taken.caller, StatusCode::OK, "application/json", body);
    }

    fn refuse(&self, context: &mut Context, caller: Asker, problem: &Problem) {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.reply(context, caller, status, PROBLEM_MEDIA_TYPE, problem.to_bytes());
    }

    fn reply(&self, context: &mut Context, caller: Asker, status: StatusCode, kind: &'static str, body: Vec<u8>) {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        self.pass_back(context, caller, response);
    }

    fn pass_back(&self, context: &mut Context, caller: Asker, mut response: Response) {
        let epoch = self.base.epoch().and_then(|epoch| HeaderValue::from_str(&epoch.to_string()).ok());
        if let Some(epoch) = epoch {
            response.headers_mut().entry(EPOCH_HEADER).or_insert(epoch);
        }
        context.send(Line::Office, Happening::Replied(caller, response));
    }

    /// A commit has reached the disk.
    pub fn written(&mut self, context: &mut Context, life: u64) {
        let (done, sendings) = self.base.written(context, life);
        self.send(context, sendings);
        let Some((after, fate)) = done else { return };
        match (after, fate) {
            (After::Taken(taken), Fate::Known(Ok(_))) => {
                self.tell(context, *taken);
                self.appended(context);
            }
            (After::Taken(mut taken), Fate::Known(Err(error))) if Taking::was_overtaken(&error) && taken.tries > 0 => {
                taken.tries -= 1;
                self.take(context, *taken);
            }
            (After::Taken(taken), _) => self.refuse(context, taken.caller, &deciding::unkept()),
            _ => self.appended(context),
        }
    }

    fn appended(&mut self, context: &mut Context) {
        let sendings = self.base.appended(context);
        self.send(context, sendings);
    }

    /// A hub has answered a frame, or nobody has in time.
    pub fn heard(&mut self, context: &mut Context, asker: Asker, answer: Option<(StatusCode, Vec<u8>)>) {
        let Some(asking) = self.base.asking(asker) else { return };
        let heard = match answer {
            None => Err(silence()),
            Some((status, body)) => deciding::heard(status, &body).and_then(|answered| {
                // Every hub here has the dictionary.
                answered.ok_or_else(|| TransportFailure::new(Silence::Broken, Arrival::No, "no dictionary"))
            }),
        };
        let heard = heard.map(tongqiao_edge::Answered::into_response);
        if let Asking::Passed(caller) = asking {
            return match heard {
                Ok(response) => self.pass_back(context, caller, response),
                Err(failure) => self.refuse(context, caller, &deciding::unanswered(failure.may_have_arrived())),
            };
        }
        let sendings = self.base.hear(context, asking, heard);
        self.send(context, sendings);
    }

    fn send(&self, context: &mut Context, sendings: Vec<Sending>) {
        for (asker, question) in sendings {
            let call = Call::new(question.method, question.target, &HeaderMap::new(), question.body);
            let hub = context.chance.usize(0..context.plan.hubs);
            let frame = context.cut(deciding::frame(&call));
            context.send(Line::Link(self.number), Happening::FrameCame(hub, asker, frame));
        }
    }
}
