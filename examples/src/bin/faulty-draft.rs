//! What do I see when a draft is wrong? Everything at once, each fault with its path, before anything is sent.
//!
//! `cargo run -p tongqiao-examples --bin faulty-draft -- <platform> <folder of first-case>`

use std::path::PathBuf;

use clap::Parser;
use tongqiao::{CaseDraft, Client, Credentials, Language};

/// Judges a draft full of mistakes.
#[derive(Parser)]
struct Arguments {
    /// Where the platform is.
    platform: String,
    /// Where `first-case` left its credentials.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match faulty_draft(&Arguments::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {}", error.code(), error.message(Language::Chinese));
            std::process::ExitCode::FAILURE
        }
    }
}

async fn faulty_draft(Arguments { platform, folder }: &Arguments) -> Result<(), tongqiao::Error> {
    let credentials = Credentials::from_file(folder.join("credentials.json"))?;
    let client = Client::builder(platform, credentials).store(folder.join("outbox.sqlite")).build().await?;
    let draft = CaseDraft::new("1134070000", 1, "34070X")
        .person("", "340705199001010011") // a wrong check character
        .channel("7");
    if let Err(error) = client.cases().check(&draft).await {
        println!("{} {}", error.code(), error.message(Language::Chinese));
        for fault in error.faults() {
            println!("  {} {}", fault.code, fault.message(Language::Chinese));
        }
    }
    client.close().await;
    Ok(())
}
