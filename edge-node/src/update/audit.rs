//! Who has which version since when, one line of JSON each, on disk before it happens or as soon as it is known.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tongqiao_protocol::{Digest, Timestamp};

use super::UpdateError;
use super::installing::Note;
use super::version::Version;
use crate::courier::local_now;

const FILE: &str = "updates.jsonl";

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Event {
    Begun,
    /// It was broken off before the program was exchanged.
    NotBegun,
    Serves,
    RolledBack,
    /// And the former one does not serve either.
    RolledBackAndSilent,
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    event: Event,
    former: &'a Version,
    new: &'a Version,
    digest: &'a Digest,
}

/// The file. Nothing is ever taken out of it.
pub(super) struct Audit(PathBuf);

impl Audit {
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join(FILE))
    }

    /// Writes a line; returns when it is on disk.
    pub(super) fn note(&self, note: &Note, event: Event) -> Result<(), UpdateError> {
        let line = Line { at: local_now(), event, former: &note.former, new: &note.new, digest: &note.digest };
        self.write(&line).map_err(|error| UpdateError::File(self.0.clone(), error))
    }

    fn write(&self, line: &Line<'_>) -> std::io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = File::options().append(true).create(true).mode(0o600).open(&self.0)?;
        file.write_all(&text)?;
        file.sync_all()
    }
}
