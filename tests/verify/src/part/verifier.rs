//! The stand-alone verifier of receipts on what the real platform gives.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// What the script needs: signatures of either suite.
const PACKAGES: [&str; 2] = ["cryptography==48.0.0", "gmalg==1.1.2"];

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    setup::python_packages(repository, "verifier", &PACKAGES)?;
    Program::cargo(repository, &["test", "--locked", "--quiet", "-p", "tongqiao-integration", "--test", "verifier"])
        .run()
}
