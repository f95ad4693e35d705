//! A case accepted at one department's window, handled by another with the client library.

use serde_json::json;
use tongqiao::protocol::case::{CaseEventData, OpenValue, PreReview, Withdrawal};
use tongqiao::protocol::inbox::InboxKind;
use tongqiao::protocol::{CaseId, ErrorCode};
use tongqiao::{CaseState, Client};
use tongqiao_protocol::Suite;

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

async fn enrolled(sandbox: &Sandbox, party: &str, grant: serde_json::Value) -> Client {
    let code = sandbox.post("/sandbox/enrolment-codes", &grant).await;
    let code = code["code"].as_str().unwrap().to_owned();
    let enrolling = tongqiao::enrol(&sandbox.url(), party, &code).unwrap();
    let credentials = enrolling.suite(Suite::International).run().await.unwrap();
    sandbox.builder(&credentials).store(sandbox.path(&format!("{party}.sqlite"))).build().await.unwrap()
}

fn reviewed(result: &str) -> CaseEventData {
    CaseEventData::PreReviewed(PreReview { result: result.to_owned(), handler: "测试经办".to_owned() })
}

#[tokio::test]
async fn a_department_takes_over_what_another_s_window_accepted_and_both_go_on() {
    let sandbox = Sandbox::start().await;
    let window = enrolled(&sandbox, "window", json!({})).await;
    let drafted = draft(&window).await;
    let opened = window.cases().open(&drafted).await.unwrap();
    tokio::time::timeout(PATIENCE, opened.settled()).await.unwrap().unwrap();
    // In charge of nothing so far: the window handles it alone, and another has no part in it.
    let agency = sandbox.ledger().await["effects"]["cases"][0]["case"].clone();
    assert_eq!(agency, json!(opened.id()));
    let stranger = enrolled(&sandbox, "stranger", json!({})).await;
    let unknown = stranger.cases().take_over(opened.id()).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::CaseUnknown);

    // From now on the bureau handles the agency's items.
    let item = window.items().find(&tongqiao::ItemQuery::text("file certificate")).await.unwrap()[0].clone();
    let grant = json!({ "handles": [item.code[..18].to_owned()] });
    let bureau = enrolled(&sandbox, "bureau", grant).await;
    let case = window.cases().open(&draft(&window).await).await.unwrap();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();

    let entry = tokio::time::timeout(PATIENCE, bureau.inbox().next()).await.unwrap().unwrap();
    assert_eq!(entry.kind, OpenValue::Known(InboxKind::CaseDispatched));
    let subject: CaseId = entry.subject.parse().unwrap();
    assert_eq!(subject, case.id());
    let before = bureau.cases().append(subject, reviewed("抢先")).await.unwrap_err();
    assert_eq!(before.code(), ErrorCode::CaseUnknown, "nothing is written before it is known");
    let taken = bureau.cases().take_over(subject).await.unwrap();
    assert_eq!((taken.number, taken.revision, taken.events.len()), (case.number(), 1, 1));
    assert!(matches!(&taken.events[0].data, CaseEventData::Applied(application) if !application.form.is_empty()));
    assert_eq!(bureau.cases().take_over(subject).await.unwrap(), taken, "said again, it changes nothing");
    bureau.inbox().acknowledge(entry.id).await.unwrap();
    let review = bureau.cases().append(subject, reviewed("材料齐全")).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, review.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(2));

    // The window may not handle it, and hears so; what the applicant wants it passes on.
    let meddling = window.cases().append(case.id(), reviewed("窗口预审")).await.unwrap();
    let refused = tokio::time::timeout(PATIENCE, meddling.settled()).await.unwrap().unwrap_err();
    let faults: Vec<_> = refused.faults().iter().map(|fault| fault.code).collect();
    assert!(
        refused.code() == ErrorCode::CaseConflictLost || faults.contains(&ErrorCode::CaseActorNotAllowed),
        "{refused:?}"
    );
    window.cases().abandon(meddling.event(), "测试经办", "不归本窗口").await.unwrap();
    let caught_up = window.cases().take_over(case.id()).await.unwrap();
    assert_eq!(caught_up.revision, 2);
    let withdrawal = CaseEventData::Withdrawn(Withdrawal { reason: "申请人改变主意".to_owned() });
    let withdrawn = window.cases().append(case.id(), withdrawal).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, withdrawn.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(3));
    bureau.cases().take_over(subject).await.unwrap();
    let view = bureau.cases().get(subject).await.unwrap().unwrap();
    assert_eq!(view.state, Some(CaseState::Withdrawn));
    assert_eq!(bureau.cases().deadlines(subject).await.unwrap().missing_events, 0);
}
