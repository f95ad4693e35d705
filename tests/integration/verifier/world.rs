//! A real platform, departments at it, and the script beside them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tongqiao::{CaseDraft, Client, ItemQuery};
use tongqiao_protocol::{KeyDirectory, SignedRecord, Suite};
use tongqiao_reference_platform::{Platform, Running};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/verifier/verify_receipt.py");
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.verify/python-verifier/bin/python");
const PATIENCE: Duration = Duration::from_secs(60);

/// How the script ended, and what it said.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) exit: i32,
    pub(super) text: String,
}

pub(super) struct World {
    folder: TempDir,
    suite: Suite,
    address: SocketAddr,
    running: Option<Running>,
    http: reqwest::Client,
}

impl World {
    /// A platform whose log is of this suite.
    pub(super) async fn new(suite: Suite) -> Self {
        // A second test has it installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let running = platform(folder.path(), suite, None).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { address: running.address(), running: Some(running), folder, suite, http }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Value {
        let sent = self.http.post(self.url(path)).json(body).send().await.unwrap();
        sent.error_for_status().unwrap().json().await.unwrap()
    }

    pub(super) async fn client(&self, party: &str, suite: Suite) -> Client {
        let code = self.post("/sandbox/enrolment-codes", &json!({})).await;
        let code = code["code"].as_str().unwrap().to_owned();
        let url = self.url("");
        let credentials = tongqiao::enrol(&url, party, &code).unwrap().suite(suite).run().await.unwrap();
        Client::builder(&url, credentials).in_memory().build().await.unwrap()
    }

    /// Settles a new case and gives the bundle of its receipt.
    pub(super) async fn settle_and_prove(&self, client: &Client) -> Value {
        let items = client.items().find(&ItemQuery::text("file certificate")).await.unwrap();
        let draft = CaseDraft::for_item(&items[0])
            .person("测试用户", "340702196802290211")
            .field("contact-phone", "13800000000")
            .field("reason", "办理入职手续")
            .material("id-card", "居民身份证");
        let case = client.cases().open(&draft).await.unwrap();
        tokio::time::timeout(PATIENCE, case.settled()).await.unwrap().unwrap();
        let proof = client.receipts().prove(case.event()).await.unwrap();
        serde_json::from_str(&proof.to_json().unwrap()).unwrap()
    }

    /// Changes the database while the platform is away, and takes the tree away, so that the platform makes one that fits: as
    /// good a forgery as its operator could make.
    pub(super) async fn forge(&mut self, sql: &str) {
        self.running.take().unwrap().shutdown().await;
        let database = rusqlite::Connection::open(self.folder.path().join("platform.sqlite")).unwrap();
        database.execute_batch(&format!("{sql}; DELETE FROM log_node;")).unwrap();
        database.close().unwrap();
        self.running = Some(platform(self.folder.path(), self.suite, Some(self.address)).await);
    }

    /// The rows of the platform's keys.
    pub(super) async fn keys(&self) -> Value {
        let record: SignedRecord = serde_json::from_value(self.get("/v1/directory").await).unwrap();
        let directory: KeyDirectory = serde_json::from_slice(&record.record).unwrap();
        json!(directory.keys)
    }

    pub(super) async fn receipt(&self, bundle: &Value) -> Finding {
        self.check("receipt", &[bundle], &[], &self.keys().await)
    }

    /// Asks the platform for the proof, and the script what it thinks of it.
    pub(super) async fn consistency(&self, older: &Value, newer: &Value, from: usize, to: usize) -> Finding {
        let proof = self.get(&format!("/v1/log/consistency?from={from}&to={to}")).await;
        self.check("consistency", &[older, newer], &[("proof", &proof)], &self.keys().await)
    }

    /// Runs the script on files that hold these documents.
    pub(super) fn check(&self, command: &str, files: &[&Value], options: &[(&str, &Value)], keys: &Value) -> Finding {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        let write = |name: &str, document: &Value| {
            let path = folder.path().join(name);
            std::fs::write(&path, document.to_string()).unwrap();
            path
        };
        let mut python = Command::new(PYTHON);
        python.args([SCRIPT, command]);
        for (number, file) in files.iter().enumerate() {
            python.arg(write(&format!("{number}.json"), file));
        }
        for (name, document) in options.iter().chain(&[("keys", keys)]) {
            python.arg(format!("--{name}")).arg(write(&format!("{name}.json"), document));
        }
        let output = python.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Finding { exit: output.status.code().unwrap(), text: String::from_utf8(text).unwrap() }
    }
}

async fn platform(folder: &Path, suite: Suite, address: Option<SocketAddr>) -> Running {
    let mut builder = Platform::builder().database(folder.join("platform.sqlite")).suite(suite).sandbox();
    if let Some(address) = address {
        builder = builder.listen(address);
    }
    builder.start().await.unwrap()
}
