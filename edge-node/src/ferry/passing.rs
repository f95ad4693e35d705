//! At the hub: records from bundles, brought to the platform, and its answers written for the nodes.

use std::collections::BTreeSet;
use std::path::Path;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use tongqiao::{Carrier, Client, Credentials};
use tongqiao_protocol::batch::EventResults;
use tongqiao_protocol::{KeyRecord, Problem, Timestamp};

use super::exporting::{addressee, own_suite};
use super::folder::{self, RECEIPTS, RECORDS};
use super::{Fate, FerryError, Read, Unusable};
use crate::courier::local_now;
use crate::hub::platform_client;
use crate::link::bundle::{self, Address, Holds, Load, Opener, Sealed};
use crate::link::{Answered, Call};
use crate::{HubSettings, settings};

/// Reads every bundle of records in a folder, brings the records to the platform, and writes what it answers to `receipts`. A
/// bundle is taken away only when the answers to it are written; one that comes again is answered again.
///
/// # Errors
/// [`FerryError`] when nothing at all can be read, or the platform's directory cannot be had: who has been revoked must be known.
pub async fn pass(settings: &HubSettings, from: &Path, receipts: &Path) -> Result<Vec<Read>, FerryError> {
    let files = folder::list(from, RECORDS)?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
    let opener = Opener::of(&credentials).ok_or(FerryError::NoLinkKey)?;
    let (client, _) = platform_client(settings, &credentials).await?;
    client.refresh_directory().await?;
    let passing = Passing { client: &client, carrier: client.carrier(), credentials: &credentials, opener, receipts };
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let fate = match folder::read(&file) {
            Ok(Ok(bytes)) => passing.pass(&file, &bytes).await.unwrap_or_else(Fate::Failed),
            Ok(Err(unusable)) => Fate::Refused(unusable),
            Err(error) => Fate::Failed(error),
        };
        done.push(Read { file, fate });
    }
    client.close().await;
    Ok(done)
}

struct Passing<'a> {
    client: &'a Client,
    carrier: Carrier,
    credentials: &'a Credentials,
    opener: Opener,
    receipts: &'a Path,
}

impl Passing<'_> {
    async fn pass(&self, file: &Path, bytes: &[u8]) -> Result<Fate, FerryError> {
        let sealed = match Sealed::parse(bytes) {
            Ok(sealed) => sealed,
            Err(unusable) => return Ok(Fate::Refused(unusable)),
        };
        let head = &sealed.head;
        if head.to != *self.credentials.party() || head.holds != Holds::Records {
            return Ok(Fate::Refused(Unusable::ForAnother(head.to.clone())));
        }
        let Some(key) = self.carrier.key(sealed.keyid()).await.found() else {
            return Ok(Fate::Refused(Unusable::UnknownKey(sealed.keyid().clone())));
        };
        if let Err(unusable) = sealed.check(&key) {
            return Ok(Fate::Refused(unusable));
        }
        if !is_believed(&key, head.created, self.client.platform_time()) {
            folder::quarantine(file)?;
            return Ok(Fate::Quarantined);
        }
        let calls = match calls(&sealed, &self.opener) {
            Ok(calls) => calls,
            Err(unusable) => return Ok(Fate::Refused(unusable)),
        };
        let directory = self.carrier.directory().await?;
        let to = addressee(directory.as_ref(), &head.from)?;
        let (load, fate) = self.ask(&sealed, calls).await?;
        let from = self.credentials.party();
        let address = Address { from, to: &to, holds: Holds::Receipts, created: local_now() };
        let suite = own_suite(&self.carrier, self.credentials).await?;
        let written = bundle::write(&self.carrier, suite, &address, load)?;
        let (id, answer) = written.ok_or_else(|| FerryError::NobodyThere(to.party.clone()))?;
        folder::write(self.receipts, &format!("{}.{id}{RECEIPTS}", to.party), &answer)?;
        folder::remove(file);
        Ok(fate)
    }

    /// Brings everything to the platform, in its order.
    async fn ask(&self, sealed: &Sealed<'_>, calls: Vec<Call>) -> Result<(Load, Fate), FerryError> {
        let mut load = Load::default();
        // A node behind a gap learns in no other way of another epoch, or of keys that came and went.
        load.add("/v1/epoch", &frame(self.carrier.signed_epoch().await?), 0);
        load.add("/v1/directory", &frame(self.carrier.signed_directory().await?), 0);
        let (mut judged, mut open, mut reasons) = (0, 0, BTreeSet::new());
        for call in calls {
            let answer = self.carrier.pass_on(call.body().to_vec()).await?;
            let results = serde_json::from_slice::<EventResults>(&answer).map(|answer| answer.results);
            for result in results.unwrap_or_default() {
                match (result.receipt, result.problem) {
                    (Some(_), _) => judged += 1,
                    (None, problem) => {
                        open += 1;
                        let problem = problem.and_then(|problem| serde_json::from_value::<Problem>(problem).ok());
                        reasons.extend(problem.map(|problem| problem.code.to_string()));
                    }
                }
            }
            load.add(call.target(), &frame(answer), 0);
        }
        load.count = judged;
        let reasons = reasons.into_iter().collect();
        Ok((load, Fate::Taken { bundle: sealed.head.bundle, judged, open, reasons }))
    }
}

/// Whether a bundle of this key is passed on. A box whose clock stands in the past can still be heard: what counts is that the key
/// was enrolled by now, and had not run out by then.
fn is_believed(key: &KeyRecord, created: Timestamp, now: Timestamp) -> bool {
    key.revoked.is_none()
        && key.valid_from.is_none_or(|from| from <= now)
        && key.valid_until.is_none_or(|until| created < until)
}

/// The requests of a bundle; all of them, or none when one is not what it should be.
fn calls(sealed: &Sealed<'_>, opener: &Opener) -> Result<Vec<Call>, Unusable> {
    let parts = sealed.open(opener)?;
    let calls = parts.iter().map(|part| Call::decode(&part.frame).map_err(|_| Unusable::Malformed));
    let calls = calls.collect::<Result<Vec<_>, _>>()?;
    let are_records = calls.iter().all(|call| call.method() == Method::POST && call.target() == "/v1/case-events");
    if are_records { Ok(calls) } else { Err(Unusable::Malformed) }
}

fn frame(body: Vec<u8>) -> Vec<u8> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Answered::new(StatusCode::OK, &headers, body).encode()
}
