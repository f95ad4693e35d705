//! A platform: it knows who may sign, recognises what comes again, keeps streams in order, and signs receipts. What may happen to a
//! case by the tables of the specification is the model checker's subject, not this one's.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tongqiao::SoftwareVerifier;
use tongqiao_edge::Answered;
use tongqiao_protocol::batch::{EventBatch, EventResult, EventResults, EventStatus, MissingEvent};
use tongqiao_protocol::bill::BillRecord;
use tongqiao_protocol::case::{CaseEvent, CaseEventData};
use tongqiao_protocol::epoch::{EPOCH_HEADER, EpochStatement, KeptEpoch};
use tongqiao_protocol::receipt::{BatchPlace, Receipt, ReceiptBody, ReceiptKind, ReceiptOf};
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{
    CaseId, Digest, EpochId, EventId, IncarnationId, KeyId, ProducerId, RecordId, RecordKind, SignedRecord,
    Signer as _, Suite, Timestamp, Verifier as _, merkle,
};

use crate::context::Context;
use crate::happening::{Happening, Question};
use crate::place::Place;
use crate::plant::Plant;

/// One line of the log.
#[derive(Clone)]
pub struct Line {
    /// The record.
    pub record: RecordId,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its case; none for a bill.
    pub case: Option<CaseId>,
    /// The number in its text.
    pub number: usize,
    /// Its amount; nothing for an event.
    pub fen: i64,
    /// The epoch in which it was judged.
    pub epoch: EpochId,
    receipt: Option<Receipt>,
}

#[derive(Clone)]
struct Database {
    epoch: EpochId,
    started: Timestamp,
    previous: Vec<KeptEpoch>,
    log: Vec<Line>,
    ids: BTreeMap<RecordId, usize>,
    next: BTreeMap<(ProducerId, IncarnationId, CaseId), u64>,
    ledger_fen: i64,
}

/// The platform.
pub struct Platform {
    database: Database,
    backup: Option<Database>,
    /// What was on the disk before the last request, when it answers too early.
    before: Option<Database>,
    /// Whether it runs.
    pub is_up: bool,
}

/// What is to be said of one event.
enum Said {
    Line(usize, EventStatus),
    Other(EventStatus, Option<MissingEvent>),
}

impl Platform {
    /// An empty one.
    pub fn new(context: &mut Context) -> Self {
        let epoch = EpochId::from_time_and_random(context.time(), context.bytes());
        let database = Database {
            epoch,
            started: context.time(),
            previous: Vec::new(),
            log: Vec::new(),
            ids: BTreeMap::new(),
            next: BTreeMap::new(),
            ledger_fen: 0,
        };
        Self { database, backup: None, before: None, is_up: true }
    }

    /// Its log.
    pub fn log(&self) -> &[Line] {
        &self.database.log
    }

    /// The sum of all bills.
    pub const fn ledger_fen(&self) -> i64 {
        self.database.ledger_fen
    }

    /// Its epoch.
    pub const fn epoch(&self) -> EpochId {
        self.database.epoch
    }

    /// A receipt of the log.
    pub fn any_receipt(&self, context: &mut Context) -> Option<Receipt> {
        let log = &self.database.log;
        if log.is_empty() { None } else { log[context.chance.usize(0..log.len())].receipt.clone() }
    }

    /// Dies, and stands up again later.
    pub fn crash(&mut self, context: &mut Context, wait_ms: i64) {
        if self.is_up {
            context.note("platform dies");
            self.is_up = false;
            if let Some(before) = self.before.take() {
                self.database = before;
            }
            context.after(wait_ms, Happening::Starts(Place::Platform));
        }
    }

    /// Copies its database away.
    pub fn back_up(&mut self) {
        self.backup = Some(self.database.clone());
    }

    /// Becomes that copy again.
    pub fn restore(&mut self, context: &mut Context) {
        let Some(backup) = self.backup.clone() else { return };
        let (epoch, mut previous) = (self.database.epoch, self.database.previous.clone());
        self.database = backup;
        self.before = None;
        if context.has(Plant::RestoredInSilence) {
            return;
        }
        let kept = self.database.log.len() as u64;
        previous.push(KeptEpoch { epoch, kept: u64::MAX });
        previous.iter_mut().for_each(|part| part.kept = part.kept.min(kept));
        self.database.previous = previous;
        self.database.epoch = EpochId::from_time_and_random(context.time(), context.bytes());
        self.database.started = context.time();
        if context.has(Plant::RestoredWithoutIndex) {
            self.database.ids.clear();
            self.database.next.clear();
        }
    }

