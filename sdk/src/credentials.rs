//! As whom we speak, and whom we believe: the party's keys and the platform's pinned ones.

mod file;

use std::path::Path;
use std::sync::Arc;

use tongqiao_protocol::{KeyId, PartyId, PublicKey, Signer};

use crate::{Error, PlatformKey, Secret, SoftwareSigner};

/// A party's name and keys, and the keys of the platform that were pinned at enrolment.
///
/// [`enrol`](crate::enrol) makes them and [`Credentials::to_file`] keeps them. Nothing of a private key is ever printed.
///
/// ```no_run
/// use tongqiao::Credentials;
///
/// let credentials = Credentials::from_file("civil-affairs.credentials.json")?;
/// println!("speaking as {}", credentials.party());
/// # Ok::<(), tongqiao::Error>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    party: PartyId,
    author: Arc<dyn Signer>,
    hop: Arc<dyn Signer>,
    platform: Vec<PlatformKey>,
    /// Known where the key is in software.
    author_public_key: Option<PublicKey>,
    /// What can be written to a file: keys in software only.
    written: Option<Secret>,
    /// An edge node's or hub's key for the TLS of the link between them.
    link: Option<Arc<SoftwareSigner>>,
    carries: Vec<PartyId>,
}

impl Credentials {
    /// Credentials whose keys are held by something else than this library, such as a password machine: `author` signs
    /// records, `hop` signs requests. One key may do both.
    pub fn new(party: PartyId, author: Arc<dyn Signer>, hop: Arc<dyn Signer>, platform: Vec<PlatformKey>) -> Self {
        Self { party, author, hop, platform, author_public_key: None, written: None, link: None, carries: Vec::new() }
    }

    /// Credentials from one private key in PKCS#8 PEM, which signs both records and requests.
    ///
    /// # Errors
    /// `client.configuration` when the PEM text is no Ed25519 or SM2 key.
    pub fn from_pem(party: PartyId, keyid: KeyId, pem: &Secret, platform: Vec<PlatformKey>) -> Result<Self, Error> {
        let signer = Arc::new(SoftwareSigner::from_pkcs8_pem(keyid, pem)?);
        Ok(Self::from_signer(party, &signer, platform))
    }

    pub(crate) fn from_signer(party: PartyId, signer: &Arc<SoftwareSigner>, platform: Vec<PlatformKey>) -> Self {
        Self::made(party, signer, None, Vec::new(), platform)
    }

    pub(crate) fn made(
        party: PartyId,
        signer: &Arc<SoftwareSigner>,
        link: Option<Arc<SoftwareSigner>>,
        carries: Vec<PartyId>,
        platform: Vec<PlatformKey>,
    ) -> Self {
        let written = file::write(&party, signer, link.as_deref(), &carries, &platform).ok();
        let author: Arc<dyn Signer> = Arc::clone(signer) as _;
        let author_public_key = Some(signer.public_key().clone());
        Self { party, hop: Arc::clone(&author), author, platform, author_public_key, written, link, carries }
    }

    /// The same with what the enrolment brought: whose records may be carried, and the platform's keys, which are pinned.
    pub(crate) fn enrolled(&self, carries: Vec<PartyId>, platform: Vec<PlatformKey>) -> Result<Self, Error> {
        file::enrolled(&self.to_json()?, carries, platform)
    }

    /// Reads what [`Credentials::to_file`] wrote.
    ///
    /// # Errors
    /// `client.configuration` when the file cannot be read or is not of that form.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let bytes = std::fs::read(path.as_ref())
            .map_err(|error| Error::configuration("credentials", format!("{}: {error}", path.as_ref().display())))?;
        Self::from_json(&Secret::new(bytes))
    }

    /// Reads the same document from memory, for a service that keeps its secrets elsewhere.
    ///
    /// # Errors
    /// `client.configuration` when it is not of that form.
    pub fn from_json(document: &Secret) -> Result<Self, Error> {
        file::read(document)
    }

    /// Reads the document from an environment variable, for containers.
    ///
    /// # Errors
    /// `client.configuration` when the variable is not set or not of that form.
    #[allow(clippy::disallowed_methods, reason = "the caller names the variable; nothing is read unasked")]
    pub fn from_env(variable: &str) -> Result<Self, Error> {
        let text = std::env::var(variable)
            .map_err(|error| Error::configuration("credentials", format!("{variable}: {error}")))?;
        Self::from_json(&Secret::new(text))
    }

    /// Writes a file that only its owner can read (on Unix). It holds the private key unencrypted. A file that is there
    /// already is replaced as a whole: after a power cut there is the old one or the new one.
    ///
    /// # Errors
    /// `client.configuration` when the file cannot be written, or the keys are not in software.
    pub fn to_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let document = self.to_json()?;
        file::write_private(path.as_ref(), document.expose())
            .map_err(|error| Error::configuration("credentials", format!("{}: {error}", path.as_ref().display())))
    }

    /// The document that [`Credentials::from_json`] reads.
    ///
    /// # Errors
    /// `client.configuration` when the keys are not in software.
    pub fn to_json(&self) -> Result<Secret, Error> {
        self.written.clone().ok_or_else(|| Error::configuration("credentials", "the keys are held by a device"))
    }

    /// As whom we speak.
    pub const fn party(&self) -> &PartyId {
        &self.party
    }

    /// The name of the key that signs records.
    pub fn author_key_id(&self) -> &KeyId {
        self.author.key_id()
    }

    /// The platform's keys pinned at enrolment.
    pub fn platform_keys(&self) -> &[PlatformKey] {
        &self.platform
    }

    /// The parties whose records this one may carry, besides its own.
    pub fn carries(&self) -> &[PartyId] {
        &self.carries
    }

    /// The key by which an edge node and a hub know each other in TLS; others have none
    /// ([`Enrolment::kind`](crate::Enrolment::kind)).
    pub fn link_key(&self) -> Option<&SoftwareSigner> {
        self.link.as_deref()
    }

    pub(crate) fn author(&self) -> &dyn Signer {
        self.author.as_ref()
    }

    pub(crate) const fn author_public_key(&self) -> Option<&PublicKey> {
        self.author_public_key.as_ref()
    }

    pub(crate) fn hop_signer(&self) -> Arc<dyn Signer> {
        Arc::clone(&self.hop)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("party", &self.party.as_str()).finish_non_exhaustive()
    }
}
