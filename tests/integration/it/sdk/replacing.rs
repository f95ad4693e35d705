//! A refused event with others waiting behind it: said anew or given up, in its place.

use tongqiao::protocol::case::{
    Acceptance, CaseEventData, Citation, Correction, CorrectionLine, CorrectionNotice, PreReview, Promise, Step,
    Withdrawal,
};
use tongqiao::{CaseHandle, CaseState, Client};
use tongqiao_protocol::{CaseId, ErrorCode, Timestamp};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

fn handler() -> String {
    "测试经办".to_owned()
}

fn line(id: &str) -> CorrectionLine {
    CorrectionLine { cites: Citation::Material, id: id.to_owned(), text: "请补交".to_owned() }
}

fn notice(id: &str) -> CaseEventData {
    CaseEventData::CorrectionRequested(CorrectionNotice { lines: vec![line(id)], handler: handler(), due: None })
}

fn accepted(now: Timestamp) -> CaseEventData {
    let promise = Promise { working_days: 5, due: now };
    CaseEventData::Accepted(Acceptance { accepted_on: now, handler: handler(), document_number: None, promise })
}

fn corrected() -> CaseEventData {
    CaseEventData::Corrected(Correction { lines: vec![line("id-card")], materials: Vec::new() })
}

fn step(now: Timestamp) -> CaseEventData {
    CaseEventData::StepRecorded(Step {
        step: "审查".to_owned(),
        started: now,
        ended: now,
        handler: handler(),
        opinion: None,
    })
}

fn withdrawn() -> CaseEventData {
    CaseEventData::Withdrawn(Withdrawal { reason: "申请人改变主意".to_owned() })
}

/// A case that waits for a correction; the platform does not know yet what comes next.
async fn correcting(sandbox: &mut Sandbox, client: &Client) -> CaseId {
    let case = client.cases().open(&draft(client).await).await.unwrap();
    let asked = client.cases().append(case.id(), notice("id-card")).await.unwrap();
    tokio::time::timeout(PATIENCE, asked.settled()).await.unwrap().unwrap();
    sandbox.stop().await;
    case.id()
}

/// Accepts too early, records a step and withdraws, all before the platform has refused the first of them.
async fn refused_with_followers(sandbox: &mut Sandbox, client: &Client, case: CaseId) -> (CaseHandle, CaseHandle) {
    let now = client.platform_time();
    // The applicant may have corrected through the platform; so this is allowed here, and refused there.
    let refused = client.cases().append(case, accepted(now)).await.unwrap();
    client.cases().append(case, step(now)).await.unwrap();
    let last = client.cases().append(case, withdrawn()).await.unwrap();
    sandbox.start_again().await;
    client.outbox().nudge();
    let error = tokio::time::timeout(PATIENCE, refused.settled()).await.unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::CaseTransitionImpossible, "{error:?}");
    (refused, last)
}

#[tokio::test]
async fn what_waits_behind_a_refused_event_goes_on_when_it_was_said_anew() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = correcting(&mut sandbox, &client).await;
    let (refused, last) = refused_with_followers(&mut sandbox, &client, case).await;

    let anew = client.cases().supersede(refused.event(), corrected()).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, anew.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(3));
    let receipt = tokio::time::timeout(PATIENCE, last.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(5));
    let view = client.cases().get(case).await.unwrap().unwrap();
    assert_eq!((view.state, view.revision), (Some(CaseState::Withdrawn), 5));
    let kinds: Vec<_> = view.events.iter().map(|event| event.kind.as_str()).collect();
    let expected = ["applied", "correction-requested", "accepted", "corrected", "step-recorded", "withdrawn"];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn what_waits_behind_a_refused_event_goes_on_when_it_was_given_up() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = correcting(&mut sandbox, &client).await;
    let (refused, last) = refused_with_followers(&mut sandbox, &client, case).await;

    let given_up = client.cases().abandon(refused.event(), "测试主管", "受理过早").await.unwrap();
    tokio::time::timeout(PATIENCE, given_up.settled()).await.unwrap().unwrap();
    let receipt = tokio::time::timeout(PATIENCE, last.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(4));
    let view = client.cases().get(case).await.unwrap().unwrap();
    assert_eq!((view.state, view.revision), (Some(CaseState::Withdrawn), 4));
}

#[tokio::test]
async fn a_correction_notice_that_cites_nothing_of_the_guide_is_refused_here() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    let reviewed = PreReview { result: "材料齐全".to_owned(), handler: handler() };
    client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await.unwrap();
    let error = client.cases().append(case.id(), notice("bank-statement")).await.unwrap_err();
    let found: Vec<_> = error.faults().iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
    assert_eq!(found, [("/data/lines/0/id", ErrorCode::CaseCorrectionUncited)]);
    assert_eq!(client.cases().get(case.id()).await.unwrap().unwrap().events.len(), 2);
}
