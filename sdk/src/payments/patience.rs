//! How long to wait before the platform is asked about a payment again.

use std::time::Duration;

use tongqiao_engine::patience::Patience;

use crate::{Error, entropy};

/// The waits while a bill is open: a person is at the counter first, and has gone home later.
pub(super) struct Waits(Patience);

impl Waits {
    pub(super) const fn new() -> Self {
        Self(Patience::new(1_000, 30_000))
    }

    /// Waits once; longer than before, and as long as the platform asked for.
    pub(super) async fn pass(&mut self, error: Option<&Error>) {
        let asked = error.and_then(Error::retry_after_ms);
        // Without randomness the waits are merely less spread.
        let wait = self.0.next_ms(asked, entropy::number().unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}
