//! Files of the office's systems that have not come whole yet.
//!
//! `<id>.json` is what was announced, `<id>.part` what has come of it: its length is where the next piece begins. Nothing is promised
//! of either. A file that is whole is taken by the carrier, and both go.

mod part;

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;
use tongqiao_protocol::material::MaterialAnnouncement;
use tongqiao_protocol::{MaterialId, PartyId};

pub(crate) use self::part::{Part, Piece};

/// The folder of what is coming.
pub(crate) struct Incoming {
    folder: PathBuf,
    locks: Mutex<HashMap<MaterialId, Weak<tokio::sync::Mutex<()>>>>,
    /// Held while it is decided whether something new has room.
    pub(crate) admission: tokio::sync::Mutex<()>,
}

/// What is on its way here.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Uploads of the party that was asked about.
    pub(crate) of_party: usize,
    /// Bytes that were announced, of everybody, and have not come.
    pub(crate) missing_bytes: u64,
}

impl Incoming {
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = Self::folder(data);
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, locks: Mutex::default(), admission: tokio::sync::Mutex::default() })
    }

    /// Where it is, in a folder of data.
    pub(crate) fn folder(data: &Path) -> PathBuf {
        data.join("incoming")
    }

    /// One caller at a time for each upload.
    pub(crate) async fn lock(&self, id: MaterialId) -> OwnedMutexGuard<()> {
        self.lock_of(id).lock_owned().await
    }

    /// The same, unless somebody has it: who waited for one upload while he holds another could wait for ever.
    pub(crate) fn lock_if_free(&self, id: MaterialId) -> Option<OwnedMutexGuard<()>> {
        self.lock_of(id).try_lock_owned().ok()
    }

    fn lock_of(&self, id: MaterialId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        locks.get(&id).and_then(Weak::upgrade).unwrap_or_else(|| {
            let lock = Arc::new(tokio::sync::Mutex::new(()));
            locks.insert(id, Arc::downgrade(&lock));
            lock
        })
    }

    /// Begins an upload, on disk.
    pub(crate) fn begin(&self, announcement: &MaterialAnnouncement) -> io::Result<Part> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&announcement.to_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.announced(announcement.material)).map_err(|error| error.error)?;
        let part = std::fs::File::create(self.part(announcement.material))?;
        part.sync_all()?;
        std::fs::File::open(&self.folder)?.sync_all()?;
        Ok(Part::new(announcement.clone(), self.part(announcement.material), 0))
    }

    /// An upload that has begun.
    pub(crate) fn find(&self, id: MaterialId) -> io::Result<Option<Part>> {
        let bytes = match std::fs::read(self.announced(id)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Torn by a fault of the disk: it begins anew.
        let Ok(announcement) = MaterialAnnouncement::parse(&bytes) else { return Ok(None) };
        let path = self.part(id);
        let received = match std::fs::metadata(&path) {
            Ok(facts) => facts.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Some(Part::new(announcement, path, received)))
    }

    /// Forgets an upload: it was taken, or is not wanted.
    pub(crate) fn forget(&self, id: MaterialId) -> io::Result<()> {
        for path in [self.announced(id), self.part(id)] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// What is on its way, and of it what `party` has begun.
    pub(crate) fn expected(&self, party: &PartyId) -> io::Result<Expected> {
        let mut expected = Expected::default();
        for id in self.ids()? {
            let Some(part) = self.find(id)? else { continue };
            expected.of_party += usize::from(part.announcement.party == *party);
            expected.missing_bytes += part.announcement.size.saturating_sub(part.received);
        }
        Ok(expected)
    }

    /// Uploads that nobody has gone on with for so long.
    pub(crate) fn idle(&self, longest: std::time::Duration) -> io::Result<Vec<MaterialId>> {
        let since = |path: PathBuf| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
        let ids = self.ids()?.into_iter().filter(|id| {
            let last = [self.part(*id), self.announced(*id)].into_iter().filter_map(since).max();
            last.and_then(|last| last.elapsed().ok()).is_some_and(|idle| idle > longest)
        });
        Ok(ids.collect())
    }

    fn ids(&self) -> io::Result<Vec<MaterialId>> {
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".json"));
            ids.extend(name.and_then(|name| name.parse::<MaterialId>().ok()));
        }
        Ok(ids)
    }

    fn announced(&self, id: MaterialId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn part(&self, id: MaterialId) -> PathBuf {
        self.folder.join(format!("{id}.part"))
    }
}
