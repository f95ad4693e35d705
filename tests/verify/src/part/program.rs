//! The programs of this repository that check something and print figures: the demo, the model checker, the
//! simulation and the benches. All in the release profile.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// Any seed will do; a fixed one makes a failure repeatable.
const DEMO_SEED: &str = "20260701";

/// What is promised of the demo, in seconds, on a machine that does nothing else.
const DEMO_PROMISE: f64 = 60.0;
/// What is a failure on any machine: twice the promise, so that a busy neighbour is none.
const DEMO_MAX: f64 = 120.0;

fn release(repository: &Repository, package: &str, words: &[&str]) -> Result<(), Trouble> {
    program(repository, package, words).run()
}

fn program(repository: &Repository, package: &str, words: &[&str]) -> Program {
    let run = ["run", "--release", "--locked", "--quiet", "-p", package, "--"];
    Program::cargo(repository, &run.iter().chain(words).copied().collect::<Vec<_>>())
}

/// The main job: exits with 1 unless the ledger is right. Its time is shown beside what is promised.
pub(crate) fn demo(repository: &Repository) -> Result<(), Trouble> {
    let said = program(repository, "tongqiao-demo", &["--json", "--seed", DEMO_SEED]).heard()?;
    let seconds = seconds(&said).ok_or_else(|| Trouble::Failed("the demo said no seconds".to_owned()))?;
    println!("demo: {seconds:.1} s (promised: {DEMO_PROMISE:.0} s)");
    if seconds > DEMO_MAX {
        return Err(Trouble::Failed(format!("the demo took {seconds:.1} s, more than {DEMO_MAX:.0}")));
    }
    Ok(())
}

fn seconds(said: &str) -> Option<f64> {
    let ledger = said.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())?;
    ledger["seconds"].as_f64()
}

/// Explores the engine's states; exits with 1 on a counterexample, or if a planted bug yields none.
pub(crate) fn model(repository: &Repository) -> Result<(), Trouble> {
    release(repository, "tongqiao-model", &["check"])
}

/// Runs seeds of the simulation; exits with 1 if anything is lost, doubled, disordered or unproved, or a planted bug is not seen.
pub(crate) fn simulation(repository: &Repository) -> Result<(), Trouble> {
    release(repository, "tongqiao-simulation", &["--seeds", "64", "--plants"])
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

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn the_seconds_of_a_ledger_are_read_and_missing_ones_are_missed() {
        assert_eq!(seconds("{\"balanced\":true,\"seconds\":12.5}\n"), Some(12.5));
        assert_eq!(seconds("{\"balanced\":true}\n"), None);
        assert_eq!(seconds(""), None);
    }
}
