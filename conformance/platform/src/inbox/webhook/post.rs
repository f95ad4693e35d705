//! One post: open entries, signed as the answer of `GET /v1/inbox` would have them, under the platform's hop signature.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tongqiao_protocol::limits::INBOX_ENTRIES_MAX;
use tongqiao_protocol::{RecordKind, Timestamp};

use super::address::Address;
use super::row::{Attempt, Webhook};
use crate::app::AppState;
use crate::hop::headers_of_post;
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

/// Brings what is open; what came of it. `None` when there is nothing to bring any more.
pub(super) async fn bring(app: &AppState, webhook: &Webhook) -> Option<Attempt> {
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
    let Some(headers) = headers_of_post(&keys, webhook.suite, address.url(), &body, now) else {
        return Some(failed("the platform cannot sign"));
    };
    let http = &app.settings.outgoing;
    let mut request = http.post(address.url().clone()).timeout(PATIENCE).header("content-type", "application/json");
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
