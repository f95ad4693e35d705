//! A platform in this process, a hub and a node as programs, and a department that fills the node.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tongqiao::{
    CaseDraft, Client, ClientBuilder, Credentials, HttpTransport, ItemQuery, Request, Response, Sending, Transport,
    Trust, enrol,
};
use tongqiao_protocol::Suite;
use tongqiao_protocol::enrolment::PartyKind;
use tongqiao_reference_platform::{Platform, Running};

use super::process::Process;
use crate::store::load::Trouble;

const DEPARTMENT: &str = "bench-department";
/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:9";
/// Cases that are opened at once.
const TASKS: usize = 64;

/// Everything enrolled in one folder.
pub(crate) struct World {
    folder: PathBuf,
    program: PathBuf,
    running: Running,
    department: Credentials,
    pub(crate) http: HttpTransport,
}

/// Whether the node that is started has a way to the city.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Link<'a> {
    Cut,
    To(&'a Process),
}

impl World {
    pub(crate) async fn make(folder: &Path, program: PathBuf, suite: Suite) -> Result<Self, Trouble> {
        std::fs::create_dir_all(folder)?;
        let running = Platform::builder().database(folder.join("platform.db")).sandbox().start().await?;
        let endpoint = format!("http://{}", running.address());
        let code = running.enrolment_code(None, &["340000000000"]).await?;
        let department = enrol(&endpoint, DEPARTMENT, &code)?.suite(suite).run().await?;
        let http = HttpTransport::direct(&Trust::system())?;
        let world = Self { folder: folder.to_owned(), program, running, department, http };
        for (kind, party) in [(PartyKind::Hub, "city-hub"), (PartyKind::Edge, "bench-node")] {
            let data = world.folder.join(party);
            std::fs::create_dir_all(&data)?;
            let carries = if kind == PartyKind::Edge { vec![DEPARTMENT] } else { vec![] };
            let wish = json!({ "kind": kind, "carries": carries }).to_string().into_bytes();
            let request = http::Request::post(format!("{endpoint}/sandbox/enrolment-codes"));
            let answer = world.http.send(request.header("content-type", "application/json").body(wish)?).await?;
            let answer: Value = serde_json::from_slice(answer.body())?;
            let enrolment = enrol(&endpoint, party, answer["code"].as_str().ok_or("no code")?)?.kind(kind).suite(suite);
            let credentials = enrolment.keep_in(data.join("credentials.json")).run().await?;
            if kind == PartyKind::Edge {
                let client = Client::builder(&endpoint, credentials).store(data.join("store.sqlite")).build().await?;
                client.refresh_directory().await?;
                client.close().await;
            }
        }
        Ok(world)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.running.address())
    }

    pub(crate) async fn end(self) {
        self.running.shutdown().await;
    }

    /// A hub before the platform.
    pub(crate) fn hub(&self) -> Result<Process, Trouble> {
        let data = self.folder.join("city-hub");
        let settings = format!(
            "data = {data:?}\nlisten = \"127.0.0.1:0\"\nwatch = \"127.0.0.1:0\"\nplatform = {:?}\n",
            self.endpoint()
        );
        self.start("hub", &settings)
    }

    /// The node.
    pub(crate) fn node(&self, link: Link<'_>) -> Result<Process, Trouble> {
        let hub = match link {
            Link::Cut => NOWHERE.to_owned(),
            Link::To(hub) => hub.address.to_string(),
        };
        let data = self.folder.join("bench-node");
        self.start("node", &format!("data = {data:?}\nlisten = \"127.0.0.1:0\"\nhub = {hub:?}\n"))
    }

    fn start(&self, role: &str, settings: &str) -> Result<Process, Trouble> {
        let path = self.folder.join(format!("{role}.toml"));
        std::fs::write(&path, settings)?;
        let path = path.to_str().ok_or("the folder's name is no text")?;
        Process::start(&self.program, &[role, "--settings", path], &self.folder.join(format!("{role}.log")))
    }

    /// The department's client: numbers and guides straight from the platform, cases to the node.
    pub(crate) async fn department(&self, node: &Process) -> Result<(Client, CaseDraft), Trouble> {
        let split = Split { inner: HttpTransport::direct(&Trust::system())?, node: node.address.to_string() };
        let builder: ClientBuilder = Client::builder(&self.endpoint(), self.department.clone());
        let builder = builder.store(self.folder.join("department.db")).transport(std::sync::Arc::new(split));
        let client = builder.numbers_in_stock(1_000).build().await?;
        let items = client.items().find(&ItemQuery::text("file certificate")).await?;
        let draft = CaseDraft::for_item(items.first().ok_or("the catalogue has no such item")?)
            .person("测试用户", "340705199001010016")
            .field("contact-phone", "13800000000")
            .field("reason", "办理入职手续")
            .material("id-card", "居民身份证");
        Ok((client, draft))
    }

    /// One of the node's figures.
    pub(crate) async fn figure(&self, node: &Process, name: &str) -> Result<u64, Trouble> {
        let address = format!("http://{}/metrics", node.address);
        let answer = self.http.send(http::Request::get(address).body(Vec::new())?).await?;
        let text = std::str::from_utf8(answer.body())?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.ok_or_else(|| format!("no {name} in the node's figures"))?.parse()?)
    }

    /// Waits until one of the node's figures is as it should be.
    pub(crate) async fn until(
        &self,
        node: &Process,
        name: &str,
        pace: Duration,
        is: impl Fn(u64) -> bool,
    ) -> Result<u64, Trouble> {
        let waiting = async {
            loop {
                let value = self.figure(node, name).await?;
                if is(value) {
                    return Ok(value);
                }
                tokio::time::sleep(pace).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(4 * 3_600), waiting).await?
    }
}

/// Opens so many cases, several at once.
pub(crate) async fn open(client: &Client, draft: &CaseDraft, count: usize) -> Result<(), Trouble> {
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (client, draft) = (client.clone(), draft.clone());
        let each = count / TASKS + usize::from(task < count % TASKS);
        tasks.spawn(async move {
            for _ in 0..each {
                client.cases().open(&draft).await?;
            }
            Ok::<(), tongqiao::Error>(())
        });
    }
    while let Some(opened) = tasks.join_next().await {
        opened??;
    }
    Ok(())
}

/// Sends case events to a node, and everything else to the platform.
struct Split {
    inner: HttpTransport,
    node: String,
}

impl Transport for Split {
    fn send<'a>(&'a self, mut request: Request) -> Sending<'a> {
        Box::pin(async move {
            if request.uri().path().starts_with("/v1/case-events") {
                let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
                if let Ok(address) = format!("http://{}{target}", self.node).parse() {
                    *request.uri_mut() = address;
                }
            }
            let answer: Response = self.inner.send(request).await?;
            Ok(answer)
        })
    }
}
