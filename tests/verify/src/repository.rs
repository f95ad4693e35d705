//! Where the repository is on this machine.

use std::path::{Path, PathBuf};

/// The root of the working copy that is being checked.
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The working copy this binary was built from.
    pub(crate) fn find() -> Result<Self, String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).filter(|root| root.join("Cargo.lock").is_file());
        match root {
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => Err(format!("no workspace above {}; was the folder moved after building?", here.display())),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for tools and packages that the parts install. Ignored by git, safe to delete.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".verify")
    }
}
