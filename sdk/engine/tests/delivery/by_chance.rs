//! Delivery against a platform with moods: what each record must come to follows from its own nature and its place alone.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tongqiao_engine::delivery::{Missing, RequestNumber, TerminalReceipt, Verdict};
use tongqiao_engine::{
    Entry, EntryKind, EntryState, Failure, FailureScope, Input, Lane, Notice, Outcome, RecordAnswer, Retry, Sequence,
    Settings, StreamKey,
};
use tongqiao_protocol::{RecordId, Timestamp};

use crate::bench::{Bench, entry, epoch, id};

/// What a record is, whatever the platform's mood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    Good,
    /// The platform judges it and refuses.
    Refused,
    /// It spoils every request that it is in.
    Poison,
    /// It is answered with a problem of its own.
    Faulty,
}

/// How the platform or the link treats one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Honest,
    RequestLost,
    AnswerLost,
    Busy,
    /// An edge node in between keeps the records.
    Custody,
    /// Our key is not known at the moment.
    Locked,
    Forged,
    /// The answer says nothing of the last record.
    Forgetful,
    /// Every record is put off with a problem of its own.
    Later,
}

const MOODS: [Mood; 9] = [
    Mood::Honest,
    Mood::RequestLost,
    Mood::AnswerLost,
    Mood::Busy,
    Mood::Locked,
    Mood::Custody,
    Mood::Forged,
    Mood::Forgetful,
    Mood::Later,
];

const SETTINGS: Settings = Settings {
    window_entries: 8,
    batch_records: 5,
    concurrency: [1, 2, 2, 1],
    requests_under_way: 3,
    reread_ms: 15_000,
    batch_bytes: 4 << 20,
    bulk_floor: 16,
    retry_base_ms: 500,
    retry_cap_ms: 300_000,
    retry_burst: 20,
    retry_refill_ms: 5_000,
    shrink_after_failures: 3,
    custody_poll_ms: 5_000,
    custody_each_ms: 0,
};

fn nature() -> impl Strategy<Value = Nature> {
    prop_oneof![7 => Just(Nature::Good), 1 => Just(Nature::Refused), 1 => Just(Nature::Poison), 1 => Just(Nature::Faulty)]
}

/// The platform's memory: the receipts it has given.
struct Run {
    bench: Bench,
    natures: BTreeMap<RecordId, Nature>,
    log: Vec<(RecordId, Nature)>,
    /// No request of the payment lane has failed yet.
    payments_run: bool,
    /// How many of [`Bench::sent`] have been looked at.
    requests: usize,
}

