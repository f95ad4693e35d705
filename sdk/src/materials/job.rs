//! Uploads in the store: `job/<id>` is the job, for ever; `open/<id>` stands while it is to be sent; `spool/<id>` while a copy
//! of the file is kept; `digest/<digest>` names the upload of a content, so that it is sent once; `carried/<party>/<digest>` that
//! of somebody whose materials are carried.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::case::ClockStanding;
use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{Digest, EpochId, MaterialId, PartyId, Problem, Timestamp};
use tongqiao_store::{Store, StoreError};

use crate::storage::repeatedly;

const JOB: &str = "job/";
const OPEN: &str = "open/";
const SPOOL: &str = "spool/";
const DIGEST: &str = "digest/";
const CARRIED: &str = "carried/";
/// Documents of one page.
const PAGE: u32 = 500;

/// One upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) announcement: MaterialAnnouncement,
    pub(super) source: Source,
    pub(crate) state: UploadState,
    /// How many bytes the platform had when this was written.
    pub(super) sent: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<Problem>,
    /// The receipt as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<Value>,
    /// The platform's epoch in which it was found whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<EpochId>,
    /// When it ended, by the platform's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Timestamp>,
    /// Since when it is here for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) carried: Option<Since>,
    /// Since when a node has it, by that node's receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) with_node: Option<Timestamp>,
}

/// When it came, and how good the clock was that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Since {
    pub(crate) time: Timestamp,
    pub(crate) clock: ClockStanding,
}

/// Where the bytes are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// In the application's file.
    File(PathBuf),
    /// In a copy of ours.
    Copy(PathBuf),
}

impl Source {
    pub(super) const fn path(&self) -> &PathBuf {
        match self {
            Self::File(path) | Self::Copy(path) => path,
        }
    }
}

/// How far an upload is, as this side knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UploadState {
    /// Accepted, and not whole at the platform yet.
    Waiting,
    /// Whole at the platform.
    Delivered,
    /// It will not be sent: the file has changed or is gone, or the platform refused it. Add the file anew.
    Failed,
}

impl Job {
    /// One that is to be sent.
    pub(super) const fn new(announcement: MaterialAnnouncement, source: Source) -> Self {
        Self {
            announcement,
            source,
            state: UploadState::Waiting,
            sent: 0,
            problem: None,
            receipt: None,
            epoch: None,
            ended: None,
            carried: None,
            with_node: None,
        }
    }

    pub(super) const fn id(&self) -> MaterialId {
        self.announcement.material
    }

    /// The changes that write it, and the marks that go with its state.
    fn written(&self, expected: Expected) -> Vec<Change> {
        let id = self.id();
        let put = |key: String, expected, bytes| Change::PutDocument {
            collection: Collection::Material,
            key,
            expected,
            bytes,
        };
        let mut changes = vec![put(format!("{JOB}{id}"), expected, serde_json::to_vec(self).unwrap_or_default())];
        let key = format!("{OPEN}{id}");
        changes.push(if self.state == UploadState::Waiting {
            put(key, Expected::Any, b"{}".to_vec())
        } else {
            Change::DeleteDocument { collection: Collection::Material, key, expected: Expected::Any }
        });
        changes
    }
}

/// The upload of a content that is here already and did not fail.
pub(super) fn of_content(store: &dyn Store, digest: &Digest) -> Result<Option<Job>, StoreError> {
    let Some(named) = store.document(Collection::Material, &format!("{DIGEST}{digest}"))? else { return Ok(None) };
    let Some(id) = std::str::from_utf8(&named.bytes).ok().and_then(|text| text.parse().ok()) else { return Ok(None) };
    Ok(find(store, id)?.map(|(job, _)| job).filter(|job| job.state != UploadState::Failed))
}

/// Keeps a new job, unless the same content was added meanwhile: then that one counts.
pub(super) fn keep(store: &dyn Store, job: &Job) -> Result<Job, StoreError> {
    let key = format!("{DIGEST}{}", job.announcement.digest);
    repeatedly(|| {
        if let Some(known) = of_content(store, &job.announcement.digest)? {
            return Ok(known);
        }
        let named = store.document(Collection::Material, &key)?;
        let mut changes = job.written(Expected::Absent);
        changes.push(Change::PutDocument {
            collection: Collection::Material,
            key: key.clone(),
            expected: named.map_or(Expected::Absent, |document| Expected::Version(document.version)),
            bytes: job.id().to_string().into_bytes(),
        });
        if matches!(job.source, Source::Copy(_)) {
            let (collection, key) = (Collection::Material, format!("{SPOOL}{}", job.id()));
            changes.push(Change::PutDocument { collection, key, expected: Expected::Any, bytes: b"{}".to_vec() });
        }
        store.commit(changes)?;
        Ok(job.clone())
    })
}

