//! The link over the last hour and day, as drawings.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use tongqiao_protocol::Timestamp;

use super::today;
use crate::console::Console;
use crate::console::history::{Reach, Sample};
use crate::console::page::{self, Place};
use crate::console::visitor::Visitor;
use crate::console::words::{Words, wall};
use crate::courier::local_now;
use crate::link::LinkState;

const WIDTH: i64 = 1_000;
const HEIGHT: i64 = 180;
/// The band that shows whether the link was there.
const BAND: i64 = 18;
const MARGIN: i64 = 40;

/// `GET /console/link`.
pub(in crate::console) async fn show(State(console): State<Console>, visitor: Visitor) -> Response {
    let (inside, words, now) = (&console.0, visitor.words, local_now());
    let statistics = match inside.node.outbox().statistics().await {
        Ok(statistics) => statistics,
        Err(error) => return page::failure(&visitor, &error),
    };
    let title = words.say("链路", "Link");
    let body = html! {
        h1 { (title) }
        (today::state(words, inside.uplink.state(), &statistics))
        @for (reach, chinese, english) in [(Reach::Hour, "最近一小时", "Last hour"), (Reach::Day, "最近一天", "Last day")] {
            h2 { (words.say(chinese, english)) }
            (plot(words, &inside.history.last(reach, now), reach, now))
        }
        p.hint { (words.say("色带：绿色为畅通，红色为中断；折线：节点待传件数。记录自本机最近一次启动起。", "Band: green is up, red is down; line: records waiting at the node. Seen since the last start.")) }
    };
    page::page(&visitor, Place::Link, title, &body)
}

fn plot(words: Words, samples: &[Sample], reach: Reach, now: Timestamp) -> Markup {
    let most = samples.iter().map(|sample| sample.pending).max().unwrap_or(0).max(1);
    let x = |at: Timestamp| WIDTH - now.millis_since(at).clamp(0, reach.millis()) * (WIDTH - MARGIN) / reach.millis();
    let span = HEIGHT - BAND - 40;
    let y = |pending: u64| {
        let share = i64::try_from(pending.saturating_mul(1_000) / most).unwrap_or(1_000);
        HEIGHT - 24 - span * share / 1_000
    };
    let points = samples.iter().map(|sample| format!("{},{}", x(sample.at), y(sample.pending))).collect::<Vec<_>>();
    let ends = samples.iter().skip(1).map(|sample| x(sample.at)).chain([WIDTH]);
    let bands = samples.iter().zip(ends).filter_map(|(sample, end)| {
        let class = match sample.link {
            LinkState::Up => "up",
            LinkState::Down => "down",
            LinkState::Unknown => return None,
        };
        Some((x(sample.at), (end - x(sample.at)).max(1), class))
    });
    let outages = samples.iter().filter(|sample| sample.link == LinkState::Down).count();
    let quarters = (0..=4).map(|quarter| now.plus_millis(-reach.millis() * quarter / 4));
    html! {
        svg.plot viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(format!("{}: {outages}/{}", words.say("中断的采样", "samples down"), samples.len())) {
            @for (x, width, class) in bands { rect class=(class) x=(x) y="0" width=(width) height=(BAND) {} }
            @for at in quarters {
                line.grid x1=(x(at)) x2=(x(at)) y1=(BAND) y2=(HEIGHT - 24) {}
                text x=(x(at)) y=(HEIGHT - 6) text-anchor=(if at == now { "end" } else { "middle" }) { (wall(at).chars().skip(11).collect::<String>()) }
            }
            text x="4" y=(y(most) + 4) { (most) }
            text x="4" y=(y(0) + 4) { "0" }
            line.grid x1=(MARGIN) x2=(WIDTH) y1=(y(0)) y2=(y(0)) {}
            polyline.line points=(points.join(" ")) {}
        }
    }
}
