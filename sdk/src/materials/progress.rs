//! How far the uploads of this process are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use tongqiao_protocol::MaterialId;

/// Where the sending tells how far it is.
pub(crate) struct Uploads {
    /// Rung when this process has added something.
    pub(crate) added: Notify,
    /// Rung when somebody knows that the link is back.
    pub(crate) nudged: Notify,
    offsets: Mutex<HashMap<MaterialId, u64>>,
    news: watch::Sender<u64>,
}

impl Default for Uploads {
    fn default() -> Self {
        let (added, nudged) = (Notify::new(), Notify::new());
        Self { added, nudged, offsets: Mutex::default(), news: watch::Sender::new(0) }
    }
}

impl Uploads {
    /// The platform has so many bytes; `None` when the upload has ended, and the store says how.
    pub(super) fn changed(&self, id: MaterialId, offset: Option<u64>) {
        let mut offsets = self.offsets.lock().unwrap_or_else(PoisonError::into_inner);
        match offset {
            Some(offset) => offsets.insert(id, offset),
            None => offsets.remove(&id),
        };
        drop(offsets);
        self.news.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(super) fn offset(&self, id: MaterialId) -> Option<u64> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Changes whenever any upload of this process has gone on.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }
}
