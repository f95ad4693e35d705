//! Files that are made from others, `sdk/protocol/errors.toml` above all: committed, so that readers and other languages need
//! no tool, and compared with their sources by the part `generate`.

mod json;
mod openapi;
mod page;
mod registry;
mod rust;

use std::path::PathBuf;

use crate::part::Trouble;
use crate::repository::Repository;
use registry::Registry;

/// One file with the text it should have.
struct Generated {
    path: PathBuf,
    text: String,
}

/// Writes every generated file.
///
/// # Errors
/// When the registry breaks one of its rules, or a file cannot be written.
pub(crate) fn write(repository: &Repository) -> Result<(), Trouble> {
    for file in all(repository)? {
        let folder = file.path.parent().unwrap_or(repository.root());
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&file.path, &file.text))
            .map_err(|error| Trouble::Failed(format!("{}: {error}", file.path.display())))?;
        println!("wrote {}", file.path.display());
    }
    Ok(())
}

/// Compares every generated file with what it should be.
///
/// # Errors
/// Names every file that differs.
pub(crate) fn check(repository: &Repository) -> Result<(), Trouble> {
    let stale = all(repository)?
        .into_iter()
        .filter(|file| std::fs::read_to_string(&file.path).ok().as_ref() != Some(&file.text))
        .map(|file| file.path.strip_prefix(repository.root()).unwrap_or(&file.path).display().to_string())
        .collect::<Vec<_>>();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Trouble::Failed(format!("{} differ from their sources; run `cargo verify --generate`", stale.join(", "))))
}

fn all(repository: &Repository) -> Result<Vec<Generated>, Trouble> {
    let registry = Registry::read(repository).map_err(Trouble::Failed)?;
    let at = |path: &str, text: String| Generated { path: repository.root().join(path), text };
    Ok(vec![
        at("sdk/protocol/src/error_code.rs", rust::formatted(repository, &registry)?),
        at("conformance/spec/errors.json", json::text(&registry)),
        at("conformance/spec/openapi.json", openapi::text(repository, &registry).map_err(Trouble::Failed)?),
        at("docs/reference/errors.md", page::english(&registry)),
        at("docs/reference/errors.zh-CN.md", page::chinese(&registry)),
    ])
}
