//! Who keeps the delivery alive, how it ends, and what a restart finds.

use std::time::Duration;

use tongqiao::{CaseDraft, Client, ItemQuery};
use tongqiao_protocol::{CaseId, ErrorCode, Suite};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, draft};

#[tokio::test]
async fn a_sub_client_alone_delivers_and_so_does_a_handle_alone() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    let cases = client.cases();
    drop(client);
    let case = cases.open(&draft).await.unwrap();
    drop(cases);
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_closed_client_accepts_nothing_and_ends_every_wait() {
    let mut sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let draft = draft(&client).await;
    client.cases().open(&draft).await.unwrap().settled().await.unwrap();
    sandbox.stop().await;
    let case = client.cases().open(&draft).await.unwrap();
    let waiting = tokio::spawn(async move { case.settled().await });
    let (cases, outbox, mut notices) = (client.cases(), client.outbox(), client.notices());
    let listening = tokio::spawn(async move { while notices.next().await.is_some() {} });
    tokio::time::timeout(PATIENCE, client.close()).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap_err();
    assert_eq!(ended.code(), ErrorCode::ClientClosed);
    tokio::time::timeout(PATIENCE, listening).await.unwrap().unwrap();
    assert_eq!(cases.open(&draft).await.unwrap_err().code(), ErrorCode::ClientClosed);
    let drained = tokio::time::timeout(PATIENCE, outbox.drained()).await.unwrap().unwrap_err();
    assert_eq!(drained.code(), ErrorCode::ClientClosed);
    // What was accepted is still there.
    assert_eq!(outbox.statistics().await.unwrap().pending, 1);
}

#[tokio::test]
async fn a_client_without_background_sees_all_and_does_nothing_by_itself() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let (url, store) = (sandbox.url(), sandbox.path("store.sqlite"));
    let builder = || Client::builder(&url, credentials.clone()).store(&store);
    let (working, resting) = (builder(), builder().without_background());
    let working = working.build().await.unwrap();
    let draft = draft(&working).await;
    // Once with a platform, for numbers.
    working.cases().open(&draft).await.unwrap().settled().await.unwrap();
    sandbox.stop().await;
    let case = working.cases().open(&draft).await.unwrap();
    working.close().await;
    sandbox.start_again().await;
    let resting = resting.build().await.unwrap();
    assert!(resting.carrier().directory().await.unwrap().is_some(), "the directory that the other had kept");
    resting.outbox().nudge();
    // In the time that another needs from its enrolment to its first receipt, this one has sent nothing of what waits.
    let other = sandbox.client("natural-resources").await;
    other.cases().open(&draft).await.unwrap().settled().await.unwrap();
    assert_eq!(resting.outbox().statistics().await.unwrap().pending, 1);
    assert_eq!(sandbox.ledger().await["effects"]["events"].as_array().unwrap().len(), 2);
    // Asked, it does what it is asked; what waits goes with a client that works.
    resting.refresh_directory().await.unwrap();
    resting.close().await;
    let working = builder().build().await.unwrap();
    let settled = working.cases().handle(case.event()).await.unwrap();
    tokio::time::timeout(PATIENCE, settled.settled()).await.unwrap().unwrap();
}

/// A platform that takes connections and never answers.
#[tokio::test]
async fn closing_does_not_wait_for_a_platform_that_is_silent() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let builder = Client::builder(&address, credentials).division("340702").in_memory();
    let client = builder.build().await.unwrap();
    // Both the delivery and the upkeep have begun to wait for an answer.
    let (_first, _) = tokio::time::timeout(PATIENCE, silent.accept()).await.unwrap().unwrap();
    let (_second, _) = tokio::time::timeout(PATIENCE, silent.accept()).await.unwrap().unwrap();
    tokio::time::timeout(Duration::from_secs(15), client.close()).await.unwrap();
}

