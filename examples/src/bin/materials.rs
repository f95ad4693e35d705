//! How do large files reach the city over a line that breaks, and what does a case say of them meanwhile?
//!
//! `cargo run -p tongqiao-examples --bin materials -- <platform> <one-time code> <folder> <file>`

use std::path::PathBuf;

use clap::Parser;
use tongqiao::protocol::CaseId;
use tongqiao::{CaseDraft, CaseHandle, Client, Error, ItemQuery, MaterialDraft, MaterialHandle, UploadState};
use tongqiao_examples::ended;

/// Opens a case with a file, and follows the file until the platform has it.
#[derive(Parser)]
struct Sending {
    #[command(flatten)]
    joining: tongqiao_examples::Arguments,
    /// The scan.
    file: PathBuf,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    ended(materials(&Sending::parse()).await)
}

async fn materials(arguments: &Sending) -> Result<(), Error> {
    let client = arguments.joining.join("social-security").await?;

    let draft = MaterialDraft::file(&arguments.file).named("身份证.pdf");
    let scan = client.materials().add(draft).await?; // on disk; a kill from here on loses nothing
    println!("摘要 digest {}", scan.digest());

    if let Some(case) = open(&client, &scan).await? {
        println!("办件编号 case number {}, position {}", case.number(), case.settled().await?.position);
    }
    follow(&scan).await?;
    read_back(&client, &scan, &arguments.joining.folder).await?;
    client.close().await;
    Ok(())
}

/// The case cites the digest and does not wait for the file.
async fn open(client: &Client, scan: &MaterialHandle) -> Result<Option<CaseHandle>, Error> {
    let items = client.items().find(&ItemQuery::text("社会保障卡补领")).await?;
    let Some(item) = items.first() else { return Ok(None) };
    let draft = CaseDraft::for_item(item)
        .case_id(CaseId::from_bytes(*scan.id().as_bytes())) // the same after a kill: opening again opens nothing
        .person("测试用户", "340705199001010016")
        .field("contact-phone", "13800000000")
        .field("reason", "卡片遗失")
        .attach("id-card", "居民身份证", scan);
    client.cases().open(&draft).await.map(Some)
}

/// What the clerk sees while the file is on its way.
async fn follow(scan: &MaterialHandle) -> Result<(), Error> {
    let mut told = 0;
    loop {
        let status = scan.progress().await?;
        if status.sent > told {
            told = status.sent;
            println!("已到平台 at the platform: {told} of {}", status.size);
        }
        if status.state != UploadState::Waiting {
            break;
        }
    }
    let whole = scan.delivered().await?; // an upload that failed says here why
    if let Some(receipt) = whole.receipt {
        println!("已到齐 whole: position {}", receipt.position);
    }
    Ok(())
}

/// Whoever may see the case may read what it cites; nobody is given bytes of another digest.
async fn read_back(client: &Client, scan: &MaterialHandle, folder: &std::path::Path) -> Result<(), Error> {
    let view = client.materials().save(scan.id(), folder.join("read-back.pdf")).await?;
    println!("读回 read back: {} {} bytes", view.announcement.name.as_str(), view.announcement.size);
    Ok(())
}
