//! Outages of all kinds: nothing is lost, nothing is doubled.

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

#[tokio::test]
async fn a_case_opened_while_the_platform_is_down_is_settled_when_it_is_back() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let first = client.cases().open(&draft(&client).await).await.unwrap();
    tokio::time::timeout(PATIENCE, first.settled()).await.unwrap().unwrap();

    sandbox.stop().await;
    let case = client.cases().open(&draft(&client).await).await.unwrap();
    assert_ne!(case.number(), first.number());
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 1);
    sandbox.start_again().await;
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 2);
}
