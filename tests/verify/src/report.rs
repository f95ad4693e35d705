//! Timing the parts and saying how it went.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::{Choice, Skips};
use crate::part::{PARTS, Part, Reach, Trouble};
use crate::repository::Repository;
use crate::watchdog::{self, Ended};

/// The whole of `--all` must stay below this on two cores from a fresh clone.
const WHOLE_BUDGET_MINUTES: u32 = 60;
/// A part is killed when it has taken so many times its budget.
const PATIENCE: u32 = 3;

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
    let finished = match choice {
        Choice::LeaveOut(part, reason) => {
            let reason = format!("only with --all: {reason}");
            Finished { part, outcome: Err(Trouble::Skipped(reason)), took: Duration::ZERO }
        }
        Choice::Run(part) => {
            println!("== {}: {}", part.name, part.about);
            let started = Instant::now();
            let (outcome, ended) = watchdog::within(PATIENCE * budget(part), || (part.run)(repository));
            let outcome = match ended {
                Ended::ByItself => outcome,
                Ended::Killed => Err(Trouble::Failed(format!("killed at {PATIENCE} times its budget"))),
            };
            Finished { part, outcome, took: started.elapsed() }
        }
    };
    let word = match &finished.outcome {
        Ok(()) => "passed",
        Err(Trouble::Failed(_)) => "FAILED",
        Err(Trouble::Skipped(_)) => "skipped",
    };
    println!("== {} {word}: {}", finished.part.name, finished.minutes());
    finished
}

/// Prints every part's minutes, the reasons in full, and as the last line the count with names and reasons.
pub(crate) fn print_summary(results: &[Finished], skips: Skips) -> ExitCode {
    println!();
    for result in results {
        println!("{:<10} {}", result.part.name, result.minutes());
    }
    let total = results.iter().map(|result| result.took).sum::<Duration>();
    println!("{:<10} {:>6} of {WHOLE_BUDGET_MINUTES} minutes", "total", minutes(total));
    let tally = Tally::of(results, skips);
    for (name, reason) in tally.failed.iter().filter(|(_, reason)| reason.contains('\n')) {
        println!("{name} failed: {reason}");
    }
    println!("{}", tally.line());
    if tally.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What counts as what.
struct Tally {
    passed: usize,
    failed: Vec<(&'static str, String)>,
    skipped: Vec<(&'static str, String)>,
}

impl Tally {
    fn of(results: &[Finished], skips: Skips) -> Self {
        let mut tally = Self { passed: 0, failed: Vec::new(), skipped: Vec::new() };
        for Finished { part, outcome, .. } in results {
            match (outcome, skips) {
                (Ok(()), _) => tally.passed += 1,
                (Err(Trouble::Failed(reason)), _) => tally.failed.push((part.name, reason.clone())),
                (Err(Trouble::Skipped(reason)), Skips::Allowed) => tally.skipped.push((part.name, reason.clone())),
                (Err(Trouble::Skipped(reason)), Skips::Fail) => {
                    tally.failed.push((part.name, format!("skipped, which --all does not allow: {reason}")));
                }
            }
        }
        let total = results.iter().map(|result| result.took).sum::<Duration>();
        // Where skips are allowed a developer waits for a machine of any speed; CI promises an hour.
        if skips == Skips::Fail && total > whole_minutes(WHOLE_BUDGET_MINUTES) {
            let reason = format!("{} minutes of {WHOLE_BUDGET_MINUTES}; see the table of minutes", minutes(total));
            tally.failed.push(("total", reason));
        }
        tally
    }

    fn line(&self) -> String {
        let told = |list: &[(&str, String)]| {
            let first_lines = list.iter().map(|(name, reason)| {
                let reason = reason.lines().next().unwrap_or_default();
                format!("{name} ({reason})")
            });
            let names = first_lines.collect::<Vec<_>>().join(", ");
            if names.is_empty() { names } else { format!(": {names}") }
        };
        let (failed, skipped) = (&self.failed, &self.skipped);
        format!(
            "verify: {} passed, {} failed{}, {} skipped{}",
            self.passed,
            failed.len(),
            told(failed),
            skipped.len(),
            told(skipped)
        )
    }
}

impl Finished {
    fn minutes(&self) -> String {
        let late = if self.took > budget(self.part) { " (over its budget)" } else { "" };
        format!("{:>6} of {:>2} minutes{late}", minutes(self.took), self.part.budget_minutes)
    }
}

fn budget(part: &Part) -> Duration {
    whole_minutes(part.budget_minutes)
}

fn whole_minutes(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

fn minutes(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Finished, Tally, whole_minutes};
    use crate::arguments::Skips;
    use crate::part::{PARTS, Trouble};

    fn finished(place: usize, outcome: Result<(), Trouble>, took: Duration) -> Finished {
        Finished { part: &PARTS[place], outcome, took }
    }

    fn skipped() -> Result<(), Trouble> {
        Err(Trouble::Skipped("curl is missing\nand more".to_owned()))
    }

    #[test]
    fn the_last_line_names_what_failed_and_what_was_skipped_with_the_reason() {
        let failure = Err(Trouble::Failed("it differs".to_owned()));
        let results = [
            finished(0, Ok(()), Duration::ZERO),
            finished(1, failure, Duration::ZERO),
            finished(2, skipped(), Duration::ZERO),
        ];
        let line = Tally::of(&results, Skips::Allowed).line();
        let names = (PARTS[1].name, PARTS[2].name);
        let expected = format!("1 failed: {} (it differs), 1 skipped: {} (curl is missing)", names.0, names.1);
        assert_eq!(line, format!("verify: 1 passed, {expected}"));
    }

    #[test]
    fn a_skip_is_harmless_for_a_developer_and_a_failure_under_all() {
        let results = [finished(0, skipped(), Duration::ZERO)];
        let (here, all) = (Tally::of(&results, Skips::Allowed), Tally::of(&results, Skips::Fail));
        assert_eq!((here.failed.len(), here.skipped.len()), (0, 1));
        assert_eq!((all.failed.len(), all.skipped.len()), (1, 0));
    }

    #[test]
    fn an_hour_is_allowed_under_all_and_a_second_more_is_not() {
        let took = |time| [finished(0, Ok(()), whole_minutes(30)), finished(1, Ok(()), time)];
        let hour = whole_minutes(30);
        let longer = hour + Duration::from_secs(1);
        assert!(Tally::of(&took(hour), Skips::Fail).failed.is_empty());
        assert_eq!(Tally::of(&took(longer), Skips::Fail).failed[0].0, "total");
        assert!(Tally::of(&took(longer), Skips::Allowed).failed.is_empty());
    }
}