impl Run {
    fn new(cases: &[(u32, Nature)], payments: &[(u32, Nature, Option<i64>)]) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut natures = BTreeMap::new();
        let limits = payments.iter().map(|(_, _, limit)| *limit);
        let of_cases = cases.iter().map(|(subject, nature)| (Lane::Case, *subject, *nature, None));
        let of_payments = payments
            .iter()
            .zip(limits)
            .map(|((subject, nature, _), limit)| (Lane::Payment, 100 + *subject, *nature, limit));
        for (number, (lane, subject, nature, limit)) in (1..).zip(of_cases.chain(of_payments)) {
            let stream: StreamKey = entry(1_000 + subject, lane).stream;
            let before = entries.iter().filter(|other| other.stream == stream).count() as u64;
            let kind = match lane {
                Lane::Case => EntryKind::CaseEvent,
                _ if before == 0 => EntryKind::Bill,
                _ => EntryKind::Refund,
            };
            natures.insert(id(number), nature);
            let (sequence, not_after) = (Sequence::new(before + 1).unwrap(), limit.map(Timestamp::from_millis));
            entries.push(Entry { kind, stream, sequence, not_after, ..entry(number, lane) });
        }
        Self { bench: Bench::new(SETTINGS, entries), natures, log: Vec::new(), payments_run: true, requests: 0 }
    }

    /// A request comes back, one way or the other.
    fn answer(&mut self, request: RequestNumber, ids: &[RecordId], mood: Mood) {
        let poisoned = ids.iter().any(|id| self.natures[id] == Nature::Poison);
        let failure = |scope, retry, outcome, retry_after_ms| Failure {
            scope,
            retry,
            outcome,
            retry_after_ms,
            problem: b"why".to_vec(),
        };
        let endpoint = |retry, outcome, after| Err(failure(FailureScope::Endpoint, retry, outcome, after));
        let later = || failure(FailureScope::Request, Retry::AfterDelay, Outcome::Rejected, Some(2_000));
        let each = |verdict: &dyn Fn() -> Verdict| -> Vec<RecordAnswer> {
            ids.iter().map(|id| RecordAnswer { id: *id, verdict: verdict() }).collect()
        };
        let results = match mood {
            Mood::RequestLost => endpoint(Retry::SameRequest, Outcome::Unknown, None),
            Mood::Busy => endpoint(Retry::AfterDelay, Outcome::Rejected, Some(60_000)),
            Mood::Locked => endpoint(Retry::AfterChange, Outcome::Rejected, None),
            _ if poisoned => Err(failure(FailureScope::Request, Retry::Never, Outcome::Rejected, None)),
            Mood::Custody => Ok(each(&|| Verdict::InCustody)),
            Mood::Forged => Ok(each(&|| Verdict::Unverifiable)),
            Mood::Later => Ok(each(&|| Verdict::Failed(later()))),
            Mood::AnswerLost => {
                self.judge(ids);
                endpoint(Retry::SameRequest, Outcome::Unknown, None)
            }
            Mood::Honest | Mood::Forgetful => {
                let mut results = self.judge(ids);
                if mood == Mood::Forgetful {
                    results.pop();
                }
                Ok(results)
            }
        };
        self.bench.give(match results {
            Ok(results) => Input::Answered { request, results },
            Err(failure) => Input::Failed { request, failure },
        });
    }

    /// The platform's verdicts: the same receipt for the same record, and places of a stream in their order.
    fn judge(&mut self, ids: &[RecordId]) -> Vec<RecordAnswer> {
        let judged: Vec<RecordAnswer> =
            ids.iter().map(|id| RecordAnswer { id: *id, verdict: self.verdict(*id) }).collect();
        judged
    }

    fn verdict(&mut self, id: RecordId) -> Verdict {
        let entry = self.bench.find(id).clone();
        let nature = self.natures[&id];
        let settled = self
            .log
            .iter()
            .filter(|(other, nature)| *nature == Nature::Good && self.bench.find(*other).stream == entry.stream);
        let next = settled.count() as u64 + 1;
        let known = self.log.iter().position(|(other, _)| *other == id);
        if known.is_none() && entry.holds_its_stream() && entry.sequence.get() != next {
            return Verdict::Deferred(Missing::Sequence(Sequence::new(next).unwrap()));
        }
        if nature == Nature::Faulty {
            let (scope, outcome) = (FailureScope::Request, Outcome::Rejected);
            let failure =
                Failure { scope, retry: Retry::Never, outcome, retry_after_ms: None, problem: b"bad".to_vec() };
            return Verdict::Failed(failure);
        }
        let position = known.unwrap_or_else(|| {
            self.log.push((id, nature));
            self.log.len() - 1
        });
        let receipt = TerminalReceipt { epoch: epoch(), position: position as u64, time: None, bytes: vec![1] };
        if nature == Nature::Good { Verdict::Settled(receipt) } else { Verdict::Refused(receipt) }
    }

    /// The request at that place of those under way comes back, or time passes when there is none.
    fn step(&mut self, choice: usize, mood: Mood) {
        if self.bench.sent.is_empty() {
            self.bench.wait();
        } else {
            let (request, lane, ids) = self.bench.sent.remove(choice % self.bench.sent.len());
            // Whatever a mood does to a payment may make its lane wait.
            self.payments_run &= lane != Lane::Payment || mood == Mood::Honest;
            self.payments_run &= lane != Lane::Payment || ids.iter().all(|id| self.natures[id] != Nature::Poison);
            self.requests = self.bench.sent.len();
            self.answer(request, &ids, mood);
        }
        self.limits_are_kept();
        self.requests = self.bench.sent.len();
    }

    fn limits_are_kept(&self) {
        let under_way = |of: Lane| self.bench.sent.iter().filter(|(_, lane, _)| *lane == of).count();
        assert!(self.bench.sent.len() <= 3 && under_way(Lane::Payment) <= 2 && under_way(Lane::Case) <= 2);
        // A payment that waits for nothing of its own is not overtaken by a case.
        let mut under_way_ids: BTreeSet<RecordId> = BTreeSet::new();
        self.bench.sent.iter().for_each(|(_, _, ids)| under_way_ids.extend(ids));
        let waits = self.bench.entries.iter().find(|entry| {
            entry.lane == Lane::Payment
                && entry.sequence == Sequence::FIRST
                && entry.state == EntryState::Pending
                && entry.attempts == 0
                && !under_way_ids.contains(&entry.id)
        });
        let new_case = self.bench.sent[self.requests..].iter().any(|(_, lane, _)| *lane == Lane::Case);
        if let Some(payment) = waits.filter(|_| self.payments_run && under_way(Lane::Payment) < 2) {
            assert!(!new_case && self.bench.sent.len() == 3, "{payment:?} waits for nothing");
        }
    }

    /// What must become of an entry: the state's name.
    fn expected(&self, entry: &Entry) -> &'static str {
        let stands = |before: &Entry| {
            before.stream == entry.stream
                && before.sequence < entry.sequence
                && self.natures[&before.id] != Nature::Good
        };
        if entry.holds_its_stream() && self.bench.entries.iter().any(stands) {
            return "pending";
        }
        match self.natures[&entry.id] {
            Nature::Good => "settled",
            Nature::Refused => "refused",
            Nature::Poison | Nature::Faulty => "dead",
        }
    }

    /// What is not yet as it must be.
    fn left(&self) -> Option<&Entry> {
        self.bench.entries.iter().find(|entry| match entry.state {
            EntryState::Expired => entry.not_after.is_none_or(|limit| entry.terminal_at < Some(limit)),
            _ => name(entry.state) != self.expected(entry),
        })
    }
}

