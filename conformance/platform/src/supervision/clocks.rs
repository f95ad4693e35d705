//! The clocks of a case, from its events as text.

use serde_json::Value;
use tongqiao_protocol::{CivilDate, EventId, Timestamp};

use super::arrangement::Arrangement;

/// 行政许可法 art. 32, 42 and 44, in working days.
const ANSWER_DAYS: i64 = 5;
const DELIVER_DAYS: i64 = 10;
/// Art. 42: what an extension is that does not say by how much.
const EXTENSION_DAYS: i64 = 10;
/// All extensions of a clock together.
const EXTENSION_DAYS_MAX: i64 = 3_650;

/// One clock.
pub(super) struct Clock {
    pub(super) duty: &'static str,
    pub(super) basis: &'static str,
    pub(super) begun: CivilDate,
    pub(super) days: i64,
    extension_days: i64,
    stops: Vec<(CivilDate, Option<CivilDate>)>,
    pub(super) done: Option<CivilDate>,
    /// Which complaint, evaluation or order it is about.
    pub(super) about: Option<String>,
}

/// What a clock comes to.
pub(super) struct Reckoning {
    pub(super) due: Option<CivilDate>,
    pub(super) stopped_since: Option<CivilDate>,
    /// Days of the limit used by the end of today.
    pub(super) used: i64,
    pub(super) provisional: bool,
}

/// One effective event: its id, kind, time and data.
pub(crate) struct Happened {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) time: Timestamp,
    pub(crate) data: Value,
}

/// Lets every event happen, in order.
pub(super) fn of_events(
    events: &[Happened],
    promised: Option<i64>,
    statutory: i64,
    published: impl Fn(&str) -> Option<i64>,
) -> Vec<Clock> {
    let mut clocks: Vec<Clock> = Vec::new();
    for event in events {
        let stated = |member: &str| {
            let time = event.data.get(member).and_then(Value::as_str).and_then(|text| text.parse().ok());
            CivilDate::of(time.unwrap_or(event.time))
        };
        let procedure = event.data.get("procedure").and_then(Value::as_str);
        match (event.kind.as_str(), procedure) {
            ("applied", _) => clocks.push(Clock::new("answer", "statutory", CivilDate::of(event.time), ANSWER_DAYS)),
            ("correction-requested" | "rejected", _) => finish(&mut clocks, "answer", CivilDate::of(event.time)),
            ("accepted", _) => {
                let day = stated("accepted_on");
                finish(&mut clocks, "answer", day);
                clocks.extend(promised.map(|days| Clock::new("decide", "promised", day, days)));
                clocks.push(Clock::new("decide", "statutory", day, statutory));
            }
            ("special-begun", Some("extension")) => {
                let days = event.data.get("extended_by_days").and_then(Value::as_i64).unwrap_or(EXTENSION_DAYS);
                deciding(&mut clocks).for_each(|clock| clock.extend(days));
            }
            ("special-begun", _) => {
                let day = stated("begun");
                deciding(&mut clocks)
                    .filter(|clock| !clock.is_stopped())
                    .for_each(|clock| clock.stops.push((day, None)));
            }
            ("special-ended", Some("suspension")) => {
                let day = stated("ended");
                deciding(&mut clocks).for_each(|clock| {
                    if let Some((_, end @ None)) = clock.stops.last_mut() {
                        *end = Some(day);
                    }
                });
            }
            ("decided", _) => {
                let day = stated("decided_on");
                finish(&mut clocks, "decide", day);
                clocks.push(Clock::new("deliver", "statutory", day, DELIVER_DAYS));
            }
            ("delivered", _) => finish(&mut clocks, "deliver", stated("delivered_on")),
            ("withdrawn", _) => clocks.retain(|clock| clock.done.is_some() || clock.about.is_some()),
            ("complained", _) => ask(&mut clocks, event, "answer-complaint", published("answer-complaint")),
            ("evaluated", _) if event.data.get("score").and_then(Value::as_i64).is_some_and(|score| score >= 4) => {
                ask(&mut clocks, event, "follow-up", published("follow-up"));
            }
            ("supervision-ordered", _) => {
                ask(&mut clocks, event, "answer-order", event.data.get("working_days").and_then(Value::as_i64));
            }
            ("complaint-answered", _) => reply(&mut clocks, event, "complaint"),
            ("evaluation-followed-up", _) => reply(&mut clocks, event, "evaluation"),
            ("supervision-answered", _) => reply(&mut clocks, event, "order"),
            _ => {}
        }
    }
    clocks
}

/// Somebody must answer this very event, if there is a limit for that.
fn ask(clocks: &mut Vec<Clock>, event: &Happened, duty: &'static str, days: Option<i64>) {
    let is_known = clocks.iter().any(|clock| clock.duty == duty && clock.about.as_ref() == Some(&event.id));
    if let Some(days) = days.filter(|_| !is_known) {
        let clock = Clock::new(duty, "supervision", CivilDate::of(event.time), days);
        clocks.push(Clock { about: Some(event.id.clone()), ..clock });
    }
}

