//! What happens in the background, told to whoever listens.

use tokio::sync::{broadcast, watch};
use tongqiao_engine::delivery::Notice;
use tongqiao_protocol::Problem;

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
            Notice::Buried { id, problem, .. } => {
                let code = Problem::parse(problem).map(|problem| problem.code.code());
                tracing::error!(%id, code, "a record became a dead letter; a person must look");
            }
            Notice::LogDisputed { code } => {
                tracing::error!(code = code.code(), "the platform's log has been changed; the evidence is in the store")
            }
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

    pub(crate) fn listen(&self, stop: &watch::Sender<bool>) -> Notices {
        Notices { receiver: self.sender.subscribe(), stop: stop.subscribe() }
    }
}

/// A stream of notices, from the moment of asking on; see [`Client::notices`](crate::Client::notices).
///
/// Only the process that delivers hears them. A notice is a convenience: what it tells is in the store, and whoever must
/// not miss one asks there ([`Outbox::attention`](crate::Outbox::attention)).
///
/// ```no_run
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// use tongqiao::Notice;
///
/// let mut notices = client.notices();
/// while let Some(notice) = notices.next().await {
///     match notice {
///         Notice::Refused { id, .. } => println!("{id} waits for a correction"),
///         Notice::LaneWaits { failures, next_attempt_at, .. } => {
///             println!("the platform is not reached ({failures} times), next at {next_attempt_at}");
///         }
///         _ => {}
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Notices {
    receiver: broadcast::Receiver<Notice>,
    stop: watch::Receiver<bool>,
}

impl Notices {
    /// The next notice; `None` when the client is closed. A listener that falls behind by more than 4,096 misses some. It
    /// may be dropped while it waits (in `select!`) without losing a notice.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            let heard = tokio::select! {
                // What was said before the end is still told.
                biased;
                heard = self.receiver.recv() => heard,
                _ = self.stop.wait_for(|stopped| *stopped) => return None,
            };
            match heard {
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
