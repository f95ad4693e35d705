//! How bulk is handed to QUIC on a slow line: a little at a time, as the line takes it.
//!
//! QUIC fills its packets, and a packet of 1,200 bytes takes a seventh of a second at 64 kbit/s. A payment that comes meanwhile
//! waits for that packet, and its own is filled up with bulk behind it. What is not handed over yet cannot be in the way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::{SendStream, WriteError};
use tokio::sync::Mutex;

use super::shaper::Shaper;

/// Below this rate; above it a whole packet takes less than a tenth of a second.
const SLOW_BYTES_PER_SECOND: u64 = 12_000;
/// So much at a time. Headers are a tenth of such a packet.
const PIECE_BYTES: usize = 512;

const PIECE_WAITS_MOST: Duration = Duration::from_millis(500);

/// Whose turn it is to be fed; one at a time, in the order in which they came.
#[derive(Debug)]
pub(super) struct Feed {
    shaper: Arc<Shaper>,
    turn: Mutex<()>,
}

impl Feed {
    pub(super) fn new(shaper: Arc<Shaper>) -> Self {
        Self { shaper, turn: Mutex::new(()) }
    }

    /// Writes all of a bulky frame. `overdue` is called once, when it has taken `floor_after` so far: then it is to have its
    /// turn with cases.
    pub(super) async fn write_all(
        &self,
        send: &mut SendStream,
        frame: &[u8],
        floor_after: Duration,
        overdue: impl Fn(&SendStream),
    ) -> Result<(), WriteError> {
        if self.shaper.bytes_per_second().is_none_or(|rate| rate >= SLOW_BYTES_PER_SECOND) {
            return send.write_all(frame).await;
        }
        let _turn = self.turn.lock().await;
        let (began, mut is_overdue) = (Instant::now(), false);
        for piece in frame.chunks(PIECE_BYTES) {
            if !is_overdue && began.elapsed() > floor_after {
                overdue(send);
                is_overdue = true;
            }
            // Where others take the line each time it is free, a piece is handed over all the same: bulk has a floor.
            drop(tokio::time::timeout(PIECE_WAITS_MOST, self.line_is_free()).await);
            send.write_all(piece).await?;
            // So that the packet is made of it before the line is looked at again.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn line_is_free(&self) {
        while let Some(free_at) = self.shaper.wait_until(Instant::now()) {
            tokio::time::sleep_until(free_at.into()).await;
        }
    }
}
