//! What an event's data must agree with beyond the tables: the published guide, and what the case has been through.

use rusqlite::Connection;
use tongqiao_protocol::case::{CaseEvent, CaseEventData, Citation, Correction, CorrectionNotice, Procedure};
use tongqiao_protocol::{CaseId, ErrorCode, EventId, Fault};

use crate::app::AppState;
use crate::case::CaseFile;
use crate::database::DatabaseError;
use crate::joint;

/// All that does not agree.
pub(super) fn faults(
    app: &AppState,
    connection: &Connection,
    event: &CaseEvent,
    file: Option<&CaseFile>,
) -> Result<Vec<Fault>, DatabaseError> {
    let Some(file) = file else { return Ok(Vec::new()) };
    match &event.data {
        CaseEventData::CorrectionRequested(notice) => {
            let mut faults = uncited(app, connection, notice, file)?;
            if notice_of(connection, event.case)?.is_some() {
                faults.push(impossible(file, "correction-requested", "the notice is given once, and complete"));
            }
            Ok(faults)
        }
        CaseEventData::Corrected(correction) => unasked(connection, event.case, correction),
        CaseEventData::SpecialEnded(end)
            if end.procedure == Procedure::Extension && !is_extension_open(connection, event.case)? =>
        {
            Ok(vec![impossible(file, "special-ended", "no extension has begun")])
        }
        CaseEventData::SpecialBegun(begin) => {
            let before = extensions(connection, event.case, "special-begun")?;
            joint::extension_faults(connection, event.case, begin, before)
        }
        CaseEventData::Decided(decision) => joint::decision_faults(app, connection, event.case, decision),
        CaseEventData::ComplaintAnswered(answer) => {
            unasked_reply(connection, event.case, "complaint", answer.complaint)
        }
        CaseEventData::EvaluationFollowedUp(follow_up) => {
            unasked_reply(connection, event.case, "evaluation", follow_up.evaluation)
        }
        CaseEventData::SupervisionAnswered(answer) => unasked_reply(connection, event.case, "order", answer.order),
        _ => Ok(Vec::new()),
    }
}

/// A reply names what waits for one, and each is given once.
fn unasked_reply(
    connection: &Connection,
    case: CaseId,
    member: &str,
    named: EventId,
) -> Result<Vec<Fault>, DatabaseError> {
    let (asking, replying) = match member {
        "complaint" => ("complained", "complaint-answered"),
        "evaluation" => ("evaluated", "evaluation-followed-up"),
        _ => ("supervision-ordered", "supervision-answered"),
    };
    let mut statement = connection
        .prepare_cached("SELECT record FROM event WHERE case_id = ?1 AND id = ?2 AND kind = ?3 AND effect = 1")?;
    let records: Vec<Vec<u8>> = statement
        .query_map((case.as_bytes(), named.as_bytes(), asking), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let waits = records.iter().any(|record| {
        // A good grade calls for nothing.
        CaseEvent::parse(record).is_ok_and(|event| match event.data {
            CaseEventData::Evaluated(evaluation) => evaluation.is_bad(),
            _ => true,
        })
    });
    let is_answered = effective(connection, case, replying)?.iter().any(|data| match data {
        CaseEventData::ComplaintAnswered(answer) => answer.complaint == named,
        CaseEventData::EvaluationFollowedUp(follow_up) => follow_up.evaluation == named,
        CaseEventData::SupervisionAnswered(answer) => answer.order == named,
        _ => false,
    });
    if waits && !is_answered {
        return Ok(Vec::new());
    }
    let fault = Fault::new(&format!("/data/{member}"), ErrorCode::CaseNothingToAnswer);
    Ok(vec![fault.with("event", named)])
}

fn impossible(file: &CaseFile, event: &str, reason: &str) -> Fault {
    let fault = Fault::new("/type", ErrorCode::CaseTransitionImpossible);
    fault.with("state", &file.state).with("event", event).with("reason", reason)
}

/// Nothing may be demanded that the guide does not say: every line of a notice cites a material or a condition of it.
fn uncited(
    app: &AppState,
    connection: &Connection,
    notice: &CorrectionNotice,
    file: &CaseFile,
) -> Result<Vec<Fault>, DatabaseError> {
    let guide = app.guide.open(connection)?;
    let Some(item) = guide.item(&file.item_code, file.item_version) else { return Ok(Vec::new()) };
    let uncited = notice.lines.iter().enumerate().filter(|(_, line)| match line.cites {
        Citation::Material => !item.has_material(&line.id),
        Citation::Condition => !item.has_condition(&line.id),
    });
    Ok(uncited.map(|(index, line)| astray(index, line.cites, &line.id)).collect())
}

/// A correction answers lines of the notice, and nothing that was not asked.
fn unasked(connection: &Connection, case: CaseId, correction: &Correction) -> Result<Vec<Fault>, DatabaseError> {
    let asked = notice_of(connection, case)?.map(|notice| notice.lines).unwrap_or_default();
    let unasked = correction
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !asked.iter().any(|asked| asked.cites == line.cites && asked.id == line.id));
    Ok(unasked.map(|(index, line)| astray(index, line.cites, &line.id)).collect())
}

fn astray(index: usize, cites: Citation, id: &str) -> Fault {
    let fault = Fault::new(&format!("/data/lines/{index}/id"), ErrorCode::CaseCorrectionUncited);
    fault.with("cites", cites.as_str()).with("id", id)
}

/// The case's notice, if one was given.
fn notice_of(connection: &Connection, case: CaseId) -> Result<Option<CorrectionNotice>, DatabaseError> {
    let notices = effective(connection, case, "correction-requested")?;
    Ok(notices.into_iter().find_map(|data| match data {
        CaseEventData::CorrectionRequested(notice) => Some(notice),
        _ => None,
    }))
}

fn is_extension_open(connection: &Connection, case: CaseId) -> Result<bool, DatabaseError> {
    let begun = extensions(connection, case, "special-begun")?;
    Ok(begun > extensions(connection, case, "special-ended")?)
}

/// How many effective events of one kind are about an extension.
fn extensions(connection: &Connection, case: CaseId, kind: &str) -> Result<usize, DatabaseError> {
    let events = effective(connection, case, kind)?;
    let extensions = events.iter().filter(|data| match data {
        CaseEventData::SpecialBegun(begin) => begin.procedure == Procedure::Extension,
        CaseEventData::SpecialEnded(end) => end.procedure == Procedure::Extension,
        _ => false,
    });
    Ok(extensions.count())
}

/// The data of the case's effective events of one kind, in order.
fn effective(connection: &Connection, case: CaseId, kind: &str) -> Result<Vec<CaseEventData>, DatabaseError> {
    let mut statement = connection
        .prepare_cached("SELECT record FROM event WHERE case_id = ?1 AND kind = ?2 AND effect = 1 ORDER BY revision")?;
    let records: Vec<Vec<u8>> =
        statement.query_map((case.as_bytes(), kind), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let parsed = records.iter().map(|record| CaseEvent::parse(record).map(|event| event.data));
    parsed.collect::<Result<_, _>>().map_err(|_| DatabaseError::Corrupt("effective event"))
}
