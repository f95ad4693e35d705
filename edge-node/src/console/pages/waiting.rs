//! What waits to be sent, in which lane, behind how much, and for how long it will take.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use tongqiao::{Error, Statistics, UploadState};

use super::today;
use crate::console::page::{self, Place};
use crate::console::posted::Posted;
use crate::console::stage::kind_words;
use crate::console::visitor::Visitor;
use crate::console::words::Words;
use crate::console::{Console, Inside};
use crate::courier::local_now;

/// A record whose size is not known here counts as one of this size.
const RECORD_BYTES_USUAL: u64 = 2_000;

/// A link of which the settings say nothing is taken for one of this rate.
const KBIT_USUAL: u32 = 64;

/// A record or file of this counter that is not at the city yet.
struct Waits {
    lane: Lane,
    number: String,
    case: String,
    what: String,
    age_ms: i64,
    bytes: u64,
}

/// In the order in which they overtake each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Payment,
    Case,
    Bulk,
}

impl Lane {
    const fn words(self, words: Words) -> &'static str {
        match self {
            Self::Payment => words.say("缴款", "payment"),
            Self::Case => words.say("办件", "case"),
            Self::Bulk => words.say("材料", "materials"),
        }
    }
}

/// `GET /console/waiting`.
pub(in crate::console) async fn show(State(console): State<Console>, visitor: Visitor) -> Response {
    let (inside, words) = (&console.0, visitor.words);
    let gathered = async { Ok::<_, Error>((gather(inside, words).await?, inside.node.outbox().statistics().await?)) };
    let (waits, statistics) = match gathered.await {
        Ok(gathered) => gathered,
        Err(error) => return page::failure(&visitor, &error),
    };
    let title = words.say("待传", "Waiting");
    let kbit = if inside.settings.link_kbit > 0 { inside.settings.link_kbit } else { KBIT_USUAL };
    let rate = u64::from(kbit) * 125;
    let body = html! {
        h1 { (title) }
        (today::state(words, inside.uplink.state(), &statistics))
        (lanes(words, &waits, &statistics, rate))
        h2 { (words.say("本窗口的待传记录", "Of this counter")) }
        (table(words, &waits, rate))
        p.hint { (words.say("顺序：缴款先于办件，办件先于材料。估算按设置中的链路速率", "Payments overtake cases, and cases overtake materials. Estimated with")) " " (rate) " B/s" (words.say("，未计丢包。", ", without losses.")) }
        form method="post" action="/console/waiting/now" {
            (page::csrf(&visitor))
            button.plain type="submit" { (words.say("立即重试", "Try now")) }
        }
    };
    page::page(&visitor, Place::Waiting, title, &body)
}

async fn gather(inside: &Inside, words: Words) -> Result<Vec<Waits>, Error> {
    let now = local_now();
    let mut waits = Vec::new();
    for (taken, way) in inside.unsettled().await? {
        let number = way.view.as_ref().map_or_else(String::new, |view| view.number.to_string());
        let case = taken.case.to_string();
        let entry = |lane, what, since: tongqiao_protocol::Timestamp, bytes| Waits {
            lane,
            number: number.clone(),
            case: case.clone(),
            what,
            age_ms: now.millis_since(since),
            bytes,
        };
        let events = way.view.iter().flat_map(|view| &view.events);
        for event in events {
            if let Some(row) = event.entry.as_ref().filter(|row| row.state == tongqiao::EntryState::Pending) {
                waits.push(entry(Lane::Case, kind_words(&event.kind, words), row.accepted_at, row.size_bytes.into()));
            }
        }
        if let Some(row) = match taken.bill {
            Some(bill) => inside.client.outbox().entry(bill).await?,
            None => None,
        } && row.state == tongqiao::EntryState::Pending
        {
            waits.push(entry(
                Lane::Payment,
                words.say("缴款单", "bill").to_owned(),
                row.accepted_at,
                row.size_bytes.into(),
            ));
        }
        for material in &taken.materials {
            let Ok(handle) = inside.client.materials().handle(*material).await else { continue };
            let status = handle.status().await?;
            if status.state == UploadState::Waiting {
                let left = status.size.saturating_sub(status.sent);
                waits.push(entry(Lane::Bulk, words.say("扫描件", "scan").to_owned(), taken.taken_at, left));
            }
        }
    }
    // Oldest first within a lane, as they are sent.
    waits.sort_by(|one, other| one.lane.cmp(&other.lane).then(other.age_ms.cmp(&one.age_ms)));
    Ok(waits)
}

