//! Joint processing 联办: cases that several agencies handle at the same time, one of which leads and gives the answer.
//!
//! Each is a case like any other, with its own number, item, party in charge and clocks. What is judged here is that both sides
//! name each other, that the leading case is not decided before its partners, and that its decision tells what became of them.

mod judgement;
mod member;
mod news;
mod project;
mod view;

use axum::Router;
use axum::routing::get;

pub(crate) use self::judgement::{decision_faults, extension_faults, opening_faults};
pub(crate) use self::member::{is_lead, note};
pub(crate) use self::news::tell;
use crate::app::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/cases/{case}/joint", get(view::show)).route("/v1/projects/{project}", get(project::show))
}
