//! How the node is, for whoever watches it: nothing of a person, and no identifier of anything.

use std::sync::atomic::{AtomicU64, Ordering};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use tongqiao::Statistics;

use super::desk::Inside;
use super::reply::{Reply, Trouble};
use crate::courier::local_now;
use crate::doctor::Room;
use crate::figures::{self, Figures};
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
            let mut figures = Figures::default();
            figures.gauge("tongqiao_edge_room_bytes", "what may still be written", room.left());
            figures.gauge("tongqiao_edge_room_days", "for how many days of such work that is enough", room.days());
            figures.text()
        }
        Err(error) => {
            tracing::warn!(%error, "the disk does not say what is left");
            String::new()
        }
    }
}

fn written(statistics: &Statistics, inside: &Inside) -> String {
    let mut figures = Figures::default();
    figures.build("edge");
    let up = i64::from(inside.uplink.state() == LinkState::Up);
    figures.gauge("tongqiao_edge_link_up", "whether the last request got through", up);
    of_store(&mut figures, "edge", statistics);
    let counters = &inside.counters;
    for (name, help, counter) in [
        ("tongqiao_edge_custody_total", "events for which custody was told", &counters.custody),
        ("tongqiao_edge_copies_total", "requests answered from a copy", &counters.copies),
        ("tongqiao_edge_passed_total", "requests that went through", &counters.passed),
        ("tongqiao_edge_stopped_total", "requests that did not get through", &counters.stopped),
    ] {
        figures.counter(name, help, counter.load(Ordering::Relaxed));
    }
    figures.text()
}

/// What waits in a store, of a node or a sidecar.
pub(crate) fn of_store(figures: &mut Figures, whose: &str, statistics: &Statistics) {
    let waits = statistics.oldest_pending_at.map_or(0, |since| local_now().millis_since(since).max(0) / 1_000);
    for (name, help, value) in [
        ("records_pending", "records on their way to the platform", statistics.pending),
        ("records_blocked", "of these behind a refused one", statistics.blocked),
        ("records_refused", "records that wait for a replacement", statistics.refused),
        ("records_dead", "records that no answer can be had for", statistics.dead),
        ("records_retained", "settled records that are kept", statistics.retained),
        ("oldest_pending_seconds", "age of the oldest of them", waits.unsigned_abs()),
        ("store_bytes", "space that the data takes", statistics.size_bytes),
    ] {
        figures.gauge(&format!("tongqiao_{whose}_{name}"), help, value);
    }
}

fn text(body: String) -> Reply {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, figures::MEDIA_TYPE)]);
    Reply { status: StatusCode::OK, headers, body: body.into_bytes() }
}
