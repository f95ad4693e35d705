//! The events of one case, in the order of its plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Citation, Correction, CorrectionLine, CorrectionNotice, Decision, DecisionResult,
    Delivery, DeliveryMethod, Evaluation, EvaluationChannel, OpenValue, Procedure, Promise, Rejection, SpecialBegin,
    SpecialEnd, Withdrawal,
};
use tongqiao::protocol::{CaseId, Timestamp};
use tongqiao::{CaseDraft, Client, ErrorCode};

use crate::error::DemoError;
use crate::plan::{PlannedCase, Step};
use crate::process::{Report, report};

/// Cases that are being worked on or were not begun; the watcher stops at zero.
static LEFT: AtomicI64 = AtomicI64::new(-1);

/// How long a citizen without a number waits before asking again.
const PATIENCE: Duration = Duration::from_millis(100);

/// Whether every case has been worked through.
pub(super) fn is_over() -> bool {
    LEFT.load(Ordering::SeqCst) == 0
}

/// Says how many cases there are.
pub(super) fn begin(cases: usize) {
    LEFT.store(i64::try_from(cases).unwrap_or(i64::MAX), Ordering::SeqCst);
}

/// One case less.
pub(super) fn one_done() {
    LEFT.fetch_sub(1, Ordering::SeqCst);
}

/// Opens the case and appends what follows; goes on where an earlier life of this process was killed.
pub(super) async fn carry_out(client: Client, case: Arc<PlannedCase>) -> Result<(), DemoError> {
    let id = CaseId::from_bytes(case.id);
    let cases = client.cases();
    let draft = draft(&case, id);
    let opened = loop {
        match cases.open(&draft).await {
            Ok(opened) => break opened,
            // The first case of a division while the platform is dead: there is no number yet, so the citizen waits.
            Err(error) if error.code() == ErrorCode::LeaseExhausted => tokio::time::sleep(PATIENCE).await,
            Err(error) => return Err(DemoError::broken(error)),
        }
    };
    report(&Report::Accepted { record: opened.event().to_string() });
    report(&Report::Numbered { case: id.to_string(), number: opened.number().to_string() });
    let view = cases.get(id).await.map_err(DemoError::broken)?;
    let accepted = view.map_or(1, |view| view.events.len());
    for step in case.steps.iter().skip(accepted.saturating_sub(1)) {
        let event = cases.append(id, data(*step, &case, client.platform_time())).await.map_err(DemoError::broken)?;
        report(&Report::Accepted { record: event.event().to_string() });
    }
    Ok(())
}

fn draft(case: &PlannedCase, id: CaseId) -> CaseDraft {
    let mut draft = CaseDraft::new(&case.item.code, case.item.version, &case.division)
        .case_id(id)
        .channel(&case.channel)
        .person(&case.applicant.name, &case.applicant.number);
    if let Some(user) = &case.applicant.user {
        draft = draft.user(user);
    }
    for (key, value) in &case.item.form {
        draft = draft.field(key, value.clone());
    }
    for (key, name) in &case.item.materials {
        draft = draft.material(key, name);
    }
    draft
}

const HANDLER: &str = "测试经办人";
const DAY_MS: i64 = 86_400_000;

fn data(step: Step, case: &PlannedCase, now: Timestamp) -> CaseEventData {
    let handler = HANDLER.to_owned();
    match step {
        Step::RequestCorrection => {
            CaseEventData::CorrectionRequested(CorrectionNotice { lines: lines(case), handler, due: None })
        }
        Step::Correct => CaseEventData::Corrected(Correction { lines: lines(case), materials: Vec::new() }),
        Step::Accept => CaseEventData::Accepted(Acceptance {
            accepted_on: now,
            handler,
            document_number: None,
            promise: Promise {
                working_days: case.item.promised_days,
                // Calendar days stand in for working days until the calendar is there; the promise is a lower bound.
                due: now.plus_millis(i64::from(case.item.promised_days) * DAY_MS),
            },
        }),
        Step::Reject => CaseEventData::Rejected(Rejection {
            reason: "不属于本机关职权范围".to_owned(),
            legal_basis: "行政许可法第三十二条".to_owned(),
            remedy: "可在六十日内申请行政复议".to_owned(),
            handler,
        }),
        Step::Review => CaseEventData::StepRecorded(tongqiao::protocol::case::Step {
            step: "审核".to_owned(),
            started: now,
            ended: now,
            handler,
            opinion: Some("通过".to_owned()),
        }),
        Step::Suspend => CaseEventData::SpecialBegun(SpecialBegin {
            procedure: Procedure::Suspension,
            begun: now,
            reason: "专家评审".to_owned(),
            expected_working_days: Some(10),
            extended_by_days: None,
            approved_by: None,
        }),
        Step::Resume => CaseEventData::SpecialEnded(SpecialEnd {
            procedure: Procedure::Suspension,
            ended: now,
            result: "评审通过".to_owned(),
        }),
        Step::Grant => decision(DecisionResult::Granted, None, now),
        Step::Refuse => decision(DecisionResult::Refused, Some("不符合办理条件".to_owned()), now),
        Step::Deliver => CaseEventData::Delivered(Delivery {
            method: OpenValue::Known(DeliveryMethod::Window),
            delivered_on: now,
            logistics_number: None,
        }),
        Step::Evaluate { score } => CaseEventData::Evaluated(Evaluation {
            score,
            channel: OpenValue::Known(EvaluationChannel::Window),
            comment: None,
        }),
        Step::Withdraw => CaseEventData::Withdrawn(Withdrawal { reason: "申请人撤回".to_owned() }),
    }
}

fn decision(result: DecisionResult, explanation: Option<String>, now: Timestamp) -> CaseEventData {
    CaseEventData::Decided(Decision {
        result: OpenValue::Known(result),
        decided_on: now,
        handler: HANDLER.to_owned(),
        explanation,
        licence: None,
        partners: Vec::new(),
    })
}

/// Every line cites the guide: nothing may be demanded that it does not say.
fn lines(case: &PlannedCase) -> Vec<CorrectionLine> {
    case.item
        .materials
        .iter()
        .take(1)
        .map(|(key, name)| CorrectionLine {
            cites: Citation::Material,
            id: key.clone(),
            text: format!("{name}缺少签字"),
        })
        .collect()
}
