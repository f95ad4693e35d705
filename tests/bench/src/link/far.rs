//! The city's end: a hub before a platform that answers at once, and the same platform without a hub, by HTTPS.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tongqiao::Transport;
use tongqiao_edge::HubSettings;
use tongqiao_edge::hub::Hub;

use super::corpus::{Corpus, Stub};
use crate::store::load::Trouble;

pub(crate) const HUB_PORT: u16 = 9_443;
pub(crate) const HTTPS_PORT: u16 = 8_443;

/// Serves until the process ends.
pub(crate) async fn serve(address: std::net::Ipv4Addr, corpus: Arc<Corpus>) -> Result<Hub, Trouble> {
    let settings = HubSettings {
        data: corpus.hub.clone(),
        listen: SocketAddr::from((address, HUB_PORT)),
        platform: "https://platform.invalid".to_owned(),
        watch: SocketAddr::from((address, 0)),
        ..HubSettings::default()
    };
    let stub = Arc::new(Stub(corpus));
    let hub = Hub::start_before(&settings, Arc::clone(&stub) as Arc<dyn Transport>).await?;
    let listener = TcpListener::bind((address, HTTPS_PORT)).await?;
    let made = rcgen::generate_simple_self_signed(["platform.invalid".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(acceptor.clone(), stream, Arc::clone(&stub)));
        }
    });
    Ok(hub)
}

async fn converse(acceptor: TlsAcceptor, stream: TcpStream, stub: Arc<Stub>) {
    drop(stream.set_nodelay(true));
    // A connection that ends is dialled again by whoever needs it.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let stub = Arc::clone(&stub);
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            let answer = stub.send(http::Request::from_parts(parts, body)).await;
            let answer = answer.unwrap_or_else(|_| http::Response::new(Vec::new()));
            Ok::<_, hyper::Error>(answer.map(|body| Full::new(Bytes::from(body))))
        }
    });
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}
