//! What we depend on: licences, sources, and who may use what.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

const CARGO_DENY_VERSION: &str = "0.20.2";

pub(crate) fn check(repository: &Repository) -> Result<(), Trouble> {
    let binary = setup::rust_tool(repository, "cargo-deny", CARGO_DENY_VERSION)?;
    let words = ["--locked", "--log-level", "warn", "check", "bans", "licenses", "sources"];
    Program::new(repository.root(), &binary.display().to_string(), &words).run()
}
