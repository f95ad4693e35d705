//! What an event of a joint procedure must agree with.

use rusqlite::Connection;
use tongqiao_protocol::case::{Application, CaseEvent, Decision, Joint, Procedure, SpecialBegin};
use tongqiao_protocol::limits::JOINT_EXTENSION_DAYS_MAX;
use tongqiao_protocol::{CaseId, ErrorCode, Fault};

use super::member::{self, Member, applicant_mark};
use crate::app::AppState;
use crate::case;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::life::Outcome;

/// Whichever of two cases comes second is judged by the first: both name each other, and one party opened them for one
/// applicant.
pub(crate) fn opening_faults(
    connection: &Connection,
    author: &Party,
    event: &CaseEvent,
    application: &Application,
) -> Result<Vec<Fault>, DatabaseError> {
    let Some(joint) = &application.joint else { return Ok(Vec::new()) };
    let lead = joint.lead_of(event.case);
    let mark = applicant_mark(lead, &application.applicant);
    let mismatch = |path: &str, case: CaseId| Fault::new(path, ErrorCode::CaseJointMismatch).with("case", case);
    let mut faults = Vec::new();
    match joint {
        Joint::Lead { partners, .. } => {
            let members = member::all(connection, lead)?;
            for (place, partner) in partners.iter().enumerate() {
                // A partner that is here must have said the same.
                if case::find(connection, *partner)?.is_some()
                    && !agrees(connection, author, &members, *partner, &mark)?
                {
                    faults.push(mismatch(&format!("/data/joint/partners/{place}"), *partner));
                }
            }
            // And whoever said that he belongs here must be named.
            let unnamed = members.iter().filter(|one| one.applicant.is_some() && !partners.contains(&one.case));
            faults.extend(unnamed.map(|one| mismatch("/data/joint/partners", one.case)));
        }
        Joint::Partner { .. } => {
            if case::find(connection, lead)?.is_some() {
                let members = member::all(connection, lead)?;
                let is_named = members.iter().any(|one| one.case == event.case && one.is_named());
                if !is_named || !agrees(connection, author, &members, lead, &mark)? {
                    faults.push(mismatch("/data/joint/lead", lead));
                }
            }
        }
    }
    Ok(faults)
}

/// Whether the case, which is here, belongs to the procedure for the same applicant, opened by the same party.
fn agrees(
    connection: &Connection,
    author: &Party,
    members: &[Member],
    case: CaseId,
    mark: &str,
) -> Result<bool, DatabaseError> {
    let is_of_applicant = members.iter().any(|one| one.case == case && one.applicant.as_deref() == Some(mark));
    let is_of_opener = case::find(connection, case)?.is_some_and(|file| author.may_move_cases_of(&file.party));
    Ok(is_of_applicant && is_of_opener)
}

/// A leading case is decided after its partners and says what became of each; no other case speaks of partners.
pub(crate) fn decision_faults(
    app: &AppState,
    connection: &Connection,
    case: CaseId,
    decision: &Decision,
) -> Result<Vec<Fault>, DatabaseError> {
    let Some(closes) = member::closes(connection, case)? else {
        let is_told = !decision.partners.is_empty();
        return Ok(is_told.then(|| Fault::new("/data/partners", ErrorCode::CaseJointMismatch)).into_iter().collect());
    };
    let mut faults = Vec::new();
    let mut expected = Vec::new();
    for partner in member::all(connection, case)?.into_iter().filter(|one| one.is_named() && !one.is_lead()) {
        let (state, result) = member::standing(connection, partner.case)?;
        let outcome = match app.life.partner(&closes, &state) {
            Outcome::Open => {
                let fault = Fault::new("/data/partners", ErrorCode::CaseJointOpen);
                faults.push(fault.with("case", partner.case).with("state", state));
                continue;
            }
            Outcome::Result => result.ok_or(DatabaseError::Corrupt("decision of a partner"))?,
            Outcome::Word(word) => word.clone(),
        };
        expected.push((partner.case, outcome));
    }
    if !faults.is_empty() {
        return Ok(faults);
    }
    for (place, told) in decision.partners.iter().enumerate() {
        let outcome = told.outcome.as_str();
        let before = expected.len();
        expected.retain(|(case, expected)| !(*case == told.case && expected == outcome));
        if expected.len() == before {
            let path = format!("/data/partners/{place}");
            faults.push(Fault::new(&path, ErrorCode::CaseJointMismatch).with("case", told.case));
        }
    }
    let untold = expected.iter().map(|(case, _)| {
        let fault = Fault::new("/data/partners", ErrorCode::CaseJointMismatch);
        fault.with("case", case)
    });
    faults.extend(untold);
    Ok(faults)
}

/// A joint procedure is extended once, by fifteen days at most, and by the government above its agencies (art. 42).
pub(crate) fn extension_faults(
    connection: &Connection,
    case: CaseId,
    begin: &SpecialBegin,
    before: usize,
) -> Result<Vec<Fault>, DatabaseError> {
    if begin.procedure != Procedure::Extension || !member::is_lead(connection, case)? {
        return Ok(Vec::new());
    }
    let mut faults = Vec::new();
    if begin.approved_by.is_none() {
        faults.push(Fault::new("/data/approved_by", ErrorCode::RequestMissingField));
    }
    match begin.extended_by_days {
        None => faults.push(Fault::new("/data/extended_by_days", ErrorCode::RequestMissingField)),
        Some(days) if days > JOINT_EXTENSION_DAYS_MAX => {
            let fault = Fault::new("/data/extended_by_days", ErrorCode::RequestOutOfRange);
            faults.push(fault.with("expected", format!("1 to {JOINT_EXTENSION_DAYS_MAX}")));
        }
        Some(_) => {}
    }
    if before > 0 {
        let fault = Fault::new("/type", ErrorCode::CaseTransitionImpossible);
        faults.push(fault.with("event", "special-begun").with("reason", "a joint procedure is extended once"));
    }
    Ok(faults)
}
