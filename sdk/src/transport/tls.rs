//! Whom we believe to be the platform.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// The authorities whose server certificates are believed.
///
/// ```no_run
/// use tongqiao::Trust;
///
/// // Only the city's own authority; no public one is believed.
/// let pem = std::fs::read("city-ca.pem")?;
/// let trust = Trust::only(&pem)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Trust(Source);

#[derive(Clone)]
enum Source {
    System,
    Only(Vec<CertificateDer<'static>>),
    SystemAnd(Vec<CertificateDer<'static>>),
    Ready(Arc<ClientConfig>),
}

impl Trust {
    /// The authorities that this machine's operating system believes.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The authorities in this PEM file and no others.
    ///
    /// # Errors
    /// `client.configuration` when there is no readable certificate in it.
    pub fn only(pem: &[u8]) -> Result<Self, Error> {
        Ok(Self(Source::Only(certificates(pem)?)))
    }

    /// The authorities of the operating system and those in this PEM file: for a city's own authority beside a public
    /// provider at which people sign in.
    ///
    /// # Errors
    /// `client.configuration` when there is no readable certificate in it.
    pub fn system_and(pem: &[u8]) -> Result<Self, Error> {
        Ok(Self(Source::SystemAnd(certificates(pem)?)))
    }

    /// A finished rustls configuration: for client certificates, or for another crypto provider such as one with the
    /// suites of RFC 8998.
    pub fn configured(config: Arc<ClientConfig>) -> Self {
        Self(Source::Ready(config))
    }

    /// The provider is named here, so that it does not matter what the process has installed as its default.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, Error> {
        let mut roots = RootCertStore::empty();
        match &self.0 {
            Source::Ready(config) => return Ok(ClientConfig::clone(config)),
            Source::Only(certificates) => add(&mut roots, certificates)?,
            Source::SystemAnd(certificates) => {
                add_system(&mut roots);
                add(&mut roots, certificates)?;
            }
            Source::System => add_system(&mut roots),
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::configuration("transport", error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::configuration("trust", format!("{error:?}")))?;
    if certificates.is_empty() {
        return Err(Error::configuration("trust", "no certificate in the PEM text"));
    }
    Ok(certificates)
}

fn add(roots: &mut RootCertStore, certificates: &[CertificateDer<'static>]) -> Result<(), Error> {
    for certificate in certificates {
        roots.add(certificate.clone()).map_err(|error| Error::configuration("trust", error))?;
    }
    Ok(())
}

fn add_system(roots: &mut RootCertStore) {
    // A machine without a certificate store can still speak plain HTTP to a sandbox on loopback; with HTTPS every handshake
    // then fails and says so.
    let found = rustls_native_certs::load_native_certs();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    tracing::debug!(added, ignored, "authorities of the operating system");
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Trust(system)",
            Source::Only(_) => "Trust(only)",
            Source::SystemAnd(_) => "Trust(system and more)",
            Source::Ready(_) => "Trust(configured)",
        })
    }
}
