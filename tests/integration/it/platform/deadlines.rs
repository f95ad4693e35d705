//! The platform's word on a case's clocks against the engine's, which share no line: random histories over three years' borders.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tongqiao_engine::WorkingDays;
use tongqiao_engine::deadline::{
    CaseDeadlines, CaseLimits, Due, DutyReading, DutyStanding, Handling, Moment, TimeLimit,
};
use tongqiao_engine::supervision::alerts;
use tongqiao_engine::working_days::CalendarStanding;
use tongqiao_protocol::case::CaseEvent;
use tongqiao_protocol::supervision_rule::SupervisionRules;
use tongqiao_protocol::{Timestamp, WorkingCalendar};

use super::department::{DIVISION, Item, World, fresh_id};

const START: &str = "2026-01-01T12:00:00.000+08:00";
const HISTORIES: u32 = 36;
const SEED: u64 = 20_260_214;
const MINUTES_A_DAY: u64 = 1_440;

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A history as it is made up: a time that goes on, and what happened.
struct History {
    chance: Chance,
    now: Timestamp,
    events: Vec<(&'static str, Timestamp, Value)>,
}

impl History {
    fn new(seed: u64, start: Timestamp) -> Self {
        let mut chance = Chance(seed);
        let days = chance.below(350) * MINUTES_A_DAY;
        let now = later(start, days + chance.below(MINUTES_A_DAY));
        Self { chance, now, events: Vec::new() }
    }

    /// So many days later at most, at another minute of the day.
    fn pass(&mut self, days: u64) {
        let minutes = self.chance.below(days * MINUTES_A_DAY);
        self.now = later(self.now, minutes);
    }

    fn happens(&mut self, kind: &'static str, data: Value) {
        self.events.push((kind, self.now, data));
    }

    fn run(&mut self) {
        self.happens("applied", Value::Null);
        self.pass(10);
        if self.chance.once_in(10) {
            let remedy = "可在六十日内申请行政复议或者提起行政诉讼";
            let basis = "行政许可法第三十二条";
            let data = json!({ "reason": "超出职权", "legal_basis": basis, "remedy": remedy, "handler": "测试" });
            return self.happens("rejected", data);
        }
        if self.chance.once_in(10) {
            return;
        }
        let promise = json!({ "working_days": 7, "due": self.now });
        self.happens("accepted", json!({ "accepted_on": self.now, "handler": "测试", "promise": promise }));
        for _ in 0..self.chance.below(4) {
            self.pass(9);
            let special = |procedure: &str, now| json!({ "procedure": procedure, "begun": now, "reason": "专家评审" });
            if self.chance.once_in(2) {
                let mut extension = special("extension", self.now);
                if self.chance.once_in(2) {
                    extension["extended_by_days"] = json!(1 + self.chance.below(15));
                }
                self.happens("special-begun", extension);
                continue;
            }
            self.happens("special-begun", special("suspension", self.now));
            if self.chance.once_in(6) {
                return;
            }
            self.pass(20);
            let end = json!({ "procedure": "suspension", "ended": self.now, "result": "完成" });
            self.happens("special-ended", end);
        }
        self.asides();
        self.pass(30);
        match self.chance.below(8) {
            0 => return,
            1 => {
                self.happens("withdrawn", json!({ "reason": "不再办理" }));
                return self.asides();
            }
            _ => {}
        }
        self.happens("decided", json!({ "result": "granted", "decided_on": self.now, "handler": "测试" }));
        if !self.chance.once_in(4) {
            self.pass(20);
            self.happens("delivered", json!({ "method": "window", "delivered_on": self.now }));
        }
        self.asides();
    }

