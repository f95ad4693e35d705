//! Installing what a part needs and the machine does not have yet.

use std::path::PathBuf;

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;

/// Installs a command-line tool from its Rust package into `.verify/` and returns the path of its binary.
///
/// Built without optimisation: it runs once, and building it optimised takes five times as long.
///
/// # Errors
/// Skips the part where the package cannot be had or built.
pub(crate) fn rust_tool(repository: &Repository, package: &str, version: &str) -> Result<PathBuf, Trouble> {
    let root = repository.tools().join(format!("{package}-{version}"));
    let binary = root.join("bin").join(package);
    if binary.is_file() {
        return Ok(binary);
    }
    let root_text = root.display().to_string();
    let words = ["install", "--locked", "--debug", "--quiet", "--root", &root_text, "--version", version, package];
    match Program::cargo(repository, &words).with("CARGO_PROFILE_DEV_DEBUG", "0").run() {
        Ok(()) => Ok(binary),
        Err(Trouble::Failed(reason) | Trouble::Skipped(reason)) => {
            Err(Trouble::Skipped(format!("{package} {version} could not be installed: {reason}")))
        }
    }
}
