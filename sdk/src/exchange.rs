//! One signed request and its answer.

use std::sync::Arc;

use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::sync::watch;
use tongqiao_protocol::epoch::EPOCH_HEADER;
use tongqiao_protocol::{EpochId, ErrorCode, Language, RequestId, Signer, Timestamp, routes};
use tracing::Instrument as _;
use tracing::field::Empty;
use url::Url;

use crate::classify::{self, Refusal};
use crate::clock::PlatformClock;
use crate::transport::{Request, Response, Transport};
use crate::{Error, entropy, hop};

/// By which the platform's log names a request, too.
const REQUEST_HEADER: HeaderName = HeaderName::from_static("tongqiao-request");

/// What is to be asked of the platform.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Vec<u8>,
    attempt: u32,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into(), Vec::new())
    }

    /// A POST of a JSON document.
    pub(crate) fn post(path: impl Into<String>, json: Vec<u8>) -> Self {
        let mut ask = Self::new(Method::POST, path.into(), json);
        ask.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ask
    }

    /// A POST of bytes as they are.
    pub(crate) fn post_bytes(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        let mut ask = Self::new(Method::POST, path.into(), bytes);
        ask.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        ask
    }

    fn new(method: Method, path: String, body: Vec<u8>) -> Self {
        Self { method, path, query: Vec::new(), headers: HeaderMap::new(), body, attempt: 1 }
    }

    #[must_use]
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The body as it goes out.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// How often this has been tried, this time included; for the log.
    #[must_use]
    pub(crate) const fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The path with names in place of ids, which a log may hold and a metric can count by.
    fn route(&self) -> &'static str {
        routes::find(self.method.as_str(), &self.path).map_or("other", |route| route.path)
    }
}

/// The way to the platform: where, as whom, by what clock.
pub(crate) struct Exchange {
    transport: Arc<dyn Transport>,
    endpoint: Url,
    /// Absent only before enrolment.
    hop: Option<Arc<dyn Signer>>,
    clock: Arc<PlatformClock>,
    language: Language,
    /// The epoch of the last answer.
    epoch: watch::Sender<Option<EpochId>>,
}

impl Exchange {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        endpoint: Url,
        hop: Option<Arc<dyn Signer>>,
        clock: Arc<PlatformClock>,
        language: Language,
    ) -> Self {
        Self { transport, endpoint, hop, clock, language, epoch: watch::Sender::new(None) }
    }

    pub(crate) fn shared_transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }

    /// Changes of the epoch that answers name.
    pub(crate) fn epochs(&self) -> watch::Receiver<Option<EpochId>> {
        self.epoch.subscribe()
    }

    /// What is known from before, until an answer names an epoch.
    pub(crate) fn recall_epoch(&self, known: Option<EpochId>) {
        self.epoch.send_if_modified(|heard| {
            let is_news = heard.is_none() && known.is_some();
            if is_news {
                *heard = known;
            }
            is_news
        });
    }

    /// Asks once. A request whose time the platform called stale is stamped anew, once, when its answer has told us the
    /// time; nothing else is tried again here.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Response, Error> {
        let before = self.clock.dated_offset_ms();
        match self.send(&ask).await {
            Err(refusal) if refusal.code() == ErrorCode::SignatureStale && self.clock.dated_offset_ms() != before => {
                self.send(&ask.attempt(2)).await.map_err(Error::from)
            }
            other => other.map_err(Error::from),
        }
    }

    /// Sends once and says what came of it, in a span of its own. The request's id stands in the platform's log too.
    pub(crate) async fn send(&self, ask: &Ask) -> Result<Response, Refusal> {
        let id = entropy::id(self.clock.for_requests(), RequestId::from_time_and_random).map_err(Refusal::unsent)?;
        let span = tracing::debug_span!(
            "request",
            method = %ask.method,
            route = ask.route(),
            request = %id,
            attempt = ask.attempt,
            status = Empty,
            latency_ms = Empty,
        );
        self.send_as(id, ask).instrument(span).await
    }

    async fn send_as(&self, id: RequestId, ask: &Ask) -> Result<Response, Refusal> {
        let request = self.request(id, ask).map_err(Refusal::unsent)?;
        let sent_at = self.clock.local();
        let answer = self.transport.send(request).await;
        let span = tracing::Span::current();
        if let Ok(response) = &answer {
            self.hear(response, sent_at);
            span.record("status", response.status().as_u16());
        }
        span.record("latency_ms", self.clock.local().millis_since(sent_at));
        let result = classify::classify(answer, self.clock.for_requests());
        match &result {
            Ok(_) => tracing::debug!("the platform answered"),
            Err(refusal) => tracing::debug!(
                code = refusal.code().code(),
                retry_after_ms = refusal.retry_after_ms(),
                "the platform did not do it"
            ),
        }
        result
    }

    fn request(&self, id: RequestId, ask: &Ask) -> Result<Request, Error> {
        let mut url = self.endpoint.clone();
        url.set_path(&format!("{}{}", self.endpoint.path().trim_end_matches('/'), ask.path));
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let mut headers = ask.headers.clone();
        headers.insert(REQUEST_HEADER, HeaderValue::from_str(&id.to_string()).map_err(Error::internal)?);
        headers.insert(
            ACCEPT_LANGUAGE,
            HeaderValue::from_static(match self.language {
                Language::Chinese => "zh-CN",
                Language::English => "en",
            }),
        );
        if let Some(signer) = &self.hop {
            let signed = hop::headers(signer.as_ref(), &ask.method, &url, &ask.body, self.clock.for_requests())?;
            for (name, value) in signed {
                let value = HeaderValue::from_str(&value).map_err(Error::internal)?;
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let mut request = Request::new(ask.body.clone());
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = url.as_str().parse().map_err(|error| Error::configuration("endpoint", error))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Takes notice of the platform's time and epoch.
    fn hear(&self, response: &Response, sent_at: Timestamp) {
        let text = |name: &HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(time) = text(&DATE).and_then(classify::http_date) {
            self.clock.hear(time, sent_at);
        }
        if let Some(epoch) = text(&HeaderName::from_static(EPOCH_HEADER)).and_then(|text| text.parse().ok()) {
            self.epoch.send_if_modified(|known| {
                let new = *known != Some(epoch);
                *known = Some(epoch);
                new
            });
        }
    }
}
