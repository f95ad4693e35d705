//! `cargo verify`: every check of this repository, with its own set-up.
//!
//! ```text
//! cargo verify                     what a developer runs before a commit
//! cargo verify --only clippy,test  some parts
//! cargo verify --all               what CI runs: also what needs root or large downloads; a skip is a failure
//! cargo verify --generate          write the files that are made from others
//! cargo verify --deb               the edge node as a Debian package in target/deb, tried under a root of its own
//! cargo verify --list              the parts, their budgets and what they do
//! ```
//!
//! Parts run one after the other, because the machine they are meant for has two cores and cargo uses both. Each prints its
//! minutes against its budget and is killed at three times of it; `--all` fails when the whole takes more than an hour.
//! The last line is always `verify: N passed, N failed, N skipped`, with the name and reason of every failure and skip.

mod arguments;
mod command;
mod generate;
mod package;
mod part;
mod report;
mod repository;
mod setup;
mod tail;
mod watchdog;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::repository::Repository;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        report::print_parts();
        return ExitCode::SUCCESS;
    }
    let selected = match arguments.selected_parts() {
        Ok(selected) => selected,
        Err(unknown) => {
            eprintln!("cargo verify: there is no part named {unknown:?}; `cargo verify --list` shows them");
            return ExitCode::from(2);
        }
    };
    let repository = match Repository::find() {
        Ok(repository) => repository,
        Err(reason) => {
            eprintln!("cargo verify: {reason}");
            return ExitCode::from(2);
        }
    };
    if arguments.generate {
        return report::print_generated(generate::write(&repository));
    }
    if arguments.deb {
        return report::print_generated(package::make(&repository, arguments.program.as_deref()));
    }
    let results = selected.into_iter().map(|choice| report::run_and_time(&repository, choice)).collect::<Vec<_>>();
    report::print_summary(&results, arguments.skips())
}
