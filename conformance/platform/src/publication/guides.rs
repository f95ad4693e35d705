//! Guides 办事指南, agencies, intermediaries and questions, read from the edition of the catalogue that is in force now.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use tongqiao_protocol::{CivilDate, DivisionCode, ErrorCode};

use super::query_fault;
use crate::app::AppState;
use crate::refusal::Refusal;

/// As the catalogue: fresh for a minute; a day old is better than nothing (RFC 5861).
const CACHEABLE: &str = "public, max-age=60, stale-if-error=86400";

type Asked = Query<HashMap<String, String>>;

fn answer(value: Value) -> Response {
    ([(CACHE_CONTROL, CACHEABLE)], Json(value)).into_response()
}

/// The guide of an item: the version in force today, or the one that `version` names.
pub(super) async fn guide(
    State(app): State<AppState>,
    Path(code): Path<String>,
    Query(asked): Asked,
) -> Result<Response, Refusal> {
    let version = match asked.get("version").map(|text| text.parse::<i64>()) {
        None => None,
        Some(Ok(version)) => Some(version),
        Some(Err(_)) => {
            return Err(Refusal::of_faults(vec![query_fault("version", ErrorCode::RequestInvalidValue, "a number")]));
        }
    };
    let today = CivilDate::of(app.clock.now()).to_string();
    let shelf = app.clone();
    let guide = app.database.read(move |connection| shelf.guide.open(connection)).await?;
    let item = match version {
        Some(version) => guide.item(&code, version),
        None => guide.in_force(&code, &today),
    };
    let item = item.ok_or_else(|| Refusal::at("/item", ErrorCode::ItemUnknown).with("code", &code))?;
    let agency = guide.agencies().iter().find(|agency| agency.code == item.agency.code);
    let questions: Vec<_> = guide.questions().iter().filter(|question| question.is_about(item)).collect();
    let intermediaries: Vec<_> = guide.intermediaries().iter().filter(|one| one.serves(item)).collect();
    Ok(answer(json!({
        "edition": guide.digest(),
        "item": item,
        "agency": agency,
        "questions": questions,
        "intermediaries": intermediaries,
    })))
}

/// All agencies, or those of a division and what lies in it.
pub(super) async fn agencies(State(app): State<AppState>, Query(asked): Asked) -> Result<Response, Refusal> {
    let within = division(&asked)?;
    let shelf = app.clone();
    let guide = app.database.read(move |connection| shelf.guide.open(connection)).await?;
    let agencies: Vec<_> = guide.agencies().iter().filter(|one| lies_in(within.as_ref(), &one.division)).collect();
    Ok(answer(json!({ "edition": guide.digest(), "agencies": agencies })))
}

/// All intermediaries, or those of a division, or who produce a material.
pub(super) async fn intermediaries(State(app): State<AppState>, Query(asked): Asked) -> Result<Response, Refusal> {
    let within = division(&asked)?;
    let material = asked.get("material").cloned();
    let shelf = app.clone();
    let guide = app.database.read(move |connection| shelf.guide.open(connection)).await?;
    let found = guide.intermediaries().iter().filter(|one| {
        lies_in(within.as_ref(), &one.division) && material.as_ref().is_none_or(|key| one.materials.contains(key))
    });
    Ok(answer(json!({ "edition": guide.digest(), "intermediaries": found.collect::<Vec<_>>() })))
}

/// All questions, or those that somebody who wants an item would ask.
pub(super) async fn questions(State(app): State<AppState>, Query(asked): Asked) -> Result<Response, Refusal> {
    let shelf = app.clone();
    let guide = app.database.read(move |connection| shelf.guide.open(connection)).await?;
    let item = asked.get("item");
    let found =
        guide.questions().iter().filter(|one| item.is_none_or(|code| one.items.is_empty() || one.items.contains(code)));
    Ok(answer(json!({ "edition": guide.digest(), "questions": found.collect::<Vec<_>>() })))
}

fn division(asked: &HashMap<String, String>) -> Result<Option<DivisionCode>, Refusal> {
    let parsed = asked.get("division").map(|text| DivisionCode::parse(text)).transpose();
    parsed.map_err(|_| {
        Refusal::of_faults(vec![query_fault("division", ErrorCode::RequestInvalidValue, "a division code")])
    })
}

fn lies_in(within: Option<&DivisionCode>, own: &str) -> bool {
    within.is_none_or(|within| DivisionCode::parse(own).is_ok_and(|own| within.contains(&own)))
}
