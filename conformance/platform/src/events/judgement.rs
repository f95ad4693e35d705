//! Whether an event whose turn it is may happen.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::case::{CaseEvent, CaseEventData};
use tongqiao_protocol::{ErrorCode, Fault, Timestamp};

use super::envelope::Envelope;
use super::{application, content};
use crate::app::AppState;
use crate::case::{self, CaseFile, Opening};
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::life::{NO_CASE, Office};
use crate::record::Authentic;
use crate::refusal::Refusal;

/// How long an event waits for a revision that this platform does not have: as long as every sender keeps its records.
const DEFERRAL_MILLIS: i64 = 30 * 86_400_000;

/// How many events of one party may wait so; of more than these the waiting time begins when there is room.
const DEFERRALS_MOST: i64 = 10_000;

/// The judgement.
pub(super) enum Judged {
    Effective(Effect),
    /// The author abandoned what stood here.
    NothingHappened,
    Early(Value),
    Refused(Refusal),
}

/// What an effective event does.
pub(crate) struct Effect {
    /// The case's state after it.
    pub(crate) state: String,
    /// For an application: what the case begins with.
    pub(crate) opening: Option<Opening>,
}

/// Judges by content, catalogue, conflict table and transition table; faults that can be found together are told
/// together.
pub(super) fn judge(
    connection: &Connection,
    app: &AppState,
    authentic: &Authentic,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<Judged, DatabaseError> {
    let file = case::find(connection, envelope.case)?;
    let (state, revision) = file.as_ref().map_or((NO_CASE, 0), |file| (file.state.as_str(), file.revision));
    let mut faults = author_faults(authentic, envelope, file.as_ref());
    let mut opening = None;
    match &envelope.event {
        Err(found) => {
            faults.extend(found.iter().cloned());
            if envelope.kind == "applied" {
                let record = &authentic.signed.record;
                faults.extend(application::guide_faults(app, connection, record, &envelope.data, found)?);
            }
        }
        Ok(event) => {
            faults.extend(content::faults(app, connection, event, file.as_ref())?);
            if let CaseEventData::Applied(application) = &event.data {
                opening = Some(application::open(app, connection, authentic, event, application, &mut faults)?);
            }
            if faults.is_empty()
                && let Some(number) = application::awaited_number(connection, authentic, event)?
                && !overdue(connection, envelope, now)?
            {
                return Ok(Judged::Early(json!({ "number": number })));
            }
            let seen = i64::try_from(event.revision).unwrap_or(i64::MAX);
            if faults.is_empty() && seen > revision && !overdue(connection, envelope, now)? {
                return Ok(Judged::Early(json!({ "revision": revision + 1 })));
            }
            if faults.is_empty()
                && let Some(winner) = conflict(connection, app, envelope, seen)?
            {
                return Ok(Judged::Refused(Refusal::at("/revision", ErrorCode::CaseConflictLost).with("with", winner)));
            }
        }
    }
    let line = app.life.transition(state, &envelope.kind, &envelope.data);
    match line {
        Some(line) if !line.may_be_caused_by(&authentic.author.kind, office(&authentic.author, file.as_ref())) => {
            // Whoever has no part in the case is told that, and not which part he lacks.
            let has_part = !faults.iter().any(|fault| fault.code == ErrorCode::CaseAccessDenied);
            faults.extend(has_part.then(|| Fault::new("/type", ErrorCode::CaseActorNotAllowed)));
        }
        Some(line) => {
            let told: Vec<String> = faults.iter().map(|fault| fault.path.clone()).collect();
            let missing =
                line.required.iter().filter(|name| envelope.data.get(name.as_str()).is_none_or(Value::is_null));
            let paths = missing.map(|name| format!("/data/{name}")).filter(|path| !told.contains(path));
            faults.extend(paths.map(|path| Fault::new(&path, ErrorCode::RequestMissingField)));
        }
        None if app.life.knows(&envelope.kind) => faults.push(
            Fault::new("/type", ErrorCode::CaseTransitionImpossible)
                .with("state", state)
                .with("event", &envelope.kind)
                .with("possible", app.life.possible(state).join(" ")),
        ),
        None => {}
    }
    Ok(match line {
        Some(line) if faults.is_empty() => Judged::Effective(Effect { state: line.to.clone(), opening }),
        _ => Judged::Refused(Refusal::of_faults(faults)),
    })
}

/// An abandonment needs only to be well formed and the author's own.
pub(super) fn judge_abandonment(authentic: &Authentic, envelope: &Envelope) -> Judged {
    let mut faults = author_faults(authentic, envelope, None);
    faults.extend(envelope.event.as_ref().err().into_iter().flatten().cloned());
    if faults.is_empty() { Judged::NothingHappened } else { Judged::Refused(Refusal::of_faults(faults)) }
}

/// The author may write where the case is.
fn author_faults(authentic: &Authentic, envelope: &Envelope, file: Option<&CaseFile>) -> Vec<Fault> {
    let mut faults = Vec::new();
    // The platform's own word is bounded by nobody's scope; what it may cause the table says.
    if authentic.author.is_platform() {
        return faults;
    }
    // A division that cannot be read is a fault of the content, and not also one of scope.
    let (path, division) = match (file, &envelope.event) {
        (Some(file), _) => ("/subject", file.division.as_str()),
        (None, Ok(CaseEvent { data: CaseEventData::Applied(application), .. })) => {
            ("/data/division", application.division.as_twelve())
        }
        _ => return faults,
    };
    let author = &authentic.author;
    let office = office(author, file);
    if file.is_some_and(|file| office == Office::Accepting && !author.may_move_cases_of(&file.party)) {
        faults.push(Fault::new("/subject", ErrorCode::CaseAccessDenied).with("case", envelope.case));
        return faults;
    }
    let is_in_scope = match office {
        Office::InCharge => author.may_write_for(division),
        Office::Accepting => author.may_accept_for(division),
    };
    if !is_in_scope {
        faults.push(Fault::new(path, ErrorCode::ScopeDivision).with("division", division));
    }
    faults
}

/// Whether the author handles the case; whoever joins the party in charge does so too.
fn office(author: &Party, file: Option<&CaseFile>) -> Office {
    let in_charge = file.and_then(|file| file.responsible.as_deref());
    if in_charge.is_some_and(|party| author.may_move_cases_of(party)) { Office::InCharge } else { Office::Accepting }
}

/// Whether the event has waited its time for a revision that never came; notes when it first came.
fn overdue(connection: &Connection, envelope: &Envelope, now: Timestamp) -> Result<bool, DatabaseError> {
    let (party, event) = (envelope.source.as_str(), envelope.id.as_bytes());
    // Whoever has not offered an event for as long again has given it up.
    connection
        .prepare_cached("DELETE FROM deferral WHERE since < ?1")?
        .execute([now.as_millis() - 2 * DEFERRAL_MILLIS])?;
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO deferral (party, event, since)
             SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM deferral WHERE party = ?1) < ?4",
        )?
        .execute((party, event, now.as_millis(), DEFERRALS_MOST))?;
    let since: Option<i64> = connection
        .prepare_cached("SELECT since FROM deferral WHERE party = ?1 AND event = ?2")?
        .query_row((party, event), |row| row.get(0))
        .optional()?;
    Ok(since.is_some_and(|since| now.as_millis() - since >= DEFERRAL_MILLIS))
}

/// The first event of another producer that the author had not seen and that stands against his.
fn conflict(
    connection: &Connection,
    app: &AppState,
    envelope: &Envelope,
    seen: i64,
) -> Result<Option<String>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT kind FROM event
         WHERE case_id = ?1 AND effect = 1 AND revision > ?2
            AND NOT (party = ?3 AND producer = ?4 AND incarnation = ?5)
         ORDER BY revision",
    )?;
    let mut between = statement.query_map(
        (
            envelope.case.as_bytes(),
            seen,
            envelope.source.as_str(),
            envelope.stream.producer.as_bytes(),
            envelope.stream.incarnation.as_bytes(),
        ),
        |row| row.get::<_, String>(0),
    )?;
    let lost = |kind: &Result<String, rusqlite::Error>| {
        kind.as_ref().map_or(true, |kind| app.life.earlier_stands(kind, &envelope.kind))
    };
    Ok(between.find(lost).transpose()?)
}
