//! The first case: from a fresh sandbox to a receipt that the platform signed.
//!
//! ```text
//! cargo run -p tongqiao-reference-platform -- --sandbox
//! curl -X POST http://127.0.0.1:8080/sandbox/enrolment-codes        (prints a code)
//! cargo run -p tongqiao-examples --bin first_case -- http://127.0.0.1:8080 CODE
//! ```

use tongqiao::{CaseDraft, Client, Error, ItemQuery, enrol};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, endpoint, code] = arguments.as_slice() else {
        eprintln!("usage: first_case ENDPOINT CODE");
        return Ok(());
    };

    let credentials = enrol(endpoint, "first-department", code)?.run().await?;
    let client = Client::builder(endpoint, credentials).store("first-case.sqlite").build().await?;

    let items = client.items().find(&ItemQuery::text("file certificate")).await?;
    let Some(item) = items.first() else { return Ok(()) };
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340702196802290211")
        .field("contact-phone", "13800000000")
        .field("reason", "办理入职手续")
        .material("id-card", "居民身份证");

    let case = client.cases().open(&draft).await?;
    println!("办件编号 number {}", case.number());
    let receipt = case.settled().await?;
    println!("已落定 settled at position {} of epoch {}", receipt.position, receipt.epoch);

    client.close().await;
    Ok(())
}