#[tokio::test]
async fn after_a_restart_without_a_network_items_are_found_and_cases_opened() {
    let mut sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let build = || sandbox.builder(&credentials).store(sandbox.path("restart.sqlite")).build();
    let client = build().await.unwrap();
    let before = client.cases().open(&draft(&client).await).await.unwrap();
    tokio::time::timeout(PATIENCE, before.settled()).await.unwrap().unwrap();
    let edition = client.items().edition().await.unwrap();
    client.close().await;
    let (endpoint, path) = (sandbox.url(), sandbox.path("restart.sqlite"));
    sandbox.stop().await;

    let client = Client::builder(&endpoint, credentials).store(path).build().await.unwrap();
    assert_eq!(client.items().edition().await.unwrap().digest, edition.digest);
    let draft = draft(&client).await;
    let case = client.cases().open(&draft).await.unwrap();
    assert_ne!(case.number(), before.number());
    sandbox.start_again().await;
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_without_a_place_for_its_work_is_not_built() {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let error = sandbox.builder(&credentials).build().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ClientConfiguration);
    sandbox.builder(&credentials).in_memory().build().await.unwrap();
}

#[tokio::test]
async fn a_chosen_id_names_one_case_with_one_content() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let chosen = CaseId::from_time_and_random(client.platform_time(), [7; 10]);
    let draft = draft(&client).await.case_id(chosen);
    let first = client.cases().open(&draft).await.unwrap();
    let again = client.cases().open(&draft).await.unwrap();
    assert_eq!((first.id(), first.number(), first.event()), (again.id(), again.number(), again.event()));
    let other = client.cases().open(&draft.clone().field("reason", "另有用途")).await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::EventIdConflict);
    let prepared = client.cases().prepare(&draft).await.unwrap();
    assert_eq!(client.cases().submit(prepared.bytes()).await.unwrap_err().code(), ErrorCode::StoreConflict);
    tokio::time::timeout(PATIENCE, client.outbox().drained()).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["cases"], 1);
}

#[tokio::test]
async fn a_city_s_items_are_those_of_its_districts_too() {
    let sandbox = Sandbox::start().await;
    let client = sandbox.client("civil-affairs").await;
    let all = client.items().find(&ItemQuery::all()).await.unwrap();
    let in_district = all.iter().filter(|item| item.division.as_deref().is_some_and(|code| code.starts_with("340705")));
    let in_district = in_district.count();
    assert!(in_district > 0);
    for written in ["340705", "340705000", "340705000000"] {
        let found = client.items().find(&ItemQuery::all().division(written)).await.unwrap();
        assert_eq!(found.len(), in_district, "{written}");
    }
    for written in ["340700", "340700000000", "3407"] {
        let found = client.items().find(&ItemQuery::all().division(written)).await.unwrap();
        let held = found.iter().filter(|item| item.division.as_deref().is_some_and(|code| code.starts_with("340705")));
        assert_eq!(held.count(), in_district, "{written}");
    }
}

/// One division for which the party gets no numbers keeps the rest of the upkeep going, and whoever opens there is told.
#[tokio::test]
async fn a_division_out_of_scope_is_refused_and_stops_nothing_else() {
    let sandbox = Sandbox::start().await;
    let code = sandbox.post("/sandbox/enrolment-codes", &serde_json::json!({ "divisions": ["340702"] })).await;
    let code = code["code"].as_str().unwrap().to_owned();
    let credentials = tongqiao::enrol(&sandbox.url(), "district", &code).unwrap().run().await.unwrap();
    let builder = sandbox.builder(&credentials).store(sandbox.path("district.sqlite")).division("340705");
    let client = builder.build().await.unwrap();
    // The upkeep mirrors the catalogue although its first step fails: nobody has asked for an item yet.
    let file = rusqlite::Connection::open(sandbox.path("district.sqlite")).unwrap();
    let mirrored = async {
        let edition = "SELECT count(*) FROM document WHERE key = 'edition'";
        while file.query_row(edition, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, mirrored).await.unwrap();
    let items = client.items().find(&ItemQuery::all().division("340705")).await.unwrap();
    let draft = CaseDraft::for_item(&items[0]).person("测试用户", super::sandbox::CITIZEN);
    let error = client.cases().open(&draft).await.unwrap_err();
    assert!(matches!(error.code(), ErrorCode::ScopeDivision | ErrorCode::RequestInvalid), "{error:?}");
}
