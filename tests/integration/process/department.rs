//! One process of the department: opens cases, says each that was accepted, ends when the shared outbox is empty.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tongqiao::{CaseDraft, Client, Credentials, ItemQuery};

/// The argument by which the program knows that it is a department.
pub(crate) const WORD: &str = "department";
/// How many cases each process opens.
pub(crate) const CASES: usize = 60;
/// Where the item is handled.
pub(crate) const DIVISION: &str = "340705000000";

/// Opens the client that both processes share the store of.
pub(crate) async fn client(platform: &str, folder: &Path) -> Client {
    let credentials = Credentials::from_file(folder.join("credentials.json")).unwrap();
    Client::builder(platform, credentials).store(folder.join("outbox.sqlite")).division(DIVISION).build().await.unwrap()
}

/// A draft without faults.
pub(crate) async fn draft(client: &Client) -> CaseDraft {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await.unwrap();
    CaseDraft::new(&items[0].code, items[0].version, DIVISION)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证")
}

pub(crate) async fn run(platform: &str, folder: &Path) {
    let client = client(platform, folder).await;
    let draft = draft(&client).await;
    for _ in 0..CASES {
        let case = client.cases().open(&draft).await.unwrap();
        // Said only now: the test counts on everything that was said, and on nothing else.
        println!("{} {}", case.event(), case.number());
        std::io::stdout().flush().unwrap();
    }
    while client.outbox().statistics().await.unwrap().pending > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.close().await;
}
