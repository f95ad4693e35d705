//! A department's system: people enter events and bills, hear "accepted" when the disk has them, and the machine brings them away.

use std::collections::{BTreeSet, VecDeque};

use http::StatusCode;
use tongqiao::Response;
use tongqiao_engine::delivery::Input;
use tongqiao_engine::{Change, Entry, EntryKind, EntryState, Sequence, StreamKey, SubjectId};
use tongqiao_protocol::bill::{BillLine, BillRecord, Payer};
use tongqiao_protocol::case::{CaseEvent, CaseEventData, ClockStanding, DataClass, Step};
use tongqiao_protocol::{Amount, BillId, CaseId, EventId, RecordId, RecordKind, SignedRecord, Suite, Timestamp};
use tongqiao_store::{MemoryStore, Store as _};

use crate::context::{Context, Line};
use crate::disk::{After, Fate};
use crate::happening::Happening;
use crate::installation::{Asking, Installation, Sending, silence};
use crate::keys;
use crate::place::{Asker, Place};
use crate::plan::{Wish, YEAR};
use crate::plant::Plant;

/// A department.
pub struct Department {
    base: Installation,
    number: usize,
    cases: [CaseId; 2],
    wishes: VecDeque<Wish>,
    /// What is entered once more, under the same numbers, by a department that does so.
    anew: VecDeque<(usize, Wish)>,
    charged: BTreeSet<usize>,
    is_accepting: bool,
}

impl Department {
    /// Before its first start.
    pub fn new(context: &mut Context, number: usize) -> Self {
        let cases = std::array::from_fn(|_| CaseId::from_time_and_random(context.time(), context.bytes()));
        let base = Installation::new(context, Place::Department(number));
        let (wishes, anew, charged) = (VecDeque::new(), VecDeque::new(), BTreeSet::new());
        Self { base, number, cases, wishes, anew, charged, is_accepting: false }
    }

    /// Where it is.
    pub const fn place(&self) -> Place {
        self.base.place
    }

    /// What is on its disk.
    pub const fn store(&self) -> &MemoryStore {
        &self.base.disk.store
    }

    /// Whether nobody there waits to enter anything.
    pub fn is_idle(&self) -> bool {
        self.wishes.is_empty() && self.anew.is_empty() && !self.is_accepting
    }

    /// Its process.
    pub const fn base(&mut self) -> &mut Installation {
        &mut self.base
    }

    /// Stands up.
    pub fn start(&mut self, context: &mut Context) {
        self.is_accepting = false;
        self.enter_anew(context);
        let sendings = self.base.start(context);
        self.send(context, sendings);
        self.accept_next(context);
    }

    /// Dies.
    pub fn crash(&mut self, context: &mut Context, wait_ms: i64) {
        self.base.crash(context, wait_ms);
    }

    /// What becomes of those who were waiting when the process died: nothing, where people ask again what they did not hear of.
    fn enter_anew(&mut self, context: &Context) {
        let waiting = std::mem::take(&mut self.base.unheard);
        if context.has(Plant::EnteredAnew) {
            let numbers = waiting.into_iter().filter_map(|after| match after {
                After::Accepted(numbers) => Some(numbers),
                _ => None,
            });
            self.anew.extend(numbers.flatten().map(|number| (number, Wish::Events { case: number % 2, count: 1 })));
        }
    }

    /// Somebody wants something.
    pub fn wish(&mut self, context: &mut Context, wish: Wish) {
        self.wishes.push_back(wish);
        self.accept_next(context);
    }

    fn accept_next(&mut self, context: &mut Context) {
        if !self.base.is_up || self.is_accepting {
            return;
        }
        let (numbers, changes) = if let Some((number, wish)) = self.anew.pop_front() {
            let again = self.changes_again(context, number, wish);
            (vec![number], again)
        } else if let Some(wish) = self.wishes.pop_front() {
            self.changes(context, wish)
        } else {
            return;
        };
        self.is_accepting = true;
        let (place, life) = (self.base.place, self.base.life);
        if context.has(Plant::AcceptedBeforeDisk) {
            numbers.iter().for_each(|number| context.recorder.accepted(*number));
        }
        self.base.disk.push(context, place, life, changes, After::Accepted(numbers));
    }

    fn changes(&self, context: &mut Context, wish: Wish) -> (Vec<usize>, Vec<Change>) {
        match wish {
            Wish::Bill { fen } => {
                let number = context.recorder.enters(self.number, None, fen);
                (vec![number], vec![self.bill(context, number, fen)])
            }
            Wish::Events { case, count } => {
                let case = self.cases[case];
                let numbers = (0..count).map(|_| context.recorder.enters(self.number, Some(case), 0));
                let numbers = numbers.collect::<Vec<_>>();
                let mut written = numbers.clone();
                if context.has(Plant::EventsSwapped) && written.len() > 1 {
                    written.swap(0, 1);
                }
                let mut changes = Vec::new();
                let mut sequence = self.next_sequence(case);
                for number in written {
                    changes.push(self.event(context, number, case, sequence));
                    sequence = sequence.next();
                }
                (numbers, changes)
            }
        }
    }

    fn changes_again(&self, context: &mut Context, number: usize, wish: Wish) -> Vec<Change> {
        match wish {
            Wish::Bill { fen } => vec![self.bill(context, number, fen)],
            Wish::Events { .. } => match context.recorder.case_of(number) {
                Some(case) => vec![self.event(context, number, case, self.next_sequence(case))],
                None => Vec::new(),
            },
        }
    }

