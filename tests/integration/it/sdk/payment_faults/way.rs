//! What stands between client and platform: it loses, holds back and breaks on request, on one route only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tongqiao::{Arrival, Request, Response, Sending, Silence, Transport, TransportFailure};
use tongqiao_protocol::routes;

use super::super::sandbox::reqwest_client;
use super::scene::Act;

/// The faults of the way; the others are the sandbox's own.
pub(super) const WAY_FAULTS: [&str; 4] = ["refused", "lost", "late", "killed"];

/// The plan of a strike.
#[derive(Clone, Copy)]
struct Strike {
    fault: &'static str,
    act: &'static Act,
}

#[derive(Default)]
struct Seen {
    strike: Option<Strike>,
    struck: usize,
    /// Given up by the client, and still on its way.
    held: Vec<Request>,
    requests: BTreeMap<(String, &'static str), usize>,
    /// Every signed record, by its route's name and the id in the address or in itself.
    records: BTreeMap<&'static str, BTreeSet<String>>,
}

/// The way.
pub(super) struct Way {
    http: reqwest::Client,
    url: String,
    seen: Mutex<Seen>,
}

impl Way {
    pub(super) fn to(url: String) -> Arc<Self> {
        Arc::new(Self { http: reqwest_client(), url, seen: Mutex::default() })
    }

    /// From now on the fault befalls every request of the act.
    pub(super) fn strike(&self, fault: &'static str, act: &'static Act) {
        let mut seen = self.seen.lock().unwrap();
        (seen.strike, seen.struck) = (Some(Strike { fault, act }), 0);
    }

    pub(super) fn clear(&self) {
        self.seen.lock().unwrap().strike = None;
    }

    pub(super) fn struck(&self) -> usize {
        self.seen.lock().unwrap().struck
    }

    /// How often the act was asked for.
    pub(super) fn heard_of(&self, act: &Act) -> usize {
        let key = (act.method.to_owned(), act.route);
        self.seen.lock().unwrap().requests.get(&key).copied().unwrap_or_default()
    }

    /// How many different signed records went to a route.
    pub(super) fn records(&self, route: &str) -> usize {
        self.seen.lock().unwrap().records.get(route).map_or(0, BTreeSet::len)
    }

    /// What was held back arrives, after everybody has given it up.
    pub(super) async fn deliver_held(&self) {
        let held = std::mem::take(&mut self.seen.lock().unwrap().held);
        assert!(!held.is_empty());
        for request in held {
            let answer = self.forward(request).await.unwrap();
            assert!(!answer.status().is_server_error(), "{}", answer.status());
        }
    }

    async fn forward(&self, request: Request) -> Result<Response, TransportFailure> {
        let lost = |error: reqwest::Error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error);
        let request = reqwest::Request::try_from(request).map_err(lost)?;
        let answer = self.http.execute(request).await.map_err(lost)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(answer.bytes().await.map_err(lost)?.to_vec());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn plan(&self, plan: &Value) {
        let answer = self.http.post(format!("{}/sandbox/faults", self.url)).json(plan).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Takes note of a request; how it is struck, and whether it is the first that is.
    fn note(&self, request: &Request) -> Option<(Strike, bool)> {
        let route = routes::find(request.method().as_str(), request.uri().path())?.path;
        let mut seen = self.seen.lock().unwrap();
        *seen.requests.entry((request.method().to_string(), route)).or_default() += 1;
        if let Ok(body) = serde_json::from_slice::<Value>(request.body())
            && let Some(record) = body["record"].as_str()
        {
            seen.records.entry(route).or_default().insert(record.to_owned());
        }
        let strike =
            seen.strike.filter(|strike| (strike.act.method, strike.act.route) == (request.method().as_str(), route))?;
        seen.struck += 1;
        Some((strike, seen.struck == 1))
    }
}

impl Transport for Way {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let Some((strike, is_first)) = self.note(&request) else { return self.forward(request).await };
            match strike.fault {
                "refused" => Err(TransportFailure::new(Silence::NotConnected, Arrival::No, "nobody listens")),
                "lost" => Err(TransportFailure::new(Silence::Broken, Arrival::Perhaps, "lost on the way")),
                "late" => {
                    if is_first {
                        self.seen.lock().unwrap().held.push(request);
                    }
                    Err(TransportFailure::new(Silence::TimedOut, Arrival::Perhaps, "no answer in time"))
                }
                "killed" => {
                    if is_first {
                        // It is committed; the platform dies before it can say so.
                        self.forward(request).await?;
                    }
                    Err(TransportFailure::new(Silence::Broken, Arrival::Perhaps, "the platform is gone"))
                }
                fault => {
                    self.plan(&json!({ "seed": 1, fault: 1.0 })).await;
                    let answer = self.forward(request).await;
                    self.plan(&json!({})).await;
                    answer
                }
            }
        })
    }
}
