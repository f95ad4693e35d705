//! 联办: several cases of one matter, opened together, each handled by its own agency.

mod draft;
mod view;

use std::sync::Arc;

use tongqiao_protocol::case::{CaseEventData, Joint, PartnerResult, Procedure, SpecialBegin};
use tongqiao_protocol::limits::JOINT_EXTENSION_DAYS_MAX;
use tongqiao_protocol::{CaseId, ErrorCode, Fault, Faults, Outcome};

pub use self::draft::JointDraft;
pub use self::view::{JointCase, JointRole, JointView};
use super::draft::CaseDraft;
use super::handle::CaseHandle;
use super::{Cases, opening, writing};
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, Receipt};

/// The accepted openings of a joint procedure.
#[derive(Debug, Clone)]
pub struct JointHandle {
    /// The case whose decision is the answer to the applicant.
    pub lead: CaseHandle,
    /// The others, in the order of the draft.
    pub partners: Vec<CaseHandle>,
}

impl JointHandle {
    /// Waits until the platform has judged all openings, and gives their receipts, the leading case's first.
    ///
    /// # Errors
    /// As [`CaseHandle::settled`], of the first that fails.
    pub async fn settled(&self) -> Result<Vec<Receipt>, Error> {
        let mut receipts = Vec::with_capacity(self.partners.len() + 1);
        for case in std::iter::once(&self.lead).chain(&self.partners) {
            receipts.push(case.settled().await?);
        }
        Ok(receipts)
    }
}

pub(super) async fn open(cases: &Cases, draft: &JointDraft) -> Result<JointHandle, Error> {
    let drafts = draft.drafts(cases.shared.clock.now())?;
    if let Some(opened) = opened_before(cases, &drafts).await? {
        return Ok(opened);
    }
    check(&cases.shared, &drafts).await?;
    let mut openings = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        openings.push(opening::compose(&cases.shared, draft).await?);
    }
    let made =
        openings.iter().map(|one| CaseHandle::new(Arc::clone(&cases.shared), one.event.case, one.number, one.event.id));
    let made = joined(made.collect());
    match writing::commit_openings(&cases.shared, openings).await {
        Ok(()) => made.ok_or_else(|| Error::internal("a joint procedure without a leading case")),
        // Another process with the same leading case was faster.
        Err(error) => opened_before(cases, &drafts).await?.ok_or(error),
    }
}

fn joined(mut handles: Vec<CaseHandle>) -> Option<JointHandle> {
    (!handles.is_empty()).then(|| JointHandle { lead: handles.remove(0), partners: handles })
}

/// The procedure, when this store has all of it already with the same content.
async fn opened_before(cases: &Cases, drafts: &[CaseDraft]) -> Result<Option<JointHandle>, Error> {
    let mut handles = Vec::with_capacity(drafts.len());
    for draft in drafts {
        handles.extend(cases.opened_before(draft).await?);
    }
    if handles.is_empty() {
        return Ok(None);
    }
    if handles.len() < drafts.len() {
        let words = "some of these cases were opened otherwise";
        return Err(Error::of(ErrorCode::EventIdConflict).outcome_is(Outcome::NotSent).detail(words));
    }
    Ok(joined(handles))
}

/// The faults of all drafts at once.
async fn check(shared: &Shared, drafts: &[CaseDraft]) -> Result<(), Error> {
    let mut faults = Faults::new();
    for (place, draft) in drafts.iter().enumerate() {
        let Err(error) = opening::check(shared, draft).await else { continue };
        if error.faults().is_empty() {
            return Err(error);
        }
        let at = match place {
            0 => "/lead".to_owned(),
            place => format!("/partners/{}", place - 1),
        };
        faults
            .0
            .extend(error.faults().iter().map(|fault| Fault { path: format!("{at}{}", fault.path), ..fault.clone() }));
    }
    Error::from_faults(faults).map_or(Ok(()), Err)
}

pub(super) async fn view(shared: &Shared, case: CaseId) -> Result<JointView, Error> {
    let answer = shared.exchange.ask(Ask::get(format!("/v1/cases/{case}/joint"))).await?;
    serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
}

/// What can be told here of a further event of a case with this part in a joint procedure. Whether the partners have ended, the
/// platform says.
pub(super) fn judge_change(joint: Option<&Joint>, data: &CaseEventData) -> Faults {
    match (joint, data) {
        (Some(Joint::Lead { partners, .. }), CaseEventData::Decided(decision)) => untold(partners, &decision.partners),
        (Some(Joint::Lead { .. }), CaseEventData::SpecialBegun(begin)) if begin.procedure == Procedure::Extension => {
            extension(begin)
        }
        (_, CaseEventData::Decided(decision)) if !decision.partners.is_empty() => {
            Faults::one(Fault::new("/data/partners", ErrorCode::CaseJointMismatch))
        }
        _ => Faults::new(),
    }
}

/// The decision of a leading case tells of each partner once, and of nobody else.
fn untold(partners: &[CaseId], told: &[PartnerResult]) -> Faults {
    let mut faults = Faults::new();
    for (place, one) in told.iter().enumerate() {
        let again = told.iter().take(place).any(|before| before.case == one.case);
        if again || !partners.contains(&one.case) {
            let fault = Fault::new(&format!("/data/partners/{place}"), ErrorCode::CaseJointMismatch);
            faults.push(fault.with("case", one.case));
        }
    }
    for partner in partners.iter().filter(|partner| told.iter().all(|one| one.case != **partner)) {
        faults.push(Fault::new("/data/partners", ErrorCode::CaseJointMismatch).with("case", partner));
    }
    faults
}

fn extension(begin: &SpecialBegin) -> Faults {
    let mut faults = Faults::new();
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
    faults
}

/// The case keeps its part in the procedure when its opening is said anew.
pub(super) fn keep(data: &mut CaseEventData, joint: Option<&Joint>) {
    if let CaseEventData::Applied(application) = data
        && application.joint.is_none()
    {
        application.joint = joint.cloned();
    }
}
