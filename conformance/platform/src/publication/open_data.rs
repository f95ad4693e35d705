//! Masked cases of a month for anybody: one row a case, as exact as at least `OPEN_DATA_CASES_MIN` cases of the month share.
//!
//! A row says item, division, kind of applicant, month, state, result and working days; no id, number, name or day. What
//! identifies a case from outside is its item, its place and who applied: while fewer cases than the limit agree in these
//! three, the place is widened from township to county to city, then the item is left out; rows that are still too few are
//! withheld and only counted.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, ETAG};
use rusqlite::Connection;
use serde::Serialize;
use serde_json::json;
use tongqiao_protocol::limits::{OPEN_DATA_CASES_MIN, PAGE_ENTRIES_MAX};
use tongqiao_protocol::{CivilDate, Digest, ErrorCode, Fault};

use super::query_fault;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::refusal::Refusal;

/// One case, masked. The order of the members is the order of the columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
struct Row {
    month: String,
    /// Absent when too few cases of the item remain.
    item: Option<String>,
    /// Twelve digits, widened as far as needed.
    division: String,
    applicant: String,
    online: bool,
    state: String,
    result: Option<String>,
    working_days: Option<u32>,
}

impl Row {
    /// What somebody may know of a case from outside.
    fn known_outside(&self) -> (Option<String>, String, String) {
        (self.item.clone(), self.division.clone(), self.applicant.clone())
    }
}

pub(super) async fn export(
    State(app): State<AppState>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let today = CivilDate::of(app.clock.now()).to_string();
    let (month, after, limit) = read(&asked, &today)?;
    let wanted = month.clone();
    let rows = app.database.read(move |connection| cases(connection, &wanted)).await?;
    let (rows, withheld) = masked(rows);
    let bytes = serde_json::to_vec(&rows).map_err(|_| DatabaseError::Corrupt("open data"))?;
    // Whoever reads page after page sees by this that the pages belong together.
    let tag = [(ETAG, format!("\"{}\"", Digest::of(app.settings.suite, &bytes)))];
    let page: Vec<&Row> = rows.iter().skip(after).take(limit).collect();
    let next = (after + page.len() < rows.len()).then(|| (after + page.len()).to_string());
    let wants_csv =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/csv"));
    if wants_csv {
        return Ok((tag, [(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], csv(&page)?).into_response());
    }
    let answer = json!({ "month": month, "rows": page, "next": next, "cases": rows.len(), "withheld": withheld });
    Ok((tag, Json(answer)).into_response())
}

fn read(asked: &HashMap<String, String>, today: &str) -> Result<(String, usize, usize), Refusal> {
    let mut faults: Vec<Fault> = Vec::new();
    let month = asked.get("month").cloned().unwrap_or_default();
    let is_month = month.len() == 7 && format!("{month}-01").parse::<CivilDate>().is_ok();
    if !asked.contains_key("month") {
        faults.push(query_fault("month", ErrorCode::RequestMissingField, "2026-02"));
    } else if !is_month {
        faults.push(query_fault("month", ErrorCode::RequestInvalidValue, "2026-02"));
    } else if today.get(..7).is_none_or(|running| month.as_str() >= running) {
        // Two exports of a running month would show what came in between.
        faults.push(query_fault("month", ErrorCode::RequestOutOfRange, "a month that is over"));
    }
    let mut number = |name: &str, least: usize, most: usize, otherwise: usize| match asked.get(name) {
        None => otherwise,
        Some(text) => match text.parse::<usize>() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                faults.push(query_fault(name, ErrorCode::RequestOutOfRange, &format!("{least} to {most}")));
                otherwise
            }
        },
    };
    let after = number("after", 0, usize::MAX, 0);
    let limit = number("limit", 1, PAGE_ENTRIES_MAX, PAGE_ENTRIES_MAX);
    if faults.is_empty() { Ok((month, after, limit)) } else { Err(Refusal::of_faults(faults)) }
}

