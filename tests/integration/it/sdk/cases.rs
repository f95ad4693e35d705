//! From an application to a receipt.

use std::time::Duration;

use tongqiao::ReceiptKind;
use tongqiao_protocol::case::{CaseEventData, PreReview, Withdrawal};
use tongqiao_protocol::{ErrorCode, EventId, Outcome, Suite};

use super::sandbox::{Sandbox, draft};

/// Longer than anything here takes; a test that hangs fails instead.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_case_is_opened_and_settled_in_both_suites() {
    let sandbox = Sandbox::start().await;
    for (party, suite) in [("international-department", Suite::International), ("sm-department", Suite::ShangMi)] {
        let credentials = sandbox.enrol(party, suite).await;
        let client = sandbox.builder(&credentials).store(sandbox.path(party)).build().await.unwrap();
        let case = client.cases().open(&draft(&client).await).await.unwrap();
        let receipt = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
        assert_eq!((receipt.kind, receipt.revision), (ReceiptKind::Settled, Some(1)));
        assert_eq!(receipt.record, case.event().into());
        let view = client.cases().get(case.id()).await.unwrap().unwrap();
        assert_eq!((view.number, view.revision), (case.number(), 1));
        client.close().await;
    }
    let ledger = sandbox.ledger().await;
    assert_eq!(ledger["counts"]["events_effective"], 2);
}

#[tokio::test]
async fn what_happens_to_a_case_is_applied_in_order() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await.unwrap();
    let withdrawn = Withdrawal { reason: "申请人改变主意".to_owned() };
    let last = client.cases().append(case.id(), CaseEventData::Withdrawn(withdrawn)).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, last.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(3));
    // What cannot happen is refused here, offline, and nothing is stored.
    let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    let impossible = client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await.unwrap_err();
    assert_eq!(impossible.code(), ErrorCode::CaseTransitionImpossible);
    let ledger = sandbox.ledger().await;
    let kinds: Vec<_> =
        ledger["effects"]["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["applied", "pre-reviewed", "withdrawn"]);
}

#[tokio::test]
async fn prepared_bytes_submitted_twice_are_one_case() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let prepared = client.cases().prepare(&draft(&client).await).await.unwrap();
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 0);
    let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    let next = client
        .cases()
        .prepare_change(prepared.case(), CaseEventData::PreReviewed(reviewed), Some(&prepared))
        .await
        .unwrap();

    // Out of order: refused here, and nothing is stored that could block the case.
    let early = client.cases().submit(next.bytes()).await.unwrap_err();
    assert_eq!(early.code(), ErrorCode::CaseUnknown);
    let first = client.cases().submit(prepared.bytes()).await.unwrap();
    let again = client.cases().submit(prepared.bytes()).await.unwrap();
    assert_eq!((first.event(), first.number()), (again.event(), again.number()));
    let last = client.cases().submit(next.bytes()).await.unwrap();
    tokio::time::timeout(PATIENCE, last.settled()).await.unwrap().unwrap();
    let ledger = sandbox.ledger().await;
    assert_eq!((&ledger["counts"]["cases"], &ledger["counts"]["events_effective"]), (&1.into(), &2.into()));

    let mut changed = prepared.bytes().to_vec();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    assert!(client.cases().submit(&changed).await.is_err());
}

#[tokio::test]
async fn prepared_bytes_that_are_thrown_away_block_nothing() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    let reviewed = || PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    let thrown_away =
        client.cases().prepare_change(case.id(), CaseEventData::PreReviewed(reviewed()), None).await.unwrap();
    let taken = client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed())).await.unwrap();
    tokio::time::timeout(PATIENCE, taken.settled()).await.unwrap().unwrap();
    // Its place is taken: it must be prepared anew, and the case goes on.
    let late = client.cases().submit(thrown_away.bytes()).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::StoreConflict);
}

/// Regression: every task that found the stock's piece empty claimed one of its own and burnt all but one number of it.
#[tokio::test]
async fn cases_opened_at_once_without_a_platform_waste_no_numbers() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let builder = sandbox.builder(&credentials).store(sandbox.path("numbers")).numbers_in_stock(96);
    let client = builder.build().await.unwrap();
    let draft = draft(&client).await;
    let first = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, first.settled()).await.unwrap().unwrap();
    sandbox.stop().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (client, draft) = (client.clone(), draft.clone());
        tasks.spawn(async move { client.cases().open(&draft).await.map(|case| case.number()) });
    }
    let mut numbers = std::collections::BTreeSet::from([first.number()]);
    while let Some(opened) = tasks.join_next().await {
        assert!(numbers.insert(opened.unwrap().unwrap()), "a number was given out twice");
    }
    assert_eq!(numbers.len(), 65);
}

#[tokio::test]
async fn an_event_with_a_chosen_id_is_appended_once_however_often_and_by_whomever_it_is_said() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let build = || sandbox.builder(&credentials).store(sandbox.path("shared.sqlite")).build();
    let (client, other) = (build().await.unwrap(), build().await.unwrap());
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    let reviewed = |result: &str| {
        CaseEventData::PreReviewed(PreReview { result: result.to_owned(), handler: "测试经办".to_owned() })
    };
    let id = EventId::from_time_and_random(client.platform_time(), [7; 10]);
    let (cases, others) = (client.cases(), other.cases());
    let (first, second) = tokio::join!(
        cases.append_once(case.id(), id, reviewed("材料齐全")),
        others.append_once(case.id(), id, reviewed("材料齐全"))
    );
    assert_eq!((first.unwrap().event(), second.unwrap().event()), (id, id));
    let again = cases.append_once(case.id(), id, reviewed("材料齐全")).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, again.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(2));
    // Also when the case has gone on, so that the event could not happen any more.
    let withdrawn = CaseEventData::Withdrawn(Withdrawal { reason: "申请人改变主意".to_owned() });
    let last = cases.append(case.id(), withdrawn.clone()).await.unwrap();
    tokio::time::timeout(PATIENCE, last.settled()).await.unwrap().unwrap();
    assert_eq!(others.append_once(case.id(), id, reviewed("材料齐全")).await.unwrap().event(), id);

    let elsewhere = client.cases().open(&draft(&client).await).await.unwrap();
    for (case, other) in
        [(case.id(), reviewed("材料不齐")), (case.id(), withdrawn), (elsewhere.id(), reviewed("材料齐全"))]
    {
        let conflict = cases.append_once(case, id, other).await.unwrap_err();
        assert_eq!((conflict.code(), conflict.outcome()), (ErrorCode::EventIdConflict, Outcome::NotSent));
    }
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["events_effective"], 4);
}
