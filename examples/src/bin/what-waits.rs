//! What waits for a person, and how does it go on? Refused events, and bills whose fate nobody knows.
//!
//! `cargo run -p tongqiao-examples --bin what-waits -- <platform> <folder of first-case> [--give-up <event> --person <name>]`

use std::path::PathBuf;

use clap::Parser;
use tongqiao::protocol::bill::PaymentOutcome;
use tongqiao::protocol::{BillId, EventId};
use tongqiao::{CaseDraft, CaseHandle, Client, Credentials, EntryState, Error, Language};

/// Lists what waits for a person and offers the ways on.
#[derive(Parser)]
struct Arguments {
    /// Where the platform is.
    platform: String,
    /// Where `first-case` left its credentials and its outbox.
    folder: PathBuf,
    /// An event to be given up.
    #[arg(long, requires = "person")]
    give_up: Option<String>,
    /// Who decides that; stands in the record.
    #[arg(long, default_value = "测试主管")]
    person: String,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match what_waits(&Arguments::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {}", error.code(), error.message(Language::Chinese));
            std::process::ExitCode::FAILURE
        }
    }
}

async fn what_waits(Arguments { platform, folder, give_up, person }: &Arguments) -> Result<(), Error> {
    let credentials = Credentials::from_file(folder.join("credentials.json"))?;
    let client = Client::builder(platform, credentials).store(folder.join("outbox.sqlite")).build().await?;
    let statistics = client.outbox().statistics().await?;
    println!("{} waiting for the link, oldest since {:?}", statistics.pending, statistics.oldest_pending_at);

    for waiting in client.outbox().attention().await? {
        let (record, state) = (waiting.entry.id, &waiting.entry.state);
        match (&waiting.problem, state) {
            (Some(problem), EntryState::Refused { .. } | EntryState::Dead) => {
                println!("{record} {} {}", problem.code, problem.title); // every fault stands in problem.faults
            }
            (_, EntryState::Expired) => {
                let bill = BillId::from_bytes(*record.as_bytes());
                println!("{bill} {:?}", outcome(&client, bill).await?);
            }
            _ => println!("{record} {state:?}"),
        }
    }
    if let Some(event) = give_up.as_deref().and_then(|event| event.parse().ok()) {
        println!("{:?}", self::give_up(&client, event, person).await?);
    }
    client.close().await;
    Ok(())
}

/// Confirmed, absent or unknown; never guessed.
async fn outcome(client: &Client, bill: BillId) -> Result<PaymentOutcome, Error> {
    let resolution = client.payments().resolve(bill).await?;
    match resolution.outcome {
        PaymentOutcome::Confirmed => {} // it exists: show its pay code, never make another
        PaymentOutcome::Absent => {}    // it does not and never will: a new bill may be made
        PaymentOutcome::Unknown => {}   // nobody knows yet: ask again later, charge nothing
    }
    Ok(resolution.outcome)
}

#[allow(dead_code, reason = "what is corrected is known to your program only; this one stops at giving up")]
/// The corrected application takes the refused one's place: same case, same number, same sequence.
async fn say_anew(client: &Client, refused: EventId, corrected: &CaseDraft) -> Result<CaseHandle, Error> {
    client.cases().supersede_opening(refused, corrected).await
}

/// A named person gives the event up; what stood behind it in its case goes on.
async fn give_up(client: &Client, refused: EventId, person: &str) -> Result<CaseHandle, Error> {
    client.cases().abandon(refused, person, "事项已停办").await
}
