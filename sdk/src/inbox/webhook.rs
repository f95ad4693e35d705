//! Entries that the platform brings: whatever HTTP server the application has, this judges what came and says what to answer.

use serde::Deserialize;
use serde_json::json;
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, check_content_digest, parse_signature_header};
use tongqiao_protocol::limits::BATCH_BYTES_MAX;
use tongqiao_protocol::{ErrorCode, Fault, Timestamp};

use super::shelf::Arrival;
use super::{Page, taken_in};
use crate::client::Shared;
use crate::exchange::Ask;
use crate::{Error, Response};

/// A request as the application's HTTP server has it.
///
/// `target` is the path with its query, byte for byte as it stands on the request line: a server that decodes it must be asked for
/// what came. Names of headers count without regard to case; others than the three of the signature may be left out.
#[derive(Debug, Clone, Copy)]
pub struct WebhookRequest<'a> {
    /// The method, such as `POST`.
    pub method: &'a str,
    /// Path and query, such as `/tongqiao/inbox?tenant=1`.
    pub target: &'a str,
    /// The headers: name and value.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, whole.
    pub body: &'a [u8],
}

/// What to answer.
#[derive(Debug)]
#[must_use]
pub struct WebhookReply {
    /// The status; the answer has no body. 204: everything is on disk. 401: it is not the platform's, or not of now. 400: it is
    /// nothing that can be read. 413: it is too large. 503: it could not be kept or judged now; the platform tries again.
    pub status: u16,
    /// How many entries were new.
    pub new_entries: usize,
    /// Why it was not taken; for the log, not for the caller.
    pub error: Option<Error>,
}

/// How a webhook stands at the platform; see [`Inbox::webhook`](crate::Inbox::webhook).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookStatus {
    /// Where entries are brought; `None` where no address is named.
    #[serde(default)]
    pub address: Option<String>,
    /// Failed attempts since the last that was heard.
    pub failures: u64,
    /// When something was last heard.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
    /// When an attempt last failed.
    #[serde(default)]
    pub last_failure: Option<Timestamp>,
    /// Why it failed, in the platform's words.
    #[serde(default)]
    pub last_reason: Option<String>,
    /// When it is tried again, while attempts fail.
    #[serde(default)]
    pub next_attempt: Option<Timestamp>,
}

pub(super) async fn set(shared: &Shared, address: Option<&str>) -> Result<WebhookStatus, Error> {
    let body = match address {
        Some(address) => json!({ "address": address }),
        None => json!({}),
    };
    let ask = Ask::post("/v1/inbox/webhook", body.to_string().into_bytes());
    read(&shared.exchange.ask(ask).await?)
}

pub(super) async fn status(shared: &Shared) -> Result<WebhookStatus, Error> {
    read(&shared.exchange.ask(Ask::get("/v1/inbox/webhook")).await?)
}

fn read(answer: &Response) -> Result<WebhookStatus, Error> {
    serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
}

pub(super) async fn receive(shared: &Shared, request: WebhookRequest<'_>) -> WebhookReply {
    match take(shared, request).await {
        Ok(new_entries) => WebhookReply { status: 204, new_entries, error: None },
        Err((status, error)) => {
            tracing::warn!(status, code = error.code().code(), "a webhook's request is not taken");
            WebhookReply { status, new_entries: 0, error: Some(error) }
        }
    }
}

async fn take(shared: &Shared, request: WebhookRequest<'_>) -> Result<usize, (u16, Error)> {
    if request.body.len() > BATCH_BYTES_MAX {
        return Err((413, Error::of(ErrorCode::RequestTooLarge)));
    }
    authenticate(shared, request).await?;
    let page = serde_json::from_slice::<Page>(request.body).map_err(|error| (400, Error::malformed_answer(error)))?;
    // A replay of this request brings nothing new: entries are known for ever by their ids. So no nonce is remembered.
    let new = taken_in(shared, page, Arrival::Brought).await.map_err(|error| (status_of(&error, 400), error))?;
    shared.inbox_news.notify_waiters();
    Ok(new)
}

/// The signature of 2.4 by a key of the platform, fresh by what is known of the platform's time.
async fn authenticate(shared: &Shared, request: WebhookRequest<'_>) -> Result<(), (u16, Error)> {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value).ok_or_else(|| (401, Error::of(ErrorCode::SignatureMissing).detail(name)))
    };
    let refused = |fault: Fault| (401, Error::of(fault.code).detail(format!("{:?}", fault.params)));
    let (input, signature, digest) = (header("signature-input")?, header("signature")?, header("content-digest")?);
    let hop = HopSignature::parse(input).map_err(refused)?;
    let value = parse_signature_header(signature).map_err(refused)?;
    hop.check_fresh(shared.clock.now()).map_err(refused)?;
    let made_at = Timestamp::from_millis(hop.created_seconds().saturating_mul(1_000));
    let judged = |error: Error| (status_of(&error, 401), error);
    let suite = shared.directory.suite(shared, hop.key_id(), made_at).await.map_err(judged)?;
    check_content_digest(digest, suite, request.body).map_err(refused)?;
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    let base = hop.base(&RequestTarget { method: request.method, path, query }, digest);
    let verified = shared.directory.verify(shared, hop.key_id(), Some(made_at), base.as_bytes(), &value);
    verified.await.map(|_| ()).map_err(judged)
}

/// What is the sender's fault has `otherwise`; what may be different in a while is said to be so.
fn status_of(error: &Error, otherwise: u16) -> u16 {
    use tongqiao_protocol::Retry;
    let passes = matches!(error.retry(), Retry::AfterDelay | Retry::SameRequest);
    // What cannot be read today cannot be read tomorrow.
    let is_unreadable = error.code() == ErrorCode::ClientBadAnswer;
    if passes && !is_unreadable || error.code().code().starts_with("store.") { 503 } else { otherwise }
}