fn lanes(words: Words, waits: &[Waits], statistics: &Statistics, rate: u64) -> Markup {
    let of = |lane| waits.iter().filter(move |one| one.lane == lane);
    html! {
        table {
            thead { tr { th { (words.say("通道", "Lane")) } th.number { (words.say("件数", "Records")) } th.number { (words.say("字节", "Bytes")) } th { (words.say("最早", "Oldest")) } th.number { (words.say("传完约需", "Done in about")) } } }
            tbody {
                @for lane in [Lane::Payment, Lane::Case, Lane::Bulk] {
                    tr {
                        td { (lane.words(words)) }
                        td.number { (of(lane).count()) }
                        td.number { (of(lane).map(|one| one.bytes).sum::<u64>()) }
                        td { (of(lane).map(|one| one.age_ms).max().map_or_else(|| "—".to_owned(), |age| words.span(age))) }
                        td.number { (if of(lane).next().is_some() { minutes(words, ahead(waits, lane), rate) } else { "—".to_owned() }) }
                    }
                }
                tr {
                    td { (words.say("节点代管的全部记录（含其他系统）", "All in the node's custody, of other systems too")) }
                    td.number { (statistics.pending) }
                    td.number { "≈ " (statistics.pending.saturating_mul(RECORD_BYTES_USUAL)) }
                    td { (statistics.oldest_pending_at.map_or_else(|| "—".to_owned(), |since| words.span(local_now().millis_since(since)))) }
                    td.number { (minutes(words, statistics.pending.saturating_mul(RECORD_BYTES_USUAL), rate)) }
                }
            }
        }
    }
}

/// Everything that goes out until a lane is empty.
fn ahead(waits: &[Waits], lane: Lane) -> u64 {
    waits.iter().filter(|one| one.lane <= lane).map(|one| one.bytes).sum()
}

fn minutes(words: Words, bytes: u64, rate: u64) -> String {
    let minutes = bytes.div_ceil(rate.max(1) * 60);
    if bytes == 0 { "—".to_owned() } else { format!("{minutes} {}", words.say("分钟", "min")) }
}

fn table(words: Words, waits: &[Waits], rate: u64) -> Markup {
    let mut before = 0;
    let rows = waits.iter().map(|one| {
        let ahead = before;
        before += one.bytes;
        (one, ahead, before)
    });
    html! {
        @if waits.is_empty() { p.empty { (words.say("全部已送达市级平台。", "Everything is at the city.")) } }
        @else {
            table {
                thead { tr { th { (words.say("通道", "Lane")) } th { (words.say("办件编号", "Number")) } th { (words.say("内容", "What")) } th { (words.say("已等", "For")) } th.number { (words.say("前面还有（字节）", "Bytes ahead")) } th.number { (words.say("约需", "About")) } } }
                tbody { @for (one, ahead, until) in rows { tr {
                    td { (one.lane.words(words)) }
                    td.mono { a href=(format!("/console/cases/{}", one.case)) { (one.number) } }
                    td { (one.what) } td { (words.span(one.age_ms)) }
                    td.number { (ahead) } td.number { (minutes(words, until, rate)) }
                } } }
            }
        }
    }
}

/// `POST /console/waiting/now`.
pub(in crate::console) async fn now(State(console): State<Console>, _posted: Posted) -> Response {
    console.0.client.outbox().nudge();
    console.0.node.outbox().nudge();
    console.0.asked.notify_one();
    Redirect::to("/console/waiting").into_response()
}

#[cfg(test)]
mod tests {
    use tongqiao_protocol::Language;

    use super::*;

    fn waits(lane: Lane, bytes: u64) -> Waits {
        Waits { lane, number: String::new(), case: String::new(), what: String::new(), age_ms: 0, bytes }
    }

    #[test]
    fn a_lane_waits_for_everything_that_overtakes_it_and_for_nothing_else() {
        let all = [waits(Lane::Payment, 10), waits(Lane::Case, 200), waits(Lane::Bulk, 3_000)];
        assert_eq!([Lane::Payment, Lane::Case, Lane::Bulk].map(|lane| ahead(&all, lane)), [10, 210, 3_210]);
        let english = Words(Language::English);
        assert_eq!((minutes(english, 0, 8_000), minutes(english, 1, 8_000)), ("—".to_owned(), "1 min".to_owned()));
        assert_eq!(minutes(english, 480_001, 8_000), "2 min");
    }
}
