//! The ways in which the same messages are sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use tongqiao::{Clock as _, SystemClock};
use tongqiao_edge::{Call, Uplink};
use tongqiao_protocol::hop_signature::{HopSignature, content_digest, signature_header};
use tongqiao_protocol::{RequestId, SignatureValue, Suite};

use crate::store::load::Trouble;

/// A request that stays silent for so long is made anew.
const SILENCE_MOST: Duration = Duration::from_secs(120);

/// One request.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) target: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Payment,
    Records,
    Attachment,
}

/// A way to send.
pub(crate) enum Sender {
    Http1 { address: SocketAddr, open: Mutex<Option<http1::SendRequest<Full<Bytes>>>> },
    Http2 { address: SocketAddr, open: Mutex<Option<http2::SendRequest<Full<Bytes>>>> },
    Frames(Arc<Uplink>),
}

impl Sender {
    /// Sends once, and waits for the platform's answer.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), Trouble> {
        let headers = headers(&message.body)?;
        match self {
            Self::Frames(uplink) => {
                let call = Call::new(Method::POST, message.target, &headers, message.body.clone());
                let answered = uplink.pass(&call).await?;
                if answered.status.is_success() { Ok(()) } else { Err(answered.status.to_string().into()) }
            }
            Self::Http1 { address, open } => {
                // One after the other: the connection is held until the answer is there.
                let mut open = open.lock().await;
                let mut sender = match open.take() {
                    Some(sender) if !sender.is_closed() => sender,
                    _ => {
                        let (sender, connection) =
                            http1::handshake(TokioIo::new(dial(*address, b"http/1.1").await?)).await?;
                        tokio::spawn(connection);
                        sender
                    }
                };
                let request = request(message, &headers, "/")?;
                exchange(async { Ok(sender.send_request(request).await?) }).await?;
                *open = Some(sender);
                Ok(())
            }
            Self::Http2 { address, open } => {
                let mut sender = {
                    let mut open = open.lock().await;
                    match open.as_ref().filter(|sender| !sender.is_closed()) {
                        Some(sender) => sender.clone(),
                        None => {
                            let stream = TokioIo::new(dial(*address, b"h2").await?);
                            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                            tokio::spawn(connection);
                            open.insert(sender).clone()
                        }
                    }
                };
                let request = request(message, &headers, "https://platform.invalid")?;
                let exchanged = exchange(async { Ok(sender.send_request(request).await?) }).await;
                if exchanged.is_err() {
                    *open.lock().await = None;
                }
                exchanged
            }
        }
    }
}

async fn exchange(
    sending: impl Future<Output = Result<hyper::Response<hyper::body::Incoming>, Trouble>>,
) -> Result<(), Trouble> {
    let exchanged = async {
        let answer = sending.await?;
        answer.into_body().collect().await?;
        Ok(())
    };
    tokio::time::timeout(SILENCE_MOST, exchanged).await?
}

fn request(message: &Message, headers: &HeaderMap, origin: &str) -> Result<hyper::Request<Full<Bytes>>, Trouble> {
    let mut request = hyper::Request::new(Full::new(Bytes::from(message.body.clone())));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("{}{}", origin.trim_end_matches('/'), message.target).parse()?;
    *request.headers_mut() = headers.clone();
    request.headers_mut().entry("host").or_insert(HeaderValue::from_static("platform.invalid"));
    Ok(request)
}

/// The headers of a signed request. Nobody here checks the signature; it takes the room that one takes.
fn headers(body: &[u8]) -> Result<HeaderMap, Trouble> {
    let mut random = [0; 64];
    getrandom::fill(&mut random)?;
    let mut nonce = [0; 16];
    nonce.copy_from_slice(&random[..16]);
    let now = SystemClock.now();
    let mut tail = [0; 10];
    tail.copy_from_slice(&random[16..26]);
    let hop = HopSignature::new("bench-department/4f7k".parse()?, now, &nonce);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        ("content-digest", content_digest(Suite::International, body)),
        ("signature-input", hop.signature_input()),
        ("signature", signature_header(&SignatureValue::from_bytes(random))),
        ("tongqiao-request", RequestId::from_time_and_random(now, tail).to_string()),
    ] {
        headers.insert(HeaderName::from_static(name), value.parse()?);
    }
    Ok(headers)
}

async fn dial(address: SocketAddr, protocol: &[u8]) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Trouble> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    tls.alpn_protocols = vec![protocol.to_vec()];
    let stream = tokio::time::timeout(SILENCE_MOST, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("platform.invalid")?;
    Ok(tokio::time::timeout(SILENCE_MOST, TlsConnector::from(Arc::new(tls)).connect(name, stream)).await??)
}

/// Believes everybody: the other end is this process.
#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
