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
    platform: Vec<Pinned>,
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
    let pem = Secret::new(document.private_key.as_bytes());
    let signer = Arc::new(SoftwareSigner::from_pkcs8_pem(document.keyid, &pem)?);
    Ok(Credentials::from_signer(document.party, &signer, platform))
}

fn pinned(key: &Pinned) -> Result<PlatformKey, Error> {
    let bytes = STANDARD.decode(&key.public_key).map_err(|error| Error::configuration("platform key", error))?;
    let public_key = PublicKey::new(key.suite, bytes).map_err(|error| Error::configuration("platform key", error))?;
    Ok(PlatformKey { keyid: key.keyid.clone(), public_key })
}

pub(super) fn write(party: &PartyId, signer: &SoftwareSigner, platform: &[PlatformKey]) -> Result<Secret, Error> {
    let pem = signer.to_pkcs8_pem()?;
    let document = Document {
        party: party.clone(),
        keyid: signer.key_id().clone(),
        private_key: Zeroizing::new(pem.expose_text().unwrap_or_default().to_owned()),
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

pub(super) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
