//! A platform as a process, for tests that kill one. `platform-process DATABASE` takes a free port, prints its address and serves
//! until it dies.

use std::io::Write as _;
use std::process::ExitCode;

use tongqiao_reference_platform::Platform;

#[tokio::main]
async fn main() -> ExitCode {
    tongqiao_integration::logging::log_everything();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, database] = arguments.as_slice() else {
        eprintln!("usage: platform-process DATABASE");
        return ExitCode::from(2);
    };
    match Platform::builder().database(database).sandbox().start().await {
        Ok(running) => {
            println!("{}", running.base_url());
            drop(std::io::stdout().flush());
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
