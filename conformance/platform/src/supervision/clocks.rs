//! The clocks of a case, from its events as text.

use serde_json::Value;
use tongqiao_protocol::{CivilDate, Timestamp};

use super::arrangement::Arrangement;

/// How many days are written down: no limit with its suspensions needs more.
const DAYS_LISTED: i32 = 8_000;
/// 行政许可法 art. 32, 42 and 44, in working days.
const ANSWER_DAYS: i64 = 5;
const DELIVER_DAYS: i64 = 10;
/// Art. 42: what an extension is that does not say by how much.
const EXTENSION_DAYS: i64 = 10;

/// One clock.
pub(super) struct Clock {
    pub(super) duty: &'static str,
    pub(super) basis: &'static str,
    pub(super) begun: CivilDate,
    pub(super) days: i64,
    stops: Vec<(CivilDate, Option<CivilDate>)>,
    pub(super) done: Option<CivilDate>,
}

/// What a clock comes to.
pub(super) struct Reckoning {
    pub(super) due: Option<CivilDate>,
    pub(super) stopped_since: Option<CivilDate>,
    /// Days of the limit used by the end of today.
    pub(super) used: i64,
    pub(super) provisional: bool,
}

/// One effective event: kind, time of the event, data.
pub(super) struct Happened {
    pub(super) kind: String,
    pub(super) time: Timestamp,
    pub(super) data: Value,
}

/// Lets every event happen, in order.
pub(super) fn of_events(events: &[Happened], promised: Option<i64>, statutory: i64) -> Vec<Clock> {
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
                deciding(&mut clocks).for_each(|clock| clock.days += days);
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
            ("withdrawn", _) => clocks.retain(|clock| clock.done.is_some()),
            _ => {}
        }
    }
    clocks
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
        Self { duty, basis, begun, days, stops: Vec::new(), done: None }
    }

    fn is_stopped(&self) -> bool {
        self.stops.last().is_some_and(|(_, end)| end.is_none())
    }

    fn is_struck(&self, day: CivilDate) -> bool {
        self.stops.iter().any(|(begun, end)| *begun < day && end.is_none_or(|end| day <= end))
    }

    /// Writes down every day, strikes out what does not count, and looks where the limit ends.
    pub(super) fn reckon(&self, today: CivilDate, arrangement: &Arrangement) -> Reckoning {
        let days: Vec<CivilDate> = (1..=DAYS_LISTED).map(|ahead| self.begun.plus_days(ahead)).collect();
        let left: Vec<CivilDate> =
            days.iter().copied().filter(|day| arrangement.is_worked(*day) && !self.is_struck(*day)).collect();
        let used = i64::try_from(left.iter().filter(|day| **day <= today).count()).unwrap_or(i64::MAX);
        let since = self.stops.last().filter(|(_, end)| end.is_none()).map(|(begun, _)| *begun);
        let due = match usize::try_from(self.days).unwrap_or_default() {
            0 => (0..DAYS_LISTED).map(|ahead| self.begun.plus_days(ahead)).find(|day| arrangement.is_worked(*day)),
            days => left.get(days - 1).copied(),
        };
        // A clock that stood before its limit was over has no end yet.
        let due = due.filter(|due| since.is_none_or(|since| *due <= since));
        let last = due.or(since).unwrap_or(self.begun);
        let provisional = days.iter().take_while(|day| **day <= last).any(|day| !arrangement.knows(*day));
        Reckoning { due, stopped_since: if due.is_none() { since } else { None }, used, provisional }
    }
}
