//! The files of materials 材料: accepted durably, sent in the background, resumed wherever they stopped.

mod carried;
mod draft;
mod file;
mod job;
mod licence_use;
mod progress;
mod reading;
mod upload;
mod with_node;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tongqiao_protocol::limits::MATERIAL_BYTES_MAX;
use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{Digest, ErrorCode, Fault, Faults, LicenceIdentifier, MaterialId, Problem, Timestamp};

pub(crate) use self::carried::{Taken, count_waiting, link_of, sweep, take, what_is_here};
use self::draft::Bytes;
pub use self::draft::MaterialDraft;
use self::file::Measured;
pub use self::job::UploadState;
pub(crate) use self::job::{Job as CarriedJob, Since};
use self::job::{Job, Source};
pub use self::licence_use::LicenceUse;
pub(crate) use self::progress::Uploads;
pub(crate) use self::upload::keep_uploading;
use crate::client::{Running, Shared};
use crate::{Error, Receipt, entropy};

/// How often the store is looked at while an upload is waited for: another process may be the one that sends.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Files of materials; see [`Client::materials`](crate::Client::materials).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client, draft: tongqiao::CaseDraft) -> Result<(), tongqiao::Error> {
/// use tongqiao::MaterialDraft;
///
/// let scan = client.materials().add(MaterialDraft::file("scan.pdf")).await?; // on disk before it returns
/// let case = client.cases().open(&draft.attach("id-card", "居民身份证", &scan)).await?; // need not wait for the file
/// let status = scan.status().await?;
/// println!("{} of {} bytes", status.sent, status.size);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Materials {
    shared: Arc<Running>,
}

/// A material that was added: its digest is what a case cites.
#[derive(Clone)]
pub struct MaterialHandle {
    shared: Arc<Running>,
    id: MaterialId,
    digest: Digest,
    size: u64,
}

/// How far an upload is.
#[derive(Debug, Clone)]
pub struct UploadStatus {
    /// How far.
    pub state: UploadState,
    /// How many bytes the platform, or a node in between, has on disk, as far as this store knows.
    pub sent: u64,
    /// How many there are.
    pub size: u64,
    /// Why it failed: `client.material_changed`, `client.material_unreadable`, or what the platform said.
    pub problem: Option<Problem>,
    /// The platform's receipt, once it is delivered.
    pub receipt: Option<Receipt>,
    /// Since when a node has the whole of it and brings it to the platform, by that node's receipt. It proves nothing of the
    /// platform: the file stays here until it is delivered.
    pub with_node_since: Option<Timestamp>,
}

impl Materials {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// Accepts a file. When this returns, the upload is in the store: it goes on after a kill of this process, in this or any
    /// other process on the same store, until the platform has the whole file.
    ///
    /// A file is read once here, for its digest, and again when it is sent: if it has changed by then, nothing of it is sent
    /// and the upload fails with `client.material_changed`. [`MaterialDraft::copied`] keeps a copy instead. The same content
    /// is sent once, however often it is added and however many cases cite it: adding it again gives the first upload.
    ///
    /// # Errors
    /// `request.invalid` with all faults of name, media type and size (1 byte to 2 GiB), `client.material_unreadable` when the
    /// file or reader cannot be read or copied, `client.configuration` when a copy is wanted and there is no folder for it, a
    /// `store.` code, or `client.closed`.
    pub async fn add(&self, draft: MaterialDraft) -> Result<MaterialHandle, Error> {
        self.shared.still_open()?;
        let facts = draft.facts()?;
        let id = entropy::id(self.shared.clock.for_requests(), MaterialId::from_time_and_random)?;
        let suite = self.shared.credentials.author().suite();
        let folder = self.shared.spool.clone();
        let bytes = draft.bytes;
        let taken = tokio::task::spawn_blocking(move || take_in(bytes, suite, folder, id));
        let (source, measured) = taken.await.map_err(Error::internal)??;
        let announcement = within_limits(&measured).map(|()| MaterialAnnouncement {
            material: id,
            party: self.shared.credentials.party().clone(),
            digest: measured.digest,
            size: measured.size,
            media_type: facts.media_type,
            name: facts.name,
            case: facts.case,
            data_class: facts.data_class,
        });
        let announcement = match announcement {
            Ok(announcement) => announcement,
            Err(error) => {
                drop_copy(source).await;
                return Err(error);
            }
        };
        let copy = source.clone();
        let job = Job::new(announcement, source);
        let kept = self.shared.storage.ask(move |store| job::keep(store, &job)).await?;
        if kept.id() != id {
            drop_copy(copy).await;
        }
        self.shared.uploads.added.notify_one();
        Ok(self.handle_of(&kept))
    }

    /// The handle of a material that was added on this store.
    ///
    /// # Errors
    /// `client.unknown_material` when it never was, or a `store.` code.
    pub async fn handle(&self, id: MaterialId) -> Result<MaterialHandle, Error> {
        let job = find(&self.shared, id).await?;
        Ok(self.handle_of(&job))
    }

    /// Who relied on an e-licence, newest first, at most a thousand: all uses for the body that issued it, and for others those
    /// that they made themselves.
    ///
    /// # Errors
    /// An error of the connection.
    pub async fn licence_uses(&self, licence: &LicenceIdentifier) -> Result<Vec<LicenceUse>, Error> {
        licence_use::of(&self.shared, licence).await
    }

