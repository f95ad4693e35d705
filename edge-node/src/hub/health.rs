//! How the hub is, for whoever watches it: over plain HTTP at an address of its own, figures only.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::figures::{self, Figures};
use crate::link::Hub;

/// Answers until told to stop.
pub(super) async fn serve(listener: TcpListener, hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(hub);
    // Whoever watches and does not finish his request must not hold the hub's end up.
    tokio::select! {
        served = async { axum::serve(listener, router).await } => {
            if let Err(error) = served {
                tracing::error!(%error, "the hub is not watched any more");
            }
        }
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}

/// `GET /readyz`: nodes are recognised. Without a directory nobody is, and another hub should be asked.
async fn ready(State(hub): State<Arc<Hub>>) -> (StatusCode, &'static str) {
    match hub.client.carrier().directory().await {
        Ok(Some(_)) => (StatusCode::OK, "ready\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no key directory of the platform yet\n"),
    }
}

/// `GET /metrics`, in the text form of Prometheus.
async fn metrics(State(hub): State<Arc<Hub>>) -> Response {
    let mut figures = Figures::default();
    figures.build("hub");
    let counts = &hub.counts;
    let (http2, quic) = counts.connected();
    figures.gauge("tongqiao_hub_nodes_http2", "connections of nodes by HTTP/2", http2);
    figures.gauge("tongqiao_hub_nodes_quic", "connections of nodes by QUIC", quic);
    if let Ok(Some(directory)) = hub.client.carrier().directory().await {
        let age = hub.client.platform_time().millis_since(directory.issued).max(0) / 1_000;
        figures.gauge("tongqiao_hub_directory_age_seconds", "since when keys are known", age);
    }
    for (name, help, counter) in [
        ("tongqiao_hub_passed_total", "frames that the platform has answered", &counts.passed),
        ("tongqiao_hub_not_reached_total", "frames that have not reached the platform", &counts.not_reached),
        ("tongqiao_hub_unanswered_total", "frames that may have reached it without an answer", &counts.unanswered),
        ("tongqiao_hub_malformed_total", "what came and was no frame", &counts.malformed),
        ("tongqiao_hub_strangers_total", "connections of whoever is not known", &counts.strangers),
    ] {
        figures.counter(name, help, counter.load(Ordering::Relaxed));
    }
    ([(CONTENT_TYPE, figures::MEDIA_TYPE)], figures.text()).into_response()
}
