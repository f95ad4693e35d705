//! What do I see when a draft is wrong? Everything at once, each fault with its path, before anything is sent.
//!
//! `cargo run -p tongqiao-examples --bin faulty-draft -- <platform> <folder of first-case>`

use std::path::PathBuf;
use std::process::ExitCode;

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
async fn main() -> ExitCode {
    match faulty_draft(&Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {}", error.code(), error.message(Language::Chinese));
            ExitCode::FAILURE
        }
    }
}

async fn faulty_draft(Arguments { platform, folder }: &Arguments) -> Result<ExitCode, tongqiao::Error> {
    let credentials = Credentials::from_file(folder.join("credentials.json"))?;
    let client = Client::builder(platform, credentials).store(folder.join("outbox.sqlite")).build().await?;
    let draft = CaseDraft::new("1134070000", 1, "34070X")
        .person("", "340705199001010011") // a wrong check character
        .channel("7");
    let checked = client.cases().check(&draft).await;
    client.close().await;
    let Err(error) = checked else {
        eprintln!("未发现错误 no fault was found");
        return Ok(ExitCode::FAILURE);
    };
    println!("{} {}", error.code(), error.message(Language::Chinese));
    for fault in error.faults() {
        println!("  {} {}", fault.code, fault.message(Language::Chinese));
    }
    // Anything but faults, such as a platform out of reach, is not what this example shows.
    Ok(if error.faults().is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
