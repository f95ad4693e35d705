//! What each effective event adds to what is published of its case.

use rusqlite::Connection;
use tongqiao_protocol::case::{Application, CaseEvent, CaseEventData};
use tongqiao_protocol::{CivilDate, CodedValue};

use crate::app::AppState;
use crate::database::DatabaseError;

/// Ways of handing in that count as online: by computer and by mobile (`handle_form`, GB/T 39046-2020).
const ONLINE: [&str; 2] = ["2", "3"];

/// Takes note of an effective event, in the transaction in which it takes effect.
pub(crate) fn note(
    app: &AppState,
    connection: &Connection,
    event: &CaseEvent,
    revision: i64,
) -> Result<(), DatabaseError> {
    match &event.data {
        CaseEventData::Applied(application) => open(connection, event, application),
        CaseEventData::Accepted(acceptance) => {
            connection
                .prepare_cached("UPDATE case_publication SET accepted = ?2 WHERE case_id = ?1")?
                .execute((event.case.as_bytes(), CivilDate::of(acceptance.accepted_on).to_string()))?;
            Ok(())
        }
        CaseEventData::Decided(decision) => {
            let day = CivilDate::of(decision.decided_on);
            let accepted: Option<String> = connection
                .prepare_cached("SELECT accepted FROM case_publication WHERE case_id = ?1")?
                .query_row([event.case.as_bytes()], |row| row.get(0))?;
            let accepted = accepted.and_then(|text| text.parse().ok()).unwrap_or(day);
            connection
                .prepare_cached(
                    "UPDATE case_publication SET decided = ?2, result = ?3, working_days = ?4 WHERE case_id = ?1",
                )?
                .execute((
                    event.case.as_bytes(),
                    day.to_string(),
                    decision.result.as_str(),
                    worked_days(app, accepted, day),
                ))?;
            Ok(())
        }
        CaseEventData::Evaluated(evaluation) => {
            connection
                .prepare_cached("INSERT OR IGNORE INTO case_score (case_id, revision, score) VALUES (?1, ?2, ?3)")?
                .execute((event.case.as_bytes(), revision, evaluation.score))?;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn open(connection: &Connection, event: &CaseEvent, application: &Application) -> Result<(), DatabaseError> {
    connection
        .prepare_cached(
            "INSERT INTO case_publication (case_id, query, online, applicant_kind, opened) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            event.case.as_bytes(),
            application.query.map(|query| query.to_string()),
            is_online(&application.channel),
            application.applicant.kind.as_str(),
            CivilDate::of(event.time).to_string(),
        ))?;
    Ok(())
}

fn is_online(channel: &CodedValue) -> bool {
    channel.set() == "handle_form" && ONLINE.contains(&channel.code())
}

/// Working days after `from` up to `to`.
fn worked_days(app: &AppState, from: CivilDate, to: CivilDate) -> i64 {
    let span = to.days_since(from).max(0);
    let worked = (1..=span).filter(|ahead| app.arrangement.is_worked(from.plus_days(*ahead))).count();
    i64::try_from(worked).unwrap_or(i64::MAX)
}
