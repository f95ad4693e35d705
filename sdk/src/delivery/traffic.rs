//! How many requests with records are under way: what goes behind them asks here.

use std::sync::Arc;

use tokio::sync::watch;

/// The requests of the delivery that are under way.
pub(crate) struct Traffic(Arc<watch::Sender<usize>>);

/// One of them; over when dropped.
pub(crate) struct UnderWay(Arc<watch::Sender<usize>>);

impl Default for Traffic {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Traffic {
    pub(crate) fn enter(&self) -> UnderWay {
        self.0.send_modify(|count| *count += 1);
        UnderWay(Arc::clone(&self.0))
    }

    /// Returns when none is under way.
    pub(crate) async fn quiet(&self) {
        // The sender is ours, so that the channel cannot end before us.
        drop(self.0.subscribe().wait_for(|count| *count == 0).await);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_quiet_exactly_when_the_last_request_is_over() {
        let traffic = Traffic::default();
        traffic.quiet().await;
        let (first, second) = (traffic.enter(), traffic.enter());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(60), traffic.quiet()).await.is_err());
        drop(second);
        traffic.quiet().await;
    }
}
