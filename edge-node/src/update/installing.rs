//! The file of the program is exchanged, so that there is a whole one at every moment and a note tells what is being tried.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use tongqiao_protocol::Digest;

use super::version::Version;
use super::{Unfit, UpdateError};

/// How often a program is run that somebody still holds open, and how long apart.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// What is being tried, on disk while it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) former: Version,
    pub(super) new: Version,
    pub(super) digest: Digest,
}

/// What has just been done, for whoever wants to see what a power cut leaves after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The new program is beside the installed one.
    Written,
    /// The installed one has been kept under its second name.
    Kept,
    /// The note is on disk.
    Noted,
    /// The new program is installed.
    Exchanged,
    /// The former one is installed again.
    TakenBack,
}

/// Called after each step; an error ends the work there and then, as a power cut would.
type Passing<'a> = &'a mut dyn FnMut(Step) -> std::io::Result<()>;

/// The right to exchange the program, held by one process at a time.
#[derive(Debug)]
pub(super) struct Installing {
    program: PathBuf,
    _lock: File,
}

impl Installing {
    pub(super) fn begin(program: &Path) -> Result<Self, UpdateError> {
        let path = beside(program, "lock");
        let failed = |error| UpdateError::File(path.clone(), error);
        let lock = File::options().create(true).append(true).open(&path).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => UpdateError::Busy,
            std::fs::TryLockError::Error(error) => failed(error),
        })?;
        Ok(Self { program: program.to_owned(), _lock: lock })
    }

    /// What was being tried when somebody was broken off.
    pub(super) fn broken_off(&self) -> Result<Option<Note>, UpdateError> {
        let path = self.note();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(UpdateError::File(path, error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| UpdateError::File(path, error.into()))
    }

    /// Puts the new program in the place of the installed one, which stays beside it.
    pub(super) fn exchange(&self, note: &Note, bytes: &[u8], passing: Passing<'_>) -> Result<(), UpdateError> {
        let new = beside(&self.program, "new");
        let failed = |error| UpdateError::File(self.program.clone(), error);
        write_whole(&new, bytes, 0o755).map_err(failed)?;
        if !says(&new, &note.new) {
            drop(std::fs::remove_file(&new));
            return Err(Unfit::DoesNotRun(note.new.clone()).into());
        }
        passing(Step::Written).map_err(failed)?;
        copy_whole(&self.program, &self.former()).map_err(failed)?;
        passing(Step::Kept).map_err(failed)?;
        let text = serde_json::to_vec(note).map_err(|error| failed(error.into()))?;
        write_whole(&self.note(), &text, 0o644).map_err(failed)?;
        passing(Step::Noted).map_err(failed)?;
        rename(&new, &self.program).map_err(failed)?;
        passing(Step::Exchanged).map_err(failed)
    }

    /// Whether the program that is installed is the one that was being tried.
    pub(super) fn is_exchanged(&self, note: &Note) -> Result<bool, UpdateError> {
        let bytes = std::fs::read(&self.program).map_err(|error| UpdateError::File(self.program.clone(), error))?;
        Ok(Digest::of(note.digest.suite(), &bytes) == note.digest)
    }

    /// Puts the former program back.
    pub(super) fn take_back(&self, passing: Passing<'_>) -> Result<(), UpdateError> {
        let failed = |error| UpdateError::File(self.former(), error);
        copy_whole(&self.former(), &self.program).map_err(failed)?;
        passing(Step::TakenBack).map_err(failed)
    }

    /// Nothing is being tried any more.
    pub(super) fn end(&self) -> Result<(), UpdateError> {
        for path in [beside(&self.program, "new"), self.note()] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(UpdateError::File(path, error));
                }
                _ => {}
            }
        }
        sync_folder(&self.program).map_err(|error| UpdateError::File(self.program.clone(), error))
    }

    fn note(&self) -> PathBuf {
        beside(&self.program, "update")
    }

    fn former(&self) -> PathBuf {
        beside(&self.program, "old")
    }
}

/// A file in the same folder with another ending.
fn beside(program: &Path, ending: &str) -> PathBuf {
    let mut name = program.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Whether a program runs here and is of a version.
#[allow(clippy::disallowed_methods, reason = "nobody tells when a file is no longer open for writing elsewhere")]
fn says(program: &Path, version: &Version) -> bool {
    let run = || Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    let mut output = run();
    // Another thread that starts a program meanwhile holds the file that was just written for a moment.
    for _ in 0..BUSY_TRIES {
        if !output.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy) {
            break;
        }
        std::thread::sleep(BUSY_PAUSE);
        output = run();
    }
    output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout);
        output.status.success() && said.trim().rsplit(' ').next() == Some(version.to_string().as_str())
    })
}

/// Either the whole file is there under its name afterwards, or what was there before.
pub(super) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder(path))?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

fn copy_whole(from: &Path, to: &Path) -> std::io::Result<()> {
    write_whole(to, &std::fs::read(from)?, std::fs::metadata(from)?.permissions().mode() & 0o7777)
}

fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::rename(from, to)?;
    sync_folder(to)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(folder(path))?.sync_all()
}