    fn stream(&self, subject: SubjectId) -> StreamKey {
        let identity = self.base.identity();
        StreamKey { producer: identity.producer, incarnation: identity.incarnation, subject }
    }

    fn next_sequence(&self, case: CaseId) -> Sequence {
        self.base.disk.store.next_sequence(&self.stream(case.into())).unwrap_or(Sequence::FIRST)
    }

    fn event(&self, context: &mut Context, number: usize, case: CaseId, sequence: Sequence) -> Change {
        let (now, identity) = (self.base.clock(context), self.base.identity());
        let id = EventId::from_time_and_random(now, context.bytes());
        let event = CaseEvent {
            id,
            party: keys::party(self.base.place),
            case,
            time: now,
            producer: identity.producer,
            incarnation: identity.incarnation,
            sequence: sequence.get(),
            revision: 0,
            number: None,
            data_class: DataClass::Public,
            clock: ClockStanding::Free,
            replacement: None,
            data: CaseEventData::StepRecorded(Step {
                step: number.to_string(),
                started: now,
                ended: now,
                handler: "经办人".to_owned(),
                opinion: None,
            }),
        };
        self.append(context, EntryKind::CaseEvent, id.into(), case.into(), sequence, event.to_bytes())
    }

    fn bill(&self, context: &mut Context, number: usize, fen: i64) -> Change {
        let now = self.base.clock(context);
        let id = BillId::from_time_and_random(now, context.bytes());
        // A bug cuts the last place off.
        let fen = if context.has(Plant::FenLost) { (fen - fen % 10).max(10) } else { fen };
        let amount = Amount::from_fen(fen).unwrap_or_default();
        let line =
            BillLine {
                code: number.to_string(), name: "工本费".to_owned(), quantity: 1, unit_price: amount, amount
            };
        let bill = BillRecord {
            bill: id,
            party: keys::party(self.base.place),
            case: None,
            item: None,
            division: "340706000000".parse().expect("a division"),
            payer: Payer { name: "测试人".to_owned(), user: None },
            amount,
            lines: vec![line],
            late_fee: Amount::ZERO,
            late_fee_rule: None,
            not_after: now.plus_millis(3 * YEAR),
            created: now,
        };
        self.append(context, EntryKind::Bill, id.into(), id.into(), Sequence::FIRST, bill.to_bytes())
    }

    fn append(
        &self,
        context: &Context,
        kind: EntryKind,
        id: RecordId,
        subject: SubjectId,
        sequence: Sequence,
        record: Vec<u8>,
    ) -> Change {
        let record_kind = if kind == EntryKind::Bill { RecordKind::Bill } else { RecordKind::Event };
        let signer = context.keys.department(self.number);
        let signed = SignedRecord::sign(record_kind, record, signer, &[0; 32]).expect("keys in memory sign");
        let bytes = serde_json::to_vec(&signed).expect("plain values are written");
        let now: Timestamp = self.base.clock(context);
        let entry = Entry {
            id,
            kind,
            lane: kind.lane(),
            stream: self.stream(subject),
            sequence,
            ordinal: 0,
            digest: signed.digest(Suite::International),
            size_bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            accepted_at: now,
            state: EntryState::Pending,
            attempts: 0,
            next_attempt_at: now,
            not_after: None,
            replaces: None,
            terminal_at: None,
        };
        Change::Append { entry, bytes }
    }

    /// A commit has reached the disk.
    pub fn written(&mut self, context: &mut Context, life: u64) {
        let (done, sendings) = self.base.written(context, life);
        self.send(context, sendings);
        let Some((After::Accepted(numbers), fate)) = done else { return };
        self.is_accepting = false;
        match fate {
            Fate::Known(Ok(_)) => {
                numbers.iter().for_each(|number| context.recorder.accepted(*number));
                let sendings = self.base.appended(context);
                self.send(context, sendings);
            }
            // They were told that it was not accepted, and want nothing more.
            Fate::Known(Err(error)) => context.note(&format!("not accepted: {error}")),
            Fate::Refused => context.note("not accepted: the disk refuses"),
        }
        self.accept_next(context);
    }

    /// An answer of the node, or none in time.
    pub fn heard(&mut self, context: &mut Context, asker: Asker, answer: Option<Response>) {
        let Some(asking) = self.base.asking(asker) else { return };
        if context.has(Plant::ChargedAnew) && answer.as_ref().is_none_or(|answer| answer.status() != StatusCode::OK) {
            self.charge_anew(context, &asking);
        }
        let sendings = self.base.hear(context, asking, answer.ok_or_else(silence));
        self.send(context, sendings);
    }

    fn charge_anew(&mut self, context: &mut Context, asking: &Asking) {
        let Asking::Records(_, outgoing) = asking else { return };
        let bytes = serde_json::from_slice::<SignedRecord>(outgoing.body()).ok();
        let Some(bill) = bytes.and_then(|record| BillRecord::parse(&record.record).ok()) else { return };
        let number = bill.lines.first().and_then(|line| line.code.parse().ok()).unwrap_or(usize::MAX);
        if self.charged.insert(number) {
            self.anew.push_back((number, Wish::Bill { fen: bill.amount.as_fen() }));
            self.accept_next(context);
        }
    }

    /// An alarm rings, or the clock has moved.
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

    fn send(&mut self, context: &mut Context, sendings: Vec<Sending>) {
        let node = self.number % context.plan.nodes;
        for (asker, question) in sendings {
            context.send(Line::Office, Happening::Asked(node, asker, question));
        }
    }
}
