//! A hub: reads frames, asks the platform, and answers. It keeps nothing; now and then it is not the one it should be.

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};
use tongqiao::Arrival;
use tongqiao_edge::Answered;
use tongqiao_edge::deciding::Opened;
use tongqiao_protocol::batch::{EventBatch, EventResult, EventResults, EventStatus};
use tongqiao_protocol::case::CaseEvent;
use tongqiao_protocol::receipt::{Receipt, ReceiptBody, ReceiptKind};
use tongqiao_protocol::{SignedRecord, Suite};

use crate::context::{Context, Line};
use crate::happening::{Happening, Question};
use crate::place::{Asker, Place};
use crate::plant::Plant;
use crate::platform::{Platform, receipts};

/// A hub.
pub struct Hub {
    number: usize,
    life: u64,
    /// Whether it runs.
    pub is_up: bool,
    remembered: BTreeMap<Vec<u8>, (StatusCode, Vec<u8>)>,
}

impl Hub {
    /// One that runs.
    pub const fn new(number: usize) -> Self {
        Self { number, life: 1, is_up: true, remembered: BTreeMap::new() }
    }

    /// Dies, and stands up again later.
    pub fn crash(&mut self, context: &mut Context, wait_ms: i64) {
        if self.is_up {
            context.note(&format!("hub-{} dies", self.number));
            self.is_up = false;
            context.after(wait_ms, Happening::Starts(Place::Hub(self.number)));
        }
    }

    /// Stands up.
    pub const fn start(&mut self) {
        self.is_up = true;
        self.life += 1;
    }

    /// A frame has come.
    pub fn frame(&mut self, context: &mut Context, asker: Asker, frame: Vec<u8>, platform: &Platform) {
        if !self.is_up {
            return;
        }
        if context.has(Plant::HubRemembers)
            && let Some((status, body)) = self.remembered.get(&frame).cloned()
        {
            return answer(context, asker, status, body);
        }
        let opened = match Opened::read(&frame) {
            Ok(opened) => opened,
            Err((status, body)) => return answer(context, asker, status, body),
        };
        if context.happens(context.plan.forged)
            && let Some(forged) = forged(context, opened.call().body(), platform)
        {
            context.note("forged");
            let (status, body) = opened.answer(Ok(forged));
            return answer(context, asker, status, body);
        }
        if context.dies_here() {
            let wait = context.chance.i64(50..30_000);
            return self.crash(context, wait);
        }
        context.send(Line::City, Happening::Passed(self.number, self.life, asker, frame));
    }

    /// The platform's answer, or that there is none.
    pub fn answered(
        &mut self,
        context: &mut Context,
        life: u64,
        asker: Asker,
        frame: Vec<u8>,
        passed: Result<Answered, Arrival>,
    ) {
        if !self.is_up || life != self.life {
            return;
        }
        let Ok(opened) = Opened::read(&frame) else { return };
        let (status, body) = opened.answer(passed);
        if context.has(Plant::HubRemembers) && status == StatusCode::OK {
            self.remembered.insert(frame, (status, body.clone()));
        }
        answer(context, asker, status, body);
    }
}

fn answer(context: &mut Context, asker: Asker, status: StatusCode, body: Vec<u8>) {
    let Place::Node(node) = asker.place else { return };
    let body = context.cut(body);
    context.send(Line::Link(node), Happening::FrameAnswered(asker, status, body));
}

/// The request in a frame; what is no frame does not come so far.
pub fn question(frame: &[u8]) -> Option<Question> {
    let opened = Opened::read(frame).ok()?;
    let call = opened.call();
    Some(Question { method: call.method().clone(), target: call.target().to_owned(), body: call.body().to_vec() })
}

/// Receipts for a batch, by somebody who would like to be the platform, or the platform's own for other records.
fn forged(context: &mut Context, body: &[u8], platform: &Platform) -> Option<Answered> {
    let batch = serde_json::from_slice::<EventBatch>(body).ok()?;
    let events = batch.events.iter().map(|record| Some((record, CaseEvent::parse(&record.record).ok()?)));
    let events = events.collect::<Option<Vec<_>>>()?;
    let shown: Vec<Option<Receipt>> = if context.chance.bool() {
        let bodies = events.iter().map(|(record, event)| claim(context, record, event, platform)).collect::<Vec<_>>();
        receipts(&bodies, &context.keys.forger).into_iter().map(Some).collect()
    } else {
        events.iter().map(|_| platform.any_receipt(context)).collect()
    };
    let results = events.iter().zip(shown).map(|((_, event), receipt)| EventResult {
        id: Some(event.id),
        status: EventStatus::Settled,
        receipt,
        problem: None,
        missing: None,
        custody: None,
    });
    let results = EventResults { epoch: platform.epoch(), results: results.collect() };
    Some(Answered::new(StatusCode::OK, &HeaderMap::new(), serde_json::to_vec(&results).ok()?))
}

fn claim(context: &Context, record: &SignedRecord, event: &CaseEvent, platform: &Platform) -> ReceiptBody {
    ReceiptBody {
        kind: ReceiptKind::Settled,
        record: event.id.into(),
        digest: record.digest(Suite::International),
        case: Some(event.case),
        revision: None,
        epoch: platform.epoch(),
        position: platform.log().len() as u64,
        time: context.time(),
        of: None,
        payment: None,
        money: None,
        payout: None,
        problem: None,
    }
}
