//! Three halls on weak links: hubs behind one address, a relay for each link, a node for each hall.

mod watcher;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use tongqiao::{Client, Credentials, enrol};
use tongqiao_link_lab::{Outage, Profile, Relay};
use tongqiao_protocol::enrolment::PartyKind;

use super::patience::SILENCE_MAX;
use super::{DEPARTMENTS, Stage, enrolment_code};
use crate::error::DemoError;
use crate::ledger::Line;
use crate::process::{Heard, Process, Report, Role};
use watcher::Watcher;

/// A hall of a real township of Tongling; the department whose system stands behind its node is the one at the same place after
/// [`FIRST_BEHIND`].
pub(crate) struct Township {
    /// The node's party.
    pub(crate) party: &'static str,
    /// Its division.
    pub(crate) code: &'static str,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
    /// The name of its link in the link lab.
    link: &'static str,
}

/// The townships.
pub(crate) const TOWNSHIPS: [Township; 3] = [
    Township { party: "shunan-hall", code: "340706101000", zh: "顺安镇", en: "Shun'an", link: "b" },
    Township { party: "datong-hall", code: "340711101000", zh: "大通镇", en: "Datong", link: "c" },
    Township { party: "yijin-hall", code: "340722110000", zh: "义津镇", en: "Yijin", link: "b" },
];

/// The first department that knows no other way than the node of its hall.
pub(super) const FIRST_BEHIND: usize = DEPARTMENTS.len() - TOWNSHIPS.len();

/// This machine, any port.
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const HUBS: usize = 2;
const HUB_PARTY: &str = "city-hub";
/// The link that goes dark, and for how long.
pub(super) const DARK: usize = 0;
pub(super) const DARK_FOR: Duration = Duration::from_secs(5);
/// A port that is free for TCP may be taken for UDP.
const TRIES: usize = 16;

/// One hall.
struct Hall {
    relay: Relay,
    /// When the relay's time began.
    since: Instant,
    node: Option<Process>,
    life: u32,
    address: SocketAddr,
    watcher: Watcher,
}

/// All halls, and the hubs.
pub(super) struct Townships {
    /// With their addresses.
    hubs: Vec<Option<(Process, SocketAddr)>>,
    is_hub_dead: bool,
    halls: Vec<Hall>,
    is_weak: bool,
    light_at: Option<Instant>,
}

fn weak(index: usize) -> Result<Profile, DemoError> {
    Profile::named(TOWNSHIPS[index].link).map_err(DemoError::broken)
}

impl Township {
    /// The folder of its node.
    pub(super) fn folder(&self, stage: &Stage) -> PathBuf {
        stage.data.join(self.party)
    }
}

impl Townships {
    /// Everything enrolled and running, the links as good as when a node is installed in the city.
    pub(super) async fn open(stage: &Stage, heard: &mut mpsc::Receiver<Heard>) -> Result<Self, DemoError> {
        enrol_as(stage, HUB_PARTY, PartyKind::Hub, &[], stage.data.join(HUB_PARTY)).await?;
        let mut hubs = Vec::new();
        for hub in 0..HUBS {
            let process = start_hub(stage, hub)?;
            hubs.push((process, address(heard, Role::Hub(hub)).await?));
        }
        let first = hubs[0].1;
        let mut halls = Vec::new();
        for (index, township) in TOWNSHIPS.iter().enumerate() {
            let carries = [DEPARTMENTS[FIRST_BEHIND + index].name];
            let folder = township.folder(stage);
            let credentials = enrol_as(stage, township.party, PartyKind::Edge, &carries, folder.clone()).await?;
            // As `tongqiao-edge enrol` does it: whose the hub's key is.
            let platform = format!("http://{}", stage.listen);
            let client = Client::builder(&platform, credentials).store(folder.join("store.sqlite")).build();
            let client = client.await.map_err(DemoError::broken)?;
            client.refresh_directory().await.map_err(DemoError::broken)?;
            client.close().await;
            let (relay, since) = lay(first, index as u64 ^ stage.seed).await?;
            let node = start_node(stage, index, 0, ANY, relay.address())?;
            let address = address(heard, Role::Node(index)).await?;
            let watcher = Watcher::start(address)?;
            halls.push(Hall { relay, since, node: Some(node), life: 0, address, watcher });
        }
        let hubs = hubs.into_iter().map(Some).collect();
        Ok(Self { hubs, is_hub_dead: false, halls, is_weak: false, light_at: None })
    }

    /// Where the node of a township listens.
    pub(super) fn address(&self, index: usize) -> SocketAddr {
        self.halls[index].address
    }

    /// The links become what they are in the villages, once.
    pub(super) fn weaken(&mut self) -> Result<(), DemoError> {
        if !self.is_weak {
            self.is_weak = true;
            for (index, hall) in self.halls.iter().enumerate() {
                hall.relay.change(weak(index)?);
            }
        }
        Ok(())
    }

    /// One link goes dark, from now on.
    pub(super) fn darken(&mut self) -> Result<(), DemoError> {
        let hall = &self.halls[DARK];
        // The dark is the end of a period: this one ends when the outage does.
        let outage = Outage { period: hall.since.elapsed() + DARK_FOR, dark: DARK_FOR };
        hall.relay.change(Profile { outage: Some(outage), ..weak(DARK)? });
        self.light_at = Some(Instant::now() + DARK_FOR);
        Ok(())
    }

