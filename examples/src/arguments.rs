//! What most examples are told, and how they end.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tongqiao::{Client, Error};

use crate::{join, tell};

/// Runs one example against a platform; what it shows stands at the head of its source.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Where the platform is, such as `http://127.0.0.1:18080`.
    pub platform: String,
    /// The one-time code that its operator gave out.
    pub code: String,
    /// Where credentials and the outbox are kept.
    pub folder: PathBuf,
}

impl Arguments {
    /// A client of `party`, which joins if it has not yet.
    ///
    /// # Errors
    /// As [`join`].
    pub async fn join(&self, party: &str) -> Result<Client, Error> {
        join(&self.platform, party, &self.code, &self.folder).await
    }
}

/// Tells what went wrong, if anything, and gives the program's exit code.
pub fn ended<E: Into<Box<dyn std::error::Error>>>(result: Result<(), E>) -> ExitCode {
    let Err(error) = result.map_err(Into::into) else { return ExitCode::SUCCESS };
    match error.downcast_ref::<Error>() {
        Some(error) => tell(error),
        None => eprintln!("{error}"),
    }
    ExitCode::FAILURE
}
