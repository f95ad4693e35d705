//! Figures by agency, item, division or month: how many cases, how many online, how fast, how people found it.
//!
//! Rows that fewer than `OPEN_DATA_CASES_MIN` cases share are put together under `*`; when even those are too few, they are
//! withheld, and the sum is taken over what is shown, so that nobody finds them by subtraction.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Query, State};
use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::limits::{OPEN_DATA_CASES_MIN, STATISTICS_DAYS_MAX};
use tongqiao_protocol::{CivilDate, ErrorCode, Fault};

use super::query_fault;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::guide::Guide;
use crate::refusal::Refusal;

/// By what the figures are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Agency,
    Item,
    /// The twelve digits of the case's division, so that townships stand apart.
    Division,
    /// Of the day of application.
    Month,
}

const BY: [(&str, By); 4] =
    [("agency", By::Agency), ("item", By::Item), ("division", By::Division), ("month", By::Month)];

/// What is counted of a group of cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Count {
    cases: u64,
    online: u64,
    accepted: u64,
    rejected: u64,
    withdrawn: u64,
    decided: u64,
    granted: u64,
    working_days: u64,
    evaluations: u64,
    /// Scores 1 to 3: from very satisfied to satisfied in the main.
    satisfied: u64,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.online += other.online;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.withdrawn += other.withdrawn;
        self.decided += other.decided;
        self.granted += other.granted;
        self.working_days += other.working_days;
        self.evaluations += other.evaluations;
        self.satisfied += other.satisfied;
    }

    fn to_json(&self) -> Value {
        json!({
            "cases": self.cases, "online": self.online, "online_rate": rate(self.online, self.cases),
            "accepted": self.accepted, "rejected": self.rejected, "withdrawn": self.withdrawn,
            "decided": self.decided, "granted": self.granted,
            "average_working_days": rate(self.working_days, self.decided),
            "evaluations": self.evaluations, "satisfied": self.satisfied,
            "satisfied_rate": rate(self.satisfied, self.evaluations),
        })
    }
}

/// A quotient with four places, cut off; `null` of nothing.
fn rate(part: u64, whole: u64) -> Option<String> {
    let scaled = u128::from(part) * 10_000;
    let quotient = scaled.checked_div(u128::from(whole))?;
    Some(format!("{}.{:04}", quotient / 10_000, quotient % 10_000))
}

struct Asked {
    from: CivilDate,
    to: CivilDate,
    by: By,
    word: &'static str,
}

pub(super) async fn show(
    State(app): State<AppState>,
    Query(asked): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refusal> {
    let asked = read(&asked)?;
    let (from, to, word) = (asked.from, asked.to, asked.word);
    let state = app.clone();
    let counted = app.database.read(move |connection| {
        let guide = state.guide.open(connection)?;
        count(connection, &guide, &asked)
    });
    let (rows, withheld) = published(counted.await?);
    let mut total = Count::default();
    rows.iter().for_each(|(_, count)| total.add(count));
    let rows: Vec<Value> = rows
        .iter()
        .map(|(key, count)| {
            let mut row = count.to_json();
            row["key"] = json!(key);
            row
        })
        .collect();
    Ok(Json(json!({
        "from": from, "to": to, "by": word, "rows": rows, "total": total.to_json(), "withheld": withheld,
        "time": app.clock.now(),
    })))
}

fn read(asked: &HashMap<String, String>) -> Result<Asked, Refusal> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut day = |name: &str| match asked.get(name).map(|text| text.parse::<CivilDate>()) {
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => {
            faults.push(query_fault(name, ErrorCode::RequestInvalidValue, "2026-02-28"));
            None
        }
        None => {
            faults.push(query_fault(name, ErrorCode::RequestMissingField, "2026-02-28"));
            None
        }
    };
    let (from, to) = (day("from"), day("to"));
    if let (Some(from), Some(to)) = (from, to)
        && !(0..STATISTICS_DAYS_MAX).contains(&to.days_since(from))
    {
        let fault = query_fault("to", ErrorCode::RequestOutOfRange, "not before from");
        faults.push(fault.with("most_days", STATISTICS_DAYS_MAX));
    }
    let wanted = asked.get("by").map_or("agency", String::as_str);
    let by = BY.iter().find(|(word, _)| *word == wanted);
    if by.is_none() {
        faults.push(query_fault("by", ErrorCode::RequestInvalidValue, &BY.map(|(word, _)| word).join(" ")));
    }
    match (from, to, by) {
        (Some(from), Some(to), Some((word, by))) if faults.is_empty() => Ok(Asked { from, to, by: *by, word }),
        _ => Err(Refusal::of_faults(faults)),
    }
}

