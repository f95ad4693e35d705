//! The local file: measured, copied, and watched for changes.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::Digest as _;
use tongqiao_protocol::limits::MATERIAL_BYTES_MAX;
use tongqiao_protocol::material::{SALT_BYTES, possession_prefix};
use tongqiao_protocol::{Digest, MaterialId, Suite};

/// How much is read at once.
const STEP_BYTES: usize = 256 * 1024;

/// What a file holds.
pub(super) struct Measured {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// The proof that it is here, where a salt was given.
    pub(super) proof: Option<Digest>,
}

/// What a look at a file without reading it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

enum Hash {
    International(sha2::Sha256),
    ShangMi(sm3::Sm3),
}

impl Hash {
    fn new(suite: Suite) -> Self {
        match suite {
            Suite::International => Self::International(sha2::Sha256::new()),
            Suite::ShangMi => Self::ShangMi(sm3::Sm3::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::International(hash) => hash.update(bytes),
            Self::ShangMi(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Digest {
        match self {
            Self::International(hash) => Digest::from_bytes(Suite::International, hash.finalize().into()),
            Self::ShangMi(hash) => Digest::from_bytes(Suite::ShangMi, hash.finalize().into()),
        }
    }
}

pub(super) fn stamp(file: &File) -> io::Result<Stamp> {
    let facts = file.metadata()?;
    Ok(Stamp { size: facts.len(), modified: facts.modified().ok() })
}

/// Reads the whole file once.
pub(super) fn measure(path: &Path, suite: Suite, salt: Option<&[u8; SALT_BYTES]>) -> io::Result<Measured> {
    let facts = std::fs::metadata(path)?;
    if !facts.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    read_through(File::open(path)?, suite, salt, |_| Ok(()))
}

/// Copies what a reader gives into a file of the spool; it is on disk when this returns.
pub(super) fn spool(from: impl Read, suite: Suite, folder: &Path, id: MaterialId) -> io::Result<(PathBuf, Measured)> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(id.to_string());
    let copied = File::create(&path).and_then(|mut copy| {
        let measured = read_through(from, suite, None, |bytes| copy.write_all(bytes))?;
        copy.sync_all()?;
        sync_folder(folder)?;
        Ok(measured)
    });
    match copied {
        Ok(measured) => Ok((path, measured)),
        Err(error) => {
            // What is half copied belongs to no job.
            drop(std::fs::remove_file(&path));
            Err(error)
        }
    }
}

/// A name in a folder lasts only when the folder was written too.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads to the end, or until it is certainly too large.
fn read_through(
    mut from: impl Read,
    suite: Suite,
    salt: Option<&[u8; SALT_BYTES]>,
    mut with: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Measured> {
    let mut hash = Hash::new(suite);
    let mut proof = salt.map(|salt| {
        let mut proof = Hash::new(suite);
        proof.update(&possession_prefix(salt));
        proof
    });
    let (mut buffer, mut size) = (vec![0; STEP_BYTES], 0);
    while size <= MATERIAL_BYTES_MAX {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &buffer[..count];
        hash.update(bytes);
        if let Some(proof) = &mut proof {
            proof.update(bytes);
        }
        with(bytes)?;
        size += count as u64;
    }
    Ok(Measured { digest: hash.finish(), size, proof: proof.map(Hash::finish) })
}

/// A piece of the file; fewer bytes when it has become shorter.
pub(super) fn piece(file: &mut File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
