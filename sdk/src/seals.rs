//! Seals 签章: what signature blocks a document carries, as far as it says so itself. Nothing is verified here.
//!
//! An OFD document (GB/T 33190) lists its signatures in files of its package; a PDF document (ISO 32000-1, 12.8) holds them in
//! dictionaries with a byte range. Both are found and reported: by whom they say they were made, with what, over how much of the
//! file. Whether the value fits and whose certificate it is remains to be verified by somebody who can (GB/T 38540, GM/T 0031);
//! this library does not yet, and says so in every report.
//!
//! A document may be anything that somebody uploaded: everything read is bounded, and what cannot be read is reported and never
//! guessed.

mod ofd;
mod pdf;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at the first surprise")]
mod tests;

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use tongqiao_protocol::ErrorCode;

use crate::Error;

/// The most signature blocks that are reported of one document.
pub const SEALS_MAX: usize = 64;
/// The most bytes of one file of a package, and of the surroundings of one PDF signature, that are looked at.
const LOOKED_AT_MAX: u64 = 1024 * 1024;

/// What a document carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealReport {
    /// What kind of document it is.
    pub kind: DocumentKind,
    /// Its signature blocks, in the order of the document; at most [`SEALS_MAX`].
    pub seals: Vec<Seal>,
    /// What could not be read, in words for a log.
    pub unread: Vec<String>,
    /// Always so, in this version: a seal that is reported was not verified.
    pub verification: Verification,
}

/// What kind of document was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// OFD, GB/T 33190.
    Ofd,
    /// PDF, ISO 32000.
    Pdf,
    /// Neither: nothing is said about its seals.
    Other,
}

/// Whether the seals were verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Verification {
    /// They were not: what a report says is what the document says of itself.
    #[default]
    NotVerified,
}

/// One signature block, as the document describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seal {
    /// Its name in the document: the id of an OFD signature, the position of a PDF one.
    pub name: String,
    /// Whether a seal is drawn (`Seal`) or not (`Sign`), or the sub-filter of a PDF signature (`adbe.pkcs7.detached`).
    pub form: Option<String>,
    /// Who says that he made it: provider of an OFD signature, `Name` of a PDF one.
    pub signer: Option<String>,
    /// The algorithm: an object identifier, or the filter of a PDF signature.
    pub method: Option<String>,
    /// When it says that it was made, as it is written.
    pub time: Option<String>,
    /// How many bytes of the file (PDF) or files of the package (OFD) it covers.
    pub covers: Option<u64>,
    /// Of a PDF signature: whether what it covers, with its own value between, is the whole file.
    pub covers_all: Option<bool>,
    /// How long the signature's value is, in bytes.
    pub value_bytes: Option<u64>,
}

/// Looks at a document.
///
/// ```
/// let report = tongqiao::seals_in(std::io::Cursor::new(b"%PDF-1.7\n%%EOF".to_vec()))?;
/// assert!(report.seals.is_empty());
/// assert_eq!(report.verification, tongqiao::Verification::NotVerified);
/// # Ok::<(), tongqiao::Error>(())
/// ```
///
/// # Errors
/// `client.material_unreadable` when the reader fails. A document that is damaged or hostile is no error: what could not be read
/// stands in [`SealReport::unread`].
pub fn seals_in(mut document: impl Read + Seek) -> Result<SealReport, Error> {
    let unreadable = |error: std::io::Error| Error::of(ErrorCode::ClientMaterialUnreadable).because(error);
    let mut head = [0; 1_024];
    let read = read_up_to(&mut document, &mut head).map_err(unreadable)?;
    let head = head.get(..read).unwrap_or_default();
    document.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if head.starts_with(b"PK\x03\x04") {
        return Ok(ofd::look(document));
    }
    // A reader of PDF looks for the header within the first kilobyte.
    if head.windows(5).any(|window| window == b"%PDF-") {
        return pdf::look(document).map_err(unreadable);
    }
    Ok(SealReport::of(DocumentKind::Other))
}

/// The same for a file, off the threads that serve the network.
///
/// # Errors
/// `client.material_unreadable` when the file cannot be read.
pub async fn seals_of(path: impl Into<PathBuf>) -> Result<SealReport, Error> {
    let path = path.into();
    let looked = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(path);
        let file = file.map_err(|error| Error::of(ErrorCode::ClientMaterialUnreadable).because(error))?;
        seals_in(std::io::BufReader::new(file))
    });
    looked.await.map_err(Error::internal)?
}

fn read_up_to(document: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match document.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl SealReport {
    const fn of(kind: DocumentKind) -> Self {
        Self { kind, seals: Vec::new(), unread: Vec::new(), verification: Verification::NotVerified }
    }
}

/// A text of the document, short enough for a report.
fn shown(text: &str) -> Option<String> {
    const CHARACTERS_MAX: usize = 200;
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().filter(|one| !one.is_control()).take(CHARACTERS_MAX).collect())
}
