//! The guides: the commands of each are run from its text, and what it shows must have been printed.

use crate::part::{Trouble, guide};
use crate::repository::Repository;
use crate::setup;

const FOLDER: &str = "docs/guides";
/// The list of the guides, which is none itself.
const INDEX: &str = "README";

pub(crate) fn run(repository: &Repository) -> Result<(), Trouble> {
    setup::debian(repository, "curl", &["curl", "ca-certificates"])?;
    let names = names(repository)?;
    let mut failures = Vec::new();
    for name in &names {
        println!("guide {name}");
        match guide::run(repository, &format!("{FOLDER}/{name}.md"), &format!("target/guides/{name}")) {
            Ok(_) => {}
            Err(Trouble::Failed(reason)) => failures.push(format!("{name}: {reason}")),
            Err(skipped) => return Err(skipped),
        }
    }
    println!("{} guides run, {} failed", names.len(), failures.len());
    match (names.is_empty(), failures.is_empty()) {
        (true, _) => Err(Trouble::Failed(format!("{FOLDER} has no guides"))),
        (false, true) => Ok(()),
        (false, false) => Err(Trouble::Failed(failures.join("; "))),
    }
}

/// The guides by name, in the order of the alphabet; a name stands for both languages.
fn names(repository: &Repository) -> Result<Vec<String>, Trouble> {
    let failed = |error: std::io::Error| Trouble::Failed(format!("{FOLDER}: {error}"));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(repository.root().join(FOLDER)).map_err(failed)? {
        let file = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(".md").filter(|name| !name.contains('.') && *name != INDEX) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
