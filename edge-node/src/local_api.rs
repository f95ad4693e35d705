//! What systems in the office see: the platform's own interface, at the node's address.

mod desk;
mod health;
mod lan_tls;
mod materials;
mod numbers;
mod open_reading;
mod passing;
mod reply;
mod room;
pub(crate) mod taking;
mod visitor;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) use self::desk::Desk;
pub(crate) use self::health::of_store;
pub(crate) use self::lan_tls::authority_file;
pub(crate) use self::passing::without_answer;
use crate::StartError;

/// TLS for an address: none on this machine's own, where nobody else listens.
pub(crate) fn tls(data: &Path, listen: SocketAddr) -> Result<Option<Arc<ServerConfig>>, StartError> {
    if listen.ip().is_loopback() { Ok(None) } else { lan_tls::config(data, listen).map(Some) }
}

/// Serves until told to stop; `pages` are those for people, beside the interface for systems.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    desk: Desk,
    pages: Option<Router>,
    mut stop: watch::Receiver<bool>,
) {
    let router = pages.unwrap_or_default().fallback_service(Router::new().fallback(answer).with_state(desk));
    let stopped = async move { drop(stop.wait_for(|stopped| *stopped).await) };
    let served = match tls {
        None => axum::serve(listener, router).with_graceful_shutdown(stopped).await,
        Some(config) => match lan_tls::TlsListener::new(listener, config) {
            Ok(listener) => axum::serve(listener, router).with_graceful_shutdown(stopped).await,
            Err(error) => Err(error),
        },
    };
    if let Err(error) = served {
        tracing::error!(%error, "the local interface has ended");
    }
}

async fn answer(State(desk): State<Desk>, request: Request) -> Response {
    desk.answer(request).await
}