fn cases(connection: &Connection, month: &str) -> Result<Vec<Row>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT file.item_code, file.division, published.applicant_kind, published.online, file.state,
                published.result, published.working_days
         FROM case_publication AS published JOIN case_file AS file ON file.case_id = published.case_id
         WHERE published.opened BETWEEN ?1 || '-01' AND ?1 || '-31'",
    )?;
    let rows = statement.query_map([month], |row| {
        Ok(Row {
            month: month.to_owned(),
            item: Some(row.get(0)?),
            division: township(&row.get::<_, String>(1)?),
            applicant: row.get(2)?,
            online: row.get(3)?,
            state: row.get(4)?,
            result: row.get(5)?,
            working_days: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The village is never told.
fn township(division: &str) -> String {
    widened(division, 9)
}

/// The first digits of a division, the rest being nought.
fn widened(division: &str, digits: usize) -> String {
    format!("{:0<12}", division.get(..digits).unwrap_or_default())
}

/// Rows that enough cases share, sorted so that their order tells nothing, and how many are withheld.
fn masked(mut rows: Vec<Row>) -> (Vec<Row>, usize) {
    let mut shown = Vec::with_capacity(rows.len());
    let steps: [fn(&mut Row); 4] = [
        |_| {},
        |row| row.division = widened(&row.division, 6),
        |row| row.division = widened(&row.division, 4),
        |row| row.item = None,
    ];
    for widen in steps {
        rows.iter_mut().for_each(widen);
        let mut sharing: HashMap<_, usize> = HashMap::new();
        rows.iter().for_each(|row| *sharing.entry(row.known_outside()).or_default() += 1);
        let (enough, few): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| sharing[&row.known_outside()] >= OPEN_DATA_CASES_MIN);
        shown.extend(enough);
        rows = few;
    }
    shown.sort();
    (shown, rows.len())
}

fn csv(page: &[&Row]) -> Result<Vec<u8>, Refusal> {
    let unwritable = |_| DatabaseError::Corrupt("open data");
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in page {
        writer.serialize(row).map_err(|error| unwritable(error.to_string()))?;
    }
    if page.is_empty() {
        let columns = ["month", "item", "division", "applicant", "online", "state", "result", "working_days"];
        writer.write_record(columns).map_err(|error| unwritable(error.to_string()))?;
    }
    Ok(writer.into_inner().map_err(|error| unwritable(error.to_string()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(item: u8, division: &str, applicant: u8) -> Row {
        Row {
            month: "2026-10".to_owned(),
            item: Some(format!("item {item}")),
            division: township(division),
            applicant: ["person", "organisation"][usize::from(applicant % 2)].to_owned(),
            online: item == 0,
            state: "decided".to_owned(),
            result: None,
            working_days: Some(3),
        }
    }

    #[test]
    fn a_case_is_told_only_as_exactly_as_enough_others_are() {
        let many = (0..5).map(|_| row(1, "340706101001", 0));
        let few = [row(1, "340706102003", 0), row(1, "340706200000", 0)];
        let more = (0..3).map(|_| row(1, "340711101000", 0));
        let (shown, withheld) = masked(many.chain(few).chain(more).collect());
        let at = |division: &str| shown.iter().filter(|row| row.division == division).count();
        // Five share a township; of the others two counties have too few, and together the city has five.
        assert_eq!((at("340706101000"), at("340700000000"), withheld), (5, 5, 0));
        assert!(shown.iter().all(|row| row.item.is_some()));
        let (shown, withheld) = masked(vec![row(1, "340706101001", 0), row(2, "340706101001", 0)]);
        assert!(shown.is_empty() && withheld == 2, "two cases are nobody's business");
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_every_combination_shown_has_enough_cases_and_none_is_lost(
            cases in proptest::collection::vec((0u8..4, 0usize..6, 0u8..2), 0..80)
        ) {
            let places = ["340706101001", "340706101002", "340706102001", "340711101001", "340722118000", "340700000000"];
            let rows: Vec<Row> = cases.iter().map(|(item, place, applicant)| row(*item, places[*place], *applicant)).collect();
            let all = rows.len();
            let (shown, withheld) = masked(rows);
            proptest::prop_assert_eq!(shown.len() + withheld, all);
            let mut sharing: HashMap<_, usize> = HashMap::new();
            shown.iter().for_each(|row| *sharing.entry(row.known_outside()).or_default() += 1);
            proptest::prop_assert!(sharing.values().all(|cases| *cases >= OPEN_DATA_CASES_MIN));
        }
    }
}