    /// Complaints and, while there is something to grade, grades; some of them are answered.
    fn asides(&mut self) {
        let may_grade = self.events.iter().all(|(kind, ..)| *kind != "withdrawn");
        for _ in 0..self.chance.below(3) {
            self.pass(3);
            let id = fresh_id();
            let is_complaint = !may_grade || self.chance.once_in(2);
            if is_complaint {
                let data = json!({ "grounds": "overdue", "text": "迟迟不办", "channel": "hotline" });
                self.events.push(("complained", self.now, json!({ "id": id, "data": data })));
            } else {
                let score = 3 + self.chance.below(3);
                let data = json!({ "score": score, "channel": "online" });
                self.events.push(("evaluated", self.now, json!({ "id": id, "data": data })));
                if score < 4 {
                    continue;
                }
            }
            self.pass(14);
            if self.chance.once_in(2) {
                continue;
            }
            let mut reply = json!({ "finding": "founded", "handler": "测试" });
            let (kind, member, words) = match is_complaint {
                true => ("complaint-answered", "complaint", "answer"),
                false => ("evaluation-followed-up", "evaluation", "measures"),
            };
            reply[member] = json!(id);
            reply[words] = json!("已整改");
            self.happens(kind, reply);
        }
    }
}

fn later(time: Timestamp, minutes: u64) -> Timestamp {
    time.plus_millis(i64::try_from(minutes).unwrap() * 60_000)
}

/// The events of a history as this department signs them.
async fn as_records(world: &World, item: &Item, history: &History, case: &str) -> Vec<Value> {
    let mut records = Vec::new();
    for (index, (kind, time, data)) in history.events.iter().enumerate() {
        let index = i64::try_from(index).unwrap();
        // An event that others speak of brings its id.
        let (id, data) = match (*kind, data.get("id")) {
            ("applied", _) => (None, item.application(DIVISION)),
            (_, Some(id)) => (Some(id.clone()), data["data"].clone()),
            (_, None) => (None, data.clone()),
        };
        let mut record = world.department.event(case, kind, index + 1, index, &data);
        if let Some(id) = id {
            record["id"] = id;
        }
        record["time"] = json!(time);
        if *kind == "applied" {
            record["number"] = json!(world.department.case_number().await);
        }
        records.push(record);
    }
    records
}

/// A reading in the platform's words.
fn worded(reading: &DutyReading, days: WorkingDays<'_>) -> Value {
    let provisional = reading.calendar == CalendarStanding::Provisional;
    let mut worded = json!({
        "duty": reading.duty.as_str(), "basis": reading.basis.as_str(), "begun": reading.begun,
        "limit_days": reading.limit.days(), "provisional": provisional,
    });
    if let Some(about) = reading.about {
        worded["about"] = json!(about);
    }
    match reading.due {
        Due::On(due) => worded["due"] = json!(due),
        Due::Stopped { since, .. } => worded["stopped_since"] = json!(since),
    }
    worded["standing"] = json!(match reading.standing {
        DutyStanding::Running { days_left } => {
            worded["days_left"] = json!(days_left);
            "running"
        }
        DutyStanding::Stopped => "stopped",
        DutyStanding::Overdue { days_over } => {
            worded["days_over"] = json!(days_over);
            "overdue"
        }
        DutyStanding::Kept { on } => {
            worded["done"] = json!(on);
            "kept"
        }
        DutyStanding::Broken { on } => {
            worded["done"] = json!(on);
            if let Due::On(due) = reading.due {
                worded["days_over"] = json!(days.between(due, on).value);
            }
            "broken"
        }
    });
    worded
}

#[tokio::test]
async fn the_platform_and_the_engine_come_to_the_same_days_whatever_happens_to_a_case() {
    let start: Timestamp = START.parse().unwrap();
    let world = World::beginning_at(start).await;
    let department = &world.department;
    let item = world.item_with(|item| item["promised_days"] == 7 && item["statutory_days"] == 20).await;
    let (promised, statutory) = item.days();
    let calendar = department.signed_document("/v1/working-calendar").await.to_string();
    let calendar = WorkingCalendar::parse(calendar.as_bytes()).unwrap();
    let days = WorkingDays::by(&calendar);
    let rules = department.signed_document("/v1/supervision-rules").await.to_string();
    let rules = SupervisionRules::parse(rules.as_bytes()).unwrap();
    let limits = CaseLimits {
        statutory: TimeLimit::working_days(statutory),
        ..CaseLimits::of_the_law(Handling::Single).promising(TimeLimit::working_days(promised))
    };
    let (limits, rules) = (limits.supervised_by(&rules), rules.rules);

    let mut seen = BTreeSet::new();
    for number in 0..HISTORIES {
        let mut history = History::new(SEED + u64::from(number), start);
        history.run();
        let case = fresh_id();
        let records = as_records(&world, &item, &history, &case).await;
        let answer = department.push(&records).await;
        let results = answer.body["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["status"] == "settled"), "history {number}: {:#}", answer.body);

        history.pass(40);
        world.running.clock().set(history.now);
        let seconds = history.now.millis_since(start) / 1_000;
        let said = department.clone().later_by_seconds(seconds).get(&format!("/v1/cases/{case}/deadlines")).await;
        world.running.clock().set(start);
        assert_eq!(said.status, StatusCode::OK, "{:#}", said.body);
        let said = content(&said.body);

        let mut deadlines = CaseDeadlines::new(limits);
        for record in &records {
            let event = CaseEvent::parse(record.to_string().as_bytes()).unwrap();
            deadlines.follow(Moment::exact(event.time), event.id, &event.data);
        }
        let readings = deadlines.read(history.now, days);
        let ours: Vec<Value> = readings.iter().map(|reading| worded(reading, days)).collect();
        assert_eq!(json!(ours), said["duties"], "history {number}, at {}: {:#?}", history.now, history.events);
        let met: BTreeSet<_> =
            alerts(&rules, &readings, days).into_iter().map(|alert| json!(alert.rule.id).to_string()).collect();
        let told: BTreeSet<_> =
            said["alerts"].as_array().unwrap().iter().map(|alert| alert["rule"].to_string()).collect();
        assert_eq!(met, told, "history {number}, at {}", history.now);
        seen.extend(ours.iter().map(|duty| duty["standing"].as_str().unwrap().to_owned()));
        seen.extend(ours.iter().filter(|duty| duty["provisional"] == true).map(|_| "provisional".to_owned()));
        seen.extend(met);
    }
    // Chance has shown everything that there is.
    for word in [
        "running",
        "stopped",
        "overdue",
        "kept",
        "broken",
        "provisional",
        "\"PROMISE-OVER-5\"",
        "\"COMPLAINT-OVER-1\"",
        "\"FOLLOW-UP-OVER-1\"",
    ] {
        assert!(seen.contains(word), "{word} is not among {seen:?}");
    }
}

/// What the platform signed.
fn content(signed: &Value) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    serde_json::from_slice(&STANDARD.decode(signed["record"].as_str().unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn an_event_that_was_taken_with_a_byte_order_mark_does_not_silence_the_clocks() {
    let world = World::new().await;
    let case = fresh_id();
    let record = format!("\u{feff}{}", world.applied(&case).await);
    let signed = world.department.sign("tongqiao-event-v1", record.as_bytes());
    let pushed = world.department.post("/v1/case-events", &json!({ "events": [signed] })).await;
    assert_eq!(pushed.result()["status"], "settled", "{:#}", pushed.body);
    let said = world.department.get(&format!("/v1/cases/{case}/deadlines")).await;
    assert_eq!(said.status, StatusCode::OK, "{:#}", said.body);
}