    /// Serves a request; `None` when it dies over it.
    pub fn serve(&mut self, context: &mut Context, question: &Question) -> Option<Answered> {
        if context.dies_here() {
            self.die_by_chance(context);
            return None;
        }
        if context.has(Plant::PlatformBeforeDisk) {
            self.before = Some(self.database.clone());
        }
        let body = match (&question.method, question.target.as_str()) {
            (&Method::GET, "/v1/epoch") => self.statement(context),
            (&Method::POST, "/v1/case-events") => self.events(context, &question.body)?,
            (&Method::POST, "/v1/bills") => self.bill(context, &question.body)?,
            _ => {
                context.recorder.fault(format!("nobody asks for {}", question.target));
                return None;
            }
        };
        if context.dies_here() {
            self.die_by_chance(context);
            return None;
        }
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(epoch) = HeaderValue::from_str(&self.database.epoch.to_string()) {
            headers.insert(EPOCH_HEADER, epoch);
        }
        Some(Answered::new(StatusCode::OK, &headers, body))
    }

    fn die_by_chance(&mut self, context: &mut Context) {
        let wait = context.chance.i64(50..30_000);
        self.crash(context, wait);
    }

    fn statement(&self, context: &Context) -> Vec<u8> {
        let database = &self.database;
        let statement = EpochStatement {
            epoch: database.epoch,
            started: database.started,
            log_size: database.log.len() as u64,
            previous: database.previous.clone(),
        };
        let record = serde_json::to_vec(&statement).unwrap_or_default();
        let signed = SignedRecord::sign(RecordKind::Epoch, record, &context.keys.platform, &[0; 32]);
        signed.ok().and_then(|signed| serde_json::to_vec(&signed).ok()).unwrap_or_default()
    }

    fn events(&mut self, context: &mut Context, body: &[u8]) -> Option<Vec<u8>> {
        let Ok(batch) = serde_json::from_slice::<EventBatch>(body) else {
            context.recorder.fault("a body that is no batch came to the platform".to_owned());
            return None;
        };
        let first = self.database.log.len();
        let said = batch.events.iter().map(|record| self.event(context, record)).collect::<Vec<_>>();
        self.sign(context, first, None);
        let results = said.into_iter().map(|(id, said)| match said {
            Said::Line(position, status) => {
                let receipt = self.database.log[position].receipt.clone();
                EventResult { id, status, receipt, problem: None, missing: None, custody: None }
            }
            Said::Other(status, missing) => {
                let problem =
                    (status == EventStatus::Refused).then(|| serde_json::json!({ "code": "event.id_conflict" }));
                EventResult { id, status, receipt: None, problem, missing, custody: None }
            }
        });
        let results = EventResults { epoch: self.database.epoch, results: results.collect() };
        serde_json::to_vec(&results).ok()
    }

    fn event(&mut self, context: &mut Context, record: &SignedRecord) -> (Option<EventId>, Said) {
        let refused = (None, Said::Other(EventStatus::Refused, None));
        if !is_signed(context, RecordKind::Event, record) {
            context.recorder.fault("a record came to the platform that its author did not sign so".to_owned());
            return refused;
        }
        let Ok(event) = CaseEvent::parse(&record.record) else { return refused };
        let (id, digest) = (RecordId::from(event.id), record.digest(Suite::International));
        let is_known = !context.has(Plant::RepeatedIsNew);
        if let Some(position) = self.database.ids.get(&id).copied().filter(|_| is_known) {
            let same = self.database.log.get(position).is_some_and(|line| line.digest == digest);
            let said = if same {
                Said::Line(position, EventStatus::Duplicate)
            } else {
                context.recorder.fault(format!("{id} came with other bytes"));
                Said::Other(EventStatus::Refused, None)
            };
            return (Some(event.id), said);
        }
        let stream = (event.producer, event.incarnation, event.case);
        let next = self.database.next.get(&stream).copied().unwrap_or(1);
        let is_free = context.has(Plant::OrderIgnored) || !is_known;
        if event.sequence > next && !is_free {
            return (Some(event.id), Said::Other(EventStatus::Deferred, Some(MissingEvent::Sequence(next))));
        }
        if event.sequence < next && !is_free {
            context.recorder.fault(format!("place {} of a stream came twice", event.sequence));
            return (Some(event.id), Said::Other(EventStatus::Refused, None));
        }
        self.database.next.insert(stream, next.max(event.sequence + 1));
        let CaseEventData::StepRecorded(step) = &event.data else { return refused };
        let number = step.step.parse().unwrap_or(usize::MAX);
        let position = self.write(Line {
            record: id,
            digest,
            case: Some(event.case),
            number,
            fen: 0,
            epoch: self.database.epoch,
            receipt: None,
        });
        (Some(event.id), Said::Line(position, EventStatus::Settled))
    }

