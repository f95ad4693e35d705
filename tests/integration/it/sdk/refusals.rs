//! What the platform refuses waits for its author, and goes on when he has answered.

use serde_json::json;
use tongqiao::{CaseHandle, Client, ItemQuery, ReceiptKind};
use tongqiao_protocol::ErrorCode;

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

/// A case for a version of an item that the platform has taken back since the client looked.
async fn refused(sandbox: &Sandbox, client: &Client) -> CaseHandle {
    let draft = draft(client).await;
    let items = client.items().find(&ItemQuery::text("file certificate")).await.unwrap();
    let (code, version) = (&items[0].code, items[0].version);
    let next = json!({ "changes": [
        { "kind": "new-version", "code": code },
        { "kind": "remove", "code": code, "version": version },
    ] });
    sandbox.post("/sandbox/catalogue/changes", &next).await;
    let case = client.cases().open(&draft).await.unwrap();
    let error = tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ItemUnknown, "{error:?}");
    assert!(!error.faults().is_empty());
    let waiting = client.outbox().attention().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].entry.id, case.event().into());
    case
}

#[tokio::test]
async fn a_refused_application_is_said_anew_with_the_same_number() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = refused(&sandbox, &client).await;
    client.items().refresh().await.unwrap();
    let corrected = client.cases().supersede_opening(case.event(), &draft(&client).await).await.unwrap();
    assert_eq!((corrected.id(), corrected.number()), (case.id(), case.number()));
    let receipt = tokio::time::timeout(PATIENCE, corrected.settled()).await.unwrap().unwrap();
    assert_eq!((receipt.kind, receipt.revision), (ReceiptKind::Settled, Some(1)));
    assert!(client.outbox().attention().await.unwrap().is_empty());
    let twice = client.cases().abandon(case.event(), "测试主管", "重复").await.unwrap_err();
    assert_eq!(twice.code(), ErrorCode::EventReplacementInvalid);
    assert_eq!(sandbox.ledger().await["counts"]["events_effective"], 1);
}

#[tokio::test]
async fn a_refused_application_is_given_up_by_a_named_person() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let case = refused(&sandbox, &client).await;
    let given_up = client.cases().abandon(case.event(), "测试主管", "事项已停办").await.unwrap();
    tokio::time::timeout(PATIENCE, given_up.settled()).await.unwrap().unwrap();
    assert!(client.outbox().attention().await.unwrap().is_empty());
    let ledger = sandbox.ledger().await;
    assert_eq!((&ledger["counts"]["cases"], &ledger["counts"]["events_effective"]), (&json!(0), &json!(0)));
}
