//! A platform with one case, judging by the tables. Everything it knows follows from its log, so a restore is a shorter log.

use tongqiao_engine::{EpochNotice, KeptPart, Missing, RecordAnswer, Sequence, StreamKey, TerminalReceipt, Verdict};
use tongqiao_protocol::RecordId;

use crate::event::{Event, epoch_id};
use crate::tables::{Winner, next_state, winner};

/// What the platform decided about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// It changed (or enriched) the case.
    Effective,
    /// It abandons a refused event.
    Abandoned,
    /// It was judged and not applied.
    Refused,
}

/// One line of the log; its position is its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Logged {
    /// The event.
    pub event: Event,
    /// What was decided.
    pub decision: Decision,
    /// The epoch of its receipt.
    pub epoch: u8,
}

/// The platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Platform {
    /// Its running epoch, from 1.
    pub epoch: u8,
    /// Earlier epochs and how many positions of the log survive of each.
    pub previous: Vec<(u8, u64)>,
    /// The log.
    pub log: Vec<Logged>,
    /// Thirty days have passed since something was deferred for a revision that nobody has.
    pub grace_over: bool,
    /// A stream's place was used for two events, which no honest producer does.
    pub sequence_reused: bool,
}

impl Platform {
    /// A platform without a case.
    pub const fn new() -> Self {
        Self { epoch: 1, previous: Vec::new(), log: Vec::new(), grace_over: false, sequence_reused: false }
    }

    /// The effective events, in order.
    pub fn effective(&self) -> impl Iterator<Item = &Event> {
        self.log.iter().filter(|line| line.decision == Decision::Effective).map(|line| &line.event)
    }

    /// The case's revision.
    pub fn revision(&self) -> u64 {
        self.effective().count() as u64
    }

    fn state(&self) -> &'static str {
        self.effective().fold("none", |state, event| next_state(state, event.kind).unwrap_or(state))
    }

    /// The last settled place of a stream, and the refused event that blocks the next place.
    fn stream(&self, stream: &StreamKey) -> (u64, Option<RecordId>) {
        let mut last = (0, None);
        for line in self.log.iter().filter(|line| line.event.stream() == *stream) {
            last = match line.decision {
                // A place that was settled before: by the very event that this one was to replace, or by an earlier
                // replacement. The stream does not go back.
                _ if line.event.sequence.get() <= last.0 => last,
                Decision::Refused => (last.0, Some(line.event.id)),
                _ => (line.event.sequence.get(), None),
            };
        }
        last
    }

    /// What `GET /v1/epoch` says.
    pub fn notice(&self) -> EpochNotice {
        let previous =
            self.previous.iter().map(|(epoch, kept)| KeptPart { epoch: epoch_id(*epoch), kept: *kept }).collect();
        EpochNotice { epoch: epoch_id(self.epoch), previous }
    }

    /// Restores a backup that had `kept` lines.
    pub fn restore(&mut self, kept: usize) {
        self.log.truncate(kept);
        let kept = kept as u64;
        self.previous.iter_mut().for_each(|(_, of)| *of = kept.min(*of));
        self.previous.push((self.epoch, kept));
        self.epoch += 1;
        self.grace_over = false;
    }

    /// Answers one request, event by event.
    pub fn answer(&mut self, events: &[Event]) -> Vec<RecordAnswer> {
        events.iter().map(|event| RecordAnswer { id: event.id, verdict: self.process(event) }).collect()
    }

    fn process(&mut self, event: &Event) -> Verdict {
        if let Some(position) = self.log.iter().position(|line| line.event.id == event.id) {
            return self.receipt(position);
        }
        let (last, blocked_by) = self.stream(&event.stream());
        let next = last + 1;
        if event.sequence.get() > next {
            return Verdict::Deferred(Sequence::new(next).map_or(Missing::Unnamed, Missing::Sequence));
        }
        if let Some(named) = event.abandons.filter(|_| event.sequence.get() < next) {
            // A restore forgot the refusal, and the refused event came again and took effect before its replacement: the
            // author must learn that. When he abandons the replacement too, nothing is left to decide.
            let effective = self.effective().any(|line| line.id == named);
            return self.decide(event, if effective { Decision::Refused } else { Decision::Abandoned });
        }
        if self.log.iter().any(|line| line.event.abandons == Some(event.id)) {
            // Likewise, but the replacement was first.
            return self.decide(event, Decision::Refused);
        }
        if event.sequence.get() < next || (blocked_by.is_some() && blocked_by != event.abandons) {
            self.sequence_reused = true;
            return self.decide(event, Decision::Refused);
        }
        if event.abandons.is_some() {
            return self.decide(event, Decision::Abandoned);
        }
        let revision = self.revision();
        if event.revision > revision && !self.grace_over {
            return Verdict::Deferred(Missing::Revision(revision + 1));
        }
        let lost = self
            .effective()
            .skip(usize::try_from(event.revision).unwrap_or(usize::MAX))
            .filter(|between| between.stream() != event.stream())
            .any(|between| winner(between.kind, event.kind) == Some(Winner::First));
        let decision = if lost || next_state(self.state(), event.kind).is_none() {
            Decision::Refused
        } else {
            Decision::Effective
        };
        self.decide(event, decision)
    }

    fn decide(&mut self, event: &Event, decision: Decision) -> Verdict {
        self.log.push(Logged { event: *event, decision, epoch: self.epoch });
        self.receipt(self.log.len() - 1)
    }

    fn receipt(&self, position: usize) -> Verdict {
        let line = &self.log[position];
        let receipt =
            TerminalReceipt { epoch: epoch_id(line.epoch), position: position as u64, time: None, bytes: Vec::new() };
        if line.decision == Decision::Refused { Verdict::Refused(receipt) } else { Verdict::Settled(receipt) }
    }
}

impl Default for Platform {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::event_id;

    fn event(signed: u8, sequence: u64, kind: &'static str, abandons: Option<RecordId>) -> Event {
        let sequence = Sequence::new(sequence).unwrap_or(Sequence::FIRST);
        Event { id: event_id(0, signed), producer: 0, incarnation: 0, sequence, revision: 0, step: 0, kind, abandons }
    }

    #[test]
    fn a_second_abandonment_of_a_place_settles_and_does_not_take_the_stream_back() {
        let mut platform = Platform::new();
        let refused = event(1, 1, "decided", None);
        let (first, second) = (event(2, 1, "decided", Some(refused.id)), event(3, 1, "decided", Some(refused.id)));
        let (next, last) = (event(4, 2, "applied", None), event(5, 3, "step-recorded", None));
        let verdicts = platform.answer(&[refused, first, next, second, last]).into_iter().map(|answer| answer.verdict);
        let settled: Vec<bool> = verdicts.map(|verdict| matches!(verdict, Verdict::Settled(_))).collect();
        assert_eq!(settled, [false, true, true, true, true]);
    }
}
