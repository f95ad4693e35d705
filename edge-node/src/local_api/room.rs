//! What the node still has room for: files up to the share that is kept for records, records as long as anything is left.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tongqiao_protocol::ErrorCode;

use super::desk::Inside;
use super::reply::Trouble;
use crate::doctor::Room;

/// For how long a look holds for records. The store knows its own limit at every commit; only the disk is looked at so seldom.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// When the disk was last looked at, and whether it had room.
#[derive(Default)]
pub(super) struct LastLook(Mutex<Option<(Instant, bool)>>);

/// The room as it is now; `None` where the disk does not say.
pub(super) async fn now(inside: &Inside) -> Result<Option<Room>, Trouble> {
    let statistics = inside.client.outbox().statistics().await?;
    let settings = inside.settings.clone();
    let looked = tokio::task::spawn_blocking(move || Room::of(&settings, &statistics)).await;
    Ok(looked.map_err(|_| Trouble::from(ErrorCode::InternalDefect))?.inspect_err(told).ok())
}

fn told(error: &std::io::Error) {
    tracing::warn!(%error, "the disk does not say what is left");
}

/// Refuses files that would leave less than is kept for records.
pub(super) async fn for_files(inside: &Inside, bytes: u64) -> Result<(), Trouble> {
    match now(inside).await? {
        Some(room) if room.left_for_files() < bytes => Err(Trouble::from(ErrorCode::EdgeMaterialsFull)),
        _ => Ok(()),
    }
}

/// Refuses records when nothing is left at all, before anything is promised.
pub(super) async fn for_records(inside: &Inside) -> Result<(), Trouble> {
    let mut last = inside.last_look.0.lock().await;
    let has_room = match *last {
        Some((at, has_room)) if at.elapsed() < LOOK_AGAIN => has_room,
        _ => {
            let has_room = now(inside).await?.is_none_or(|room| room.left() > 0);
            *last = Some((Instant::now(), has_room));
            has_room
        }
    };
    if has_room { Ok(()) } else { Err(ErrorCode::EdgeFull.into()) }
}
