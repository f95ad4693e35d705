//! A township office: a node, a hub in the city, and a department's system behind the node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tongqiao::{CaseHandle, Client, Credentials, enrol};
use tongqiao_edge::hub::Hub;
use tongqiao_edge::node::Node;
use tongqiao_edge::{HubSettings, LinkChoice, NodeSettings};
use tongqiao_protocol::Suite;
use tongqiao_protocol::enrolment::PartyKind;

use crate::sdk::sandbox::Sandbox;

/// No test waits longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The department whose records the node carries.
pub(crate) const DEPARTMENT: &str = "civil-affairs";

/// The whole chain. The link between node and hub is a wire that can be cut.
pub(crate) struct Office {
    pub(crate) sandbox: Sandbox,
    pub(crate) wire: Wire,
    pub(crate) settings: NodeSettings,
    hub_settings: HubSettings,
    hub: Option<Hub>,
    node: Option<Node>,
    pub(crate) department: Credentials,
}

impl Office {
    /// Everything enrolled; hub and node running.
    pub(crate) async fn open(suite: Suite) -> Self {
        let mut office = Self::prepare(suite).await;
        office.start_hub().await;
        office.start_node().await;
        office
    }

    /// Everything enrolled; neither hub nor node running.
    pub(crate) async fn prepare(suite: Suite) -> Self {
        Self::prepare_carrying(suite, &[DEPARTMENT], &[]).await
    }

    /// The same with a node that carries the records of another department, too.
    pub(crate) async fn open_for_two(suite: Suite, other: &str) -> Self {
        let mut office = Self::prepare_carrying(suite, &[DEPARTMENT, other], &[]).await;
        office.start_hub().await;
        office.start_node().await;
        office
    }

    /// The same with a hub that may bring what the ferry has carried.
    pub(crate) async fn prepare_with_carrying_hub(suite: Suite) -> Self {
        Self::prepare_carrying(suite, &[DEPARTMENT], &[DEPARTMENT]).await
    }

    async fn prepare_carrying(suite: Suite, node_carries: &[&str], hub_carries: &[&str]) -> Self {
        let sandbox = Sandbox::start().await;
        let department = sandbox.enrol(DEPARTMENT, suite).await;
        let hub_data = folder(&sandbox, "hub");
        enrol_as(&sandbox, PartyKind::Hub, "city-hub", hub_carries, suite, &hub_data).await;
        let data = folder(&sandbox, "node");
        let credentials = enrol_as(&sandbox, PartyKind::Edge, "township-1", node_carries, suite, &data).await;
        // As `tongqiao-edge enrol` does it.
        let client = sandbox.builder(&credentials).store(data.join("store.sqlite")).build().await.unwrap();
        client.refresh_directory().await.unwrap();
        client.close().await;
        let wire = Wire::lay().await;
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let hub_settings = HubSettings {
            data: hub_data,
            listen: here,
            platform: sandbox.url(),
            watch: here,
            ..HubSettings::default()
        };
        // The wire carries TCP alone.
        let (hub, link) = (wire.address().to_string(), LinkChoice::Http2);
        let settings = NodeSettings { data, listen: here, hub, link, ..NodeSettings::default() };
        Self { sandbox, wire, settings, hub_settings, hub: None, node: None, department }
    }

    pub(crate) async fn start_hub(&mut self) {
        let hub = Hub::start(&self.hub_settings).await.unwrap();
        self.wire.lead_to(Some(hub.address()));
        self.hub = Some(hub);
    }

    /// The hub is gone, and with it whatever was under way.
    pub(crate) async fn stop_hub(&mut self) {
        self.wire.lead_to(None);
        self.hub.take().unwrap().stop().await;
    }

    pub(crate) async fn start_node(&mut self) {
        let node = Node::start(&self.settings).await.unwrap();
        // The same address after a restart.
        self.settings.listen = node.address();
        self.node = Some(node);
    }

    pub(crate) async fn stop_node(&mut self) {
        self.node.take().unwrap().stop().await;
    }

