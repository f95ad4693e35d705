//! A platform of one's own, and clients that are enrolled at it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tongqiao::{CaseDraft, Client, ClientBuilder, Credentials, ItemQuery, enrol};
use tongqiao_protocol::{Suite, Timestamp};
use tongqiao_reference_platform::{Clock, Platform, Running};

/// A platform in this process, with a folder that outlives its restarts.
pub(crate) struct Sandbox {
    folder: TempDir,
    address: SocketAddr,
    running: Option<Running>,
    clock: Clock,
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        Self::start_by(Clock::system()).await
    }

    /// The same on a day of one's choice, which lasts until the clock is moved.
    pub(crate) async fn start_at(now: Timestamp) -> Self {
        Self::start_by(Clock::manual(now)).await
    }

    async fn start_by(clock: Clock) -> Self {
        crate::canaries::watch();
        let folder = tempfile::tempdir().unwrap();
        let running = platform(folder.path(), None, clock.clone()).await;
        Self { address: running.address(), running: Some(running), folder, clock }
    }

    /// Moves the platform's clock.
    pub(crate) fn now_is(&self, now: Timestamp) {
        self.clock.set(now);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes the platform off the network, as a power cut would.
    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().shutdown().await;
    }

    /// Starts it again on the same address and database.
    pub(crate) async fn start_again(&mut self) {
        self.running = Some(platform(self.folder.path(), Some(self.address), self.clock.clone()).await);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn enrol(&self, party: &str, suite: Suite) -> Credentials {
        let code = self.post("/sandbox/enrolment-codes", &json!({})).await;
        let code = code["code"].as_str().unwrap().to_owned();
        enrol(&self.url(), party, &code).unwrap().suite(suite).run().await.unwrap()
    }

    pub(crate) fn builder(&self, credentials: &Credentials) -> ClientBuilder {
        Client::builder(&self.url(), credentials.clone())
    }

    /// An enrolled client with a store of its own.
    pub(crate) async fn client(&self, party: &str) -> Client {
        let credentials = self.enrol(party, Suite::International).await;
        self.builder(&credentials).store(self.path(&format!("{party}.sqlite"))).build().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = reqwest_client().post(format!("{}{path}", self.url())).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        reqwest_client().get(format!("{}{path}", self.url())).send().await.unwrap().json().await.unwrap()
    }

    /// What took effect, told by the platform and not by the client.
    pub(crate) async fn ledger(&self) -> Value {
        self.get("/sandbox/ledger").await
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            crate::canaries::check();
        }
    }
}

pub(crate) fn reqwest_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn platform(folder: &Path, address: Option<SocketAddr>, clock: Clock) -> Running {
    let mut builder = Platform::builder().database(folder.join("platform.sqlite")).clock(clock).sandbox();
    if let Some(address) = address {
        builder = builder.listen(address);
    }
    builder.start().await.unwrap()
}

/// A synthetic citizen number that verifies.
pub(crate) const CITIZEN: &str = "340702196802290211";

/// A complete application.
pub(crate) async fn draft(client: &Client) -> CaseDraft {
    let items = client.items().find(&ItemQuery::text("file certificate")).await.unwrap();
    CaseDraft::for_item(&items[0])
        .person("测试用户", CITIZEN)
        .field("contact-phone", "13800000000")
        .field("reason", "办理入职手续")
        .material("id-card", "居民身份证")
}
