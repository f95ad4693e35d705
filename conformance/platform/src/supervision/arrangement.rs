//! The State Council's arrangement of holidays and the city's supervision rules, from their tables.

use std::collections::HashSet;

use serde_json::{Value, json};
use tongqiao_protocol::CivilDate;

const CALENDAR: &str = include_str!("../../data/working-calendar.tsv");
const RULES: &str = include_str!("../../data/supervision-rules.tsv");
const LIMITS: &str = include_str!("../../data/supervision-limits.tsv");
/// When the notice for the last year of the table was given.
const CALENDAR_ISSUED: &str = "2025-11-04T00:00:00.000+08:00";
/// Ours; a city would name its own order.
const RULES_ISSUED: &str = "2026-01-04T09:00:00.000+08:00";

/// Both, ready to be counted by and to be published.
pub(crate) struct Arrangement {
    off: HashSet<CivilDate>,
    worked: HashSet<CivilDate>,
    years: HashSet<i16>,
    rules: Vec<Rule>,
    limits: Vec<(String, i64)>,
    calendar_bytes: Vec<u8>,
    rule_bytes: Vec<u8>,
}

/// One rule, as text from the table.
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) level: String,
    pub(crate) duty: String,
    pub(crate) basis: String,
    pub(crate) measure: String,
    pub(crate) value: i64,
}

/// A table is not what its header says.
#[derive(Debug, thiserror::Error)]
#[error("{table}, line {line}")]
pub(crate) struct ArrangementError {
    table: &'static str,
    line: usize,
}

impl Arrangement {
    /// Reads the tables that were compiled in.
    pub(crate) fn from_tables() -> Result<Self, ArrangementError> {
        let wrong = |table, index: usize| ArrangementError { table, line: index + 2 };
        let (mut off, mut worked) = (Vec::new(), Vec::new());
        for (index, line) in CALENDAR.lines().skip(1).enumerate() {
            let mut cells = line.split('\t');
            let day = cells.next().and_then(|cell| cell.parse::<CivilDate>().ok());
            match (day, cells.next()) {
                (Some(day), Some("off")) => off.push(day),
                (Some(day), Some("work")) => worked.push(day),
                _ => return Err(wrong("working-calendar.tsv", index)),
            }
        }
        let rules = RULES.lines().skip(1).enumerate();
        let rules = rules
            .map(|(index, line)| Rule::read(line).ok_or(wrong("supervision-rules.tsv", index)))
            .collect::<Result<Vec<_>, _>>()?;
        let limits = LIMITS.lines().skip(1).enumerate();
        let limits = limits
            .map(|(index, line)| {
                let mut cells = line.split('\t');
                let (duty, days) = (cells.next(), cells.next().and_then(|cell| cell.parse().ok()));
                duty.map(str::to_owned).zip(days).ok_or(wrong("supervision-limits.tsv", index))
            })
            .collect::<Result<Vec<(String, i64)>, _>>()?;
        let years: HashSet<i16> = off.iter().chain(&worked).map(|day| day.year()).collect();
        let calendar_bytes = calendar_json(&off, &worked).to_string().into_bytes();
        let rule_bytes = rules_json(&rules, &limits).to_string().into_bytes();
        let (off, worked) = (off.into_iter().collect(), worked.into_iter().collect());
        Ok(Self { off, worked, years, rules, limits, calendar_bytes, rule_bytes })
    }

    /// Whether a day is worked; in a year without an arrangement only the weekends are known.
    pub(crate) fn is_worked(&self, day: CivilDate) -> bool {
        self.worked.contains(&day) || !(day.is_weekend() || self.off.contains(&day))
    }

    /// Whether the arrangement of a day's year has been published.
    pub(crate) fn knows(&self, day: CivilDate) -> bool {
        self.years.contains(&day.year())
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Within how many working days a duty of supervision is to be done.
    pub(crate) fn limit(&self, duty: &str) -> Option<i64> {
        self.limits.iter().find(|(named, _)| named == duty).map(|(_, days)| *days)
    }

    pub(crate) fn calendar_bytes(&self) -> &[u8] {
        &self.calendar_bytes
    }

    pub(crate) fn rule_bytes(&self) -> &[u8] {
        &self.rule_bytes
    }
}

impl Rule {
    fn read(line: &str) -> Option<Self> {
        let mut cells = line.split('\t').map(str::to_owned);
        let (id, level, duty) = (cells.next()?, cells.next()?, cells.next()?);
        let (basis, measure, value) = (cells.next()?, cells.next()?, cells.next()?.parse().ok()?);
        Some(Self { id, level, duty, basis, measure, value })
    }
}

fn calendar_json(off: &[CivilDate], worked: &[CivilDate]) -> Value {
    let mut years: Vec<i16> = off.iter().chain(worked).map(|day| day.year()).collect();
    years.sort_unstable();
    years.dedup();
    let of = |days: &[CivilDate], year: i16| days.iter().copied().filter(|day| day.year() == year).collect::<Vec<_>>();
    let years = years.into_iter().map(|year| {
        json!({
            "year": year,
            "source": format!("国务院办公厅关于{year}年部分节假日安排的通知"),
            "days_off": of(off, year),
            "days_worked": of(worked, year),
        })
    });
    json!({ "issued": CALENDAR_ISSUED, "years": years.collect::<Vec<_>>() })
}

fn rules_json(rules: &[Rule], limits: &[(String, i64)]) -> Value {
    let rules = rules.iter().map(|rule| {
        json!({
            "id": rule.id, "level": rule.level, "duty": rule.duty,
            "basis": rule.basis, "measure": rule.measure, "value": rule.value,
        })
    });
    let limits = limits.iter().map(|(duty, days)| json!({ "duty": duty, "working_days": days }));
    json!({ "issued": RULES_ISSUED, "rules": rules.collect::<Vec<_>>(), "limits": limits.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::WorkingCalendar;
    use tongqiao_protocol::supervision_rule::SupervisionRules;

    use super::*;

    #[test]
    fn what_is_published_is_what_the_protocol_reads() {
        let arrangement = Arrangement::from_tables().unwrap();
        let calendar = WorkingCalendar::parse(arrangement.calendar_bytes()).unwrap();
        assert_eq!(calendar.years.iter().map(|year| year.year).collect::<Vec<_>>(), [2024, 2025, 2026]);
        let rules = SupervisionRules::parse(arrangement.rule_bytes()).unwrap();
        assert_eq!(rules.rules.len(), RULES.lines().count() - 1);
        assert_eq!(rules.limits.len(), LIMITS.lines().count() - 1);
    }
}
