//! What happens in the background, told to whoever listens.

use tokio::sync::broadcast;
use tongqiao_engine::delivery::Notice;

/// Notices that a slow listener may fall behind by.
const BACKLOG: usize = 4_096;

/// Where the delivery's notices are given out.
pub(crate) struct NoticeBoard {
    sender: broadcast::Sender<Notice>,
}

impl NoticeBoard {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }

    pub(crate) fn give(&self, notice: Notice) {
        match &notice {
            Notice::ReceiptUnverifiable { id } => {
                tracing::error!(%id, "a receipt proves nothing: somebody is not who it says")
            }
            Notice::Buried { id, .. } => tracing::error!(%id, "a record became a dead letter; a person must look"),
            Notice::Refused { id, .. } => tracing::warn!(%id, "the platform refused a record; its stream waits"),
            Notice::Expired { id, .. } => tracing::warn!(%id, "a record was not answered in time"),
            Notice::EpochChanged { epoch, reoffered } => {
                tracing::warn!(%epoch, reoffered, "the platform was restored; what it lost is offered again");
            }
            Notice::LaneWaits { lane, failures, .. } => tracing::info!(?lane, failures, "the platform is not reached"),
            _ => {}
        }
        // Nobody listening is no mistake.
        drop(self.sender.send(notice));
    }

    pub(crate) fn listen(&self) -> Notices {
        Notices { receiver: self.sender.subscribe() }
    }
}

/// A stream of notices, from the moment of asking on; see [`Client::notices`](crate::Client::notices).
///
/// Only the process that delivers hears them. A notice is a convenience: what it tells is in the store, and whoever must
/// not miss one asks there ([`Outbox::attention`](crate::Outbox::attention)).
pub struct Notices {
    receiver: broadcast::Receiver<Notice>,
}

impl Notices {
    /// The next notice; `None` when the client is closed. A listener that falls behind by thousands misses some.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            match self.receiver.recv().await {
                Ok(notice) => return Some(notice),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "a listener is too slow for the notices");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}
