//! The platform's process.

use std::net::SocketAddr;
use std::path::PathBuf;

use tongqiao_protocol::Timestamp;
use tongqiao_reference_platform::{Clock, Platform};

use crate::error::DemoError;
use crate::log_file;
use crate::process::{Report, end_with_orchestrator, report};

/// How the orchestrator starts it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The database file.
    #[arg(long)]
    database: PathBuf,
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The time that it believes it is.
    #[arg(long)]
    at: Option<Timestamp>,
}

/// Serves until it is killed.
pub(crate) async fn run(arguments: Arguments) -> Result<(), DemoError> {
    end_with_orchestrator();
    log_file::open(&arguments.database.with_extension("log.jsonl"))?;
    let clock = Clock::system();
    if let Some(at) = arguments.at {
        clock.set(at);
    }
    let mut running = Platform::builder()
        .clock(clock)
        .database(arguments.database)
        .listen(arguments.listen)
        .sandbox()
        .start()
        .await
        .map_err(DemoError::broken)?;
    report(&Report::Listening {
        address: running.base_url().to_owned(),
        sign_in: running.sandbox_sign_in(),
        user: Platform::sandbox_login().to_owned(),
    });
    running.wait().await.map_err(|source| DemoError::io("serve", source))
}
