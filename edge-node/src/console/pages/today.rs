//! The cases of a day, and where each one is.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tongqiao::Statistics;
use tongqiao_protocol::inbox::InboxEntry;
use tongqiao_protocol::{CivilDate, InboxEntryId};

use crate::console::ledger::Taken;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::stage::{Stage, Way};
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};
use crate::console::{Console, mask};
use crate::courier::local_now;
use crate::link::LinkState;

/// Which day.
#[derive(Deserialize)]
pub(in crate::console) struct Wanted {
    #[serde(default)]
    day: Option<String>,
}

/// `GET /console?day=`.
pub(in crate::console) async fn show(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let today = CivilDate::of(local_now());
    let day = wanted.day.and_then(|text| text.parse().ok()).unwrap_or(today);
    let gathered = async {
        let rows = inside.of_day(day).await?;
        let statistics = inside.node.outbox().statistics().await?;
        let attention = inside.client.outbox().attention().await?.len();
        let letters = inside.client.inbox().open().await?;
        Ok::<_, tongqiao::Error>((rows, statistics, attention, letters))
    };
    let (rows, statistics, attention, letters) = match gathered.await {
        Ok(gathered) => gathered,
        Err(error) => return page::failure(&visitor, &error),
    };
    let title = if day == today { words.say("今日办件", "Today's cases") } else { words.say("办件", "Cases") };
    let body = html! {
        h1 { (title) " " span.hint { (day) } }
        (state(words, inside.uplink.state(), &statistics))
        @if attention > 0 {
            p.notice.bad { a href="/console/attention" {
                (words.say("有被退回的记录待处理：", "Refused records wait for you: ")) (attention)
            } }
        }
        @for letter in letters.iter().filter(|letter| is_for_people(letter)) { (notice(&visitor, letter)) }
        form.inline method="get" action="/console" {
            label for="day" { (words.say("日期", "Day")) }
            input #day type="date" name="day" value=(day) max=(today);
            button.plain type="submit" { (words.say("查看", "Show")) }
            a.button href="/console/items" { (words.say("新申请", "New application")) }
        }
        (table(words, &rows))
    };
    page::page(&visitor, Place::Today, title, &body)
}

/// One line: the link, and what waits.
pub(super) fn state(words: Words, link: LinkState, statistics: &Statistics) -> Markup {
    let (class, text) = match link {
        LinkState::Up => ("good", words.say("链路畅通", "The link is up")),
        LinkState::Down => (
            "bad",
            words.say(
                "链路中断，照常受理，恢复后自动补传",
                "The link is down. Go on taking cases: they follow by themselves",
            ),
        ),
        _ => ("wait", words.say("链路尚未使用", "The link has not been used yet")),
    };
    let oldest = statistics.oldest_pending_at.map(|since| words.span(local_now().millis_since(since)));
    html! {
        p.state {
            span class=(format!("dot {class}")) {} (text)
            " · " (words.say("节点待传", "waiting at the node")) " " (statistics.pending)
            @if let Some(oldest) = oldest { " · " (words.say("最早已等", "the oldest for")) " " (oldest) }
        }
    }
}

fn table(words: Words, rows: &[(std::sync::Arc<Taken>, Way)]) -> Markup {
    html! {
        @if rows.is_empty() { p.empty { (words.say("这一天还没有办件。", "No cases on this day.")) } }
        @else {
            table {
                thead { tr {
                    th { (words.say("时间", "Time")) } th { (words.say("办件编号", "Number")) } th { (words.say("事项", "Item")) }
                    th { (words.say("申请人", "Applicant")) } th { (words.say("到哪一步", "Where it is")) } th { (words.say("凭据", "Proof")) }
                } }
                tbody { @for (taken, way) in rows { (row(words, taken, way)) } }
            }
        }
    }
}

fn row(words: Words, taken: &Taken, way: &Way) -> Markup {
    let time = wall(taken.taken_at).chars().skip(11).collect::<String>();
    let number = way.view.as_ref().map(|view| view.number).or(taken.number);
    let number = number.map_or_else(|| words.say("（未编号）", "(none)").to_owned(), |number| number.to_string());
    html! {
        tr {
            td { (time) @if taken.paper_at.is_some() { " " span.tag { (words.say("补录", "entered later")) } } }
            td.mono { a href=(format!("/console/cases/{}", taken.case)) { (number) } }
            td { (taken.item_name) }
            td { (mask::name(taken.applicant())) }
            td { (stations(words, way)) }
            td.mono {
                @match (&way.receipt, way.stage) {
                    (Some(receipt), Stage::City | Stage::Department) => { (words.say("回执", "receipt")) " #" (receipt.position) }
                    (_, Stage::Node) => { (words.say("代管凭据", "custody")) }
                    _ => { "—" }
                }
            }
        }
    }
}

/// Counter, node, city, department: how many are behind it.
pub(super) fn stations(words: Words, way: &Way) -> Markup {
    let names = [
        words.say("窗口", "counter"),
        words.say("节点", "node"),
        words.say("市平台", "city"),
        words.say("部门", "department"),
    ];
    let reached = way.stage.stations();
    html! {
        ol class=(format!("way {}", way.stage.class())) {
            @for (index, name) in names.iter().enumerate() { li class=[(index < reached).then_some("done")] { (name) } }
        }
        span.hint { (way.stage.words(words)) }
    }
}

fn is_for_people(letter: &InboxEntry) -> bool {
    !matches!(letter.kind.as_str(), "bill-paid" | "refund-ended" | "catalogue-changed" | "case-changed")
}

fn notice(visitor: &Visitor, letter: &InboxEntry) -> Markup {
    let words = visitor.words;
    let text = |name: &str| letter.data.get(name).and_then(serde_json::Value::as_str);
    let said = match letter.kind.as_str() {
        "operator-notice" => {
            words.say(text("zh").unwrap_or_default(), text("en").or_else(|| text("zh")).unwrap_or_default())
        }
        "complaint-filed" => words.say("申请人投诉", "An applicant complains"),
        "supervision-ordered" => words.say("督办：须按期答复", "The supervisor asks for an answer"),
        "case-dispatched" => words.say("分发给本大厅办理的办件", "A case that this hall is to handle"),
        other => other,
    };
    html! {
        form.notice method="post" action=(format!("/console/inbox/{}/read", letter.id)) {
            (page::csrf(visitor))
            span { (wall(letter.time)) " · " (said) @if let Some(number) = text("number") { " · " (number) } }
            button.plain type="submit" { (words.say("已阅", "Read")) }
        }
    }
}

/// `POST /console/inbox/{entry}/read`.
pub(in crate::console) async fn read(
    State(console): State<Console>,
    Path(entry): Path<String>,
    posted: Posted,
) -> Response {
    let Ok(entry) = entry.parse::<InboxEntryId>() else { return Redirect::to("/console").into_response() };
    match console.0.client.inbox().acknowledge(entry).await {
        Ok(()) => Redirect::to("/console").into_response(),
        Err(error) => page::failure(&posted.visitor, &error),
    }
}
