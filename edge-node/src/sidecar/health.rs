//! How the sidecar is, for whoever watches it: without the token, nothing of a person, and no identifier of anything.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::Beside;
use super::fault::{Fault, Speaks};
use crate::figures::{self, Figures};
use crate::local_api::of_store;

/// `GET /readyz`: the store answers, so that cases can be taken.
pub(super) async fn ready(State(beside): State<Beside>, speaks: Speaks) -> Result<&'static str, Fault> {
    beside.client.outbox().statistics().await.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok("ready\n")
}

/// `GET /metrics`, in the text form of Prometheus.
pub(super) async fn metrics(State(beside): State<Beside>, speaks: Speaks) -> Result<Response, Fault> {
    let statistics = beside.client.outbox().statistics().await.map_err(|error| Fault::said(&error, speaks.0))?;
    let mut figures = Figures::default();
    figures.build("sidecar");
    of_store(&mut figures, "sidecar", &statistics);
    Ok(([(CONTENT_TYPE, figures::MEDIA_TYPE)], figures.text()).into_response())
}
