//! A machine over a list of entries, as a driver sees it; what must never be sent is asserted for every request.

use tongqiao_engine::delivery::{RequestNumber, TerminalReceipt, Verdict, check};
use tongqiao_engine::{
    Change, Delivery, Entry, EntryKind, EntryState, EpochBook, EpochNotice, Input, Lane, Notice, Output, RecordAnswer,
    Sequence, Settings, StreamKey, SubjectId,
};
use tongqiao_protocol::{Digest, EpochId, IncarnationId, ProducerId, RecordId, Suite, Timestamp};

pub(crate) fn epoch() -> EpochId {
    EpochId::from_bytes([1; 16])
}

/// A machine over a list of entries; commits succeed at once unless told otherwise.
pub(crate) struct Bench {
    pub(crate) delivery: Delivery,
    pub(crate) entries: Vec<Entry>,
    pub(crate) now: Timestamp,
    pub(crate) sent: Vec<(RequestNumber, Lane, Vec<RecordId>)>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) commits_fail: bool,
    /// The store refuses every change of this record.
    pub(crate) damaged: Option<RecordId>,
    pub(crate) epoch_asked: u32,
}

impl Bench {
    pub(crate) fn new(settings: Settings, entries: Vec<Entry>) -> Self {
        let notice = EpochNotice { epoch: epoch(), previous: vec![] };
        let book = EpochBook::default().turned(&notice).unwrap();
        let (sent, notices) = (vec![], vec![]);
        let now = Timestamp::from_millis(0);
        let delivery = Delivery::new(settings, book);
        let mut bench =
            Self { delivery, entries, now, sent, notices, commits_fail: false, damaged: None, epoch_asked: 0 };
        bench.give(Input::Timer);
        bench
    }

