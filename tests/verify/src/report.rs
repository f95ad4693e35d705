//! Timing the parts and saying how it went.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::{Choice, Skips};
use crate::part::{PARTS, Part, Reach, Trouble};
use crate::repository::Repository;

/// The whole of `--all` must stay below this on two cores from a fresh clone.
const WHOLE_BUDGET_MINUTES: u32 = 60;

/// How one part ended.
pub(crate) struct Finished {
    part: &'static Part,
    outcome: Result<(), Trouble>,
    took: Duration,
}

/// Prints the table of parts.
pub(crate) fn print_parts() {
    for part in PARTS {
        let reach = match part.reach {
            Reach::Everywhere => String::new(),
            Reach::OnlyWithAll(reason) => format!(" (only with --all: {reason})"),
        };
        println!("{:<10} {:>3} min  {}{reach}", part.name, part.budget_minutes, part.about);
    }
}

/// Says whether the generated files could be written.
pub(crate) fn print_generated(written: Result<(), Trouble>) -> ExitCode {
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) => {
            eprintln!("cargo verify: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one part, or notes why it is left out, and prints its minutes.
pub(crate) fn run_and_time(repository: &Repository, choice: Choice) -> Finished {
    let (part, outcome, took) = match choice {
        Choice::LeaveOut(part, reason) => {
            let reason = format!("only with --all: {reason}");
            (part, Err(Trouble::Skipped(reason)), Duration::ZERO)
        }
        Choice::Run(part) => {
            println!("== {}: {}", part.name, part.about);
            let started = Instant::now();
            let outcome = (part.run)(repository);
            (part, outcome, started.elapsed())
        }
    };
    let word = match &outcome {
        Ok(()) => "passed",
        Err(Trouble::Failed(_)) => "FAILED",
        Err(Trouble::Skipped(_)) => "skipped",
    };
    println!("== {} {word}: {} of {} minutes{}", part.name, minutes(took), part.budget_minutes, late(part, took));
    Finished { part, outcome, took }
}

/// Prints every part's minutes, the reasons, and as the last line the count.
pub(crate) fn print_summary(results: &[Finished], skips: Skips) -> ExitCode {
    println!();
    for result in results {
        println!(
            "{:<10} {:>6} of {:>2} minutes{}",
            result.part.name,
            minutes(result.took),
            result.part.budget_minutes,
            late(result.part, result.took)
        );
    }
    let total = results.iter().map(|result| result.took).sum::<Duration>();
    println!("{:<10} {:>6} of {WHOLE_BUDGET_MINUTES} minutes", "total", minutes(total));

    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for result in results {
        match (&result.outcome, skips) {
            (Ok(()), _) => passed += 1,
            (Err(Trouble::Failed(reason)), _) => {
                failed += 1;
                println!("{} failed: {reason}", result.part.name);
            }
            (Err(Trouble::Skipped(reason)), Skips::Allowed) => {
                skipped += 1;
                println!("{} skipped: {reason}", result.part.name);
            }
            (Err(Trouble::Skipped(reason)), Skips::Fail) => {
                failed += 1;
                println!("{} failed: it was skipped, which --all does not allow: {reason}", result.part.name);
            }
        }
    }
    println!("verify: {passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn minutes(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() / 60.0)
}

fn late(part: &Part, took: Duration) -> &'static str {
    if took > Duration::from_secs(u64::from(part.budget_minutes) * 60) { " (over its budget)" } else { "" }
}
