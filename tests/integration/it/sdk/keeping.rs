//! What is kept and for how long: the mirror, settled records, leases of numbers; and what no log keeps.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tongqiao::protocol::case::{CaseEventData, PreReview, Withdrawal};
use tongqiao::{Client, Clock, Outcome, SystemClock};
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::{ErrorCode, RecordId, Suite, Timestamp};
use tongqiao_store::{SqliteStore, Store as _};

use super::cases::PATIENCE;
use super::sandbox::{CITIZEN, Sandbox, draft};
use crate::canaries;

const TWO_MONTHS_MS: i64 = 60 * 86_400_000;

/// A machine that was switched on again after the retention.
struct TwoMonthsLater;

impl Clock for TwoMonthsLater {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_millis(TWO_MONTHS_MS)
    }
}

async fn forgotten(client: &Client, record: RecordId) {
    let gone = async {
        while client.outbox().entry(record).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn the_same_bytes_after_the_retention_are_no_second_case_and_the_revision_is_remembered() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let builder = || sandbox.builder(&credentials).store(sandbox.path("kept.sqlite"));
    let client = builder().build().await.unwrap();
    let prepared = client.cases().prepare(&draft(&client).await).await.unwrap();
    let case = client.cases().submit(prepared.bytes()).await.unwrap();
    let reviewed = PreReview { result: "材料齐全".to_owned(), handler: "测试经办".to_owned() };
    let reviewed = client.cases().append(case.id(), CaseEventData::PreReviewed(reviewed)).await.unwrap();
    tokio::time::timeout(PATIENCE, reviewed.settled()).await.unwrap().unwrap();
    client.close().await;
    sandbox.post("/sandbox/clock", &json!({ "advance_millis": TWO_MONTHS_MS })).await;

    let client = builder().clock(Arc::new(TwoMonthsLater)).build().await.unwrap();
    forgotten(&client, case.event().into()).await;
    forgotten(&client, reviewed.event().into()).await;
    let again = client.cases().submit(prepared.bytes()).await.unwrap();
    assert_eq!((again.id(), again.number()), (case.id(), case.number()));
    assert_eq!(client.outbox().statistics().await.unwrap().pending, 0);
    assert_eq!(again.settled().await.unwrap_err().code(), ErrorCode::EventUnknown);
    assert_eq!(client.cases().handle(case.event()).await.unwrap_err().code(), ErrorCode::EventUnknown);
    let withdrawn = Withdrawal { reason: "申请人改变主意".to_owned() };
    let change = CaseEventData::Withdrawn(withdrawn);
    let next = client.cases().prepare_change(case.id(), change, None).await.unwrap();
    let view = client.cases().get(case.id()).await.unwrap().unwrap();
    assert_eq!(view.revision, 2);
    let last = client.cases().submit(next.bytes()).await.unwrap();
    let receipt = tokio::time::timeout(PATIENCE, last.settled()).await.unwrap().unwrap();
    assert_eq!(receipt.revision, Some(3));
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 1);
}

#[tokio::test]
async fn a_mirror_that_was_touched_is_not_believed() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let (endpoint, path) = (sandbox.url(), sandbox.path("touched.sqlite"));
    let build = || Client::builder(&endpoint, credentials.clone()).store(&path).build();
    let client = build().await.unwrap();
    client.items().refresh().await.unwrap();
    client.close().await;
    change_edition(&path, |bytes| {
        let mut signed: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let name = if signed["record"].is_string() { "record" } else { "payload" };
        let text = signed[name].as_str().unwrap().to_owned();
        let middle = text.len() / 2;
        let other = if text.as_bytes()[middle] == b'A' { "B" } else { "A" };
        signed[name] = json!(format!("{}{other}{}", &text[..middle], &text[middle + 1..]));
        serde_json::to_vec(&signed).unwrap()
    });
    sandbox.stop().await;
    let client = build().await.unwrap();
    let error = client.items().edition().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CatalogueNotMirrored);
    sandbox.start_again().await;
    client.items().refresh().await.unwrap();
}

/// Changes the stored edition while no client runs.
fn change_edition(path: &std::path::Path, change: impl Fn(&[u8]) -> Vec<u8>) {
    let store = SqliteStore::open(path).unwrap();
    let edition = store.document(Collection::Catalogue, "edition").unwrap().unwrap();
    let bytes = change(&edition.bytes);
    let key = "edition".to_owned();
    let put = Change::PutDocument { collection: Collection::Catalogue, key, expected: Expected::Any, bytes };
    store.commit(vec![put]).unwrap();
}

#[tokio::test]
async fn an_older_edition_does_not_take_the_place_of_a_newer_one() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let items = client.items().catalogue().await.unwrap();
    let code = items.items().find(|item| item.state == tongqiao::ItemState::InForce).unwrap().code.clone();
    let backup = sandbox.post("/sandbox/backup", &json!({})).await["backup"].clone();
    let change = json!({ "changes": [{ "kind": "new-version", "code": code }] });
    sandbox.post("/sandbox/catalogue/changes", &change).await;
    let newer = client.items().refresh().await.unwrap();
    sandbox.post("/sandbox/restore", &json!({ "backup": backup })).await;
    let error = client.items().refresh().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CatalogueSignatureInvalid, "{error:?}");
    assert_eq!(client.items().edition().await.unwrap().digest, newer.digest);
}

#[tokio::test]
async fn used_leases_do_not_pile_up() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let path = sandbox.path("leases.sqlite");
    let client = sandbox.builder(&credentials).store(&path).numbers_in_stock(1).build().await.unwrap();
    let draft = draft(&client).await;
    let mut numbers = std::collections::BTreeSet::new();
    for _ in 0..8 {
        assert!(numbers.insert(client.cases().open(&draft).await.unwrap().number()));
    }
    let file = rusqlite::Connection::open(&path).unwrap();
    let kept = || -> i64 {
        let leases = "SELECT count(*) FROM document WHERE key LIKE 'lease/%'";
        file.query_row(leases, [], |row| row.get(0)).unwrap()
    };
    let swept = async {
        while kept() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, swept).await.unwrap();
}

#[tokio::test]
async fn the_caller_is_told_how_long_the_platform_asks_to_be_left_alone() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let busy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", busy.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = busy.accept().await {
            let mut request = [0; 16 * 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let answer = b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    let client = Client::builder(&address, credentials).in_memory().build().await.unwrap();
    let error = tokio::time::timeout(PATIENCE, client.items().refresh()).await.unwrap().unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn no_log_line_at_any_level_says_who_applied() {
    canaries::keep();
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    let case = client.cases().open(&draft).await.unwrap();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
    let prepared = client.cases().prepare(&draft).await.unwrap();
    let faulty = draft.clone().person("测试用户", &format!("{}0", &CITIZEN[..17]));
    let error = client.cases().open(&faulty).await.unwrap_err();
    let view = client.cases().get(case.id()).await.unwrap();
    let shown = format!("{draft:?} {prepared:?} {error:?} {view:?}");
    client.close().await;

    let logged = canaries::kept();
    assert!(logged.contains("a case is opened"), "too little was captured: {}", logged.len());
    let span = ["request{method=POST route=\"/v1/case-events\" request=", " attempt=1 status=200 latency_ms="];
    let answered = |line: &&str| line.contains("the platform answered") && span.iter().all(|part| line.contains(part));
    assert!(logged.lines().any(|line| answered(&line)), "no request says how it went");
    for secret in ["测试用户", CITIZEN, &CITIZEN[..17], "13800000000", "办理入职手续"] {
        assert!(!logged.contains(secret), "{secret} stands in the log");
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
}