    pub(crate) fn give(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.delivery.handle(input, self.now, 42);
            while let Some(output) = self.delivery.poll() {
                match output {
                    Output::Load { lane, after_ordinal, limit } => {
                        let limit = usize::try_from(limit).unwrap();
                        let due = |entry: &&Entry| {
                            entry.lane == lane
                                && entry.ordinal > after_ordinal
                                && entry.state == EntryState::Pending
                                && entry.is_due(self.now)
                                && self.is_free(entry)
                        };
                        let entries: Vec<Entry> = self.entries.iter().filter(due).take(limit).cloned().collect();
                        let exhausted = entries.len() < limit;
                        inputs.insert(0, Input::Loaded { lane, entries, exhausted });
                    }
                    Output::Persist { batch, .. } if self.commits_fail => inputs.insert(0, Input::PersistFailed(batch)),
                    Output::Persist { batch, changes } if changes.iter().any(|change| self.is_impossible(change)) => {
                        inputs.insert(0, Input::PersistRefused(batch));
                    }
                    Output::Persist { batch, changes } => {
                        changes.iter().for_each(|change| self.apply(change));
                        inputs.insert(0, Input::Durable(batch));
                    }
                    Output::Transmit { request, lane, kind, ids } => {
                        self.may_be_sent(kind, &ids);
                        self.sent.push((request, lane, ids));
                    }
                    Output::Notify(notice) => self.notices.push(notice),
                    Output::FetchEpoch => self.epoch_asked += 1,
                    Output::LoadRetained { epoch, after, limit } => {
                        let limit = usize::try_from(limit).unwrap();
                        let of = |entry: &&Entry| match entry.state {
                            EntryState::Settled { epoch: of, .. } => of == epoch && entry.log_place().unwrap() > after,
                            _ => false,
                        };
                        let mut entries: Vec<Entry> = self.entries.iter().filter(of).cloned().collect();
                        entries.sort_by_key(Entry::log_place);
                        entries.truncate(limit);
                        let exhausted = entries.len() < limit;
                        inputs.insert(0, Input::Retained { epoch, entries, exhausted });
                    }
                }
            }
            check(&self.delivery).unwrap();
        }
    }

    pub(crate) fn find(&self, id: RecordId) -> &Entry {
        self.entries.iter().find(|entry| entry.id == id).unwrap()
    }

    fn before<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Entry> {
        let holds = |before: &&Entry| before.stream == entry.stream && before.sequence < entry.sequence;
        self.entries.iter().filter(|before| before.holds_its_stream()).filter(holds)
    }

    /// As a store judges: nothing that comes earlier in the stream stands still.
    fn is_free(&self, entry: &Entry) -> bool {
        self.before(entry).all(|before| match before.state {
            EntryState::Pending => before.is_due(self.now),
            EntryState::Settled { .. } | EntryState::Replaced { .. } => true,
            EntryState::Refused { .. } | EntryState::Expired | EntryState::Dead => false,
        })
    }

    fn may_be_sent(&self, kind: EntryKind, ids: &[RecordId]) {
        assert!(kind == EntryKind::CaseEvent || ids.len() == 1, "a payment travels alone");
        for (place, id) in ids.iter().enumerate() {
            let entry = self.find(*id);
            assert!((entry.kind, entry.state) == (kind, EntryState::Pending), "{entry:?}");
            assert!(entry.not_after.is_none_or(|limit| limit > self.now), "its time is over: {entry:?}");
            assert!(self.sent.iter().all(|(_, _, others)| !others.contains(id)), "{id} is under way");
            let open = self.before(entry).filter(|before| !matches!(before.state, EntryState::Settled { .. }));
            for before in open.filter(|before| !matches!(before.state, EntryState::Replaced { .. })) {
                assert!(ids[..place].contains(&before.id), "{id} is sent before {}", before.id);
            }
        }
    }

    fn apply(&mut self, change: &Change) {
        let (Change::Settle { id, .. }
        | Change::Reschedule { id, .. }
        | Change::Expire { id, .. }
        | Change::Bury { id, .. }
        | Change::Reoffer { id }) = change
        else {
            return;
        };
        let entry = self.entries.iter_mut().find(|entry| entry.id == *id).unwrap();
        match change {
            Change::Settle { state, at, .. } => (entry.state, entry.terminal_at) = (*state, Some(*at)),
            Change::Reschedule { next_attempt_at, attempts, .. } => {
                (entry.next_attempt_at, entry.attempts) = (*next_attempt_at, *attempts);
            }
            Change::Reoffer { .. } => (entry.state, entry.not_after) = (EntryState::Pending, None),
            Change::Expire { at, .. } => (entry.state, entry.terminal_at) = (EntryState::Expired, Some(*at)),
            _ => entry.state = EntryState::Dead,
        }
    }

    fn is_impossible(&self, change: &Change) -> bool {
        let (Change::Settle { id, .. }
        | Change::Reschedule { id, .. }
        | Change::Expire { id, .. }
        | Change::Bury { id, .. }
        | Change::Reoffer { id }) = change
        else {
            return false;
        };
        self.damaged == Some(*id)
    }

    pub(crate) fn settle_all(&mut self) {
        while let Some((request, _, ids)) = self.sent.pop() {
            self.settle(request, &ids);
        }
    }

    /// The platform was restored and has lost all of the first epoch.
    pub(crate) fn restore(&mut self) {
        let notice = EpochNotice { epoch: EpochId::from_bytes([2; 16]), previous: vec![] };
        self.give(Input::EpochSeen(notice));
    }

    pub(crate) fn settle(&mut self, request: RequestNumber, ids: &[RecordId]) {
        let verdict = || Verdict::Settled(TerminalReceipt { epoch: epoch(), position: 7, time: None, bytes: vec![] });
        let results = ids.iter().map(|id| RecordAnswer { id: *id, verdict: verdict() }).collect();
        self.give(Input::Answered { request, results });
    }

    pub(crate) fn wait(&mut self) {
        self.now = self.delivery.next_deadline().unwrap();
        self.give(Input::Timer);
    }
}

pub(crate) fn id(number: u32) -> RecordId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

/// The n-th entry of the store, on a subject of its own.
pub(crate) fn entry(number: u32, lane: Lane) -> Entry {
    let subject = SubjectId::from_bytes(*id(number).as_bytes());
    Entry {
        id: id(number),
        kind: EntryKind::CaseEvent,
        lane,
        stream: StreamKey {
            producer: ProducerId::from_bytes([1; 16]),
            incarnation: IncarnationId::from_bytes([1; 16]),
            subject,
        },
        sequence: Sequence::FIRST,
        ordinal: u64::from(number),
        digest: Digest::of(Suite::International, b""),
        size_bytes: 1_000,
        accepted_at: Timestamp::from_millis(0),
        state: EntryState::Pending,
        attempts: 0,
        next_attempt_at: Timestamp::from_millis(0),
        not_after: None,
        replaces: None,
        terminal_at: None,
    }
}
