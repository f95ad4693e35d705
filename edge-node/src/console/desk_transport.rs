//! The console's way to the node: its own local interface, without a socket between them.

use axum::body::{Body, to_bytes};
use tongqiao::{Arrival, Request, Response, Sending, Silence, Transport, TransportFailure};

use crate::local_api::Desk;

/// As large as the SDK takes an answer from a socket.
const ANSWER_MOST: usize = 64 * 1024 * 1024;

/// Hands requests to the node as if they had come in from the office's network.
pub(super) struct DeskTransport {
    desk: Desk,
}

impl DeskTransport {
    pub(super) const fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

impl Transport for DeskTransport {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let (parts, body) = self.desk.answer(request.map(Body::from)).await.into_parts();
            let body = to_bytes(body, ANSWER_MOST).await;
            let body = body.map_err(|error| TransportFailure::new(Silence::TooLarge, Arrival::Perhaps, error))?;
            Ok(Response::from_parts(parts, body.to_vec()))
        })
    }
}
