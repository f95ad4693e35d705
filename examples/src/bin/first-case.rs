//! How do I push my first case?
//!
//! `cargo run -p tongqiao-examples --bin first-case -- <platform> <one-time code> <folder>`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tongqiao::{CaseDraft, Client, Credentials, ItemQuery, Language};

/// Joins a platform, opens a case and waits for its receipt.
#[derive(Parser)]
struct Arguments {
    /// Where the platform is, such as `http://127.0.0.1:18080`.
    platform: String,
    /// The one-time code that its operator gave out.
    code: String,
    /// Where credentials and the outbox are kept.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match first_case(&Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {}", error.code(), error.message(Language::Chinese));
            ExitCode::FAILURE
        }
    }
}

async fn first_case(Arguments { platform, code, folder }: &Arguments) -> Result<ExitCode, tongqiao::Error> {
    let file = folder.join("credentials.json");
    let credentials = if file.exists() {
        Credentials::from_file(&file)? // joined in an earlier run; the code is not needed
    } else {
        // Once per installation: the one-time code becomes a key of our own, and the platform's keys are pinned.
        let credentials = tongqiao::enrol(platform, "social-security", code)?.run().await?;
        credentials.to_file(&file)?;
        credentials
    };
    let outbox = folder.join("outbox.sqlite");
    let client = Client::builder(platform, credentials).store(outbox).division("340700").build().await?;
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let Some(item) = items.first() else {
        eprintln!("目录中没有该事项 the catalogue has no such item");
        return Ok(ExitCode::FAILURE);
    };

    let draft = CaseDraft::new(&item.code, item.version, "340705000000")
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");
    let case = client.cases().open(&draft).await?; // on disk, with its final number, before this returns
    println!("办件编号 case number {}", case.number());
    let receipt = case.settled().await?; // the platform has it, and has signed for it
    println!("已落定 settled: position {} of epoch {}", receipt.position, receipt.epoch);
    client.close().await;
    Ok(ExitCode::SUCCESS)
}
