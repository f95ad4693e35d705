//! One post: open entries, signed as the answer of `GET /v1/inbox` would have them, under the platform's hop signature.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::json;
use tongqiao_protocol::limits::{HOP_SIGNATURE_LIFE_MS, INBOX_ENTRIES_MAX};
use tongqiao_protocol::{RecordKind, Timestamp};
use url::Url;

use super::address::{Address, may_be_called};
use super::row::{Attempt, Webhook};
use crate::app::AppState;
use crate::crypto;
use crate::inbox::entry;

/// How long an addressee may take, from the connection to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first pause after a failure; each further one doubles it.
const PAUSE_MS: i64 = 1_000;
/// The longest pause.
const PAUSE_MS_MAX: i64 = 300_000;
/// The longest pause that an addressee may ask for.
const RETRY_AFTER_MS_MAX: i64 = 3_600_000;
/// How long after everything was heard it is said again, if it is not acknowledged.
const REPEAT_MS: i64 = 600_000;

/// A client that follows nobody and calls no machine that it must not.
pub(super) fn client(is_sandbox: bool) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = rustls::RootCertStore::empty();
    // Whom this machine believes; one unreadable certificate among them is no reason to call nobody.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .dns_resolver(Arc::new(Careful { is_sandbox }))
        .tls_backend_preconfigured(tls)
        .build()?;
    Ok(client)
}

/// Resolves names to machines that may be called, at every call anew.
#[derive(Debug, Clone, Copy)]
struct Careful {
    is_sandbox: bool,
}

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        let is_sandbox = self.is_sandbox;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|one| may_be_called(one.ip(), is_sandbox)).collect();
            if allowed.is_empty() {
                return Err("the name leads to no machine that may be called".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Brings what is open; what came of it. `None` when there is nothing to bring any more.
pub(super) async fn bring(app: &AppState, http: &reqwest::Client, webhook: &Webhook) -> Option<Attempt> {
    let now = app.clock.now();
    let is_repetition = webhook.repeat_at <= now;
    let after = if is_repetition { 0 } else { webhook.heard };
    let party = webhook.party.clone();
    let open = app.database.read(move |connection| entry::open(connection, &party, after, INBOX_ENTRIES_MAX)).await;
    let open = open.inspect_err(|error| tracing::warn!(%error, "open entries cannot be read")).ok()?;
    let up_to = open.last()?.position;
    let failed = |reason: &str| failure(webhook, now, None, reason);
    let Ok(address) = Address::parse(&webhook.address, app.settings.sandbox) else {
        return Some(failed("the address may not be called any more"));
    };
    let keys = app.keys();
    let sign = |open: entry::Open| keys.sign_record(webhook.suite, RecordKind::InboxEntry, open.record);
    let Ok(entries) = open.into_iter().map(sign).collect::<Result<Vec<_>, _>>() else {
        return Some(failed("the platform cannot sign"));
    };
    let body = json!({ "entries": entries, "next": up_to, "epoch": app.epoch().epoch }).to_string().into_bytes();
    let Some(headers) = headers(app, webhook, address.url(), &body, now) else {
        return Some(failed("the platform cannot sign"));
    };
    let mut request = http.post(address.url().clone()).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.body(body).send().await;
    let now = app.clock.now();
    Some(match answer {
        Ok(answer) if answer.status().is_success() => {
            // A repetition begins at the first entry and goes on from post to post, as the first time.
            let repeat_at = is_repetition.then(|| now.plus_millis(REPEAT_MS));
            Attempt::Heard { up_to, repeat_at }
        }
        Ok(answer) => {
            let asked = retry_after(answer.headers());
            failure(webhook, now, asked, &format!("answered {}", shown(answer.status())))
        }
        Err(error) if error.is_timeout() => failure(webhook, now, None, "no answer in ten seconds"),
        Err(error) if error.is_connect() => failure(webhook, now, None, "no connection"),
        Err(_) => failure(webhook, now, None, "the connection broke"),
    })
}

fn shown(status: StatusCode) -> String {
    status.as_u16().to_string()
}

fn retry_after(headers: &http::HeaderMap) -> Option<i64> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.trim().parse::<i64>().ok()?;
    Some(seconds.saturating_mul(1_000).clamp(0, RETRY_AFTER_MS_MAX))
}

fn failure(webhook: &Webhook, now: Timestamp, asked: Option<i64>, reason: &str) -> Attempt {
    let doublings = u32::try_from(webhook.failures.clamp(0, 20)).unwrap_or(20);
    let pause = PAUSE_MS.saturating_mul(1_i64 << doublings).min(PAUSE_MS_MAX);
    let next_attempt = now.plus_millis(pause.max(asked.unwrap_or_default()));
    Attempt::Failed { reason: reason.to_owned(), next_attempt }
}

/// The hop signature of 2.4, by the platform's key; `None` when it cannot be made.
fn headers(
    app: &AppState,
    webhook: &Webhook,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Option<[(&'static str, String); 3]> {
    let keys = app.keys();
    let key = keys.of(webhook.suite);
    let digest = crypto::hash(webhook.suite, &[body]);
    let name = match webhook.suite {
        tongqiao_protocol::Suite::International => "sha-256",
        tongqiao_protocol::Suite::ShangMi => "sm3",
    };
    let digest = format!("{name}=:{}:", STANDARD.encode(digest));
    let created = now.as_millis().div_euclid(1_000);
    let nonce = URL_SAFE_NO_PAD.encode(crypto::random::<16>().ok()?);
    let parameters = format!(
        "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={created};expires={};nonce=\"{nonce}\";\
         keyid=\"{}\";tag=\"tongqiao-v1\"",
        created + HOP_SIGNATURE_LIFE_MS / 1_000,
        key.key_id(),
    );
    let base = format!(
        "\"@method\": POST\n\"@path\": {}\n\"@query\": ?{}\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}",
        url.path(),
        url.query().unwrap_or_default(),
    );
    let value = key.sign(base.as_bytes()).ok()?;
    Some([
        ("content-digest", digest),
        ("signature-input", format!("sig1={parameters}")),
        ("signature", format!("sig1=:{}:", STANDARD.encode(value.as_bytes()))),
    ])
}
