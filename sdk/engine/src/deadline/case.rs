//! All clocks of one case, driven by its events.

use alloc::vec::Vec;

use tongqiao_protocol::case::CaseEventData;
use tongqiao_protocol::supervision_rule::{SupervisedDuty, SupervisionRules};
use tongqiao_protocol::{CivilDate, EventId, Timestamp};

use super::clock::{DeadlineClock, Due};
use super::limit::{Basis, TimeLimit};
use super::step::ClockStep;
use crate::working_days::{CalendarStanding, Counted, WorkingDays};

/// Something an agency must do in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// Say what is missing, accept or refuse (art. 32). Missed, the case counts as accepted from the day it was handed in.
    Answer,
    /// Decide (art. 42).
    Decide,
    /// Hand the result over (art. 44).
    Deliver,
    /// Answer a complaint.
    AnswerComplaint,
    /// Look into a bad grade.
    FollowUp,
    /// Answer an order of the supervisor.
    AnswerOrder,
}

impl Duty {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Decide => "decide",
            Self::Deliver => "deliver",
            Self::AnswerComplaint => "answer-complaint",
            Self::FollowUp => "follow-up",
            Self::AnswerOrder => "answer-order",
        }
    }
}

/// Whether one agency decides or several together (art. 42, second paragraph).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Handling {
    /// One agency: 20 days and 10 more.
    #[default]
    Single,
    /// 联办: 45 days and 15 more.
    Joint,
}

/// The limits of a case: those of its item's guide, else those of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaseLimits {
    /// What the guide promises.
    pub promised: Option<TimeLimit>,
    /// What the law gives: a special law's limit, else art. 42's.
    pub statutory: TimeLimit,
    /// What the city's rules give for the answer to a complaint; `None` when they say nothing: then no clock runs.
    pub complaint: Option<TimeLimit>,
    /// The same for the follow-up of a bad grade.
    pub follow_up: Option<TimeLimit>,
}

impl CaseLimits {
    /// Art. 42's own limits, without a promise.
    pub const fn of_the_law(handling: Handling) -> Self {
        let statutory = match handling {
            Handling::Single => TimeLimit::DECISION,
            Handling::Joint => TimeLimit::JOINT_DECISION,
        };
        Self { promised: None, statutory, complaint: None, follow_up: None }
    }

    /// The same with what the guide promises.
    #[must_use]
    pub const fn promising(self, promised: TimeLimit) -> Self {
        Self { promised: Some(promised), ..self }
    }

    /// The same with what the city's rules give for complaints and bad grades.
    #[must_use]
    pub fn supervised_by(self, rules: &SupervisionRules) -> Self {
        let of = |duty| {
            let published = rules.limits.iter().find(|limit| limit.duty == duty);
            published.map(|limit| TimeLimit::working_days(limit.working_days))
        };
        Self { complaint: of(SupervisedDuty::AnswerComplaint), follow_up: of(SupervisedDuty::FollowUp), ..self }
    }
}

/// When something happened, as well as its author knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The time that was stated.
    pub at: Timestamp,
    /// How far it may be off, either way.
    pub uncertainty_ms: u32,
}

impl Moment {
    /// A time known exactly.
    pub const fn exact(at: Timestamp) -> Self {
        Self { at, uncertainty_ms: 0 }
    }

    /// The earliest day it can have been: it holds against the agency where a clock begins or goes on.
    fn earliest(self) -> CivilDate {
        CivilDate::of(self.at.plus_millis(-i64::from(self.uncertainty_ms)))
    }

    /// The latest day it can have been: it holds against the agency where a clock ends or stops.
    fn latest(self) -> CivilDate {
        CivilDate::of(self.at.plus_millis(i64::from(self.uncertainty_ms)))
    }

    fn is_certain(self) -> bool {
        self.earliest() == self.latest()
    }
}

