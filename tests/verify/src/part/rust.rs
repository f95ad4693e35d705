//! The parts that cargo itself can do: formatting, lints, tests, documentation.
//!
//! `RUSTFLAGS` is never set: it would give every dependency a second build.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

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
    // Signatures of both suites are cross-checked with an implementation that is not ours.
    setup::debian(repository, "openssl", &["openssl"])?;
    Program::cargo(repository, &["test", "--locked", "--quiet", "--workspace", "--no-fail-fast"]).run()
}

pub(crate) fn doc(repository: &Repository) -> Result<(), Trouble> {
    Program::cargo(repository, &["doc", "--locked", "--quiet", "--workspace", "--no-deps"])
        .with("RUSTDOCFLAGS", "-D warnings")
        .run()
}
