//! The processes of the edge: a hub in front of the platform, and a node in a township's hall.

use std::net::SocketAddr;
use std::path::PathBuf;

use tongqiao_edge::hub::Hub;
use tongqiao_edge::node::Node;
use tongqiao_edge::{HubSettings, NodeSettings};

use crate::error::DemoError;
use crate::log_file;
use crate::process::{Report, end_with_orchestrator, report};

/// How the orchestrator starts a hub.
#[derive(Debug, clap::Args)]
pub(crate) struct HubArguments {
    /// The folder of the hub's credentials.
    #[arg(long)]
    data: PathBuf,
    /// Where it logs.
    #[arg(long)]
    log: PathBuf,
    /// Where it listens.
    #[arg(long)]
    listen: SocketAddr,
    /// The platform.
    #[arg(long)]
    platform: String,
}

/// How the orchestrator starts a node.
#[derive(Debug, clap::Args)]
pub(crate) struct NodeArguments {
    /// The folder of everything that the node keeps.
    #[arg(long)]
    data: PathBuf,
    /// Where it listens.
    #[arg(long)]
    listen: SocketAddr,
    /// The one address behind which hubs stand.
    #[arg(long)]
    hub: String,
}

/// A hub that serves until it is killed.
pub(crate) async fn run_hub(arguments: HubArguments) -> Result<(), DemoError> {
    end_with_orchestrator();
    log_file::open(&arguments.log)?;
    let HubArguments { data, listen, platform, .. } = arguments;
    let watch = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = HubSettings { data, listen, platform, watch, ..HubSettings::default() };
    let hub = Hub::start(&settings).await.map_err(DemoError::broken)?;
    report(&Report::Serving { address: hub.address() });
    std::future::pending().await
}

/// A node that serves until it is killed.
pub(crate) async fn run_node(arguments: NodeArguments) -> Result<(), DemoError> {
    end_with_orchestrator();
    log_file::open(&arguments.data.join("log.jsonl"))?;
    let NodeArguments { data, listen, hub } = arguments;
    let settings = NodeSettings { data, listen, hub, ..NodeSettings::default() };
    let node = Node::start(&settings).await.map_err(DemoError::broken)?;
    report(&Report::Serving { address: node.address() });
    std::future::pending().await
}
