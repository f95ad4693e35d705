//! How soon the node serves, and what it takes when nothing is to be done.

use std::time::{Duration, Instant};

use super::process::Process;
use super::world::{Link, World};
use super::{MIB, median};
use crate::goal::Goal;
use crate::store::load::Trouble;

/// Idle is a node that has had its link for so long.
const SETTLES: Duration = Duration::from_secs(5);

pub(super) async fn measure(world: &World, rounds: usize) -> Result<Vec<Goal>, Trouble> {
    let (own, log) = (std::env::current_exe()?, std::env::temp_dir().join("bench-footprint.log"));
    let (mut empty, mut ours, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        empty.push(millis(Process::start(&own, &["footprint", "--empty"], &log)?.took));
        let began = Instant::now();
        let node = world.node(Link::Cut)?;
        ours.push(millis(node.took));
        let request = http::Request::get(format!("http://{}/readyz", node.address)).body(Vec::new())?;
        if tongqiao::Transport::send(&world.http, request).await?.status() != http::StatusCode::OK {
            return Err("a node that listens is not ready".into());
        }
        ready.push(millis(began.elapsed()));
    }
    let (empty, ours, ready) = (median(&mut empty), median(&mut ours), median(&mut ready));
    println!("exec to listening {ours:.0} ms, to ready {ready:.0} ms (empty server {empty:.0} ms)");

    let hub = world.hub()?;
    let node = world.node(Link::To(&hub))?;
    world.until(&node, "tongqiao_edge_link_up", Duration::from_millis(20), |up| up == 1).await?;
    let bare = Process::start(&own, &["footprint", "--empty"], &log)?;
    tokio::time::sleep(SETTLES).await;
    let [node_idle, hub_idle, bare_idle] =
        [node.bytes("VmRSS")?, hub.bytes("VmRSS")?, bare.bytes("VmRSS")?].map(|bytes| bytes as f64 / MIB);
    let own_idle = node.bytes("RssAnon")? as f64 / MIB;
    println!(
        "idle: node {node_idle:.1} MiB ({own_idle:.1} of it its own, the rest the program's file), hub {hub_idle:.1} MiB, empty server \
         {bare_idle:.1} MiB"
    );
    node.stop()?;
    hub.stop()?;
    Ok(vec![
        Goal::at_most("exec to ready, ms", ready, 100.0),
        Goal::at_most("idle node, MiB", node_idle, 16.0),
        Goal::at_most("idle hub, MiB", hub_idle, 16.0).only_told(),
    ])
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