fn count(connection: &Connection, guide: &Guide, asked: &Asked) -> Result<BTreeMap<String, Count>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT file.item_code, file.item_version, file.division, published.opened, file.state, published.online,
                published.accepted IS NOT NULL, published.result, published.working_days,
                (SELECT count(*) FROM case_score AS score WHERE score.case_id = file.case_id),
                (SELECT count(*) FROM case_score AS score WHERE score.case_id = file.case_id AND score.score <= 3)
         FROM case_publication AS published JOIN case_file AS file ON file.case_id = published.case_id
         WHERE published.opened BETWEEN ?1 AND ?2",
    )?;
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut rows = statement.query((asked.from.to_string(), asked.to.to_string()))?;
    while let Some(row) = rows.next()? {
        let (code, version): (String, i64) = (row.get(0)?, row.get(1)?);
        let (division, opened, state): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let (result, days): (Option<String>, Option<u32>) = (row.get(7)?, row.get(8)?);
        let number = |column: usize| row.get::<_, u32>(column).map(u64::from);
        let key = match asked.by {
            By::Agency => guide.item(&code, version).map_or_else(|| "*".to_owned(), |item| item.agency.code.clone()),
            By::Item => code,
            By::Division => division,
            By::Month => opened.chars().take(7).collect(),
        };
        counts.entry(key).or_default().add(&Count {
            cases: 1,
            online: number(5)?,
            accepted: number(6)?,
            rejected: u64::from(state == "rejected"),
            withdrawn: u64::from(state == "withdrawn"),
            decided: u64::from(result.is_some()),
            granted: u64::from(result.as_deref() == Some("granted")),
            working_days: days.map_or(0, u64::from),
            evaluations: number(9)?,
            satisfied: number(10)?,
        });
    }
    Ok(counts)
}

/// The rows that may be shown, and whether some may not.
fn published(counts: BTreeMap<String, Count>) -> (Vec<(String, Count)>, bool) {
    let is_enough = |count: &Count| count.cases >= OPEN_DATA_CASES_MIN as u64;
    let (mut shown, few): (Vec<_>, Vec<_>) =
        counts.into_iter().partition(|(key, count)| key != "*" && is_enough(count));
    let mut rest = Count::default();
    few.iter().for_each(|(_, count)| rest.add(count));
    let withheld = rest.cases > 0 && !is_enough(&rest);
    if is_enough(&rest) {
        shown.push(("*".to_owned(), rest));
    }
    (shown, withheld)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(key: &str, cases: u64) -> (String, Count) {
        (key.to_owned(), Count { cases, ..Count::default() })
    }

    #[test]
    fn rows_of_few_cases_are_put_together_and_withheld_when_even_those_are_few() {
        let (shown, withheld) = published(BTreeMap::from([cases("a", 5), cases("b", 4), cases("c", 1)]));
        assert_eq!((shown, withheld), (vec![cases("a", 5), cases("*", 5)], false));
        let (shown, withheld) = published(BTreeMap::from([cases("a", 5), cases("b", 4)]));
        assert_eq!((shown, withheld), (vec![cases("a", 5)], true));
        assert_eq!(published(BTreeMap::new()), (Vec::new(), false));
    }

    #[test]
    fn quotients_are_cut_off_at_four_places() {
        assert_eq!(rate(2, 3).as_deref(), Some("0.6666"));
        assert_eq!(rate(3, 3).as_deref(), Some("1.0000"));
        assert_eq!(rate(31, 2).as_deref(), Some("15.5000"));
        assert_eq!(rate(0, 0), None);
    }
}
