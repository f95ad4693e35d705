//! Running another program: no standard input, the same environment everywhere, a reason when it fails.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::part::Trouble;
use crate::repository::Repository;
use crate::tail::{self, Tail};

/// Variables that `cargo run` sets for this program and that must not reach the programs it starts:
/// a nested cargo would take them for its own and rebuild what is already built.
const OF_THE_OUTER_CARGO: [&str; 6] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
    "LD_LIBRARY_PATH",
];

/// A program with its arguments, to be run in the repository.
pub(crate) struct Program {
    shown: String,
    command: Command,
}

impl Program {
    /// `cargo` with these words, in the repository's root.
    pub(crate) fn cargo(repository: &Repository, words: &[&str]) -> Self {
        Self::new(repository.root(), "cargo", words)
    }

    /// Any program, in this folder.
    pub(crate) fn new(folder: &Path, name: &str, words: &[&str]) -> Self {
        let mut command = Command::new(name);
        command.args(words).current_dir(folder).stdin(Stdio::null()).env("CARGO_INCREMENTAL", "0");
        for name in OF_THE_OUTER_CARGO {
            command.env_remove(name);
        }
        let shown = std::iter::once(name).chain(words.iter().copied()).collect::<Vec<_>>().join(" ");
        Self { shown, command }
    }

    /// With one more environment variable.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it with its output visible; anything but success is a failure of the part.
    /// Where nobody watches, the reason ends with what it printed last.
    pub(crate) fn run(mut self) -> Result<(), Trouble> {
        println!("$ {}", self.shown);
        let did_not_start = |error: io::Error| Trouble::Failed(format!("`{}` did not start: {error}", self.shown));
        let (status, tail) = if io::stdout().is_terminal() {
            // Colours and progress bars stay.
            (self.command.status().map_err(did_not_start)?, Tail::default())
        } else {
            let spawned = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
            let mut child = spawned.map_err(did_not_start)?;
            let listening = tail::listen(&mut child);
            (child.wait().map_err(did_not_start)?, listening.end())
        };
        if status.success() {
            return Ok(());
        }
        Err(Trouble::Failed(format!("`{}` ended with {status}{}", self.shown, tail.text())))
    }

    /// As [`Program::run`], and gives what it said on standard output, which is shown too.
    pub(crate) fn heard(mut self) -> Result<String, Trouble> {
        println!("$ {}", self.shown);
        let failed = |error: std::io::Error| Trouble::Failed(format!("`{}`: {error}", self.shown));
        let child = self.command.stdout(Stdio::piped()).spawn().map_err(failed)?;
        let output = child.wait_with_output().map_err(failed)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        print!("{text}");
        if output.status.success() {
            return Ok(text);
        }
        Err(Trouble::Failed(format!("`{}` ended with {}", self.shown, output.status)))
    }

    /// Its standard output, when given this text as standard input.
    pub(crate) fn filter(mut self, input: &str) -> Result<String, Trouble> {
        let failed = |error: std::io::Error| Trouble::Failed(format!("`{}`: {error}", self.shown));
        let mut child = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        if let Some(mut standard_input) = child.stdin.take() {
            standard_input.write_all(input.as_bytes()).map_err(failed)?;
        }
        let output = child.wait_with_output().map_err(failed)?;
        match String::from_utf8(output.stdout) {
            Ok(text) if output.status.success() => Ok(text),
            _ => Err(Trouble::Failed(format!("`{}` ended with {}", self.shown, output.status))),
        }
    }

    /// Starts it and leaves it running, its standard output to be read by the caller.
    pub(crate) fn start(mut self) -> Result<Child, Trouble> {
        println!("$ {} &", self.shown);
        let started = self.command.stdout(Stdio::piped()).spawn();
        started.map_err(|error| Trouble::Failed(format!("`{}` did not start: {error}", self.shown)))
    }

    /// Whether it starts and succeeds; its output is discarded.
    pub(crate) fn succeeds(mut self) -> bool {
        let silent = self.command.stdout(Stdio::null()).stderr(Stdio::null());
        silent.status().is_ok_and(|status| status.success())
    }
}