    /// Ends the outage when its time has come; says whether it did.
    pub(super) fn lighten(&mut self) -> Result<bool, DemoError> {
        if self.light_at.is_none_or(|at| Instant::now() < at) {
            return Ok(false);
        }
        self.light_at = None;
        self.halls[DARK].relay.change(weak(DARK)?);
        Ok(true)
    }

    /// Whether a link is dark now.
    pub(super) const fn is_dark(&self) -> bool {
        self.light_at.is_some()
    }

    /// The hub that all halls are at is killed; behind their one address there is now the other.
    pub(super) fn kill_hub(&mut self) -> Result<(), DemoError> {
        if let Some((hub, _)) = self.hubs.first_mut().and_then(Option::take) {
            self.is_hub_dead = true;
            hub.kill()?;
        }
        if let Some(Some((_, survivor))) = self.hubs.last() {
            self.halls.iter().for_each(|hall| hall.relay.lead_to(*survivor));
        }
        Ok(())
    }

    /// A node is killed, and started again at its address.
    pub(super) fn kill_node(&mut self, stage: &Stage, index: usize) -> Result<(), DemoError> {
        let hall = &mut self.halls[index];
        if let Some(node) = hall.node.take() {
            hall.life += 1;
            node.kill()?;
            hall.node = Some(start_node(stage, index, hall.life, hall.address, hall.relay.address())?);
        }
        Ok(())
    }

    /// An output has ended: fine for a life that was taken.
    pub(super) fn is_expected_to_be_silent(&self, role: Role, life: u32) -> bool {
        match role {
            Role::Hub(index) => index == 0 && self.is_hub_dead,
            Role::Node(index) => life < self.halls[index].life,
            Role::Platform | Role::Department(_) => false,
        }
    }

    /// What was seen of each hall's node and link from outside.
    pub(super) fn lines(&self) -> Vec<Line> {
        let line = |(hall, township): (&Hall, &Township)| {
            let [up, down] = hall.relay.counters();
            let seen = hall.watcher.seen();
            Line {
                zh: township.zh,
                en: township.en,
                division: township.code,
                address: format!("http://{}", hall.address),
                bytes_up: up.offered_bytes,
                bytes_down: down.offered_bytes,
                most_waiting: seen.most_waiting,
                drain_seconds: seen.longest.as_secs_f64(),
                in_custody: 0,
                overtakes: 0,
            }
        };
        self.halls.iter().zip(&TOWNSHIPS).map(line).collect()
    }
}

/// Where hubs and nodes log.
pub(super) fn logs(stage: &Stage) -> Vec<PathBuf> {
    let hubs = (0..HUBS).map(|hub| hub_log(stage, hub));
    hubs.chain(TOWNSHIPS.iter().map(|township| township.folder(stage).join("log.jsonl"))).collect()
}

fn hub_log(stage: &Stage, hub: usize) -> PathBuf {
    stage.data.join(HUB_PARTY).join(format!("hub-{hub}.log.jsonl"))
}

fn start_hub(stage: &Stage, hub: usize) -> Result<Process, DemoError> {
    let folder = stage.data.join(HUB_PARTY);
    let arguments = [
        "hub".to_owned(),
        format!("--data={}", folder.display()),
        format!("--log={}", hub_log(stage, hub).display()),
        format!("--listen={ANY}"),
        format!("--platform=http://{}", stage.listen),
    ];
    Process::start(Role::Hub(hub), 0, &arguments, stage.hear.clone())
}

fn start_node(
    stage: &Stage,
    index: usize,
    life: u32,
    listen: SocketAddr,
    hub: SocketAddr,
) -> Result<Process, DemoError> {
    let folder = TOWNSHIPS[index].folder(stage);
    let arguments = [
        "node".to_owned(),
        format!("--data={}", folder.display()),
        format!("--listen={listen}"),
        format!("--hub={hub}"),
    ];
    Process::start(Role::Node(index), life, &arguments, stage.hear.clone())
}

/// A good link to where the hub is, and when its time began.
async fn lay(hub: SocketAddr, seed: u64) -> Result<(Relay, Instant), DemoError> {
    let clean = Profile::named("clean").map_err(DemoError::broken)?;
    let mut tries = 0;
    loop {
        let since = Instant::now();
        match Relay::start(ANY, hub, clean.clone(), seed).await {
            Ok(relay) => return Ok((relay, since)),
            Err(_) if tries < TRIES => tries += 1,
            Err(source) => return Err(DemoError::io("lay a link", source)),
        }
    }
}

/// The next process that says where it listens must be this one: they are started one after the other.
async fn address(heard: &mut mpsc::Receiver<Heard>, role: Role) -> Result<SocketAddr, DemoError> {
    match tokio::time::timeout(SILENCE_MAX, heard.recv()).await {
        Ok(Some(Heard::Said(speaker, Report::Serving { address }))) if speaker == role => Ok(address),
        other => Err(DemoError::broken(format!("{role:?} did not start: {other:?}"))),
    }
}

/// Enrols a node or a hub; the credentials stay in its folder.
async fn enrol_as(
    stage: &Stage,
    party: &str,
    kind: PartyKind,
    carries: &[&str],
    folder: PathBuf,
) -> Result<Credentials, DemoError> {
    std::fs::create_dir_all(&folder).map_err(|source| DemoError::io("make a folder of the edge", source))?;
    let code = enrolment_code(&stage.listen, &json!({ "party": party, "kind": kind, "carries": carries })).await?;
    let platform = format!("http://{}", stage.listen);
    let enrolment = enrol(&platform, party, &code).map_err(DemoError::broken)?.kind(kind);
    enrolment.keep_in(folder.join("credentials.json")).run().await.map_err(DemoError::broken)
}
