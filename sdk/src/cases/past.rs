//! What has happened in a case, for the three rules that look at more than its state (`conformance/spec/README.md`).
//!
//! Only what is known here for certain is refused here. Somebody else's events may be in the case as well, and a record may be
//! forgotten after its retention; then the platform is left to say it.

use tongqiao_engine::deadline::ClockStep;
use tongqiao_protocol::case::{CaseEvent, CaseEventData, CaseEventKind, CorrectionLine, Procedure};
use tongqiao_protocol::{ErrorCode, EventId, Fault, Faults, Outcome, SignedRecord};
use tongqiao_store::{Store, StoreError};

use super::case_file::{CaseFile, FiledEvent, Standing};
use crate::Error;

/// Whether the applicant has been told what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Notice {
    #[default]
    NotOurs,
    /// With its lines, as long as the record is kept.
    Given(Option<Vec<CorrectionLine>>),
}

/// Whether an extension has begun and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Extension {
    /// Somebody else's events are among ours.
    #[default]
    Untold,
    Closed,
    Open,
}

/// What has happened in a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Past {
    notice: Notice,
    extension: Extension,
    /// What our own events have answered: each complaint, bad grade and order is answered once.
    answered: Vec<EventId>,
}

impl Past {
    pub(super) fn read(store: &dyn Store, file: &CaseFile, standings: &[Standing]) -> Result<Self, StoreError> {
        let effective: Vec<&FiledEvent> = file.effective(standings).collect();
        let notice = effective.iter().find(|event| event.kind() == Some(CaseEventKind::CorrectionRequested));
        let notice = match notice {
            Some(notice) => Notice::Given(lines_of(store, notice.id)?),
            None => Notice::NotOurs,
        };
        let extension = if file.revision(standings) == effective.len() as u64 {
            extension_of(&effective)
        } else {
            Extension::Untold
        };
        let answered = effective.iter().filter_map(|event| match event.clock?.step {
            ClockStep::Replied { to } => Some(to),
            _ => None,
        });
        let answered = answered.collect();
        Ok(Self { notice, extension, answered })
    }

    /// Refuses what the platform would refuse.
    pub(super) fn judge(&self, data: &CaseEventData) -> Result<(), Error> {
        let impossible = |why| Error::of(ErrorCode::CaseTransitionImpossible).outcome_is(Outcome::NotSent).detail(why);
        if let Some(fault) = replied_to(data).filter(|(_, to)| self.answered.contains(to)).map(|(member, to)| {
            Fault::new(&format!("/data/{member}"), ErrorCode::CaseNothingToAnswer).with("event", to)
        }) {
            return Error::from_faults(Faults::one(fault)).map_or(Ok(()), Err);
        }
        match (data, &self.notice, self.extension) {
            (CaseEventData::CorrectionRequested(_), Notice::Given(_), _) => {
                Err(impossible("the correction notice is given once, and complete"))
            }
            (CaseEventData::Corrected(correction), Notice::Given(Some(asked)), _) => {
                let answers =
                    |line: &CorrectionLine| asked.iter().any(|asked| asked.cites == line.cites && asked.id == line.id);
                let astray = correction.lines.iter().enumerate().filter(|(_, line)| !answers(line));
                let faults = astray.map(|(index, line)| uncited(index, line)).collect();
                Error::from_faults(Faults(faults)).map_or(Ok(()), Err)
            }
            (CaseEventData::SpecialEnded(end), _, Extension::Closed) if end.procedure == Procedure::Extension => {
                Err(impossible("no extension has begun that has not ended"))
            }
            _ => Ok(()),
        }
    }
}

/// What an answer answers, and the member that says so.
const fn replied_to(data: &CaseEventData) -> Option<(&'static str, EventId)> {
    match data {
        CaseEventData::ComplaintAnswered(answer) => Some(("complaint", answer.complaint)),
        CaseEventData::EvaluationFollowedUp(follow_up) => Some(("evaluation", follow_up.evaluation)),
        CaseEventData::SupervisionAnswered(answer) => Some(("order", answer.order)),
        _ => None,
    }
}

/// The fault of a line that cites what it may not.
pub(super) fn uncited(index: usize, line: &CorrectionLine) -> Fault {
    let fault = Fault::new(&format!("/data/lines/{index}/id"), ErrorCode::CaseCorrectionUncited);
    fault.with("cites", line.cites.as_str()).with("id", &line.id)
}

fn extension_of(effective: &[&FiledEvent]) -> Extension {
    let extension = Procedure::Extension.as_str();
    let count = |kind| {
        let same = |event: &&&FiledEvent| event.kind() == Some(kind) && event.procedure.as_deref() == Some(extension);
        effective.iter().filter(same).count()
    };
    if count(CaseEventKind::SpecialBegun) > count(CaseEventKind::SpecialEnded) {
        Extension::Open
    } else {
        Extension::Closed
    }
}

fn lines_of(store: &dyn Store, notice: EventId) -> Result<Option<Vec<CorrectionLine>>, StoreError> {
    let bytes = store.bytes(&notice.into())?;
    let signed = bytes.and_then(|bytes| serde_json::from_slice::<SignedRecord>(&bytes).ok());
    Ok(signed.and_then(|signed| match CaseEvent::parse(&signed.record).ok()?.data {
        CaseEventData::CorrectionRequested(notice) => Some(notice.lines),
        _ => None,
    }))
}
