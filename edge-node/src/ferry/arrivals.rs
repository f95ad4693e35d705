//! What the ferry has brought to a node: the platform's answers, kept until the node's own delivery asks for them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tongqiao_protocol::batch::EventBatch;
use tongqiao_protocol::{BundleId, EventId};

use crate::courier::local_now;
use crate::link::{Answered, Call};

/// Who has not asked for an answer for so long never will.
const KEPT: Duration = Duration::from_secs(60 * 24 * 3_600);

/// The folder of what has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals(PathBuf);

/// An answer, and the bundle in which it came.
#[derive(Serialize, Deserialize)]
struct Arrived<'a> {
    bundle: BundleId,
    #[serde(borrow)]
    answer: &'a RawValue,
}

#[derive(Deserialize)]
struct Named {
    id: EventId,
}

impl Arrivals {
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join("ferry"))
    }

    fn event(&self, event: EventId) -> PathBuf {
        self.0.join(format!("{event}.json"))
    }

    fn reading(&self, target: &str) -> Option<PathBuf> {
        (target == "/v1/epoch").then(|| self.0.join("epoch.json"))
    }

    /// Keeps the platform's word about an event, unless a later bundle has brought one.
    pub(super) fn keep_event(&self, event: EventId, bundle: BundleId, answer: &RawValue) -> std::io::Result<()> {
        self.keep(&self.event(event), bundle, answer)
    }

    /// Keeps what everybody may read, likewise; other addresses are left out.
    pub(super) fn keep_reading(&self, target: &str, bundle: BundleId, answer: &RawValue) -> std::io::Result<()> {
        self.reading(target).map_or(Ok(()), |path| self.keep(&path, bundle, answer))
    }

    fn keep(&self, path: &Path, bundle: BundleId, answer: &RawValue) -> std::io::Result<()> {
        let before = std::fs::read(path).unwrap_or_default();
        let is_older = serde_json::from_slice::<Arrived<'_>>(&before).is_ok_and(|before| before.bundle >= bundle);
        if is_older {
            return Ok(());
        }
        std::fs::create_dir_all(&self.0)?;
        // Not synchronised: what a power cut takes, the next bundle brings again.
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(&serde_json::to_vec(&Arrived { bundle, answer })?)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Tells the node, which may be another process, and takes away what is old.
    pub(super) fn tell(&self, bundle: BundleId) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let now = u64::try_from(local_now().as_millis()).unwrap_or_default();
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            let at = entry.metadata()?.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            if at.is_some_and(|at| at + KEPT < Duration::from_millis(now)) {
                std::fs::remove_file(entry.path())?;
            }
        }
        std::fs::write(self.0.join("last"), bundle.to_string())
    }

    /// What has arrived last.
    pub(super) fn last(&self) -> Option<String> {
        std::fs::read_to_string(self.0.join("last")).ok()
    }

    /// The answer to a request of the node's delivery, made of what has arrived; `None` when nothing of it has.
    pub(crate) fn answer(&self, call: &Call) -> Option<Answered> {
        // Where no stick ever came, no file is looked for with each try of the delivery.
        if !self.0.is_dir() {
            return None;
        }
        let body = if call.method() == Method::POST && call.target() == "/v1/case-events" {
            self.results(call.body())?
        } else if call.method() == Method::GET {
            let bytes = std::fs::read(self.reading(call.target())?).ok()?;
            serde_json::from_slice::<Arrived<'_>>(&bytes).ok()?.answer.get().as_bytes().to_vec()
        } else {
            return None;
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(Answered::new(StatusCode::OK, &headers, body))
    }

    fn results(&self, body: &[u8]) -> Option<Vec<u8>> {
        let batch = serde_json::from_slice::<EventBatch>(body).ok()?;
        let mut results = Vec::with_capacity(batch.events.len());
        let mut found = 0;
        for signed in &batch.events {
            let event = serde_json::from_slice::<Named>(&signed.record).ok()?.id;
            let bytes = std::fs::read(self.event(event)).unwrap_or_default();
            let arrived = serde_json::from_slice::<Arrived<'_>>(&bytes).ok();
            found += usize::from(arrived.is_some());
            // Nothing is known of the others: they wait.
            let waits = || format!(r#"{{"id":"{event}","status":"deferred"}}"#);
            results.push(arrived.map_or_else(waits, |arrived| arrived.answer.get().to_owned()));
        }
        (found > 0).then(|| format!(r#"{{"results":[{}]}}"#, results.join(",")).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use tongqiao_protocol::Timestamp;

    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    fn bundle(millis: i64) -> BundleId {
        BundleId::from_time_and_random(Timestamp::from_millis(millis), [1; 10])
    }

    fn call(events: &[EventId]) -> Call {
        let events = events.iter().map(|event| STANDARD.encode(format!(r#"{{"id":"{event}"}}"#)));
        let signature = format!(r#"{{"keyid":"k-1","value":"{}"}}"#, STANDARD.encode([0; 64]));
        let events = events
            .map(|record| format!(r#"{{"record":"{record}","signature":{signature}}}"#))
            .collect::<Vec<_>>()
            .join(",");
        let body = format!(r#"{{"events":[{events}]}}"#).into_bytes();
        Call::new(Method::POST, "/v1/case-events", &HeaderMap::new(), body)
    }

    #[test]
    fn what_arrived_answers_the_delivery_and_the_rest_waits() {
        let folder = tempfile::tempdir().unwrap();
        let arrivals = Arrivals::of(folder.path());
        let [one, other] = [7, 8].map(|byte| EventId::from_time_and_random(Timestamp::from_millis(5), [byte; 10]));
        assert_eq!(arrivals.answer(&call(&[one, other])), None);
        arrivals.keep_event(one, bundle(5), &raw(&format!(r#"{{"id":"{one}","status":"settled"}}"#))).unwrap();
        let answer = arrivals.answer(&call(&[other, one])).unwrap();
        let answer = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap();
        assert_eq!(answer["results"][0]["status"], "deferred");
        assert_eq!(answer["results"][1], serde_json::json!({ "id": one, "status": "settled" }));
    }

    #[test]
    fn an_older_bundle_does_not_take_the_place_of_a_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let arrivals = Arrivals::of(folder.path());
        let ask = Call::new(Method::GET, "/v1/epoch", &HeaderMap::new(), Vec::new());
        arrivals.keep_reading("/v1/epoch", bundle(9_000), &raw("2")).unwrap();
        arrivals.keep_reading("/v1/epoch", bundle(8_000), &raw("1")).unwrap();
        assert_eq!(arrivals.answer(&ask).unwrap().body, b"2");
        arrivals.keep_reading("/v1/epoch", bundle(10_000), &raw("3")).unwrap();
        assert_eq!(arrivals.answer(&ask).unwrap().body, b"3");
        arrivals.keep_reading("/v1/bills", bundle(10_000), &raw("3")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("ferry")).unwrap().count(), 1);
    }
}
