//! Materials of others: kept beside one's own, and sent by the same sending.

use std::io;
use std::path::{Path, PathBuf};

use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{Digest, ErrorCode, MaterialId};

use super::file;
use super::job::{self, Job, Since, Source};
use crate::Error;
use crate::client::Shared;

/// What was made of a file that somebody has brought.
pub(crate) enum Taken {
    /// It is here, on disk.
    Kept(Box<Job>),
    /// It has another content than was announced.
    Other(Digest),
}

/// Keeps a copy of a whole file, as somebody else's material: it is on disk when this returns, and the file itself may go. What
/// is here already under that id stays.
pub(crate) async fn take(
    shared: &Shared,
    announcement: MaterialAnnouncement,
    from: PathBuf,
    since: Since,
) -> Result<Taken, Error> {
    let folder = shared.spool.clone();
    let folder = folder.ok_or_else(|| Error::configuration("spool", "a folder for copies is needed in memory"))?;
    let (id, digest, size) = (announcement.material, announcement.digest, announcement.size);
    let copying = tokio::task::spawn_blocking(move || {
        let measured = file::measure(&from, digest.suite(), None)?;
        if measured.digest != digest || measured.size != size {
            return Ok(Err(measured.digest));
        }
        link(&from, &folder, id).map(Ok)
    });
    let unreadable = |error: io::Error| Error::of(ErrorCode::ClientMaterialUnreadable).because(error);
    let path = match copying.await.map_err(Error::internal)?.map_err(unreadable)? {
        Ok(path) => path,
        Err(found) => return Ok(Taken::Other(found)),
    };
    let job = Job { carried: Some(since), ..Job::new(announcement, Source::Copy(path)) };
    let kept = shared.storage.ask(move |store| job::carry(store, &job)).await?;
    shared.uploads.added.notify_one();
    Ok(Taken::Kept(Box::new(kept)))
}

/// A second name of the same bytes, or a copy where the disk knows no second names. Both are on disk when this returns.
fn link(from: &Path, folder: &Path, id: MaterialId) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(id.to_string());
    // The file of an upload that failed, or of a beginning that a power cut has ended.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if std::fs::hard_link(from, &path).is_err() {
        std::fs::copy(from, &path)?;
    }
    std::fs::File::open(&path)?.sync_all()?;
    file::sync_folder(folder)?;
    Ok(path)
}

/// Somebody's material that was taken here.
pub(crate) async fn what_is_here(shared: &Shared, id: MaterialId) -> Result<Option<Job>, Error> {
    let found = shared.storage.ask(move |store| job::find(store, id)).await?;
    Ok(found.map(|(job, _)| job).filter(|job| job.carried.is_some()))
}

/// The file of the same content, where the same party has brought it before and it is still kept.
pub(crate) async fn link_of(shared: &Shared, announcement: &MaterialAnnouncement) -> Result<Option<PathBuf>, Error> {
    let (party, digest, size) = (announcement.party.clone(), announcement.digest, announcement.size);
    let found = shared.storage.ask(move |store| job::of_party(store, &party, &digest)).await?;
    let path = found.filter(|job| job.announcement.size == size).map(|job| job.source.path().clone());
    Ok(path.filter(|path| path.is_file()))
}

/// Removes the file of a material that a power cut has kept from being taken.
pub(crate) async fn sweep(shared: &Shared, id: MaterialId) -> Result<(), Error> {
    if shared.storage.ask(move |store| job::find(store, id)).await?.is_none()
        && let Some(folder) = &shared.spool
    {
        super::drop_copy(Source::Copy(folder.join(id.to_string()))).await;
    }
    Ok(())
}

/// How many materials are on their way.
pub(crate) async fn count_waiting(shared: &Shared) -> Result<u64, Error> {
    shared.storage.ask(job::count_open).await
}
