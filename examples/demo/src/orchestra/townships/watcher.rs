//! Looks at a node from outside, at the address that a monitoring system would read.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::citizen::browser;
use crate::error::DemoError;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);
/// What is waiting at the node.
const WAITING: &str = "tongqiao_edge_records_pending ";

/// What has been seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// The most records that waited at once.
    pub(super) most_waiting: u64,
    /// The longest that it took until nothing waited any more.
    pub(super) longest: Duration,
    since: Option<Instant>,
}

impl Seen {
    fn look(&mut self, waiting: u64, now: Instant) {
        self.most_waiting = self.most_waiting.max(waiting);
        if waiting == 0 {
            self.since = None;
        } else {
            let since = *self.since.get_or_insert(now);
            self.longest = self.longest.max(now.duration_since(since));
        }
    }
}

/// Looks until it is dropped.
pub(super) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    _looking: JoinSet<()>,
}

impl Watcher {
    pub(super) fn start(node: SocketAddr) -> Result<Self, DemoError> {
        let (browser, seen) = (browser()?, Arc::new(Mutex::new(Seen::default())));
        let mut looking = JoinSet::new();
        let noted = Arc::clone(&seen);
        looking.spawn(async move {
            loop {
                // A node that is just being killed says nothing.
                if let Some(waiting) = waiting(&browser, node).await {
                    noted.lock().unwrap_or_else(PoisonError::into_inner).look(waiting, Instant::now());
                }
                tokio::time::sleep(EVERY).await;
            }
        });
        Ok(Self { seen, _looking: looking })
    }

    pub(super) fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn waiting(browser: &reqwest::Client, node: SocketAddr) -> Option<u64> {
    let answer = browser.get(format!("http://{node}/metrics")).send().await.ok()?;
    let text = answer.text().await.ok()?;
    text.lines().find_map(|line| line.strip_prefix(WAITING))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_lasts_from_the_first_record_that_waits_until_none_does() {
        let begin = Instant::now();
        let mut seen = Seen::default();
        for (second, waiting) in [(0, 0), (1, 5), (4, 9), (5, 0), (6, 2), (7, 0)] {
            seen.look(waiting, begin + Duration::from_secs(second));
        }
        assert_eq!((seen.most_waiting, seen.longest), (9, Duration::from_secs(3)));
    }
}
