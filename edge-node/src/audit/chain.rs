//! Whether the chain holds: the whole of it for the doctor, its end for who writes the next line.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tongqiao::Credentials;

use super::head::{Head, Standing};
use super::walk::Walk;
use super::{FILE, FORMER, HEAD, Mark, Seen};
use crate::settings;

/// No line is longer: it holds identifiers only.
const LINE_MOST: u64 = 16 * 1024;

/// Where the chain does not hold. Numbers are those that the lines have or should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The line has not the content with which it was written.
    Altered(u64),
    /// These lines are gone.
    Removed(u64, u64),
    /// A line that was not there: another one has its number.
    Inserted(u64),
    /// The line stands behind one that came after it.
    Moved(u64),
    /// The end is gone: what was signed reaches from the first to the second number.
    CutOff(u64, u64),
    /// The line is not the one that the signed or noted head names: what is before it was written anew.
    Rewritten(u64),
    /// There are lines and no signed head, or one that cannot be read.
    HeadMissing,
    /// The head was not signed by the key that it names.
    HeadForged,
    /// The file of lines from before the chain is not the one with which the chain began.
    FormerAltered,
    /// The node itself found a break and wrote so in this line.
    SeenBefore(u64, String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(n) => write!(f, "altered {n}"),
            Self::Removed(from, to) => write!(f, "removed {from} to {to}"),
            Self::Inserted(n) => write!(f, "inserted {n}"),
            Self::Moved(n) => write!(f, "moved {n}"),
            Self::CutOff(from, to) => write!(f, "cut off {from} to {to}"),
            Self::Rewritten(n) => write!(f, "rewritten up to {n}"),
            Self::HeadMissing => f.write_str("head missing"),
            Self::HeadForged => f.write_str("head forged"),
            Self::FormerAltered => f.write_str("former file altered"),
            Self::SeenBefore(n, what) => write!(f, "in line {n}: {what}"),
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Lines in the file.
    pub lines: u64,
    /// The last one: to be noted elsewhere, so that a chain that was written anew is noticed.
    pub last: Mark,
    /// Up to which line the node's present key has signed; `None` where another key has, or none is here.
    pub signed: Option<u64>,
    /// Where it does not hold; empty where it does.
    pub flaws: Vec<Flaw>,
}

/// Verifies the audit file of a node's folder of data, whether the node runs or not; `noted` is a place that was noted earlier.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn verify(data: &Path, noted: Option<&Mark>) -> std::io::Result<Verdict> {
    let credentials = Credentials::from_file(settings::credentials(data)).ok();
    let file = match File::open(data.join(FILE)) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // Nobody is between a line and its head while this is held; the node does not wait for the walk.
    let length = match &file {
        Some(file) => file.lock_shared().and_then(|()| Ok(file.metadata()?.len()))?,
        None => 0,
    };
    let head_file = data.join(HEAD);
    let (head, is_there) = (Head::read(&head_file)?, head_file.is_file());
    let mut walk = Walk::from(Mark::beginning(), 0);
    walk.noted.extend(head.as_ref().map(|head| head.mark.clone()));
    walk.noted.extend(noted.cloned());
    if let Some(file) = file {
        file.unlock()?;
        walk.along(&mut BufReader::new(file.take(length)))?;
    }
    walk.finish();
    let standing = head.as_ref().map(|head| head.standing(credentials.as_ref()));
    if standing == Some(Standing::Forged) {
        walk.flaws.push(Flaw::HeadForged);
    }
    if head.is_none() && (is_there || walk.has_head) {
        walk.flaws.push(Flaw::HeadMissing);
    }
    if let Some(digest) = walk.former.take().filter(|digest| digest != "-")
        && digest_of_file(&data.join(FORMER))?.as_ref() != Some(&digest)
    {
        walk.flaws.push(Flaw::FormerAltered);
    }
    let signed = head.filter(|_| standing == Some(Standing::Signed)).map(|head| head.mark.number);
    Ok(Verdict { lines: walk.lines, last: walk.last(), signed, flaws: walk.flaws })
}

/// The end of the chain as a writer needs it.
pub(super) struct Found {
    pub(super) mark: Mark,
    /// Bytes of whole lines.
    pub(super) length: u64,
    /// Up to which line the present key has signed.
    pub(super) signed: u64,
    pub(super) flaw: Option<Flaw>,
}

/// Looks only at what comes after the signed head where that holds, so that a node starts at once after years, too.
pub(super) fn from_head(
    file: &mut File,
    head: Option<&Head>,
    credentials: Option<&Credentials>,
) -> std::io::Result<Found> {
    let is_forged = head.is_some_and(|head| head.standing(credentials) == Standing::Forged);
    let sound = match head {
        Some(head) if !is_forged && ends_with(file, head)? => Some(head),
        _ => None,
    };
    let mut walk = match sound {
        Some(head) => Walk::from(head.mark.clone(), head.end),
        None => Walk::from(Mark::beginning(), 0),
    };
    if sound.is_none() {
        walk.noted.extend(head.map(|head| head.mark.clone()));
    }
    file.seek(SeekFrom::Start(walk.length))?;
    walk.along(&mut BufReader::new(&*file))?;
    walk.finish();
    let about_head = match head {
        Some(_) if is_forged => Some(Flaw::HeadForged),
        None if walk.has_head => Some(Flaw::HeadMissing),
        _ => None,
    };
    let flaw = walk.flaws.iter().find(|flaw| !matches!(flaw, Flaw::SeenBefore(..))).cloned();
    let is_own = head.is_some_and(|head| head.standing(credentials) == Standing::Signed);
    let signed = head.filter(|_| is_own).map_or(0, |head| head.mark.number);
    Ok(Found { mark: walk.last(), length: walk.length, signed, flaw: about_head.or(flaw) })
}

/// Whether the line that the head names ends where the head says.
fn ends_with(file: &mut File, head: &Head) -> std::io::Result<bool> {
    if head.mark.number == 0 {
        return Ok(head.end == 0);
    }
    if file.metadata()?.len() < head.end {
        return Ok(false);
    }
    let start = head.end.saturating_sub(LINE_MOST);
    file.seek(SeekFrom::Start(start))?;
    let mut before = Vec::new();
    file.take(head.end - start).read_to_end(&mut before)?;
    let Some(lines) = before.strip_suffix(b"\n") else { return Ok(false) };
    let line = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Seen::read(line).is_some_and(|seen| seen.mark() == head.mark))
}

/// The SHA-256 of a file in hexadecimal; `None` where there is none.
pub(super) fn digest_of_file(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
