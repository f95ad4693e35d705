//! Who looked at whose data and what left the house: one file of JSON lines, each bound to the line before.
//!
//! A line is on disk before what it tells of is shown. The chain's head is signed by the node's link key and kept beside the file, so
//! that lines cut off at the end are missed as well. `tongqiao-edge doctor audit` reads both.
//!
//! What must never happen: that a line is changed, taken out, put in or moved without being noticed; that a break which was seen once
//! is forgotten because the chain went on after it; that the file holds a person's name or number.
//!
//! Several processes write: each holds the file's lock while it appends. Whoever has the node's key file can sign another chain; that
//! is noticed only by who has noted an earlier head elsewhere.

mod chain;
mod head;
mod line;
mod revocations;
#[cfg(test)]
mod tests;
mod walk;

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tongqiao::{Credentials, SoftwareSigner};
use tongqiao_protocol::Signer as _;

pub use self::chain::{Flaw, Verdict, verify};
use self::head::Head;
use self::line::{Body, Seen};
pub use self::line::{Mark, NotAMark};
pub(crate) use self::revocations::watch_revocations;
use crate::courier::local_now;
use crate::settings;

/// The chain, in the node's folder of data.
const FILE: &str = "audit.jsonl";
/// Its head.
const HEAD: &str = "audit-head.json";
/// Lines without a chain, of versions before it.
const FORMER: &str = "console/audit.jsonl";
/// So many lines of the machine's own doing share one signature of the head.
const SHARED: u64 = 64;
/// Who does what a command line asks for.
pub const OPERATOR: &str = "operator";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// The chain began; about the file of lines before it, where there was one.
    Begun,
    /// From here on there is a signed head; about the key.
    SigningBegun,
    /// The chain was found broken when the next line was to be written.
    Broken,
    /// A clerk got in.
    SignedIn,
    /// A wrong name or password.
    SignInFailed,
    /// The same once too often.
    LockedOut,
    /// A clerk left.
    SignedOut,
    /// Personal data of a case was shown whole.
    Revealed,
    /// A receipt was printed for the first time.
    Printed,
    /// A receipt was printed again.
    Reprinted,
    /// A case was opened.
    Opened,
    /// What the platform refused was mended.
    Replaced,
    /// What the platform refused was given up.
    Abandoned,
    /// Something was added to a case.
    Appended,
    /// A bill was made.
    Billed,
    /// A shift was handed over.
    HandedOver,
    /// Receipts of the platform went to the system that had handed in the records.
    ReceiptsGiven,
    /// A bundle of records was written for the ferry.
    FerryWritten,
    /// A bundle of receipts was read from the ferry.
    FerryRead,
    /// The key directory in use names a key revoked that it did not before; about the key, of its party.
    RevocationSeen,
    /// The node or its console was enrolled.
    Enrolled,
    /// An account of the console was made or changed.
    AccountSet,
    /// An account of the console was taken out.
    AccountRemoved,
}

impl Deed {
    /// Whether the head is signed anew for each such line.
    const fn is_of_people(self) -> bool {
        !matches!(self, Self::ReceiptsGiven)
    }
}

/// Where the file ends, as this process last saw it.
#[derive(Debug, Clone)]
struct Tail {
    mark: Mark,
    length: u64,
    /// The line up to which the head is signed.
    signed: u64,
}

/// The audit file of a node. Nothing is ever taken out of it.
pub struct Audit {
    data: PathBuf,
    credentials: Option<Credentials>,
    tail: Mutex<Option<Tail>>,
}

impl Audit {
    /// That of a node's folder of data. Without credentials in it the head is not signed.
    pub fn of(data: &Path) -> Self {
        let credentials = Credentials::from_file(settings::credentials(data)).ok();
        Self { data: data.to_owned(), credentials, tail: Mutex::default() }
    }

