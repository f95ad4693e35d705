//! What can go wrong with the demo itself (a wrong ledger is a result, not an error).

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The demo could not be carried out.
#[derive(Debug)]
pub(crate) enum DemoError {
    /// The operating system refused something.
    Io {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// The folder named by `--data` has something in it.
    NotEmpty(PathBuf),
    /// The SDK, the platform or the stores said something unexpected.
    Broken(String),
}

impl DemoError {
    /// Wraps an operating system's refusal.
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source }
    }

    /// Wraps anything printable.
    pub(crate) fn broken(what: impl fmt::Display) -> Self {
        Self::Broken(what.to_string())
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, source } => write!(f, "无法完成 could not {doing}: {source}"),
            Self::NotEmpty(folder) => write!(
                f,
                "{} 不是空目录，请换一个新目录：总账只算一次运行 / is not empty; name a new folder, because a ledger is of one run",
                folder.display()
            ),
            Self::Broken(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for DemoError {}
