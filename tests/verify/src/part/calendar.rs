//! The arrangement of holidays and the vectors of the deadline clock, against a package that others keep.

use crate::command::Program;
use crate::part::Trouble;
use crate::repository::Repository;
use crate::setup;

/// Holds the arrangements to 2026.
const CHINESE_CALENDAR: &str = "chinesecalendar==1.11.0";

pub(crate) fn check(repository: &Repository) -> Result<(), Trouble> {
    let python = setup::python_packages(repository, "calendar", &[CHINESE_CALENDAR])?;
    let words = ["conformance/vectors/build_deadlines.py", "--check"];
    Program::new(repository.root(), &python.display().to_string(), &words).run()
}
