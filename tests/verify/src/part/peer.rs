//! The independent client in Python: its own tests, and its story at the real platform.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// What it is allowed to stand on; `conformance/peer-python/requirements.txt` has the same.
const PACKAGES: [&str; 3] = ["cryptography==48.0.0", "gmalg==1.1.2", "requests==2.34.2"];

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    let python = setup::python_packages(repository, "peer", &PACKAGES)?;
    let folder = repository.root().join("conformance/peer-python");
    let words = ["-m", "unittest", "discover", "--start-directory", "tests", "--top-level-directory", "."];
    Program::new(&folder, &python.display().to_string(), &words).run()?;
    Program::cargo(repository, &["test", "--locked", "--quiet", "-p", "tongqiao-integration", "--test", "peer"]).run()
}
