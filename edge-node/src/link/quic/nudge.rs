//! A nudge: an almost empty packet behind the last one of a frame.
//!
//! A lost packet is noticed by those that arrive after it. Behind the last one there are none: QUIC then waits for its timer,
//! and twice as long each time. So while something is not confirmed and nothing else is being said, a few bytes are sent
//! after it, whose confirmation tells what is missing. On a line that is busy no nudge is ever sent.

use std::time::Duration;

use hyper::body::Bytes;
use quinn::Connection;
use tokio::sync::watch;
use tokio::time::Instant;

/// Nothing was said for this part of a round trip, or so long at least.
const QUIET_PART: u32 = 8;
const QUIET_LEAST: Duration = Duration::from_millis(8);
/// After so many the timer of QUIC is on its own: the line may be dark.
const NUDGES_MOST: u32 = 8;
/// What a nudge says.
const NUDGE: &[u8] = &[0];

/// Counts what is not confirmed on one connection.
#[derive(Debug)]
pub(super) struct Unconfirmed(watch::Sender<usize>);

/// Something that is not confirmed, for as long as this lives.
pub(super) struct Waiting<'a>(&'a Unconfirmed);

impl Unconfirmed {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more, until what this gives is dropped.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.0.send_modify(|count| *count += 1);
        Waiting(self)
    }

    pub(super) fn is_any(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Sends nudges on this connection until it ends or the other end takes none. Nothing needs to be awaited on it.
    pub(super) fn nudge(&self, connection: Connection) {
        let mut count = self.0.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = connection.closed() => {}
                () = nudging(&connection, &mut count) => {}
            }
        });
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

async fn nudging(connection: &Connection, count: &mut watch::Receiver<usize>) {
    let mut pace = Pace::default();
    // Ends with the connection's owner.
    while count.wait_for(|count| *count > 0).await.is_ok() {
        let quiet = (connection.rtt() / QUIET_PART).max(QUIET_LEAST);
        tokio::time::sleep_until(Instant::now() + quiet).await;
        let is_waiting = *count.borrow() > 0;
        let said = connection.stats().frame_tx.stream;
        if pace.is_due(is_waiting, said) && connection.send_datagram(Bytes::from_static(NUDGE)).is_err() {
            return;
        }
    }
}

/// When a nudge is due.
#[derive(Debug, Default)]
struct Pace {
    said: u64,
    nudges: u32,
}

impl Pace {
    /// Asked after a while in which something may have been said; `said` is how much there was in all.
    fn is_due(&mut self, is_waiting: bool, said: u64) -> bool {
        if !is_waiting || said != self.said {
            *self = Self { said, nudges: 0 };
            return false;
        }
        self.nudges += 1;
        self.nudges <= NUDGES_MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nudges_follow_what_was_said_last_and_are_few() {
        let mut pace = Pace::default();
        assert!(!pace.is_due(true, 5), "something was said just now");
        let due = (0..20).filter(|_| pace.is_due(true, 5)).count();
        assert_eq!(due, NUDGES_MOST as usize);
        assert!(!pace.is_due(true, 6), "something was said again");
        assert!(pace.is_due(true, 6));
        assert!(!pace.is_due(false, 6), "all is confirmed");
    }

    #[test]
    fn what_waits_is_counted_until_it_does_not() {
        let unconfirmed = Unconfirmed::new();
        let (one, other) = (unconfirmed.wait(), unconfirmed.wait());
        drop(one);
        assert!(unconfirmed.is_any());
        drop(other);
        assert!(!unconfirmed.is_any());
    }
}
