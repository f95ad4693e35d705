//! The platform, fuzzed by its own OpenAPI document.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// The fuzzer, and what its hooks sign with.
const PACKAGES: [&str; 2] = ["schemathesis==4.32.5", "cryptography==48.0.0"];
const SCRIPT: &str = "tests/schemathesis/run.py";
const PLATFORM: &str = "target/release/tongqiao-platform";

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    let python = setup::python_packages(repository, "schemathesis", &PACKAGES)?;
    // The demo has built it already; alone, this part builds it.
    let build = ["build", "--release", "--locked", "--quiet", "-p", "tongqiao-reference-platform"];
    Program::cargo(repository, &build).run()?;
    Program::new(repository.root(), &python.display().to_string(), &[SCRIPT, PLATFORM]).run()
}