/// The clocks of one case.
///
/// Events are followed in the order of the case's revisions. The same events give the same clocks, at the counter without a
/// link and at the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseDeadlines {
    limits: CaseLimits,
    tracks: Vec<Track>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Track {
    duty: Duty,
    basis: Basis,
    /// The complaint, evaluation or order.
    about: Option<EventId>,
    clock: DeadlineClock,
    done: Option<CivilDate>,
    is_certain: bool,
}

/// What a clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DutyReading {
    /// What must be done.
    pub duty: Duty,
    /// Who set the limit.
    pub basis: Basis,
    /// Which complaint, evaluation or order it is about; `None` for the duties of the case itself.
    pub about: Option<EventId>,
    /// The day on which the clock began, which does not count.
    pub begun: CivilDate,
    /// All days of the limit, extensions included.
    pub limit: TimeLimit,
    /// Until when.
    pub due: Due,
    /// Where it stands.
    pub standing: DutyStanding,
    /// Whether unpublished holidays may still move it.
    pub calendar: CalendarStanding,
    /// Whether every day on which it began, stopped, went on or ended is certain, for all that the author's clock knew.
    pub is_certain: bool,
}

/// Where a duty stands. Days are of the limit's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DutyStanding {
    /// The clock runs.
    Running {
        /// Days that are left after today; 0 on the last day.
        days_left: u32,
    },
    /// The clock stands.
    Stopped,
    /// Not done, and too late.
    Overdue {
        /// Working days since it was due.
        days_over: u32,
    },
    /// Done in time.
    Kept {
        /// When.
        on: CivilDate,
    },
    /// Done too late.
    Broken {
        /// When.
        on: CivilDate,
    },
}

impl CaseDeadlines {
    /// The clocks of a case that has not been applied for.
    pub const fn new(limits: CaseLimits) -> Self {
        Self { limits, tracks: Vec::new() }
    }

    /// The event with this id has happened.
    pub fn follow(&mut self, moment: Moment, id: EventId, data: &CaseEventData) {
        if let Some(step) = ClockStep::of(id, data) {
            self.step(moment, step);
        }
    }

    /// An event has happened of which only this was kept; `moment` is the event's own.
    pub fn step(&mut self, moment: Moment, step: ClockStep) {
        let moment = Moment { at: step.stated().unwrap_or(moment.at), ..moment };
        match step {
            ClockStep::Applied => self.begin(Duty::Answer, Basis::Statutory, TimeLimit::NOTICE, moment),
            ClockStep::Answered => self.finish(Duty::Answer, moment),
            ClockStep::Accepted { .. } => {
                self.finish(Duty::Answer, moment);
                if let Some(promised) = self.limits.promised {
                    self.begin(Duty::Decide, Basis::Promised, promised, moment);
                }
                self.begin(Duty::Decide, Basis::Statutory, self.limits.statutory, moment);
            }
            ClockStep::Extended { days } => self.deciding().for_each(|track| track.clock.extend(days)),
            ClockStep::Suspended { .. } => self.deciding().for_each(|track| {
                track.clock.suspend(moment.latest());
                track.is_certain &= moment.is_certain();
            }),
            ClockStep::Resumed { .. } => self.deciding().for_each(|track| {
                track.clock.resume(moment.earliest());
                track.is_certain &= moment.is_certain();
            }),
            ClockStep::Decided { .. } => {
                self.finish(Duty::Decide, moment);
                self.begin(Duty::Deliver, Basis::Statutory, TimeLimit::DELIVERY, moment);
            }
            ClockStep::Delivered { .. } => self.finish(Duty::Deliver, moment),
            // What is said about the handling is still to be answered.
            ClockStep::Withdrawn => {
                self.tracks.retain(|track| track.done.is_some() || track.basis == Basis::Supervision);
            }
            ClockStep::Complained { complaint } => {
                self.begin_reply(Duty::AnswerComplaint, self.limits.complaint, complaint, moment);
            }
            ClockStep::GradedBadly { evaluation } => {
                self.begin_reply(Duty::FollowUp, self.limits.follow_up, evaluation, moment);
            }
            ClockStep::Ordered { order, working_days } => {
                self.begin_reply(Duty::AnswerOrder, Some(TimeLimit::working_days(working_days)), order, moment);
            }
            ClockStep::Replied { to } => self.end(|track| track.about == Some(to), moment),
        }
    }

