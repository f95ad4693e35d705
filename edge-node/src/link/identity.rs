//! Who is at the other end: mutual TLS 1.3 with raw public keys (RFC 7250).
//!
//! There is no certificate to issue, to renew or to let run out. Both ends show a bare Ed25519 key, and the platform's signed key
//! directory says whose it is, from when until when, and whether it was revoked; offline the last directory goes on saying it.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};
use tongqiao::{Client, Credentials, SoftwareSigner};
use tongqiao_protocol::PartyId;
use tongqiao_protocol::key_directory::KeyUse;

/// What both ends must speak; also tells the link from anything else on the same port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// HTTP/2 over TCP.
    Http2,
    /// Our own use of QUIC.
    Quic,
}

impl Speaks {
    const fn protocol(self) -> &'static [u8] {
        match self {
            Self::Http2 => b"h2",
            Self::Quic => b"tongqiao/1",
        }
    }
}

/// Tickets for early data that a hub gives with every handshake; each is good for one dial.
const TICKETS: usize = 8;
/// Tickets that a hub keeps: several for each of a thousand nodes.
const SESSIONS_MOST: usize = 16 * 1024;
/// Names of hubs for which a node keeps tickets.
const HUBS_MOST: usize = 16;
/// A public key of Ed25519 as a `SubjectPublicKeyInfo` (RFC 8410), up to its 32 bytes.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The link's key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the link's key: {0}")]
pub(crate) struct UnusableKey(String);

/// Whom the other end may be.
#[derive(Clone)]
enum Expected {
    /// This party, and no other.
    Party(PartyId),
    /// Whoever is enrolled.
    Anybody,
}

/// Who says whose a key is: the directory of a client. The client's own requests go over the link, so it is named after the link
/// was made, and taken away again before it ends.
#[derive(Clone, Default)]
pub(crate) struct Register(Arc<RwLock<Option<Client>>>);

impl Register {
    /// From now on this client's directory counts.
    pub(crate) fn open(&self, client: Client) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(client);
    }

    /// From now on nobody is known.
    pub(crate) fn close(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The party behind a raw public key.
    pub(crate) fn party_of(&self, spki: &[u8]) -> Option<PartyId> {
        let client = self.0.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let key = client.carrier().holder(spki.strip_prefix(&ED25519)?)?;
        let is_valid = key.is_valid_at(client.platform_time());
        (key.key_use == KeyUse::Hop && is_valid).then_some(key.party)
    }
}

/// What a node needs to dial a hub of one party, over and over.
#[derive(Clone)]
pub(crate) struct Dialling {
    register: Register,
    hub: PartyId,
    config: ClientConfig,
}

impl Dialling {
    /// With the node's own key.
    pub(crate) fn new(
        register: Register,
        credentials: &Credentials,
        hub: PartyId,
        speaks: Speaks,
    ) -> Result<Self, UnusableKey> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Peer {
            register: register.clone(),
            expected: Expected::Party(hub.clone()),
            algorithms: provider.signature_verification_algorithms,
        });
        let key = key_of(credentials, &provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| UnusableKey(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)));
        config.alpn_protocols = vec![speaks.protocol().to_vec()];
        // Only what may be said twice is ever said early; HTTP/2 says nothing early.
        config.enable_early_data = speaks == Speaks::Quic;
        Ok(Self { register, hub, config })
    }

    /// TLS without tickets of earlier connections.
    pub(crate) fn fresh(&self) -> ClientConfig {
        let mut config = self.config.clone();
        config.resumption = Resumption::in_memory_sessions(HUBS_MOST);
        config
    }

    /// Whether this key is still one of the hub's: what was resumed has not been judged anew.
    pub(crate) fn knows(&self, spki: Option<&[u8]>) -> bool {
        spki.and_then(|spki| self.register.party_of(spki)).is_some_and(|party| party == self.hub)
    }
}

/// TLS of a hub.
pub(crate) fn listening(
    register: Register,
    credentials: &Credentials,
    speaks: Speaks,
) -> Result<ServerConfig, UnusableKey> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Peer {
        register,
        expected: Expected::Anybody,
        algorithms: provider.signature_verification_algorithms,
    });
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| UnusableKey(error.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(key_of(credentials, &provider)?)));
    config.alpn_protocols = vec![speaks.protocol().to_vec()];
    if speaks == Speaks::Quic {
        // QUIC knows no other value but none. What a ticket stands for is kept in memory and taken out when it is used, so that
        // early data counts once at this hub.
        config.max_early_data_size = u32::MAX;
        config.send_tls13_tickets = TICKETS;
        config.session_storage = ServerSessionMemoryCache::new(SESSIONS_MOST);
    }
    Ok(config)
}

fn key_of(credentials: &Credentials, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, UnusableKey> {
    let unusable = |error: &dyn std::fmt::Display| UnusableKey(error.to_string());
    let link = credentials.link_key().ok_or_else(|| unusable(&"the credentials hold none; enrol as edge or hub"))?;
    let pem = SoftwareSigner::to_pkcs8_pem(link).map_err(|error| unusable(&error))?;
    let key = PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| unusable(&"not in PKCS#8 PEM"))?;
    let key = provider.key_provider.load_private_key(key).map_err(|error| unusable(&error))?;
    let public = [&ED25519[..], link.public_key().as_bytes()].concat();
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(public)], key)))
}

/// Judges the other end.
struct Peer {
    register: Register,
    expected: Expected,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Peer {
    fn judge(&self, spki: &[u8]) -> Result<(), Error> {
        let party = self.register.party_of(spki);
        let fits = match (&party, &self.expected) {
            (Some(party), Expected::Party(expected)) => party == expected,
            (Some(_), Expected::Anybody) => true,
            (None, _) => false,
        };
        if fits {
            return Ok(());
        }
        tracing::warn!(
            party = party.as_ref().map(PartyId::as_str),
            "the other end of the link is not who it should be"
        );
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn check(
        &self,
        message: &[u8],
        spki: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(spki.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Peer")
    }
}

const ONLY_TLS13: Error = Error::General(String::new());

impl ServerCertVerifier for Peer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(ONLY_TLS13)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Peer {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(ONLY_TLS13)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
