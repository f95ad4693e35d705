//! Who looked at whose data and who did what, one line of JSON each, on disk before the page is shown.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tongqiao_protocol::Timestamp;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Deed {
    SignedIn,
    SignInFailed,
    LockedOut,
    SignedOut,
    /// Personal data of a case was shown whole.
    Revealed,
    Printed,
    Opened,
    Replaced,
    Abandoned,
    Appended,
    Billed,
    HandedOver,
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    clerk: &'a str,
    deed: Deed,
    /// The case's id or another identifier; never a name or number of a person.
    about: &'a str,
}

/// The audit file. Nothing is ever taken out of it.
pub(super) struct Audit(Mutex<File>);

impl Audit {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::options().append(true).create(true).mode(0o600).open(path)?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes a line; returns when it is on disk.
    pub(super) fn note(&self, clerk: &str, deed: Deed, about: &str) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(&Line { at: crate::courier::local_now(), clerk, deed, about })?;
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        file.sync_data()
    }
}
