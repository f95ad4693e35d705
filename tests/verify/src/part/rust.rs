//! The parts that cargo itself can do: formatting, lints, tests, documentation.
//!
//! `RUSTFLAGS` is never set: it would give every dependency a second build.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;

pub(crate) fn fmt(repository: &Repository) -> Result<(), Trouble> {
    Program::cargo(repository, &["fmt", "--all", "--check"]).run()
}

pub(crate) fn clippy(repository: &Repository) -> Result<(), Trouble> {
    // `--all-targets` leaves out tests that `cargo test` leaves out; they are named.
    let words =
        ["clippy", "--locked", "--quiet", "--workspace", "--all-targets", "--test", "oidc", "--", "-D", "warnings"];
    Program::cargo(repository, &words).run()
}

pub(crate) fn test(repository: &Repository) -> Result<(), Trouble> {
    Program::cargo(repository, &["test", "--locked", "--quiet", "--workspace"]).run()
}

pub(crate) fn doc(repository: &Repository) -> Result<(), Trouble> {
    Program::cargo(repository, &["doc", "--locked", "--quiet", "--workspace", "--no-deps"])
        .with("RUSTDOCFLAGS", "-D warnings")
        .run()
}
