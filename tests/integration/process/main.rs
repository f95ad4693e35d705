//! Two processes of one department share one store; one of them is killed in the middle.
//!
//! Without a test harness, because the program starts itself: with arguments it is a department's process, without it is
//! the test. Run by `cargo verify --only process`, in the release profile.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod department;
mod orchestra;

use std::process::ExitCode;

fn main() -> ExitCode {
    // rustls leaves the choice of its cryptography to the program.
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [word, platform, folder] if word == department::WORD => {
            runtime.block_on(department::run(platform, folder.as_ref()));
        }
        _ => {
            for round in 1..=orchestra::ROUNDS {
                runtime.block_on(orchestra::one_process_of_two_is_killed(round));
            }
            println!("process: {} rounds passed", orchestra::ROUNDS);
        }
    }
    ExitCode::SUCCESS
}
