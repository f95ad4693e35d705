//! How does a citizen prove a receipt to somebody who trusts neither the department nor us?
//!
//! `cargo run -p tongqiao-examples --bin prove-receipt -- <platform> <one-time code> <folder>`

use std::path::PathBuf;

use clap::Parser;
use tongqiao::{CaseDraft, CaseHandle, Client, Error, ItemQuery, Language};

/// Opens a case and writes its proof to `<folder>/proof.json`.
#[derive(Parser)]
struct Arguments {
    /// Where the platform is.
    platform: String,
    /// The one-time code that its operator gave out.
    code: String,
    /// Where credentials, the outbox and the proof are kept.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match prove(&Arguments::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn prove(Arguments { platform, code, folder }: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let client = tongqiao_examples::join(platform, "social-security", code, folder).await.map_err(said)?;
    let case = open(&client).await?;
    case.settled().await.map_err(said)?;
    // The receipt, its place in the platform's log, and the platform's signature over the log as a whole.
    let proof = client.receipts().prove(case.event()).await.map_err(said)?;
    std::fs::write(folder.join("proof.json"), proof.to_json()?)?;
    println!("办件编号 case number {}", case.number());

    // Every five minutes by itself, and now: does the log still continue what was seen of it?
    let checkpoint = client.receipts().check_log().await.map_err(said)?;
    println!("日志 log: {} receipts, epoch {}", checkpoint.size, checkpoint.epoch);
    if let Some(dispute) = client.receipts().dispute().await.map_err(said)? {
        println!("平台改过日志 the platform has changed its past: {}", dispute.code);
    }
    client.close().await;
    Ok(())
}

async fn open(client: &Client) -> Result<CaseHandle, Box<dyn std::error::Error>> {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await.map_err(said)?;
    let item = items.first().ok_or("the catalogue has no such item")?;
    let draft = CaseDraft::for_item(item)
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");
    Ok(client.cases().open(&draft).await.map_err(said)?)
}

fn said(error: Error) -> String {
    format!("{} {}", error.code(), error.message(Language::Chinese))
}
