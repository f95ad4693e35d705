//! What the city owes the public: guides, lists and questions from the one catalogue, how a case stands for whoever holds its
//! receipt, figures, and masked data for anybody.
//!
//! Nothing here tells more about a person than the person's own receipt opens: figures and rows that too few cases share are
//! withheld ([`OPEN_DATA_CASES_MIN`](tongqiao_protocol::limits::OPEN_DATA_CASES_MIN)), and a wrong password is answered like an unknown number.

mod guides;
mod lock;
mod open_data;
mod progress;
mod statistics;
mod trace;

use axum::Router;
use axum::routing::{get, post};
use tongqiao_protocol::{ErrorCode, Fault};

use crate::app::AppState;

pub(crate) use self::trace::note;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/guides/{item}", get(guides::guide))
        .route("/v1/agencies", get(guides::agencies))
        .route("/v1/intermediaries", get(guides::intermediaries))
        .route("/v1/questions", get(guides::questions))
        .route("/v1/progress-queries", post(progress::query))
        .route("/v1/statistics", get(statistics::show))
        .route("/v1/open-data/cases", get(open_data::export))
}

/// A parameter of the query that cannot be used.
fn query_fault(name: &str, code: ErrorCode, expected: &str) -> Fault {
    Fault::new(&format!("/query/{name}"), code).with("expected", expected)
}
