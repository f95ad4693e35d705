//! How do I keep an event in my own transaction, so that my rows and the city's never differ?
//!
//! `cargo run -p tongqiao-examples --bin own-transaction -- <platform> <folder of first-case>`

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use tongqiao::{CaseDraft, Client, Credentials, ItemQuery};

/// Prepares a case, commits it with the application's own data, and submits it.
#[derive(Parser)]
struct Arguments {
    /// Where the platform is.
    platform: String,
    /// Where `first-case` left its credentials.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match own_transaction(&Arguments::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn own_transaction(Arguments { platform, folder }: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let credentials = Credentials::from_file(folder.join("credentials.json"))?;
    let outbox = folder.join("outbox.sqlite");
    let client = Client::builder(platform, credentials).store(outbox).division("340700").build().await?;
    let journal = folder.join("unsubmitted"); // stands for a table of your database
    submit_what_is_left(&client, &journal).await?;

    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let item = items.first().ok_or("the catalogue has no such item")?;
    let draft = CaseDraft::new(&item.code, item.version, "340705000000")
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .material("id-card", "居民身份证");

    let prepared = client.cases().prepare(&draft).await?; // signed; neither stored nor sent
    commit(&journal, prepared.bytes())?; // your transaction: the bytes beside your own rows
    submit_what_is_left(&client, &journal).await?;
    client.close().await;
    Ok(())
}

/// At every start, and after every commit: what was committed is submitted until that succeeds.
async fn submit_what_is_left(client: &Client, journal: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let Ok(bytes) = std::fs::read(journal) else { return Ok(()) };
    let case = client.cases().submit(&bytes).await?; // twice is once
    println!("办件编号 case number {}", case.number());
    std::fs::remove_file(journal)?; // only now may it be marked as submitted
    Ok(())
}

fn commit(journal: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(journal)?;
    file.write_all(bytes)?;
    file.sync_all()
}
