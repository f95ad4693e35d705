//! The deadlines of a case, read here without a network, and compared with what the platform says.

mod comparison;
mod statement;

use tongqiao_engine::deadline::{Basis, CaseDeadlines, CaseLimits, Duty, DutyReading, Handling, TimeLimit};
use tongqiao_engine::{WorkingDays, supervision};
use tongqiao_protocol::case::{CaseEvent, Joint};
use tongqiao_protocol::supervision_rule::{SupervisionRule, SupervisionRules};
use tongqiao_protocol::{
    CaseId, CaseNumber, CivilDate, ErrorCode, EventId, RecordKind, SignedRecord, Timestamp, WorkingCalendar,
};
use tongqiao_store::{Store, StoreError};

pub use self::comparison::{DeadlineDifference, PlatformDeadlines};
pub use self::statement::{AlertStatement, DeadlineStatement, DutyStatement};
use super::case_file::{CaseFile, ClockNote, FiledEvent, Standing};
use crate::Error;
use crate::arrangement;
use crate::client::Shared;
use crate::exchange::Ask;

/// How far the time of the platform's statement may be from the present: an old one says nothing of today.
const STATEMENT_AGE_MS_MAX: u64 = 10 * 60_000;

/// The deadlines of a case as they are known here; see [`Cases::deadlines`](crate::Cases::deadlines).
#[derive(Debug, Clone)]
pub struct DeadlineReport {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// For which moment, by the platform's clock as far as it is known here.
    pub at: Timestamp,
    /// What every clock says, in the order in which they began.
    pub duties: Vec<DutyReading>,
    /// The rules of supervision that are met, gravest first.
    pub alerts: Vec<DutyAlert>,
    /// The day from which the case counts as accepted, because nobody answered in time (行政许可法 art. 32).
    pub counts_as_accepted_since: Option<CivilDate>,
    /// Which edition of the calendar was counted by; `None` when none was ever mirrored: then only the weekends are known, and
    /// every reading says that it is provisional.
    pub calendar_issued: Option<Timestamp>,
    /// Which edition of the rules; `None` when none was ever mirrored: then there are no alerts.
    pub rules_issued: Option<Timestamp>,
    /// How many events of the case this store knows of and does not have: somebody else's, or such as were forgotten before
    /// the library kept what clocks need. With any of them the report may be wrong: ask the platform.
    pub missing_events: u64,
}

/// A rule of supervision that a clock meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyAlert {
    /// The city's rule.
    pub rule: SupervisionRule,
    /// The duty.
    pub duty: Duty,
    /// Whose limit.
    pub basis: Basis,
    /// Which complaint, evaluation or order it is about; `None` for the duties of the case itself.
    pub about: Option<EventId>,
}

/// What the store knows of the events of a case that clocks need.
struct Followed {
    file: CaseFile,
    notes: Vec<ClockNote>,
    missing: u64,
}

/// Everything that is needed to read the clocks of a case at some moment.
struct Ground {
    followed: Followed,
    limits: CaseLimits,
    calendar: Option<std::sync::Arc<WorkingCalendar>>,
    rules: Option<std::sync::Arc<SupervisionRules>>,
}

pub(super) async fn report(shared: &Shared, case: CaseId) -> Result<DeadlineReport, Error> {
    Ok(ground(shared, case).await?.report(shared.clock.now()))
}

pub(super) async fn of_platform(shared: &Shared, case: CaseId) -> Result<PlatformDeadlines, Error> {
    let answer = shared.exchange.ask(Ask::get(format!("/v1/cases/{case}/deadlines"))).await?;
    let signed = serde_json::from_slice::<SignedRecord>(answer.body()).map_err(Error::malformed_answer)?;
    arrangement::verify(shared, RecordKind::Deadlines, &signed, None).await?;
    let statement = serde_json::from_slice::<DeadlineStatement>(&signed.record).map_err(Error::malformed_answer)?;
    if statement.case != case {
        return Err(arrangement::not_his_word("a statement about another case"));
    }
    if statement.time.millis_since(shared.clock.now()).unsigned_abs() > STATEMENT_AGE_MS_MAX {
        return Err(arrangement::not_his_word("a statement of another time"));
    }
    let differences = match ground(shared, case).await {
        Ok(ground) => Some(comparison::differences(&ground.state_at(statement.time), &statement)),
        // Somebody else's case, perhaps of another window: there is nothing to compare with.
        Err(error) if error.code() == ErrorCode::CaseUnknown => None,
        Err(error) => return Err(error),
    };
    Ok(PlatformDeadlines { statement, differences })
}

