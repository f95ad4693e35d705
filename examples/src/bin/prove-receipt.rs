//! How does a citizen prove a receipt to somebody who trusts neither the department nor us?
//!
//! `cargo run -p tongqiao-examples --bin prove-receipt -- <platform> <one-time code> <folder>`

use clap::Parser;
use tongqiao::{CaseDraft, CaseHandle, Client, ItemQuery};
use tongqiao_examples::{Arguments, ended};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(prove(&Arguments::parse()).await)
}

async fn prove(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let client = arguments.join("social-security").await?;
    let case = open(&client).await?;
    case.settled().await?;
    // The receipt, its place in the platform's log, and the platform's signature over the log as a whole.
    let proof = client.receipts().prove(case.event()).await?;
    std::fs::write(arguments.folder.join("proof.json"), proof.to_json()?)?;
    println!("办件编号 case number {}", case.number());

    // Every five minutes by itself, and now: does the log still continue what was seen of it?
    let checkpoint = client.receipts().check_log().await?;
    println!("日志 log: {} receipts, epoch {}", checkpoint.size, checkpoint.epoch);
    if let Some(dispute) = client.receipts().dispute().await? {
        println!("平台改过日志 the platform has changed its past: {}", dispute.code);
    }
    client.close().await;
    Ok(())
}

async fn open(client: &Client) -> Result<CaseHandle, Box<dyn std::error::Error>> {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let item = items.first().ok_or("the catalogue has no such item")?;
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");
    Ok(client.cases().open(&draft).await?)
}
