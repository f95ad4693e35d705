//! A backlog at the node: taken with the link cut, then sent.

use std::time::{Duration, Instant};

use super::world::{Link, World, open};
use crate::store::load::Trouble;

const PENDING: &str = "tongqiao_edge_records_pending";

/// What was measured.
pub(super) struct Drained {
    /// Events in custody per second while the link was cut.
    pub(super) filled_per_second: f64,
    /// Events with a receipt of the platform per second.
    pub(super) per_second: f64,
    /// The most memory that the node had.
    pub(super) peak_bytes: u64,
    /// From the signal to end until it serves again.
    pub(super) restart: Duration,
}

/// Fills the node, restarts it with a link, and waits until nothing is left.
pub(super) async fn one(world: &World, count: usize) -> Result<Drained, Trouble> {
    let pace = Duration::from_millis(if count <= 10_000 { 10 } else { 250 });
    let node = world.node(Link::Cut)?;
    let (client, draft) = world.department(&node).await?;
    let (began, wanted) = (Instant::now(), count as u64);
    open(&client, &draft, count).await?;
    world.until(&node, PENDING, pace, |pending| pending == wanted).await?;
    let filled_per_second = count as f64 / began.elapsed().as_secs_f64();
    client.close().await;

    let hub = world.hub()?;
    let ended = node.stop()?;
    let node = world.node(Link::To(&hub))?;
    let restart = ended + node.took;
    // Dialling is no part of the rate: from the first receipts on.
    let left = world.until(&node, PENDING, pace, |pending| pending < wanted).await?;
    let began = Instant::now();
    world.until(&node, PENDING, pace, |pending| pending == 0).await?;
    let per_second = left as f64 / began.elapsed().as_secs_f64();
    let peak_bytes = node.bytes("VmHWM")?;
    node.stop()?;
    hub.stop()?;
    Ok(Drained { filled_per_second, per_second, peak_bytes, restart })
}
