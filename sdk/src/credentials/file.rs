//! The document in which credentials are kept.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tongqiao_protocol::{KeyId, PartyId, PublicKey, Signer as _, Suite};
use zeroize::Zeroizing;

use super::Credentials;
use crate::{Error, PlatformKey, Secret, SoftwareSigner};

#[derive(Serialize, Deserialize)]
struct Document {
    party: PartyId,
    keyid: KeyId,
    /// PKCS#8 PEM.
    private_key: Zeroizing<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<Key>,
    /// Whose records may be carried, as the enrolment granted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    carries: Vec<PartyId>,
    platform: Vec<Pinned>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    keyid: KeyId,
    private_key: Zeroizing<String>,
}

#[derive(Serialize, Deserialize)]
struct Pinned {
    keyid: KeyId,
    suite: Suite,
    public_key: String,
}

pub(super) fn read(document: &Secret) -> Result<Credentials, Error> {
    let invalid = |error: serde_json::Error| {
        // The position only: the reader's own words may repeat a piece of the secret.
        Error::configuration("credentials", format!("line {} column {}", error.line(), error.column()))
    };
    let document = serde_json::from_slice::<Document>(document.expose()).map_err(invalid)?;
    let platform = document.platform.iter().map(pinned).collect::<Result<Vec<_>, _>>()?;
    credentials(document, platform)
}

fn credentials(document: Document, platform: Vec<PlatformKey>) -> Result<Credentials, Error> {
    let signer = |keyid: KeyId, pem: &str| SoftwareSigner::from_pkcs8_pem(keyid, &Secret::new(pem)).map(Arc::new);
    let link = document.link.map(|key| signer(key.keyid, &key.private_key)).transpose()?;
    let author = signer(document.keyid, &document.private_key)?;
    Ok(Credentials::made(document.party, &author, link, document.carries, platform))
}

fn pinned(key: &Pinned) -> Result<PlatformKey, Error> {
    let bytes = STANDARD.decode(&key.public_key).map_err(|error| Error::configuration("platform key", error))?;
    let public_key = PublicKey::new(key.suite, bytes).map_err(|error| Error::configuration("platform key", error))?;
    Ok(PlatformKey { keyid: key.keyid.clone(), public_key })
}

pub(super) fn write(
    party: &PartyId,
    signer: &SoftwareSigner,
    link: Option<&SoftwareSigner>,
    carries: &[PartyId],
    platform: &[PlatformKey],
) -> Result<Secret, Error> {
    let pem = |signer: &SoftwareSigner| {
        let pem = signer.to_pkcs8_pem()?;
        Ok::<_, Error>(Zeroizing::new(pem.expose_text().unwrap_or_default().to_owned()))
    };
    let link =
        link.map(|key| Ok::<_, Error>(Key { keyid: key.key_id().clone(), private_key: pem(key)? })).transpose()?;
    let document = Document {
        party: party.clone(),
        keyid: signer.key_id().clone(),
        private_key: pem(signer)?,
        link,
        carries: carries.to_vec(),
        platform: platform
            .iter()
            .map(|key| Pinned {
                keyid: key.keyid.clone(),
                suite: key.public_key.suite(),
                public_key: STANDARD.encode(key.public_key.as_bytes()),
            })
            .collect(),
    };
    serde_json::to_vec_pretty(&document).map(Secret::new).map_err(Error::internal)
}

/// The same document with what the enrolment brought.
pub(super) fn enrolled(
    document: &Secret,
    carries: Vec<PartyId>,
    platform: Vec<PlatformKey>,
) -> Result<Credentials, Error> {
    let document = serde_json::from_slice::<Document>(document.expose()).map_err(Error::internal)?;
    credentials(Document { carries, ..document }, platform)
}

/// Writes beside the file and puts the finished one in its place: the only key must survive a power cut in between.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let name = path.file_name().ok_or(std::io::ErrorKind::InvalidInput)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The process id keeps two programs apart; a file left by a crash is written over.
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(beside);
    let written = write_new(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // Nothing of a key stays behind; that it cannot be removed either adds nothing to the error.
        drop(std::fs::remove_file(&beside));
    }
    written?;
    // The name is durable only when its folder is; elsewhere folders cannot be opened.
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    drop(std::fs::remove_file(path));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_read_is_replaced_by_one_that_they_cannot() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        std::fs::write(&path, "before").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let before = std::fs::metadata(&path).unwrap().ino();
        write_private(&path, b"after").unwrap();
        let now = std::fs::metadata(&path).unwrap();
        assert_eq!((now.mode() & 0o777, std::fs::read(&path).unwrap().as_slice()), (0o600, b"after".as_slice()));
        assert_ne!(now.ino(), before, "the old file must not be written into");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing stays beside it");
    }

    #[test]
    fn a_file_that_cannot_be_put_in_place_leaves_no_key_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        std::fs::create_dir(&path).unwrap();
        assert!(write_private(&path, b"key").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
