//! How the node is, for whoever watches it: nothing of a person, and no identifier of anything.

use std::sync::atomic::{AtomicU64, Ordering};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use tongqiao::Statistics;

use super::desk::Inside;
use super::reply::{Reply, Trouble};
use crate::doctor::Room;
use crate::link::LinkState;

/// What has been counted since the start.
#[derive(Default)]
pub(super) struct Counters {
    /// Events for which custody was told.
    pub(super) custody: AtomicU64,
    /// Requests answered from a copy.
    pub(super) copies: AtomicU64,
    /// Requests that went through to the platform.
    pub(super) passed: AtomicU64,
    /// Requests that did not get through.
    pub(super) stopped: AtomicU64,
}

impl Counters {
    pub(super) fn count(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Ordering::Relaxed);
    }
}

/// `GET /healthz`: the process answers.
pub(super) fn alive() -> Reply {
    text("ok\n".to_owned())
}

/// `GET /readyz`: the store answers too, so that events can be taken.
pub(super) async fn ready(inside: &Inside) -> Result<Reply, Trouble> {
    inside.client.outbox().statistics().await?;
    Ok(text("ready\n".to_owned()))
}

/// `GET /metrics`, in the text form of Prometheus.
pub(super) async fn metrics(inside: &Inside) -> Result<Reply, Trouble> {
    let statistics = inside.client.outbox().statistics().await?;
    Ok(text(written(&statistics, inside) + &room(&statistics, inside)))
}

/// What may still be written, and for how many days that is enough without any link: a full disk is told before it is one.
fn room(statistics: &Statistics, inside: &Inside) -> String {
    match Room::of(&inside.settings, statistics) {
        Ok(room) => {
            gauge("tongqiao_edge_room_bytes", "what may still be written", room.left())
                + &gauge("tongqiao_edge_room_days", "for how many days of such work that is enough", room.days())
        }
        Err(error) => {
            tracing::warn!(%error, "the disk does not say what is left");
            String::new()
        }
    }
}

fn gauge(name: &str, help: &str, value: u64) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
}

fn written(statistics: &Statistics, inside: &Inside) -> String {
    let waits =
        statistics.oldest_pending_at.map_or(0, |since| crate::courier::local_now().millis_since(since).max(0) / 1_000);
    let up = i64::from(inside.uplink.state() == LinkState::Up);
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let counted = |counter: &AtomicU64| whole(counter.load(Ordering::Relaxed));
    let counters = &inside.counters;
    let mut text = String::new();
    for (name, kind, help, value) in [
        ("tongqiao_edge_link_up", "gauge", "whether the last request got through", up),
        ("tongqiao_edge_records_pending", "gauge", "records on their way to the platform", whole(statistics.pending)),
        ("tongqiao_edge_records_blocked", "gauge", "of these behind a refused one", whole(statistics.blocked)),
        ("tongqiao_edge_records_refused", "gauge", "records that wait for a replacement", whole(statistics.refused)),
        ("tongqiao_edge_records_dead", "gauge", "records that no answer can be had for", whole(statistics.dead)),
        ("tongqiao_edge_records_retained", "gauge", "settled records that are kept", whole(statistics.retained)),
        ("tongqiao_edge_oldest_pending_seconds", "gauge", "age of the oldest of them", waits),
        ("tongqiao_edge_store_bytes", "gauge", "space that the data takes", whole(statistics.size_bytes)),
        ("tongqiao_edge_custody_total", "counter", "events for which custody was told", counted(&counters.custody)),
        ("tongqiao_edge_copies_total", "counter", "requests answered from a copy", counted(&counters.copies)),
        ("tongqiao_edge_passed_total", "counter", "requests that went through", counted(&counters.passed)),
        ("tongqiao_edge_stopped_total", "counter", "requests that did not get through", counted(&counters.stopped)),
    ] {
        text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }
    text
}

fn text(body: String) -> Reply {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"))]);
    Reply { status: StatusCode::OK, headers, body: body.into_bytes() }
}
