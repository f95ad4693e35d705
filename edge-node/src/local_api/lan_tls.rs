//! TLS towards systems in the office: an authority of the node's own, made once, and a certificate from it for the address.
//!
//! The authority's certificate (`lan-authority.pem`) is what the office's systems are told to believe; its key never leaves the
//! folder of data. A certificate is made anew at every start, so that none runs out unnoticed in a node that is ever restarted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::StartError;

const AUTHORITY: &str = "lan-authority.pem";
const AUTHORITY_KEY: &str = "lan-authority.key.pem";
/// Handshakes that are finished and wait for the server.
const HANDSHAKES_WAITING: usize = 64;

/// Where the certificate of a node's own authority is.
pub(crate) fn authority_file(data: &Path) -> PathBuf {
    data.join(AUTHORITY)
}

/// The configuration for an address.
pub(super) fn config(data: &Path, listen: SocketAddr) -> Result<Arc<ServerConfig>, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Tls(error.to_string());
    let issuer = authority(data)?;
    let key = KeyPair::generate().map_err(|error| failed(&error))?;
    let mut names = vec!["localhost".to_owned()];
    if !listen.ip().is_unspecified() {
        names.push(listen.ip().to_string());
    }
    names.extend(own_names());
    let mut params = CertificateParams::new(names).map_err(|error| failed(&error))?;
    params.distinguished_name.push(DnType::CommonName, "Tongqiao edge node");
    let certificate = params.signed_by(&key, &issuer).map_err(|error| failed(&error))?;
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .map_err(|error| failed(&error))?;
    Ok(Arc::new(config))
}

/// The names of this machine.
fn own_names() -> Vec<String> {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { Vec::new() } else { vec![name.to_owned(), format!("{name}.local")] }
}

/// The authority of this folder, made if there is none.
fn authority(data: &Path) -> Result<Issuer<'static, KeyPair>, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Tls(error.to_string());
    let io = |error| StartError::Io("the authority of the local interface", error);
    let (certificate_path, key_path) = (data.join(AUTHORITY), data.join(AUTHORITY_KEY));
    if !certificate_path.exists() || !key_path.exists() {
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = authority_params().self_signed(&key).map_err(|error| failed(&error))?;
        // The key first: a certificate without its key would be believed and never used again.
        write(&key_path, key.serialize_pem().as_bytes(), 0o600).map_err(io)?;
        write(&certificate_path, certificate.pem().as_bytes(), 0o644).map_err(io)?;
    }
    let key = std::fs::read_to_string(&key_path).map_err(io)?;
    let key = KeyPair::from_pem(&key).map_err(|error| failed(&error))?;
    Ok(Issuer::new(authority_params(), key))
}

/// What stands in the authority's certificate; together with its key that is all that issuing needs.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Tongqiao edge node, local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Accepts TLS connections; a slow handshake holds up nobody else.
pub(super) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    accepting: tokio::task::JoinHandle<()>,
}

impl TlsListener {
    pub(super) fn new(listener: TcpListener, config: Arc<ServerConfig>) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(HANDSHAKES_WAITING);
        let accepting = tokio::spawn(accept(listener, TlsAcceptor::from(config), sender));
        Ok(Self { address, ready, accepting })
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let (stream, peer) = Listener::accept(&mut listener).await;
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            match acceptor.accept(stream).await {
                // The server is gone when nobody receives; the connection closes with it.
                Ok(stream) => drop(sender.send((stream, peer)).await),
                Err(error) => tracing::debug!(%peer, %error, "a handshake failed"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The acceptor ends only with this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}
