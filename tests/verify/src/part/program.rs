//! The programs of this repository that check something and print figures: the demo, the model checker and the
//! benches. All in the release profile.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// Any seed will do; a fixed one makes a failure repeatable.
const DEMO_SEED: &str = "20260701";

fn release(repository: &Repository, package: &str, words: &[&str]) -> Result<(), Trouble> {
    let run = ["run", "--release", "--locked", "--quiet", "-p", package, "--"];
    Program::cargo(repository, &run.iter().chain(words).copied().collect::<Vec<_>>()).run()
}

/// The main job: exits with 1 unless the ledger is right.
pub(crate) fn demo(repository: &Repository) -> Result<(), Trouble> {
    release(repository, "tongqiao-demo", &["--json", "--seed", DEMO_SEED])
}

/// Explores the engine's states; exits with 1 on a counterexample, or if a planted bug yields none.
pub(crate) fn model(repository: &Repository) -> Result<(), Trouble> {
    release(repository, "tongqiao-model", &["check"])
}

/// Prints the figures that documents quote, with what they are compared to and counted by. A goal that is missed is
/// printed; one that is missed clearly three times fails.
pub(crate) fn bench(repository: &Repository) -> Result<(), Trouble> {
    setup::debian(repository, "redis-server", &["redis-server"])?;
    setup::debian(repository, "strace", &["strace"])?;
    let demands = ["store", "--require-redis", "--require-strace", "--require-goals-within", "3"];
    for words in [&["codes"][..], &demands, &["open"]] {
        release(repository, "tongqiao-bench", words)?;
    }
    Ok(())
}
