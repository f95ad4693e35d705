//! The independent client in Python: its story and its own tests, at the real platform.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// What it and its tests stand on; `conformance/peer-python/requirements-test.txt` has the same, with hashes.
const PACKAGES: [&str; 3] = ["cryptography==50.0.2", "gmalg==1.1.2", "pytest==8.4.2"];

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    setup::python_packages(repository, "peer", &PACKAGES)?;
    Program::cargo(repository, &["test", "--locked", "--quiet", "-p", "tongqiao-integration", "--test", "peer"]).run()
}
