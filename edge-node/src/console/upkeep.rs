//! What goes on behind the pages: samples of the link, news of the inbox, and what may be forgotten.

use std::time::Duration;

use tongqiao::Error;
use tongqiao_protocol::case::{CaseEventData, OpenValue};
use tongqiao_protocol::inbox::{InboxEntry, InboxKind};
use tongqiao_protocol::{CaseId, ErrorCode};

use super::history::Sample;
use super::ledger::News;
use super::{Console, Inside};
use crate::courier::local_now;

/// Between two samples.
const TICK: Duration = Duration::from_secs(10);
/// The inbox is asked once in so many ticks: a weak link has other things to do.
const INBOX_EVERY: u64 = 3;
/// What is over is looked for once in so many.
const FORGET_EVERY: u64 = 360;
const DAY_MS: i64 = 86_400_000;

/// Works until it is aborted; every step leaves the files whole.
pub(super) async fn keep_up(console: Console) {
    let inside = &console.0;
    // The hall may have enrolled after the node last asked for the directory.
    let (mut is_known, mut is_asked) = (false, false);
    for tick in 0_u64.. {
        match inside.node.outbox().statistics().await {
            Ok(statistics) => {
                let link = inside.uplink.state();
                inside.history.note(Sample { at: local_now(), link, pending: statistics.pending });
            }
            Err(error) => tracing::warn!(code = error.code().code(), "the node's store was not asked"),
        }
        is_known = is_known || inside.node.refresh_directory().await.is_ok();
        if is_asked || tick % INBOX_EVERY == 0 {
            inside.read_inbox().await;
        }
        if tick % FORGET_EVERY == 0 {
            inside.forget_what_is_over().await;
        }
        is_asked = tokio::select! {
            () = tokio::time::sleep(TICK) => false,
            () = inside.asked.notified() => true,
        };
    }
}

impl Inside {
    /// Asks for news and notes what others did in cases of this counter.
    pub(super) async fn read_inbox(&self) {
        if let Err(error) = self.client.inbox().refresh().await {
            tracing::debug!(code = error.code().code(), "the inbox is read as it is here");
        }
        let entries = match self.client.inbox().open().await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(code = error.code().code(), "the inbox cannot be read");
                return;
            }
        };
        for entry in entries {
            if let Err(error) = self.take_note(&entry).await {
                tracing::warn!(code = error.code().code(), "an entry of the inbox is read again later");
            }
        }
        self.fetch_notices().await;
    }

    /// Fetches what is asked for in correction notices, so that it can be read and printed without a link.
    async fn fetch_notices(&self) {
        for taken in self.ledger.all() {
            let is_asked = taken.news.iter().any(|news| news.kind == "correction-requested");
            if !is_asked || taken.notice.is_some() {
                continue;
            }
            let notice = match self.client.cases().take_over(taken.case).await {
                Ok(over) => over.events.into_iter().rev().find_map(|event| match event.data {
                    CaseEventData::CorrectionRequested(notice) => serde_json::to_value(notice).ok(),
                    _ => None,
                }),
                Err(error) => {
                    tracing::debug!(code = error.code().code(), "a correction notice is fetched later");
                    continue;
                }
            };
            let notice = notice.and_then(|notice| notice.as_object().cloned());
            if let Err(error) = self.ledger.change(taken.case, |taken| taken.notice = notice) {
                tracing::error!(%error, "a correction notice could not be kept");
            }
        }
    }

    /// Notes an entry and acknowledges it. Words of the operator stay until a person has read them.
    async fn take_note(&self, entry: &InboxEntry) -> Result<(), Error> {
        let OpenValue::Known(kind) = &entry.kind else { return Ok(()) };
        match kind {
            InboxKind::OperatorNotice | InboxKind::ComplaintFiled | InboxKind::SupervisionOrdered => return Ok(()),
            InboxKind::CaseChanged | InboxKind::CaseDispatched | InboxKind::CaseEvaluated | InboxKind::JointChanged => {
                let Ok(case) = entry.subject.parse::<CaseId>() else { return Ok(()) };
                // A case of another counter that this party is to handle: a person must take it up.
                if *kind == InboxKind::CaseDispatched && self.ledger.get(case).is_none() {
                    return Ok(());
                }
                if !self.note_news(case, entry) {
                    return Ok(());
                }
            }
            InboxKind::BillPaid | InboxKind::RefundOwed | InboxKind::RefundEnded | InboxKind::CatalogueChanged => {}
        }
        match self.client.inbox().acknowledge(entry.id).await {
            Err(error) if error.code() != ErrorCode::ClientUnknownInboxEntry => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the news is on disk. A case of somebody else's counter has no file here, and needs none.
    fn note_news(&self, case: CaseId, entry: &InboxEntry) -> bool {
        let text = |name: &str| entry.data.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let dispatched = entry.kind == OpenValue::Known(InboxKind::CaseDispatched);
        let kind = if dispatched { "case-dispatched".to_owned() } else { text("kind") };
        let news = News { entry: entry.id, kind, at: entry.time, party: text("party") };
        let noted = self.ledger.change(case, |taken| {
            if taken.news.iter().all(|known| known.entry != news.entry) {
                taken.news.push(news);
            }
        });
        if let Err(error) = &noted {
            tracing::error!(%error, "news of a case could not be kept");
        }
        noted.is_ok()
    }

    /// Takes out what was never opened, after a day, and what the store has forgotten, after the retention.
    async fn forget_what_is_over(&self) {
        let keep_ms = i64::from(self.settings.retention_days) * DAY_MS;
        for taken in self.ledger.all() {
            let age = local_now().millis_since(taken.taken_at);
            if age < DAY_MS {
                continue;
            }
            let over = match self.client.cases().get(taken.case).await {
                Ok(None) => true,
                Ok(Some(view)) => age > keep_ms && view.events.iter().all(|event| event.entry.is_none()),
                Err(_) => false,
            };
            if over && let Err(error) = self.ledger.forget(taken.case) {
                tracing::warn!(%error, "a file of the console could not be removed");
            }
        }
    }
}
