//! The pages, each in a file of its own.

mod application;
mod assets;
mod attention;
mod case;
mod corrections;
mod deadlines;
mod draft;
mod form_rows;
mod handover;
mod health;
mod items;
mod link;
mod payment;
mod receipt;
mod sign_in;
mod today;
mod waiting;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::Console;
use super::posted::UPLOAD_BYTES_MOST;

/// Everything below `/console`.
pub(super) fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(|| async { axum::response::Redirect::to("/console") }))
        .route("/console/assets/{name}", get(assets::give))
        .route("/console/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/console/sign-out", post(sign_in::leave))
        .route("/console", get(today::show))
        .route("/console/inbox/{entry}/read", post(today::read))
        .route("/console/items", get(items::search))
        .route("/console/items/{code}/{version}", get(items::guide))
        .route("/console/new/{code}/{version}", get(application::blank).post(application::sent))
        .route("/console/cases/{case}", get(case::show))
        .route("/console/cases/{case}/revealed", post(case::reveal))
        .route("/console/cases/{case}/receipt", post(receipt::print))
        .route("/console/cases/{case}/withdraw", post(case::withdraw))
        .route("/console/cases/{case}/evaluate", post(case::evaluate))
        .route("/console/attention", get(attention::list))
        .route("/console/events/{event}/abandon", post(attention::abandon))
        .route("/console/events/{event}/mend", get(attention::mend))
        .route("/console/cases/{case}/corrected", post(corrections::corrected))
        .route("/console/cases/{case}/bill", post(payment::make))
        .route("/console/cases/{case}/payment", get(payment::show))
        .route("/console/corrections", get(corrections::list))
        .route("/console/deadlines", get(deadlines::show))
        .route("/console/waiting", get(waiting::show))
        .route("/console/waiting/now", post(waiting::now))
        .route("/console/link", get(link::show))
        .route("/console/handover", get(handover::show).post(handover::hand_over))
        .route("/console/health", get(health::show))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MOST))
        .with_state(console)
}