    fn write(&mut self, line: Line) -> usize {
        let position = self.database.log.len();
        self.database.ids.insert(line.record, position);
        self.database.ledger_fen += line.fen;
        self.database.log.push(line);
        position
    }

    fn bill(&mut self, context: &mut Context, body: &[u8]) -> Option<Vec<u8>> {
        let record = serde_json::from_slice::<SignedRecord>(body).ok()?;
        let bill = BillRecord::parse(&record.record).ok();
        let Some(bill) = bill.filter(|_| is_signed(context, RecordKind::Bill, &record)) else {
            context.recorder.fault("a bill came to the platform that its author did not sign so".to_owned());
            return None;
        };
        let id = RecordId::from(bill.bill);
        let position = match self.database.ids.get(&id).copied() {
            Some(position) => {
                if context.has(Plant::MoneyTwice) {
                    self.database.ledger_fen += bill.amount.as_fen();
                }
                position
            }
            None => {
                let first = self.database.log.len();
                let position = self.write(Line {
                    record: id,
                    digest: record.digest(Suite::International),
                    case: None,
                    number: bill.lines.first().and_then(|line| line.code.parse().ok()).unwrap_or(usize::MAX),
                    fen: bill.amount.as_fen(),
                    epoch: self.database.epoch,
                    receipt: None,
                });
                self.sign(context, first, Some(ReceiptOf::Bill));
                position
            }
        };
        let receipt = self.database.log[position].receipt.as_ref()?;
        serde_json::to_vec(&serde_json::json!({ "receipt": receipt })).ok()
    }

    /// Receipts for all lines from `first` on.
    fn sign(&mut self, context: &Context, first: usize, of: Option<ReceiptOf>) {
        let time = context.time();
        let bodies = self.database.log.iter().enumerate().skip(first).map(|(position, line)| ReceiptBody {
            kind: ReceiptKind::Settled,
            record: line.record,
            digest: line.digest,
            case: line.case,
            revision: None,
            epoch: line.epoch,
            position: position as u64,
            time,
            of,
            payment: None,
            money: None,
            payout: None,
            problem: None,
        });
        let receipts = receipts(&bodies.collect::<Vec<_>>(), &context.keys.platform);
        for (line, receipt) in self.database.log.iter_mut().skip(first).zip(receipts) {
            line.receipt = Some(receipt);
        }
    }
}

/// Receipts of these bodies as one batch, signed by whoever signs.
pub fn receipts(bodies: &[ReceiptBody], signer: &tongqiao::SoftwareSigner) -> Vec<Receipt> {
    let leaves = bodies.iter().map(|body| serde_json::to_vec(body).unwrap_or_default()).collect::<Vec<_>>();
    let tree = merkle::MerkleTree::new(signer.suite(), leaves.iter().map(Vec::as_slice));
    let Some(tree) = tree else { return Vec::new() };
    let keyid: &KeyId = signer.key_id();
    let Ok(value) = signer.sign(&Receipt::message(keyid, tree.size(), &tree.root()), &[0; 32]) else {
        return Vec::new();
    };
    let place = |index| BatchPlace { size: tree.size(), index, path: tree.path(index).unwrap_or_default() };
    let signature = RecordSignature { keyid: keyid.clone(), value };
    let receipts = leaves.iter().zip(0..).map(|(leaf, index)| Receipt {
        receipt: leaf.clone(),
        batch: place(index),
        signature: signature.clone(),
    });
    receipts.collect()
}

fn is_signed(context: &Context, kind: RecordKind, record: &SignedRecord) -> bool {
    let keyid = &record.signature.keyid;
    let known = (0..context.plan.departments).map(|number| context.keys.department(number));
    let mut known = known.filter(|signer| signer.key_id() == keyid);
    let message = SignedRecord::message(kind, keyid, &record.record);
    known.any(|signer| SoftwareVerifier.verify(signer.public_key(), &message, &record.signature.value).is_ok())
}