async fn ground(shared: &Shared, case: CaseId) -> Result<Ground, Error> {
    let followed = shared.storage.ask(move |store| follow(store, case)).await?;
    let followed = followed.ok_or_else(|| Error::of(ErrorCode::CaseUnknown))?;
    let catalogue = shared.mirror.current(shared).await?;
    let item = catalogue.as_ref().and_then(|mirror| mirror.item(&followed.file.item, followed.file.item_version));
    // Where the mirror does not have the version under which the case was taken, the law's own limit is left.
    let handling = match followed.file.joint {
        Some(Joint::Lead { .. }) => Handling::Joint,
        _ => Handling::Single,
    };
    let the_law = CaseLimits::of_the_law(handling);
    // Of a joint procedure the law's own limit counts; its agencies' promises are those of their own cases.
    let limits = item.filter(|_| handling == Handling::Single).map_or(the_law, |item| CaseLimits {
        promised: Some(TimeLimit::working_days(item.promised_days.into())),
        statutory: TimeLimit::working_days(item.statutory_days.into()),
        ..the_law
    });
    let calendar = shared.arrangement.current_or_fetched(shared).await?;
    let rules = shared.arrangement.current_or_fetched::<SupervisionRules>(shared).await?;
    let limits = rules.as_ref().map_or(limits, |rules| limits.supervised_by(rules));
    Ok(Ground { followed, limits, calendar, rules })
}

impl Ground {
    fn report(&self, at: Timestamp) -> DeadlineReport {
        let unpublished = WorkingCalendar { issued: Timestamp::from_millis(0), years: Vec::new() };
        let days = WorkingDays::by(self.calendar.as_deref().unwrap_or(&unpublished));
        let mut deadlines = CaseDeadlines::new(self.limits);
        for note in &self.followed.notes {
            deadlines.step(note.moment(), note.step);
        }
        let duties = deadlines.read(at, days);
        let rules = self.rules.as_deref().map(|edition| edition.rules.as_slice()).unwrap_or_default();
        let alerts = supervision::alerts(rules, &duties, days).into_iter().map(|alert| DutyAlert {
            rule: alert.rule.clone(),
            duty: alert.reading.duty,
            basis: alert.reading.basis,
            about: alert.reading.about,
        });
        DeadlineReport {
            case: self.followed.file.case,
            number: self.followed.file.number,
            at,
            alerts: alerts.collect(),
            counts_as_accepted_since: deadlines.counts_as_accepted_since(at, days),
            duties,
            calendar_issued: self.calendar.as_ref().map(|calendar| calendar.issued),
            rules_issued: self.rules.as_ref().map(|rules| rules.issued),
            missing_events: self.followed.missing,
        }
    }

    /// The report in the form of the platform's statement.
    fn state_at(&self, at: Timestamp) -> DeadlineStatement {
        let unpublished = WorkingCalendar { issued: Timestamp::from_millis(0), years: Vec::new() };
        let days = WorkingDays::by(self.calendar.as_deref().unwrap_or(&unpublished));
        DeadlineStatement::of(&self.report(at), days)
    }
}

/// Reads the case's document, and of events filed before it held what clocks need, their records.
fn follow(store: &dyn Store, case: CaseId) -> Result<Option<Followed>, StoreError> {
    let Some((file, _)) = CaseFile::load(store, case)? else { return Ok(None) };
    let standings = file.standings(store, store.identity()?.incarnation)?;
    let (mut notes, mut unread, mut settled) = (Vec::new(), 0, 0);
    for (event, standing) in file.events.iter().zip(&standings) {
        if *standing == Standing::Void || event.kind().is_none() {
            continue;
        }
        settled += u64::from(matches!(standing, Standing::Settled(_)));
        match note_of(store, event)? {
            Noted::Step(note) => notes.push(note),
            Noted::MovesNothing => {}
            Noted::Forgotten => unread += 1,
        }
    }
    // Every event that took effect is one revision: those that receipts have told of and that are not ours are others'.
    let missing = file.seen(&standings).saturating_sub(settled) + unread;
    Ok(Some(Followed { file, notes, missing }))
}

enum Noted {
    Step(ClockNote),
    MovesNothing,
    Forgotten,
}

fn note_of(store: &dyn Store, event: &FiledEvent) -> Result<Noted, StoreError> {
    if let Some(note) = event.clock {
        return Ok(Noted::Step(note));
    }
    if !event.may_move_clocks() {
        return Ok(Noted::MovesNothing);
    }
    let bytes = store.bytes(&event.id.into())?;
    let record = bytes.and_then(|bytes| serde_json::from_slice::<SignedRecord>(&bytes).ok());
    let event = record.and_then(|signed| CaseEvent::parse(&signed.record).ok());
    Ok(match event {
        Some(event) => ClockNote::of(&event).map_or(Noted::MovesNothing, Noted::Step),
        None => Noted::Forgotten,
    })
}
