//! A department's application server, for tests that kill one: adds a file, prints the upload's id, and then how many bytes the
//! platform has, each time it has more. `sending-process ENDPOINT CREDENTIALS STORE FILE`.

use std::io::Write as _;
use std::process::ExitCode;

use tongqiao::{Client, Credentials, Error, MaterialDraft, UploadState};

#[tokio::main]
async fn main() -> ExitCode {
    tongqiao_integration::logging::log_everything();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, endpoint, credentials, store, file] = arguments.as_slice() else {
        eprintln!("usage: sending-process ENDPOINT CREDENTIALS STORE FILE");
        return ExitCode::from(2);
    };
    match send(endpoint, credentials, store, file).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn send(endpoint: &str, credentials: &str, store: &str, file: &str) -> Result<(), Error> {
    let client = Client::builder(endpoint, Credentials::from_file(credentials)?).store(store).build().await?;
    let material = client.materials().add(MaterialDraft::file(file)).await?;
    let mut out = std::io::stdout();
    let mut said = writeln!(out, "{}", material.id()).and_then(|()| out.flush());
    let mut last = 0;
    while said.is_ok() {
        let status = material.progress().await?;
        if status.sent > last {
            last = status.sent;
            said = writeln!(out, "{last}").and_then(|()| out.flush());
        }
        if status.state != UploadState::Waiting {
            break;
        }
    }
    client.close().await;
    Ok(())
}
