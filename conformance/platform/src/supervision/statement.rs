//! The platform's statement of a case's clocks and of the rules that they meet.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{CaseId, CivilDate, ErrorCode, EventId, Timestamp, reading};

use super::arrangement::{Arrangement, Rule};
use super::clocks::{self, Clock, Happened};
use crate::app::AppState;
use crate::case::{self, CaseFile};
use crate::database::DatabaseError;
use crate::hop::Caller;
use crate::joint;
use crate::refusal::Refusal;

/// 行政许可法 art. 42, second paragraph, in working days.
const JOINT_DAYS: i64 = 45;

/// What stands of a case now.
pub(super) fn of_case(
    connection: &Connection,
    app: &AppState,
    case: CaseId,
    caller: &Caller,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let file = case::find(connection, case)?
        .filter(|file| file.concerns(&caller.party) || caller.party.may_write_for(&file.division))
        .ok_or_else(|| Refusal::new(ErrorCode::CaseUnknown))?;
    Ok(of_file(connection, app, case, &file, now)?)
}

/// The same for a case that the caller may see.
pub(crate) fn of_file(
    connection: &Connection,
    app: &AppState,
    case: CaseId,
    file: &CaseFile,
    now: Timestamp,
) -> Result<Value, DatabaseError> {
    let guide = app.guide.open(connection)?;
    let item = guide.item(&file.item_code, file.item_version);
    let promised = item.map(|item| i64::from(item.promised_days));
    let statutory = item.map_or(20, |item| i64::from(item.statutory_days));
    // Of a joint procedure the law's own limit counts; its agencies' promises are those of their own cases.
    let (promised, statutory) =
        if joint::is_lead(connection, case)? { (None, JOINT_DAYS) } else { (promised, statutory) };
    let today = CivilDate::of(now);
    let published = |duty: &str| app.arrangement.limit(duty);
    let clocks = clocks::of_events(&events(connection, case)?, promised, statutory, published);
    let (mut duties, mut alerts) = (Vec::new(), Vec::new());
    for clock in &clocks {
        let (duty, standing) = duty(clock, today, &app.arrangement);
        let rules = app.arrangement.rules().iter().filter(|rule| is_met(rule, clock, &standing));
        alerts.extend(rules.map(|rule| {
            let mut alert = json!({ "rule": rule.id, "level": rule.level, "duty": rule.duty });
            if let Some(about) = &clock.about {
                alert["about"] = json!(about);
            }
            alert
        }));
        duties.push(duty);
    }
    Ok(json!({
        "case": case, "number": file.number, "revision": file.revision, "time": now,
        "duties": duties, "alerts": alerts,
    }))
}

/// The effective events of a case, in the order of its revisions.
pub(crate) fn events(connection: &Connection, case: CaseId) -> Result<Vec<Happened>, DatabaseError> {
    let mut statement = connection
        .prepare_cached("SELECT kind, record FROM event WHERE case_id = ?1 AND effect = 1 ORDER BY revision")?;
    let rows = statement.query_map([case.as_bytes()], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    rows.map(|row| {
        let (kind, record) = row?;
        // By the reader that took it in: two readers of one signed record may disagree.
        let event = reading::object(&record).map_err(|_| DatabaseError::Corrupt("event"))?;
        let time = event.get("time").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let data = event.get("data").cloned().unwrap_or_default();
        // As ids are written: the clocks of an answer compare them.
        let id = event.get("id").and_then(Value::as_str).and_then(|text| text.parse::<EventId>().ok());
        let id = id.ok_or(DatabaseError::Corrupt("id of an event"))?.to_string();
        Ok(Happened { id, kind, time: time.ok_or(DatabaseError::Corrupt("time of an event"))?, data })
    })
    .collect()
}

/// Where a clock stands, in numbers.
struct Standing {
    name: &'static str,
    left: i64,
    over: i64,
    used_percent: i64,
}

fn duty(clock: &Clock, today: CivilDate, arrangement: &Arrangement) -> (Value, Standing) {
    let reckoning = clock.reckon(today, arrangement);
    let late_on = clock.done.unwrap_or(today);
    let is_late = reckoning.due.is_some_and(|due| late_on > due);
    let name = match (clock.done.is_some(), is_late, reckoning.due.is_some()) {
        (true, true, _) => "broken",
        (true, false, _) => "kept",
        (false, _, false) => "stopped",
        (false, true, true) => "overdue",
        (false, false, true) => "running",
    };
    let over = match reckoning.due {
        Some(due) if is_late => {
            (1..=late_on.days_since(due)).filter(|ahead| arrangement.is_worked(due.plus_days(*ahead))).count()
        }
        _ => 0,
    };
    let left = (clock.days - reckoning.used).max(0);
    let used_percent = if clock.days == 0 { 100 } else { (clock.days - left) * 100 / clock.days };
    let over = i64::try_from(over).unwrap_or(i64::MAX);
    let mut value = json!({
        "duty": clock.duty, "basis": clock.basis, "begun": clock.begun, "limit_days": clock.days,
        "standing": name, "provisional": reckoning.provisional,
    });
    let members = [
        ("about", clock.about.as_ref().map(|about| json!(about))),
        ("due", reckoning.due.map(|due| json!(due))),
        ("stopped_since", reckoning.stopped_since.map(|since| json!(since))),
        ("done", clock.done.map(|done| json!(done))),
        ("days_left", (name == "running").then(|| json!(left))),
        ("days_over", (over > 0 || is_late).then(|| json!(over))),
    ];
    for (member, given) in members {
        if let Some(given) = given {
            value[member] = given;
        }
    }
    (value, Standing { name, left, over, used_percent })
}

fn is_met(rule: &Rule, clock: &Clock, standing: &Standing) -> bool {
    if rule.duty != clock.duty || rule.basis != clock.basis {
        return false;
    }
    match rule.measure.as_str() {
        "days-left" => standing.name == "running" && standing.left <= rule.value,
        "percent-used" => standing.name == "running" && standing.used_percent >= rule.value,
        "days-over" => matches!(standing.name, "overdue" | "broken") && standing.over >= rule.value,
        _ => false,
    }
}
