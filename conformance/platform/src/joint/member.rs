//! What is known of who belongs to a joint procedure.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use tongqiao_protocol::case::{Applicant, CaseEvent, CaseEventData, Joint};
use tongqiao_protocol::{CaseId, Digest, Suite};

use crate::case;
use crate::database::DatabaseError;

/// The place of the leading case itself.
const LEAD_PLACE: i64 = -1;

/// Before what tells one applicant from another; with the leading case's id, so that it says nothing elsewhere.
const LABEL: &[u8] = b"tongqiao-joint-applicant\n";

/// One case of a procedure.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) case: CaseId,
    /// In the leading case's list; `None` when only the member says that it belongs here.
    pub(super) place: Option<i64>,
    /// Absent while the case is not here.
    pub(super) applicant: Option<String>,
}

impl Member {
    pub(super) fn is_lead(&self) -> bool {
        self.place == Some(LEAD_PLACE)
    }

    /// Whether the leading case names it.
    pub(super) fn is_named(&self) -> bool {
        self.place.is_some()
    }
}

/// By which one applicant is told from another within a procedure.
pub(super) fn applicant_mark(lead: CaseId, applicant: &Applicant) -> String {
    let identity = json!(applicant.identity).to_string();
    Digest::of_parts(Suite::International, &[LABEL, lead.as_bytes(), identity.as_bytes()]).to_string()
}

/// Every case that is known to belong to the procedure of `lead`: the leading one first, then in its order.
pub(super) fn all(connection: &Connection, lead: CaseId) -> Result<Vec<Member>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT member, place, applicant FROM joint_member WHERE lead = ?1 ORDER BY place IS NULL, place, member",
    )?;
    let rows = statement.query_map([lead.as_bytes()], |row| {
        Ok(Member { case: CaseId::from_bytes(row.get(0)?), place: row.get(1)?, applicant: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How the leading case closes; `None` where no such case is here.
pub(super) fn closes(connection: &Connection, lead: CaseId) -> Result<Option<String>, DatabaseError> {
    Ok(connection
        .prepare_cached("SELECT closes FROM joint_lead WHERE lead = ?1")?
        .query_row([lead.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// Whether the case leads a joint procedure.
pub(crate) fn is_lead(connection: &Connection, case: CaseId) -> Result<bool, DatabaseError> {
    Ok(closes(connection, case)?.is_some())
}

/// The case that leads the procedure to which a case says it belongs; `None` for a case of its own.
pub(super) fn lead_of(connection: &Connection, case: CaseId) -> Result<Option<CaseId>, DatabaseError> {
    // What another case says of this one is not this one's word: it must be here, and have said so itself.
    Ok(connection
        .prepare_cached("SELECT lead FROM joint_member WHERE member = ?1 AND applicant IS NOT NULL")?
        .query_row([case.as_bytes()], |row| row.get(0).map(CaseId::from_bytes))
        .optional()?)
}

/// Takes note of an application that took effect.
pub(crate) fn note(connection: &Connection, event: &CaseEvent) -> Result<(), DatabaseError> {
    let CaseEventData::Applied(application) = &event.data else { return Ok(()) };
    if let Some(project) = &application.project {
        connection
            .prepare_cached("INSERT INTO case_project (case_id, project, stage) VALUES (?1, ?2, ?3)")?
            .execute((event.case.as_bytes(), project.code.as_str(), project.stage.as_str()))?;
    }
    let Some(joint) = &application.joint else { return Ok(()) };
    let lead = joint.lead_of(event.case);
    let applicant = applicant_mark(lead, &application.applicant);
    let mut named = connection.prepare_cached(
        "INSERT INTO joint_member (lead, member, place) VALUES (?1, ?2, ?3)
         ON CONFLICT (lead, member) DO UPDATE SET place = excluded.place",
    )?;
    if let Joint::Lead { partners, closes } = joint {
        connection
            .prepare_cached("INSERT INTO joint_lead (lead, closes) VALUES (?1, ?2)")?
            .execute((lead.as_bytes(), closes.as_str()))?;
        named.execute((lead.as_bytes(), lead.as_bytes(), LEAD_PLACE))?;
        for (place, partner) in (0_i64..).zip(partners) {
            named.execute((lead.as_bytes(), partner.as_bytes(), place))?;
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO joint_member (lead, member, applicant) VALUES (?1, ?2, ?3)
             ON CONFLICT (lead, member) DO UPDATE SET applicant = excluded.applicant",
        )?
        .execute((lead.as_bytes(), event.case.as_bytes(), applicant))?;
    Ok(())
}

/// Where a case of a procedure stands: its state, `none` while it is not here, and the result of its decision.
pub(super) fn standing(connection: &Connection, case: CaseId) -> Result<(String, Option<String>), DatabaseError> {
    let Some(file) = case::find(connection, case)? else { return Ok(("none".to_owned(), None)) };
    let result: Option<Option<String>> = connection
        .prepare_cached("SELECT result FROM case_publication WHERE case_id = ?1")?
        .query_row([case.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok((file.state, result.flatten()))
}
