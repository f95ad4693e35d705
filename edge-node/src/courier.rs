//! The node's own requests over the link, and the copies of what everybody may read.

mod copies;

use std::sync::Arc;

use http::{Method, StatusCode};
use tongqiao::{Clock as _, Request, Sending, SystemClock, Transport};
use tongqiao_protocol::Timestamp;

pub(crate) use copies::{Copies, Copy};

use crate::ferry::Arrivals;
use crate::link::{Answered, Call, Uplink};

/// Brings the requests of the node's own client to the platform. What everybody may read stays behind as a copy.
pub(crate) struct Courier {
    pub(crate) uplink: Arc<Uplink>,
    /// `None` keeps no copies.
    pub(crate) copies: Option<Arc<Copies>>,
    /// What the ferry has brought, for when the link brings nothing; `None` looks at the link alone.
    pub(crate) arrivals: Option<Arrivals>,
}

impl Transport for Courier {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
            let call = Call::new(parts.method, target, &parts.headers, body);
            let answer = match self.uplink.pass(&call).await {
                Ok(answer) => answer,
                Err(silence) => return Ok(self.ferried(call).await.ok_or(silence)?.into_response()),
            };
            if let Some(copies) = &self.copies
                && call.method() == Method::GET
                && answer.status == StatusCode::OK
                && Copies::may_keep(call.target())
            {
                let (copies, copy) = (Arc::clone(copies), Copy::now(&answer, local_now()));
                let target = call.target().to_owned();
                // A copy that cannot be written is only missed when the link is down.
                drop(tokio::task::spawn_blocking(move || copies.keep(&target, &copy)).await);
            }
            Ok(answer.into_response())
        })
    }
}

impl Courier {
    /// The platform's answer to the same, as the ferry has brought it. It is judged like any other: by its signatures.
    async fn ferried(&self, call: Call) -> Option<Answered> {
        let arrivals = self.arrivals.clone()?;
        tokio::task::spawn_blocking(move || arrivals.answer(&call)).await.ok().flatten()
    }
}

/// This machine's time.
pub(crate) fn local_now() -> Timestamp {
    SystemClock.now()
}
