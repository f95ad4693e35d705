//! What is sent: case events as a department's system makes them, with the platform's receipts, bills, and files that nobody can
//! make smaller.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tongqiao::{Client, HttpTransport, Request, Response, Sending, Transport, enrol};
use tongqiao_protocol::Suite;
use tongqiao_protocol::enrolment::PartyKind;

use super::recorder::{Heard, Plan, recorded};
use crate::store::load::Trouble;

/// Size of a file.
pub(crate) const ATTACHMENT_BYTES: usize = 300_000;
const RECORDS: usize = 200;

/// What is in it; the dictionary was trained on other items and other persons.
const PLAN: Plan = Plan {
    items: &["社会保障卡", "证明", "登记", "补贴", "许可"],
    persons: &[("测试用户", "340705199001010016")],
    fillings: &["填写"],
    cases: RECORDS,
    department: "bench-department",
};

/// What is sent, and how it is answered.
pub(crate) struct Corpus {
    /// Signed records, as elements of a batch.
    pub(crate) records: Vec<String>,
    /// The answer's element for each.
    pub(crate) results: Vec<String>,
    /// A signed bill, and its answer.
    pub(crate) bill: Vec<u8>,
    pub(crate) bill_answer: Vec<u8>,
    pub(crate) attachments: Vec<Vec<u8>>,
    /// Answers to whoever asks for keys and epoch.
    open: HashMap<String, Response>,
    /// Folders of node and hub, enrolled.
    pub(crate) node: PathBuf,
    pub(crate) hub: PathBuf,
    pub(crate) hash: String,
}

impl Corpus {
    /// Makes it with a real platform and a real client.
    pub(crate) async fn make(folder: &Path, attachments: usize) -> Result<Self, Trouble> {
        let (running, recorder) = recorded(folder, &PLAN).await?;
        let endpoint = format!("http://{}", running.address());
        let (node, hub) = (folder.join("node"), folder.join("hub"));
        for (kind, party, data) in [(PartyKind::Hub, "city-hub", &hub), (PartyKind::Edge, "bench-node", &node)] {
            std::fs::create_dir_all(data)?;
            let wish = json!({ "kind": kind, "carries": if kind == PartyKind::Edge { vec![PLAN.department] } else { vec![] } });
            let answer = post(&recorder.inner, &format!("{endpoint}/sandbox/enrolment-codes"), &wish).await?;
            let code = answer["code"].as_str().ok_or("no code")?.to_owned();
            let enrolment = enrol(&endpoint, party, &code)?.kind(kind).suite(Suite::International);
            let credentials = enrolment.keep_in(data.join("credentials.json")).run().await?;
            if kind == PartyKind::Edge {
                let client = Client::builder(&endpoint, credentials).store(data.join("store.sqlite")).build().await?;
                client.refresh_directory().await?;
                client.close().await;
            }
        }
        let mut open = HashMap::new();
        for path in ["/v1/directory", "/v1/epoch", "/v1/time", "/v1/log/checkpoint"] {
            let request = http::Request::builder().uri(format!("{endpoint}{path}")).body(Vec::new())?;
            open.insert(path.to_owned(), recorder.inner.send(request).await?);
        }
        running.shutdown().await;
        Self::of(recorder.heard(), open, attachments, node, hub)
    }

    fn of(
        heard: Vec<Heard>,
        open: HashMap<String, Response>,
        count: usize,
        node: PathBuf,
        hub: PathBuf,
    ) -> Result<Self, Trouble> {
        let (mut records, mut results, mut bill) = (Vec::new(), Vec::new(), None);
        for (path, body, answer) in heard {
            match path.as_str() {
                "/v1/case-events" => {
                    let (body, answer) =
                        (serde_json::from_slice::<Value>(&body)?, serde_json::from_slice::<Value>(&answer)?);
                    let elements = body["events"].as_array().ok_or("no events")?;
                    let settled = answer["results"].as_array().ok_or("no results")?;
                    for (element, result) in elements.iter().zip(settled) {
                        if result["status"] == "settled" {
                            // The members stand as the client writes them.
                            let signature = &element["signature"];
                            records.push(format!(
                                "{{\"record\":{},\"signature\":{{\"keyid\":{},\"value\":{}}}}}",
                                element["record"], signature["keyid"], signature["value"]
                            ));
                            results.push(result.to_string());
                        }
                    }
                }
                "/v1/bills" => bill = Some((body, answer)),
                _ => {}
            }
        }
        records.truncate(RECORDS);
        results.truncate(RECORDS);
        if records.len() < RECORDS {
            return Err(format!("only {} records were settled", records.len()).into());
        }
        let (bill, bill_answer) = bill.ok_or("no bill was sent")?;
        let mut chance = fastrand::Rng::with_seed(2_026);
        let attachments = std::iter::repeat_with(|| {
            let mut bytes = vec![0; ATTACHMENT_BYTES];
            chance.fill(&mut bytes);
            bytes
        });
        let attachments = attachments.take(count).collect::<Vec<_>>();
        let mut hash = Sha256::new();
        records.iter().for_each(|record| hash.update(record));
        attachments.iter().for_each(|attachment| hash.update(attachment));
        let hash = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { records, results, bill, bill_answer, attachments, open, node, hub, hash })
    }
}

impl Corpus {
    /// The platform's answer to a request, as it was when the corpus was made.
    fn answer(&self, request: &Request) -> Response {
        let path = request.uri().path();
        if let Some(answer) = self.open.get(path) {
            return answer.clone();
        }
        let body = match path {
            "/v1/case-events" => {
                let events = serde_json::from_slice::<Value>(request.body()).unwrap_or_default();
                let records = events["events"].as_array().cloned().unwrap_or_default();
                let places = records.iter().filter_map(|record| {
                    let needle = record["signature"]["value"].as_str()?;
                    self.records.iter().position(|known| known.contains(needle))
                });
                let results = places.map(|place| self.results[place].as_str()).collect::<Vec<_>>().join(",");
                format!("{{\"epoch\":\"018f9f3a-7c00-7000-8000-000000000000\",\"results\":[{results}]}}").into_bytes()
            }
            "/v1/bills" => self.bill_answer.clone(),
            _ => br#"{"material":"018f9f3a-7c00-7000-8000-000000000000","offset":32768,"size":300000}"#.to_vec(),
        };
        let mut answer = Response::new(body);
        answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
        for name in ["date", "tongqiao-epoch"] {
            let known = self.open.get("/v1/epoch").and_then(|epoch| epoch.headers().get(name));
            if let Some(value) = known {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        answer
    }
}

/// A platform that answers at once.
pub(crate) struct Stub(pub(crate) Arc<Corpus>);

impl Transport for Stub {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        let answer = self.0.answer(&request);
        Box::pin(async move { Ok(answer) })
    }
}

async fn post(transport: &HttpTransport, url: &str, body: &Value) -> Result<Value, Trouble> {
    let request = http::Request::builder().method(Method::POST).uri(url).header("content-type", "application/json");
    let answer = transport.send(request.body(body.to_string().into_bytes())?).await?;
    Ok(serde_json::from_slice(answer.body())?)
}