    fn handle_of(&self, job: &Job) -> MaterialHandle {
        let (digest, size) = (job.announcement.digest, job.announcement.size);
        MaterialHandle { shared: Arc::clone(&self.shared), id: job.id(), digest, size }
    }
}

async fn find(shared: &Shared, id: MaterialId) -> Result<Job, Error> {
    let found = shared.storage.ask(move |store| job::find(store, id)).await?;
    Ok(found.ok_or_else(|| Error::of(ErrorCode::ClientUnknownMaterial))?.0)
}

/// Reads what is to be sent, and copies it where that is wanted.
fn take_in(
    bytes: Bytes,
    suite: tongqiao_protocol::Suite,
    folder: Option<PathBuf>,
    id: MaterialId,
) -> Result<(Source, Measured), Error> {
    let unreadable = |error: std::io::Error| Error::of(ErrorCode::ClientMaterialUnreadable).because(error);
    let folder = || folder.ok_or_else(|| Error::configuration("spool", "a folder for copies is needed in memory"));
    let copied = |(path, measured)| (Source::Copy(path), measured);
    match bytes {
        Bytes::File(path) => {
            let path = std::path::absolute(path).map_err(unreadable)?;
            let measured = file::measure(&path, suite, None).map_err(unreadable)?;
            Ok((Source::File(path), measured))
        }
        Bytes::Copied(path) => {
            let from = std::fs::File::open(path).map_err(unreadable)?;
            file::spool(from, suite, &folder()?, id).map(copied).map_err(unreadable)
        }
        Bytes::Reader(reader) => file::spool(reader, suite, &folder()?, id).map(copied).map_err(unreadable),
    }
}

fn within_limits(measured: &Measured) -> Result<(), Error> {
    if (1..=MATERIAL_BYTES_MAX).contains(&measured.size) {
        return Ok(());
    }
    let fault = Fault::new("/size", ErrorCode::RequestInvalidValue);
    let faults = Faults::one(fault.with("expected", format!("1 to {MATERIAL_BYTES_MAX} bytes")));
    Error::from_faults(faults).map_or(Ok(()), Err)
}

async fn drop_copy(source: Source) {
    if let Source::Copy(path) = source {
        // A copy that stays costs room and nothing else.
        drop(tokio::task::spawn_blocking(move || std::fs::remove_file(path)).await);
    }
}

/// Copies of delivered files go with the retention of what is settled.
pub(crate) async fn forget_copies(shared: &Shared, before: Timestamp) -> Result<(), Error> {
    let paths = shared.storage.ask(move |store| job::forget_copies(store, before)).await?;
    for path in paths {
        drop_copy(Source::Copy(path)).await;
    }
    Ok(())
}

impl MaterialHandle {
    /// The upload's id.
    pub const fn id(&self) -> MaterialId {
        self.id
    }

    /// The digest of the content: what an event cites.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes of the content.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// How far it is. The process that sends knows exactly; others are about a second behind.
    ///
    /// # Errors
    /// A `store.` code.
    pub async fn status(&self) -> Result<UploadStatus, Error> {
        let job = find(&self.shared, self.id).await?;
        let sent = match job.state {
            UploadState::Waiting => self.shared.uploads.offset(self.id).unwrap_or_default().max(job.sent),
            UploadState::Delivered | UploadState::Failed => job.sent,
        };
        let receipt = job.receipt.as_ref().map(|receipt| Receipt::read(receipt.to_string().as_bytes())).transpose()?;
        let (problem, with_node_since) = (job.problem, job.with_node);
        Ok(UploadStatus { state: job.state, sent, size: self.size, problem, receipt, with_node_since })
    }

    /// Waits until the upload has gone on or ended, and says how far it is.
    ///
    /// # Errors
    /// As [`MaterialHandle::status`], or `client.closed`.
    pub async fn progress(&self) -> Result<UploadStatus, Error> {
        let mut news = self.shared.uploads.news();
        news.mark_unchanged();
        self.shared.still_open()?;
        tokio::select! {
            () = self.shared.closed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = news.changed() => {}
        }
        self.status().await
    }

    /// Waits until the platform has the whole file and its receipt is checked and kept.
    ///
    /// # Errors
    /// The code for which the upload failed: it will not be sent, and the file has to be added anew. Or as
    /// [`MaterialHandle::progress`].
    pub async fn delivered(&self) -> Result<UploadStatus, Error> {
        loop {
            let status = self.status().await?;
            match status.state {
                UploadState::Delivered => return Ok(status),
                UploadState::Failed => {
                    let problem = status.problem;
                    return Err(problem.map_or_else(|| Error::internal("failed without a reason"), Error::from_problem));
                }
                UploadState::Waiting => drop(self.progress().await?),
            }
        }
    }
}

impl std::fmt::Debug for Materials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Materials")
    }
}

impl std::fmt::Debug for MaterialHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut written = f.debug_struct("MaterialHandle");
        written.field("id", &self.id).field("digest", &self.digest).field("size", &self.size).finish_non_exhaustive()
    }
}
