//! Until when somebody must answer, decide or hand over; the next first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use tongqiao::{Basis, DeadlineReport, Due, Duty, DutyReading, DutyStanding};

use crate::console::Console;
use crate::console::ledger::Taken;
use crate::console::lookup::ROWS_MOST;
use crate::console::page::{self, Place};
use crate::console::visitor::Visitor;
use crate::console::words::Words;

/// From so many days left on a deadline is marked.
const DAYS_NEAR: u32 = 2;

/// `GET /console/deadlines`.
pub(in crate::console) async fn show(State(console): State<Console>, visitor: Visitor) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let (mut rows, mut unread, mut alerts) = (Vec::new(), 0, 0);
    for taken in inside.ledger.all().into_iter().take(ROWS_MOST) {
        match inside.client.cases().deadlines(taken.case).await {
            Ok(report) => {
                alerts += report.alerts.len();
                rows.extend(open(&taken, &report));
            }
            Err(error) => {
                tracing::debug!(code = error.code().code(), "the deadlines of a case cannot be read");
                unread += 1;
            }
        }
    }
    rows.sort_by_key(|row| row.urgency);
    let title = words.say("期限", "Deadlines");
    let body = html! {
        h1 { (title) }
        p.hint { (words.say("按已镜像的工作日历、办事指南和监察规则在本机计算，断网时照常。", "Counted here by the mirrored calendar, guides and rules, also without a link.")) }
        @if alerts > 0 { p.notice.warn { (words.say("触发监察规则：", "Rules of supervision that are met: ")) (alerts) } }
        @if unread > 0 { p.notice { (words.say("暂时算不出期限的办件：", "Cases whose deadlines cannot be counted now: ")) (unread) (words.say("（未受理，或尚未取得工作日历）", " (not taken, or no calendar yet)")) } }
        @if rows.is_empty() { p.empty { (words.say("没有正在计时的办件。", "No clock is running.")) } }
        @else {
            table {
                thead { tr { th { (words.say("办件编号", "Number")) } th { (words.say("事项", "Item")) } th { (words.say("须完成", "Duty")) } th { (words.say("依据", "By")) } th { (words.say("截止", "Due")) } th { (words.say("剩余", "Left")) } } }
                tbody { @for row in &rows { (line(words, row)) } }
            }
        }
    };
    page::page(&visitor, Place::Deadlines, title, &body)
}

struct Row {
    taken: Arc<Taken>,
    number: String,
    reading: DutyReading,
    /// Fewer is sooner; overdue before everything.
    urgency: i64,
}

/// The clocks that have not ended.
fn open(taken: &Arc<Taken>, report: &DeadlineReport) -> Vec<Row> {
    let urgency = |reading: &DutyReading| match reading.standing {
        DutyStanding::Overdue { days_over } => Some(-i64::from(days_over) - 1),
        DutyStanding::Running { days_left } => Some(i64::from(days_left)),
        DutyStanding::Stopped => Some(i64::MAX),
        DutyStanding::Kept { .. } | DutyStanding::Broken { .. } => None,
    };
    let row = |reading: &DutyReading| {
        let (taken, number) = (Arc::clone(taken), report.number.to_string());
        urgency(reading).map(|urgency| Row { taken, number, reading: *reading, urgency })
    };
    report.duties.iter().filter_map(row).collect()
}

fn line(words: Words, row: &Row) -> Markup {
    let duty = match row.reading.duty {
        Duty::Answer => words.say("答复是否受理", "answer the application"),
        Duty::Decide => words.say("作出决定", "decide"),
        Duty::Deliver => words.say("送达结果", "hand over the result"),
        Duty::AnswerComplaint => words.say("答复投诉", "answer a complaint"),
        Duty::FollowUp => words.say("差评整改", "follow up a bad grade"),
        Duty::AnswerOrder => words.say("回复督办", "answer an order"),
    };
    let basis = match row.reading.basis {
        Basis::Statutory => words.say("法定", "law"),
        Basis::Promised => words.say("承诺", "promise"),
        _ => words.say("规定", "rule"),
    };
    let due = match row.reading.due {
        Due::On(day) => day.to_string(),
        Due::Stopped { .. } => words.say("停表", "clock stopped").to_owned(),
    };
    let (class, left) = match row.reading.standing {
        DutyStanding::Overdue { days_over } => {
            ("bad", format!("{} {days_over} {}", words.say("超期", "over by"), words.say("天", "days")))
        }
        DutyStanding::Running { days_left } => {
            let class = if days_left <= DAYS_NEAR { "wait" } else { "good" };
            (class, format!("{days_left} {}", words.say("天", "days")))
        }
        _ => ("", "—".to_owned()),
    };
    html! {
        tr {
            td.mono { a href=(format!("/console/cases/{}", row.taken.case)) { (row.number) } }
            td { (row.taken.item_name) } td { (duty) } td { (basis) } td { (due) }
            td { span class=(format!("dot {class}")) {} (left) }
        }
    }
}
