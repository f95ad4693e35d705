//! The parts that cargo itself can do: formatting, lints, tests, documentation.
//!
//! `RUSTFLAGS` is never set: it would give every dependency a second build.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// The tests that need the `openssl` command begin with these words.
const OPENSSL_TESTS: &str = "openssl_accepts";

pub(crate) fn fmt(repository: &Repository) -> Result<(), Trouble> {
    setup::component(repository, "fmt", "rustfmt")?;
    Program::cargo(repository, &["fmt", "--all", "--check"]).run()
}

pub(crate) fn clippy(repository: &Repository) -> Result<(), Trouble> {
    setup::component(repository, "clippy", "clippy")?;
    let lints = ["--", "-D", "warnings"];
    let everything = ["clippy", "--locked", "--quiet", "--workspace", "--all-targets"];
    Program::cargo(repository, &[everything.as_slice(), &lints].concat()).run()?;
    // `--all-targets` leaves out tests that `cargo test` leaves out, also those that are named beside it.
    let mut words = vec!["clippy", "--locked", "--quiet", "--package", "tongqiao-integration"];
    for test in ["oidc", "console", "verifier", "peer"] {
        words.extend(["--test", test]);
    }
    words.extend(lints);
    Program::cargo(repository, &words).run()
}

pub(crate) fn test(repository: &Repository) -> Result<(), Trouble> {
    // Signatures of both suites are cross-checked with an implementation that is not ours.
    let cross_check = setup::debian(repository, "openssl", &["openssl"]);
    let mut words = vec!["test", "--locked", "--quiet", "--workspace", "--no-fail-fast"];
    if cross_check.is_err() {
        words.extend(["--", "--skip", OPENSSL_TESTS]);
    }
    Program::cargo(repository, &words).run()?;
    // Everything else has passed; only now is it said that the cross-check was left out.
    cross_check
}

pub(crate) fn doc(repository: &Repository) -> Result<(), Trouble> {
    Program::cargo(repository, &["doc", "--locked", "--quiet", "--workspace", "--no-deps"])
        .with("RUSTDOCFLAGS", "-D warnings")
        .run()
}