/// Keeps what somebody else has brought. What is here already stays, unless it failed.
pub(super) fn carry(store: &dyn Store, job: &Job) -> Result<Job, StoreError> {
    let put = |key: String, bytes: Vec<u8>| Change::PutDocument {
        collection: Collection::Material,
        key,
        expected: Expected::Any,
        bytes,
    };
    repeatedly(|| {
        let known = find(store, job.id())?;
        let expected = match known {
            Some((known, _)) if known.state != UploadState::Failed => return Ok(known),
            Some((_, version)) => Expected::Version(version),
            None => Expected::Absent,
        };
        let mut changes = job.written(expected);
        changes.push(put(format!("{SPOOL}{}", job.id()), b"{}".to_vec()));
        let Job { announcement, .. } = job;
        changes.push(put(carried(&announcement.party, &announcement.digest), job.id().to_string().into_bytes()));
        store.commit(changes)?;
        Ok(job.clone())
    })
}

fn carried(party: &PartyId, digest: &Digest) -> String {
    format!("{CARRIED}{party}/{digest}")
}

/// What the same party has brought of the same content and did not fail.
pub(super) fn of_party(store: &dyn Store, party: &PartyId, digest: &Digest) -> Result<Option<Job>, StoreError> {
    let Some(named) = store.document(Collection::Material, &carried(party, digest))? else { return Ok(None) };
    let Some(id) = std::str::from_utf8(&named.bytes).ok().and_then(|text| text.parse().ok()) else { return Ok(None) };
    Ok(find(store, id)?.map(|(job, _)| job).filter(|job| job.state != UploadState::Failed))
}

/// How many are to be sent.
pub(super) fn count_open(store: &dyn Store) -> Result<u64, StoreError> {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let page = store.documents(Collection::Material, OPEN, &after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(count) };
        after.clone_from(last);
        count += page.len() as u64;
    }
}

/// A job with its version.
pub(super) fn find(store: &dyn Store, id: MaterialId) -> Result<Option<(Job, u64)>, StoreError> {
    let found = store.document(Collection::Material, &format!("{JOB}{id}"))?;
    Ok(found.and_then(|document| Some((serde_json::from_slice(&document.bytes).ok()?, document.version))))
}

/// Changes a job as it is now; `None` from `change` leaves it.
pub(super) fn change(store: &dyn Store, id: MaterialId, change: impl Fn(Job) -> Option<Job>) -> Result<(), StoreError> {
    repeatedly(|| {
        let Some((job, version)) = find(store, id)? else { return Ok(()) };
        match change(job) {
            Some(changed) => store.commit(changed.written(Expected::Version(version))).map(drop),
            None => Ok(()),
        }
    })
}

/// What is to be sent, oldest first.
pub(super) fn open(store: &dyn Store) -> Result<Vec<MaterialId>, StoreError> {
    let found = store.documents(Collection::Material, OPEN, "", PAGE)?;
    Ok(found.iter().filter_map(|(key, _)| key.strip_prefix(OPEN)?.parse().ok()).collect())
}

/// The platform began another epoch: what it had whole in an earlier one, and is still kept here, is offered again.
pub(super) fn offer_again(store: &dyn Store, epoch: EpochId, kept_since: Timestamp) -> Result<usize, StoreError> {
    let (mut after, mut offered) = (String::new(), 0);
    loop {
        let page = store.documents(Collection::Material, JOB, &after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(offered) };
        after.clone_from(last);
        for (_, document) in &page {
            let Ok(job) = serde_json::from_slice::<Job>(&document.bytes) else { continue };
            let lost = |job: &Job| {
                let kept = job.ended.is_some_and(|ended| ended >= kept_since);
                job.state == UploadState::Delivered && job.epoch != Some(epoch) && kept
            };
            if lost(&job) {
                offered += 1;
                change(store, job.id(), |job| lost(&job).then_some(Job { state: UploadState::Waiting, ..job }))?;
            }
        }
    }
}

/// Copies that nobody needs any more: their jobs ended before that time. They are no longer marked as kept.
pub(super) fn forget_copies(store: &dyn Store, before: Timestamp) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = Vec::new();
    for (key, _) in store.documents(Collection::Material, SPOOL, "", PAGE)? {
        let Some(id) = key.strip_prefix(SPOOL).and_then(|id| id.parse().ok()) else { continue };
        let Some((job, _)) = find(store, id)? else { continue };
        if job.state == UploadState::Waiting || job.ended.is_none_or(|ended| ended >= before) {
            continue;
        }
        store.commit(vec![Change::DeleteDocument {
            collection: Collection::Material,
            key,
            expected: Expected::Any,
        }])?;
        paths.push(job.source.path().clone());
    }
    Ok(paths)
}