const fn name(state: EntryState) -> &'static str {
    match state {
        EntryState::Pending => "pending",
        EntryState::Settled { .. } => "settled",
        EntryState::Refused { .. } => "refused",
        EntryState::Replaced { .. } => "replaced",
        EntryState::Expired => "expired",
        EntryState::Dead => "dead",
    }
}

const fn told(notice: &Notice) -> Option<(RecordId, &'static str)> {
    match notice {
        Notice::Settled { id, .. } => Some((*id, "settled")),
        Notice::Refused { id, .. } => Some((*id, "refused")),
        Notice::Expired { id, .. } => Some((*id, "expired")),
        Notice::Buried { id, .. } => Some((*id, "dead")),
        _ => None,
    }
}

proptest! {
    #[test]
    fn whatever_the_platform_s_mood_each_record_comes_to_what_its_nature_and_place_say(
        cases in prop::collection::vec((0_u32..4, nature()), 0..14),
        payments in prop::collection::vec((0_u32..5, nature(), prop::option::of(prop_oneof![0_i64..2_000, 0_i64..400_000])), 0..7),
        moods in prop::collection::vec((0_usize..3, 0_usize..14), 0..60),
    ) {
        let mut run = Run::new(&cases, &payments);
        run.limits_are_kept();
        run.requests = run.bench.sent.len();
        for (choice, mood) in moods {
            run.step(choice, MOODS.get(mood).copied().unwrap_or(Mood::Honest));
        }
        // From here on nothing goes wrong that is not a record's own fault.
        let mut steps = 0;
        while run.left().is_some() || !run.bench.sent.is_empty() {
            run.step(0, Mood::Honest);
            steps += 1;
            prop_assert!(steps < 2_000, "{:?}", run.left());
        }
        // What is done stays done, and is told once.
        for _ in 0..5 {
            run.bench.wait();
            prop_assert!(run.bench.sent.is_empty());
        }
        let mut told: Vec<_> = run.bench.notices.iter().filter_map(told).collect();
        let ended = run.bench.entries.iter().filter(|entry| entry.state != EntryState::Pending);
        let mut ended: Vec<_> = ended.map(|entry| (entry.id, name(entry.state))).collect();
        told.sort_unstable();
        ended.sort_unstable();
        prop_assert_eq!(told, ended);
    }
}
