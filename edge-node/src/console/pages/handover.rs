//! Handing the counter over to the next shift.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use tongqiao::Error;
use tongqiao_protocol::Timestamp;

use crate::audit::Deed;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::shifts::Handover;
use crate::console::stage::Stage;
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};
use crate::console::{Console, Inside};
use crate::courier::local_now;

/// The last of them that are shown.
const SHOWN_MOST: usize = 10;

/// What a shift did.
struct Sums {
    since: Option<Timestamp>,
    taken: usize,
    settled: usize,
    waiting: usize,
    stuck: usize,
    /// Cases by clerk.
    by_clerk: Vec<(String, usize)>,
}

/// What was taken since the last handover, and all that still waits, whenever it was taken.
async fn sums(inside: &Inside, since: Option<Timestamp>) -> Result<Sums, Error> {
    let mut sums = Sums { since, taken: 0, settled: 0, waiting: 0, stuck: 0, by_clerk: Vec::new() };
    for taken in inside.ledger.all() {
        let way = inside.way(&taken).await?;
        if way.stage == Stage::Unfinished {
            continue;
        }
        if way.needs_hand {
            sums.stuck += 1;
        } else if way.bytes_waiting > 0 {
            sums.waiting += 1;
        }
        if since.is_some_and(|since| taken.taken_at <= since) {
            continue;
        }
        sums.taken += 1;
        sums.settled += usize::from(way.stage >= Stage::City && way.stage != Stage::Stuck);
        match sums.by_clerk.iter_mut().find(|(clerk, _)| *clerk == taken.clerk.1) {
            Some((_, count)) => *count += 1,
            None => sums.by_clerk.push((taken.clerk.1.clone(), 1)),
        }
    }
    Ok(sums)
}

/// `GET /console/handover`.
pub(in crate::console) async fn show(State(console): State<Console>, visitor: Visitor) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let book = match inside.shifts.all() {
        Ok(book) => book,
        Err(error) => return page::disk_failure(&visitor, &error),
    };
    let sums = match sums(inside, book.last().map(|last| last.at)).await {
        Ok(sums) => sums,
        Err(error) => return page::failure(&visitor, &error),
    };
    let title = words.say("交接班", "Handover");
    let body = html! {
        h1 { (title) }
        (told(words, &sums))
        form.card.wide method="post" action="/console/handover" {
            (page::csrf(&visitor))
            div.row { label for="to" { (words.say("接班人", "Next at the counter")) } div { input #to name="to" type="text" required maxlength="60"; } }
            div.row { label for="remark" { (words.say("备注", "Remark")) } div { input #remark name="remark" type="text" maxlength="400"; } }
            div.actions {
                button type="submit" { (words.say("确认交接", "Hand over")) }
                button.plain type="button" data-print="" { (words.say("打印", "Print")) }
            }
        }
        h2 { (words.say("交接记录", "Handovers")) }
        table {
            thead { tr { th { (words.say("时间", "Time")) } th { (words.say("交班", "From")) } th { (words.say("接班", "To")) } th.number { (words.say("受理", "Taken")) } th.number { (words.say("已送达", "Settled")) } th.number { (words.say("待传", "Waiting")) } th.number { (words.say("待处理", "To mend")) } th { (words.say("备注", "Remark")) } } }
            tbody { @for one in book.iter().rev().take(SHOWN_MOST) { tr {
                td { (wall(one.at)) } td { (one.from) } td { (one.to) } td.number { (one.taken) } td.number { (one.settled) } td.number { (one.waiting) } td.number { (one.stuck) } td { (one.remark) }
            } } }
        }
    };
    page::page(&visitor, Place::Handover, title, &body)
}

fn told(words: Words, sums: &Sums) -> Markup {
    html! {
        dl {
            dt { (words.say("上次交接", "Last handover")) } dd { (sums.since.map_or_else(|| "—".to_owned(), wall)) }
            dt { (words.say("此后受理", "Taken since")) } dd { (sums.taken) " · " (words.say("其中已送达", "at the city")) " " (sums.settled) }
            dt { (words.say("仍待传", "Still waiting")) } dd { (sums.waiting) }
            dt { (words.say("待处理", "To mend")) } dd { (sums.stuck) }
            @for (clerk, count) in &sums.by_clerk { dt { (clerk) } dd { (count) " " (words.say("件", "cases")) } }
        }
    }
}

/// `POST /console/handover`.
pub(in crate::console) async fn hand_over(State(console): State<Console>, posted: Posted) -> Response {
    let (inside, visitor) = (&console.0, &posted.visitor);
    let _turn = inside.sending.lock().await;
    let book = match inside.shifts.all() {
        Ok(book) => book,
        Err(error) => return page::disk_failure(visitor, &error),
    };
    let sums = match sums(inside, book.last().map(|last| last.at)).await {
        Ok(sums) => sums,
        Err(error) => return page::failure(visitor, &error),
    };
    let bounded = |name: &str| posted.fields.get(name).chars().take(400).collect::<String>();
    let handover = Handover {
        at: local_now(),
        from: visitor.session.shown.clone(),
        to: bounded("to"),
        taken: sums.taken,
        settled: sums.settled,
        waiting: sums.waiting,
        stuck: sums.stuck,
        remark: bounded("remark"),
    };
    let noted = inside.shifts.note(&handover);
    match noted.and_then(|()| inside.audit.note(&visitor.session.name, Deed::HandedOver, "-")) {
        Ok(()) => Redirect::to("/console/handover").into_response(),
        Err(error) => page::disk_failure(visitor, &error),
    }
}
