//! The clerk's console in a browser that people use.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

const FOLDER: &str = "tests/integration/console";

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    setup::debian(repository, "chromium", &["chromium", "fonts-noto-cjk"])?;
    setup::debian(repository, "node", &["nodejs"])?;
    setup::debian(repository, "npm", &["npm"])?;
    // `npm ci` takes exactly the versions of the lock file, checked by their digests.
    let install = Program::new(&repository.root().join(FOLDER), "npm", &["ci", "--no-progress", "--ignore-scripts"]);
    if let Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) = install.run() {
        return Err(Trouble::Skipped(format!("the driver of the browser could not be installed: {reason}")));
    }
    Program::cargo(repository, &["test", "--locked", "--quiet", "-p", "tongqiao-integration", "--test", "console"])
        .run()
}
