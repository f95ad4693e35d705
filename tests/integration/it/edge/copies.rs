//! What everybody may read is there without a link, and says how old it is.

use tongqiao::{Client, ItemQuery};
use tongqiao_protocol::Suite;

use super::office::{Office, settle};
use crate::sdk::sandbox::reqwest_client;

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_starts_without_a_link_has_keys_catalogue_and_calendar() {
    let mut office = Office::open(Suite::International).await;
    let first = office.client("first.sqlite").await;
    first.items().refresh().await.unwrap();
    let http = reqwest_client();
    let get = async |path: &str| http.get(format!("{}{path}", office.url())).send().await.unwrap();
    for path in ["/v1/directory", "/v1/epoch", "/v1/catalogue", "/v1/working-calendar", "/v1/supervision-rules"] {
        assert_eq!(get(path).await.status(), 200, "{path}");
    }
    first.close().await;
    office.stop_hub().await;
    let http = reqwest_client();
    for path in ["/v1/directory", "/v1/epoch", "/v1/catalogue", "/v1/working-calendar", "/v1/supervision-rules"] {
        let copy = http.get(format!("{}{path}", office.url())).send().await.unwrap();
        assert_eq!(copy.status(), 200, "{path}");
        let status = copy.headers()["cache-status"].to_str().unwrap().to_owned();
        assert!(status.starts_with("township-1; hit"), "{status}");
        assert!(copy.headers()["age"].to_str().unwrap().parse::<u64>().unwrap() < 600);
    }
    // A system that was never here before: all it knows, it has from the node, and the platform signed it.
    let second: Client = office.client("second.sqlite").await;
    let found = second.items().find(&ItemQuery::text("file certificate")).await.unwrap();
    assert!(!found.is_empty());
    // The node's own mirror can be searched, too.
    assert!(!office.node().client().items().find(&ItemQuery::text("file certificate")).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_not_sent_to_who_has_it() {
    let office = Office::open(Suite::International).await;
    let http = reqwest_client();
    let address = format!("{}/v1/catalogue", office.url());
    let first = http.get(&address).send().await.unwrap();
    let status = first.status();
    assert_eq!(status, 200, "a node that has just started");
    let etag = first.headers()["etag"].clone();
    let again = http.get(&address).header("if-none-match", etag).send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_person_is_among_the_copies() {
    let office = Office::open(Suite::International).await;
    let client = office.client("department.sqlite").await;
    let draft = crate::sdk::sandbox::draft(&client).await;
    let case = client.cases().open(&draft).await.unwrap();
    settle(&case).await;
    client.cases().get(case.id()).await.unwrap().unwrap();
    let mut looked_at = 0;
    for entry in std::fs::read_dir(office.settings.data.join("copies")).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains(&case.id().to_string()) && !text.contains("13800000000"));
        looked_at += 1;
    }
    assert!(looked_at > 2);
}