    pub(crate) fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    pub(crate) const fn hub_settings(&self) -> &HubSettings {
        &self.hub_settings
    }

    /// The key by which the node signs.
    pub(crate) fn node_key(&self) -> String {
        let credentials = Credentials::from_file(self.settings.data.join("credentials.json")).unwrap();
        credentials.author_key_id().to_string()
    }

    /// Where the hub is behind the wire.
    pub(crate) fn hub_address(&self) -> SocketAddr {
        self.hub.as_ref().unwrap().address()
    }

    /// Where the hub is watched.
    pub(crate) fn hub_watched_at(&self) -> SocketAddr {
        self.hub.as_ref().unwrap().watched_at()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.settings.listen)
    }

    /// The department's system, which knows no other address than the node's.
    pub(crate) async fn client(&self, store: &str) -> Client {
        Client::builder(&self.url(), self.department.clone()).store(self.sandbox.path(store)).build().await.unwrap()
    }

    /// How many events took effect, told by the platform.
    pub(crate) async fn effects(&self) -> Vec<Value> {
        self.sandbox.ledger().await["effects"]["events"].as_array().unwrap().clone()
    }
}

fn folder(sandbox: &Sandbox, name: &str) -> PathBuf {
    let folder = sandbox.path(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Enrols an edge or a hub, and leaves the credentials in its folder.
pub(crate) async fn enrol_as(
    sandbox: &Sandbox,
    kind: PartyKind,
    party: &str,
    carries: &[&str],
    suite: Suite,
    data: &std::path::Path,
) -> Credentials {
    let code = sandbox.post("/sandbox/enrolment-codes", &json!({ "kind": kind, "carries": carries })).await;
    let code = code["code"].as_str().unwrap().to_owned();
    let enrolment = enrol(&sandbox.url(), party, &code).unwrap().kind(kind).suite(suite);
    enrolment.keep_in(data.join("credentials.json")).run().await.unwrap()
}

/// A wire from a fixed address to wherever the hub is, or to nowhere.
pub(crate) struct Wire {
    address: SocketAddr,
    leads_to: watch::Sender<Option<SocketAddr>>,
    bytes_up: Arc<AtomicU64>,
    _carrying: JoinSet<()>,
}

impl Wire {
    async fn lay() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (leads_to, end) = watch::channel(None);
        let mut carrying = JoinSet::new();
        let bytes_up = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&bytes_up);
        carrying.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let (mut end, counted) = (end.clone(), Arc::clone(&counted));
                connections.spawn(async move {
                    let Some(there) = *end.borrow_and_update() else { return };
                    let Ok(mut far) = tokio::net::TcpStream::connect(there).await else { return };
                    let ((mut from_node, mut to_node), (mut from_hub, mut to_hub)) = (near.split(), far.split());
                    tokio::select! {
                        _ = carry_up(&mut from_node, &mut to_hub, &counted) => {}
                        _ = tokio::io::copy(&mut from_hub, &mut to_node) => {}
                        // A cut ends what is under way.
                        _ = end.changed() => {}
                    }
                });
            }
        });
        Self { address, leads_to, bytes_up, _carrying: carrying }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes have gone from the node to the hub.
    pub(crate) fn bytes_up(&self) -> u64 {
        self.bytes_up.load(Ordering::Relaxed)
    }

    pub(crate) fn lead_to(&self, there: Option<SocketAddr>) {
        self.leads_to.send_replace(there);
    }

    /// Cuts the wire, and gives where it led.
    pub(crate) fn cut(&self) -> Option<SocketAddr> {
        self.leads_to.send_replace(None)
    }
}

async fn carry_up(
    near: &mut (impl AsyncRead + Unpin),
    far: &mut (impl AsyncWrite + Unpin),
    counted: &AtomicU64,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = near.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        counted.fetch_add(count as u64, Ordering::Relaxed);
        far.write_all(&buffer[..count]).await?;
    }
}

/// Waits until the platform has settled what was accepted.
pub(crate) async fn settle(case: &CaseHandle) {
    tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
}

/// Waits for something that comes sooner or later.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} did not come"))
}
