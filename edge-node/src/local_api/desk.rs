//! Which way a request goes: custody, a copy, or through to the platform.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method};
use tongqiao::{Client, Credentials};
use tongqiao_protocol::hop_signature::RequestTarget;
use tongqiao_protocol::routes::{self, Route};
use tongqiao_protocol::{ErrorCode, EventId, PartyId};

use super::health::{self, Counters};
use super::reply::{Asked, Reply, Trouble};
use super::visitor::{self, Nonces};
use super::{numbers, open_reading, passing, taking};
use crate::NodeSettings;
use crate::audit::{Audit, Deed};
use crate::courier::Copies;
use crate::link::Uplink;

/// Everything that an answer needs; clones are handles.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Inside>);

pub(super) struct Inside {
    pub(super) client: Client,
    pub(super) party: PartyId,
    pub(super) carries: Vec<PartyId>,
    pub(super) uplink: Arc<Uplink>,
    pub(super) copies: Arc<Copies>,
    pub(super) counters: Counters,
    pub(super) audit: Arc<Audit>,
    pub(super) settings: NodeSettings,
    nonces: Nonces,
}

/// A request, read whole.
#[derive(Clone)]
pub(super) struct Letter {
    pub(super) method: Method,
    /// Path and query, byte for byte.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) asked: Asked,
}

impl Letter {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn query(&self) -> &str {
        self.target.split_once('?').map(|(_, query)| query).unwrap_or_default()
    }
}

impl Desk {
    pub(crate) fn new(
        client: Client,
        credentials: &Credentials,
        uplink: Arc<Uplink>,
        copies: Arc<Copies>,
        settings: NodeSettings,
    ) -> Self {
        Self(Arc::new(Inside {
            client,
            party: credentials.party().clone(),
            carries: credentials.carries().to_vec(),
            uplink,
            copies,
            counters: Counters::default(),
            audit: Arc::new(Audit::of(&settings.data)),
            settings,
            nonces: Nonces::default(),
        }))
    }

    /// Where it is noted what leaves the house.
    pub(crate) fn audit(&self) -> Arc<Audit> {
        Arc::clone(&self.0.audit)
    }

    pub(crate) async fn answer(&self, request: Request) -> Response {
        let asked = Asked::by(request.headers());
        let reply = match self.open(request, &asked).await {
            Ok(reply) => reply,
            Err(trouble) => Reply::problem(&trouble, &asked),
        };
        reply.finish(&self.0.client, &asked)
    }

    async fn open(&self, request: Request, asked: &Asked) -> Result<Reply, Trouble> {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
        if parts.method == Method::GET {
            match parts.uri.path() {
                "/healthz" => return Ok(health::alive()),
                "/readyz" => return health::ready(&self.0).await,
                "/metrics" => return health::metrics(&self.0).await,
                _ => {}
            }
        }
        let route = route(&parts.method, parts.uri.path())?;
        let body = axum::body::to_bytes(body, route.body_bytes_max).await;
        let body = body.map_err(|_| Trouble::from(ErrorCode::RequestTooLarge))?.to_vec();
        let letter = Letter { method: parts.method, target, headers: parts.headers, body, asked: asked.clone() };
        match route.path {
            "/v1/time" => open_reading::time(&self.0),
            "/v1/case-number-leases" => numbers::lease(&self.0, letter).await,
            "/v1/case-events" => taking::events(&self.0, letter).await,
            "/v1/case-events/{event}/receipt" => taking::receipt(&self.0, letter).await,
            _ if Copies::may_keep(&letter.target) && letter.method == Method::GET => {
                open_reading::copy(&self.0, letter).await
            }
            _ => passing::pass(&self.0, letter).await,
        }
    }
}

impl Inside {
    /// The party that signed a request.
    pub(super) async fn identify(&self, letter: &Letter) -> Result<PartyId, Trouble> {
        let target = RequestTarget { method: letter.method.as_str(), path: letter.path(), query: letter.query() };
        visitor::identify(&self.client, &self.nonces, &target, &letter.headers, &letter.body).await
    }

    /// Notes that receipts of the platform go to whoever brought the records; without that line they do not go.
    pub(super) async fn note_receipts(&self, to: &PartyId, first: EventId, count: usize) -> Result<(), Trouble> {
        let (audit, to, about) = (Arc::clone(&self.audit), to.to_string(), format!("{count} from {first}"));
        let noted = tokio::task::spawn_blocking(move || audit.note(&to, Deed::ReceiptsGiven, &about)).await;
        noted.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(|error| {
            tracing::error!(%error, "the audit file cannot be written: no receipts are handed over");
            ErrorCode::PlatformUnavailable.into()
        })
    }

    /// Whether records of an author may be brought: the node was granted that, and the caller is he.
    pub(super) fn may_carry(&self, caller: &PartyId, author: &PartyId) -> bool {
        author == caller && self.carries.contains(author)
    }
}

fn route(method: &Method, path: &str) -> Result<&'static Route, Trouble> {
    if let Some(route) = routes::find(method.as_str(), path) {
        return Ok(route);
    }
    let other = ["GET", "POST"].into_iter().any(|other| routes::find(other, path).is_some());
    Err(if other { ErrorCode::RequestMethodNotAllowed } else { ErrorCode::RequestUnknownRoute }.into())
}