/// The event that `member` names is answered.
fn reply(clocks: &mut [Clock], event: &Happened, member: &str) {
    let named = event.data.get(member).and_then(Value::as_str).and_then(|text| text.parse::<EventId>().ok());
    let named = named.map(|id| id.to_string());
    let open = clocks.iter_mut().filter(|clock| clock.done.is_none() && clock.about.is_some());
    for clock in open.filter(|clock| clock.about == named) {
        clock.done = Some(CivilDate::of(event.time));
    }
}

fn deciding(clocks: &mut [Clock]) -> impl Iterator<Item = &mut Clock> {
    clocks.iter_mut().filter(|clock| clock.duty == "decide" && clock.done.is_none())
}

fn finish(clocks: &mut [Clock], duty: &str, day: CivilDate) {
    for clock in clocks.iter_mut().filter(|clock| clock.duty == duty && clock.done.is_none()) {
        clock.done = Some(day);
    }
}

impl Clock {
    const fn new(duty: &'static str, basis: &'static str, begun: CivilDate, days: i64) -> Self {
        Self { duty, basis, begun, days, extension_days: 0, stops: Vec::new(), done: None, about: None }
    }

    fn extend(&mut self, days: i64) {
        let all = (self.extension_days + days).min(EXTENSION_DAYS_MAX);
        self.days += all - self.extension_days;
        self.extension_days = all;
    }

    fn is_stopped(&self) -> bool {
        self.stops.last().is_some_and(|(_, end)| end.is_none())
    }

    fn is_struck(&self, day: CivilDate) -> bool {
        self.stops.iter().any(|(begun, end)| *begun < day && end.is_none_or(|end| day <= end))
    }

    /// Every day from the `first`-th after the beginning, as far as days can be written.
    fn days_from(&self, first: i32) -> impl Iterator<Item = CivilDate> {
        let begun = self.begun;
        (first..).map(move |ahead| begun.plus_days(ahead)).take_while(|day| *day < CivilDate::LAST)
    }

    /// Goes through every day, strikes out what does not count, and looks where the limit ends.
    pub(super) fn reckon(&self, today: CivilDate, arrangement: &Arrangement) -> Reckoning {
        let left = || self.days_from(1).filter(|day| arrangement.is_worked(*day) && !self.is_struck(*day));
        let used = i64::try_from(left().take_while(|day| *day <= today).count()).unwrap_or(i64::MAX);
        let since = self.stops.last().filter(|(_, end)| end.is_none()).map(|(begun, _)| *begun);
        // A clock that stood before its limit was over has no end yet; no day after that counts.
        let end = since.unwrap_or(CivilDate::LAST);
        let due = match usize::try_from(self.days).unwrap_or_default() {
            0 => self.days_from(0).take_while(|day| *day <= end).find(|day| arrangement.is_worked(*day)),
            days => left().take_while(|day| *day <= end).nth(days - 1),
        };
        let last = due.or(since).unwrap_or(self.begun);
        let provisional = self.days_from(1).take_while(|day| *day <= last).any(|day| !arrangement.knows(day));
        Reckoning { due, stopped_since: if due.is_none() { since } else { None }, used, provisional }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use serde_json::json;

    use super::*;

    fn happened(kind: &str, time: &str, data: Value) -> Happened {
        Happened { id: String::new(), kind: kind.to_owned(), time: time.parse().unwrap(), data }
    }

    #[test]
    fn the_longest_limit_with_decades_of_suspension_still_has_an_end() {
        let arrangement = Arrangement::from_tables().unwrap();
        let extension = json!({ "procedure": "extension", "begun": "2026-01-06T09:00:00Z", "extended_by_days": 3_650 });
        let events = [
            happened("accepted", "2026-01-05T01:00:00Z", json!({ "accepted_on": "2026-01-05T01:00:00Z" })),
            happened("special-begun", "2026-01-06T01:00:00Z", extension.clone()),
            happened("special-begun", "2026-01-07T01:00:00Z", extension),
            happened(
                "special-begun",
                "2026-01-08T01:00:00Z",
                json!({ "procedure": "suspension", "begun": "2026-01-08T01:00:00Z" }),
            ),
            happened(
                "special-ended",
                "2056-01-08T01:00:00Z",
                json!({ "procedure": "suspension", "ended": "2056-01-08T01:00:00Z" }),
            ),
        ];
        let clocks = of_events(&events, None, 3_650, |_| None);
        assert_eq!(clocks[0].days, 7_300, "extensions come to ten years at most, as the engine counts");
        let reckoning = clocks[0].reckon("2056-02-01".parse().unwrap(), &arrangement);
        assert!(reckoning.due.is_some() && reckoning.stopped_since.is_none());
    }
}
