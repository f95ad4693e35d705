//! The files of the repository, as git knows them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the working copy.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// One file, by its path relative to the root.
pub(super) struct File {
    pub(super) path: String,
}

impl File {
    /// Its text; `None` where the file is not UTF-8.
    pub(super) fn text(&self) -> Option<String> {
        String::from_utf8(std::fs::read(root().join(&self.path)).unwrap()).ok()
    }

    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
    }

    /// Whether its first lines say that a program wrote it.
    pub(super) fn is_generated(&self) -> bool {
        self.text().is_some_and(|text| text.lines().take(3).any(|line| line.contains("generated")))
    }
}

/// Every file that is tracked, or would be if it were added now.
pub(super) fn files() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let files = String::from_utf8(listed.stdout)
        .unwrap()
        .lines()
        .filter(|path| root().join(path).is_file())
        .map(|path| File { path: path.to_owned() })
        .collect::<Vec<_>>();
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "the listing must hold the repository itself");
    files
}

/// Fails with every finding at once.
pub(super) fn assert_none(findings: &[String], what_to_do: &str) {
    assert!(findings.is_empty(), "{}\n{what_to_do}", findings.join("\n"));
}
