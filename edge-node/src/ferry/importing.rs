//! At the node: the platform's answers, read from bundles of the hub.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use tongqiao::{Carrier, Credentials};
use tongqiao_protocol::{EventId, Problem};

use super::folder::{self, RECEIPTS};
use super::{Arrivals, Fate, FerryError, Read, Unusable};
use crate::audit::{Audit, Deed, OPERATOR};
use crate::link::Answered;
use crate::link::bundle::{Holds, Opener, Part, Sealed};
use crate::node::Node;
use crate::{NodeSettings, settings};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct One<'a> {
    id: Option<EventId>,
    #[serde(borrow, default)]
    receipt: Option<&'a RawValue>,
    #[serde(default)]
    problem: Option<Problem>,
}

/// Reads every bundle of receipts in a folder; says of each what became of it. A running node hears of what has come within a
/// second or so, one that does not run when it is next started; either judges the receipts itself.
///
/// # Errors
/// [`FerryError`] when nothing at all can be read.
pub async fn import(settings: &NodeSettings, from: &Path) -> Result<Vec<Read>, FerryError> {
    let files = folder::list(from, RECEIPTS)?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let credentials = Credentials::from_file(settings::credentials(&settings.data))?;
    let opener = Opener::of(&credentials).ok_or(FerryError::NoLinkKey)?;
    let (arrivals, audit) = (Arrivals::of(&settings.data), Audit::of(&settings.data));
    let (client, _, register) = Node::at_rest(settings, &credentials).await?;
    let carrier = client.carrier();
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let fate = match folder::read(&file) {
            Ok(Ok(bytes)) => {
                let (carrier, credentials, opener) = (&carrier, &credentials, &opener);
                let taking = Taking { carrier, credentials, settings, opener, audit: &audit };
                taking.take(&bytes, &arrivals).await
            }
            Ok(Err(unusable)) => Ok(Fate::Refused(unusable)),
            Err(error) => Err(error),
        };
        let fate = fate.unwrap_or_else(Fate::Failed);
        // A bundle for another node on the same stick stays for that one.
        if matches!(fate, Fate::Taken { .. }) {
            folder::remove(&file);
        }
        done.push(Read { file, fate });
    }
    register.close();
    client.close().await;
    Ok(done)
}

struct Taking<'a> {
    carrier: &'a Carrier,
    credentials: &'a Credentials,
    settings: &'a NodeSettings,
    opener: &'a Opener,
    audit: &'a Audit,
}

impl Taking<'_> {
    async fn take(&self, bytes: &[u8], arrivals: &Arrivals) -> Result<Fate, FerryError> {
        let parts = match self.parts(bytes).await {
            Ok(opened) => opened,
            Err(unusable) => return Ok(Fate::Refused(unusable)),
        };
        let (bundle, parts) = parts;
        let noted = self.audit.note(OPERATOR, Deed::FerryRead, &bundle.to_string());
        noted.map_err(FerryError::Audit)?;
        for part in parts.iter().filter(|part| part.target == "/v1/directory") {
            let Ok(answered) = Answered::decode(&part.frame) else { return Ok(Fate::Refused(Unusable::Malformed)) };
            // Of a bundle that comes late it is older than what is known here.
            if let Err(error) = self.carrier.take_directory(&answered.body).await {
                tracing::info!(code = error.code().code(), "the directory of a bundle is not taken");
            }
        }
        match keep(arrivals, bundle, &parts) {
            Ok(fate) => Ok(fate),
            Err(error) => Err(FerryError::Io(self.settings.data.clone(), error)),
        }
    }

    async fn parts(&self, bytes: &[u8]) -> Result<(tongqiao_protocol::BundleId, Vec<Part>), Unusable> {
        let sealed = Sealed::parse(bytes)?;
        let head = &sealed.head;
        if head.to != *self.credentials.party() || head.holds != Holds::Receipts {
            return Err(Unusable::ForAnother(head.to.clone()));
        }
        if head.from != self.settings.hub_party {
            return Err(Unusable::FromAnother(head.from.clone()));
        }
        let key = self.carrier.key(sealed.keyid()).await.found().filter(|key| key.revoked.is_none());
        let key = key.ok_or_else(|| Unusable::UnknownKey(sealed.keyid().clone()))?;
        sealed.check(&key)?;
        Ok((head.bundle, sealed.open(self.opener)?))
    }
}

/// Keeps what a bundle holds. Nothing of it has been judged: that is done when the delivery asks.
fn keep(arrivals: &Arrivals, bundle: tongqiao_protocol::BundleId, parts: &[Part]) -> std::io::Result<Fate> {
    let (mut judged, mut open, mut reasons) = (0, 0, BTreeSet::new());
    for part in parts {
        let Ok(answered) = Answered::decode(&part.frame) else { return Ok(Fate::Refused(Unusable::Malformed)) };
        if part.target != "/v1/case-events" {
            if let Ok(answer) = serde_json::from_slice::<&RawValue>(&answered.body) {
                arrivals.keep_reading(&part.target, bundle, answer)?;
            }
            continue;
        }
        let Ok(answer) = serde_json::from_slice::<Answer<'_>>(&answered.body) else {
            return Ok(Fate::Refused(Unusable::Malformed));
        };
        for result in answer.results {
            let one = serde_json::from_str::<One<'_>>(result.get());
            match one {
                Ok(One { id: Some(event), receipt: Some(_), .. }) => {
                    judged += 1;
                    arrivals.keep_event(event, bundle, result)?;
                }
                // Nothing ends by a word that the platform has not signed: the record waits, and goes with the next bundle.
                Ok(One { problem, .. }) => {
                    open += 1;
                    reasons.extend(problem.map(|problem| problem.code.to_string()));
                }
                Err(_) => open += 1,
            }
        }
    }
    arrivals.tell(bundle)?;
    Ok(Fate::Taken { bundle, judged, open, reasons: reasons.into_iter().collect() })
}