    /// Writes a line; returns when it is on disk. `about` is an identifier, never a name or number of a person.
    ///
    /// # Errors
    /// The file; what was to be noted must not be shown then.
    pub fn note(&self, who: &str, deed: Deed, about: &str) -> std::io::Result<()> {
        let mut known = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.open()?;
        file.lock()?;
        let length = file.metadata()?.len();
        let mut tail = match known.take().filter(|tail| tail.length == length) {
            Some(tail) => tail,
            None => self.resume(&mut file)?,
        };
        append(&mut file, &mut tail, who, deed, about)?;
        if deed.is_of_people() || tail.mark.number >= tail.signed.saturating_add(SHARED) {
            self.sign(&mut tail)?;
        }
        *known = Some(tail);
        Ok(())
    }

    fn open(&self) -> std::io::Result<File> {
        let mut options = File::options();
        let file = options.read(true).append(true).create(true).mode(0o600).open(self.data.join(FILE))?;
        self.belongs_to_the_service(&file)?;
        Ok(file)
    }

    /// Finds the end of the chain; tells in it of what does not hold between the signed head and the end.
    fn resume(&self, file: &mut File) -> std::io::Result<Tail> {
        let head = Head::read(&self.data.join(HEAD))?;
        let found = chain::from_head(file, head.as_ref(), self.credentials.as_ref())?;
        // A line that a power cut tore was on its way and told nobody anything.
        if found.length < file.metadata()?.len() {
            file.set_len(found.length)?;
        }
        // Numbers of lines that were cut off are not given again.
        let mark = Mark { number: found.mark.number.max(found.signed), ..found.mark };
        let mut tail = Tail { mark, length: found.length, signed: found.signed };
        if found.flaw.is_none() && tail.length == 0 {
            let former = chain::digest_of_file(&self.data.join(FORMER))?;
            append(file, &mut tail, OPERATOR, Deed::Begun, former.as_deref().unwrap_or("-"))?;
        }
        if let Some(link) = self.link_key().filter(|_| found.flaw.is_none() && head.is_none()) {
            // First the head, on disk under its name: where that line stands and no head, it was taken away.
            self.sign(&mut tail)?;
            File::open(&self.data)?.sync_all()?;
            append(file, &mut tail, OPERATOR, Deed::SigningBegun, link.key_id().as_str())?;
        }
        if let Some(flaw) = found.flaw {
            tracing::error!(%flaw, "the audit file was tampered with or damaged");
            append(file, &mut tail, OPERATOR, Deed::Broken, &flaw.to_string())?;
            self.sign(&mut tail)?;
        }
        Ok(tail)
    }

    fn link_key(&self) -> Option<&SoftwareSigner> {
        self.credentials.as_ref().and_then(Credentials::link_key)
    }

    /// Signs the end of the chain, where there is a key for it.
    fn sign(&self, tail: &mut Tail) -> std::io::Result<()> {
        let Some(link) = self.link_key() else { return Ok(()) };
        let head = Head::sign(tail.mark.clone(), tail.length, link)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.data)?;
        self.belongs_to_the_service(file.as_file())?;
        file.write_all(&serde_json::to_vec(&head)?)?;
        file.as_file().sync_all()?;
        file.persist(self.data.join(HEAD)).map_err(|error| error.error)?;
        tail.signed = tail.mark.number;
        Ok(())
    }

    /// A command that root ran must leave nothing that the service cannot write.
    fn belongs_to_the_service(&self, file: &File) -> std::io::Result<()> {
        let (folder, own) = (std::fs::metadata(&self.data)?, file.metadata()?);
        if own.uid() == 0 && folder.uid() != 0 {
            fchown(file, Some(folder.uid()), Some(folder.gid()))?;
        }
        Ok(())
    }
}

fn append(file: &mut File, tail: &mut Tail, who: &str, deed: Deed, about: &str) -> std::io::Result<()> {
    let number = tail.mark.number.saturating_add(1);
    let body = Body { n: number, at: local_now(), who, deed, about, before: &tail.mark.digest };
    let (line, digest) = body.line()?;
    file.write_all(&line)?;
    file.sync_data()?;
    tail.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
    tail.mark = Mark { number, digest };
    Ok(())
}