    /// What every clock says at `now`, in the order in which they began.
    pub fn read(&self, now: Timestamp, days: WorkingDays<'_>) -> Vec<DutyReading> {
        let today = CivilDate::of(now);
        self.tracks.iter().map(|track| track.read(today, days)).collect()
    }

    /// The day from which the case counts as accepted because nobody answered in time (art. 32, fourth item); `None` while
    /// there is time, or after an answer in time.
    pub fn counts_as_accepted_since(&self, now: Timestamp, days: WorkingDays<'_>) -> Option<CivilDate> {
        let today = CivilDate::of(now);
        let answer = self.tracks.iter().find(|track| track.duty == Duty::Answer)?;
        let late =
            matches!(answer.read(today, days).standing, DutyStanding::Overdue { .. } | DutyStanding::Broken { .. });
        late.then(|| answer.clock.begun())
    }

    fn begin(&mut self, duty: Duty, basis: Basis, limit: TimeLimit, moment: Moment) {
        // A second acceptance or decision moves nothing: the tables do not let it happen.
        if !self.tracks.iter().any(|track| (track.duty, track.basis) == (duty, basis)) {
            self.push(duty, basis, None, limit, moment);
        }
    }

    fn begin_reply(&mut self, duty: Duty, limit: Option<TimeLimit>, about: EventId, moment: Moment) {
        let is_new = !self.tracks.iter().any(|track| (track.duty, track.about) == (duty, Some(about)));
        if let Some(limit) = limit.filter(|_| is_new) {
            self.push(duty, Basis::Supervision, Some(about), limit, moment);
        }
    }

    fn push(&mut self, duty: Duty, basis: Basis, about: Option<EventId>, limit: TimeLimit, moment: Moment) {
        let clock = DeadlineClock::new(moment.earliest(), limit);
        self.tracks.push(Track { duty, basis, about, clock, done: None, is_certain: moment.is_certain() });
    }

    fn finish(&mut self, duty: Duty, moment: Moment) {
        self.end(|track| track.duty == duty, moment);
    }

    fn end(&mut self, which: impl Fn(&Track) -> bool, moment: Moment) {
        for track in self.tracks.iter_mut().filter(|track| which(track) && track.done.is_none()) {
            track.done = Some(moment.latest());
            track.is_certain &= moment.is_certain();
        }
    }

    fn deciding(&mut self) -> impl Iterator<Item = &mut Track> {
        self.tracks.iter_mut().filter(|track| track.duty == Duty::Decide && track.done.is_none())
    }
}

impl Track {
    fn read(&self, today: CivilDate, days: WorkingDays<'_>) -> DutyReading {
        let Counted { value: due, calendar } = self.clock.due(days);
        let standing = match (self.done, due) {
            (Some(on), Due::On(last)) if on > last => DutyStanding::Broken { on },
            (Some(on), _) => DutyStanding::Kept { on },
            (None, Due::Stopped { .. }) => DutyStanding::Stopped,
            (None, Due::On(last)) if today > last => {
                DutyStanding::Overdue { days_over: days.between(last, today).value }
            }
            (None, Due::On(_)) => {
                let used = self.clock.used(today, days).value;
                DutyStanding::Running { days_left: self.clock.days().saturating_sub(used) }
            }
        };
        let limit = self.clock.limit().with_days(self.clock.days());
        let (duty, basis, about, is_certain) = (self.duty, self.basis, self.about, self.is_certain);
        DutyReading { duty, basis, about, begun: self.clock.begun(), limit, due, standing, calendar, is_certain }
    }
}
