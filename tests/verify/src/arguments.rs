//! What the user asked for on the command line.

use std::path::PathBuf;

use clap::Parser;

use crate::part::{PARTS, Part, Reach};

/// Check this repository: formatting, lints, tests, documents and more.
#[derive(Parser)]
#[command(name = "cargo verify")]
pub(crate) struct Arguments {
    /// Run everything, also what needs root or large downloads. A skip is then a failure.
    #[arg(long)]
    pub(crate) all: bool,
    /// Run only these parts (comma-separated names), whatever they need.
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    pub(crate) only: Vec<String>,
    /// Write the files that are made from others, and stop.
    #[arg(long)]
    pub(crate) generate: bool,
    /// Build the edge node's Debian package, try it under a root of its own, and stop.
    #[arg(long)]
    pub(crate) deb: bool,
    /// Put this program into the package instead of building one.
    #[arg(long, requires = "deb")]
    pub(crate) program: Option<PathBuf>,
    /// List the parts with their budgets and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

/// A part together with the decision whether this run executes it.
pub(crate) enum Choice {
    /// Run it.
    Run(&'static Part),
    /// Leave it out, for the reason given.
    LeaveOut(&'static Part, &'static str),
}

/// How a skipped part counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skips {
    /// A skip is reported and harmless.
    Allowed,
    /// A skip fails the run.
    Fail,
}

impl Arguments {
    /// The parts of this run in table order, or the first name that is no part.
    pub(crate) fn selected_parts(&self) -> Result<Vec<Choice>, String> {
        if let Some(unknown) = self.only.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
            return Err(unknown.clone());
        }
        let wanted = PARTS.iter().filter(|part| self.only.is_empty() || self.only.iter().any(|name| name == part.name));
        Ok(wanted.map(|part| self.choose(part)).collect())
    }

    fn choose(&self, part: &'static Part) -> Choice {
        match part.reach {
            Reach::OnlyWithAll(reason) if !self.all && self.only.is_empty() => Choice::LeaveOut(part, reason),
            Reach::Everywhere | Reach::OnlyWithAll(_) => Choice::Run(part),
        }
    }

    pub(crate) fn skips(&self) -> Skips {
        if self.all { Skips::Fail } else { Skips::Allowed }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Arguments, Choice};

    fn chosen(words: &[&str]) -> (Vec<&'static str>, Vec<&'static str>) {
        let arguments = Arguments::parse_from([&["verify"], words].concat());
        let (mut run, mut left_out) = (Vec::new(), Vec::new());
        for choice in arguments.selected_parts().unwrap_or_default() {
            match choice {
                Choice::Run(part) => run.push(part.name),
                Choice::LeaveOut(part, _) => left_out.push(part.name),
            }
        }
        (run, left_out)
    }

    #[test]
    fn without_all_the_parts_with_large_downloads_are_left_out_and_said_so() {
        let (run, left_out) = chosen(&[]);
        assert!(run.contains(&"clippy") && !run.contains(&"deny"));
        assert!(left_out.contains(&"deny"));
    }

    #[test]
    fn with_all_nothing_is_left_out() {
        assert!(chosen(&["--all"]).1.is_empty());
    }

    #[test]
    fn a_named_part_runs_whatever_it_needs_and_in_the_order_of_the_table() {
        assert_eq!(chosen(&["--only", "deny,fmt"]), (vec!["fmt", "deny"], vec![]));
    }

    #[test]
    fn an_unknown_part_is_an_error() {
        assert_eq!(
            Arguments::parse_from(["verify", "--only", "fmt,nonsense"]).selected_parts().err().as_deref(),
            Some("nonsense")
        );
    }
}
