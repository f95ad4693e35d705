//! A department's system that speaks to a node by hand.

use serde_json::Value;
use tongqiao::{Clock as _, Credentials, Secret, SoftwareSigner, SystemClock};
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, content_digest, signature_header};
use tongqiao_protocol::{RecordKind, RequestId, SignedRecord, Signer as _};

use super::office::Office;
use crate::sdk::sandbox::reqwest_client;

pub(super) struct Caller {
    url: String,
    signer: SoftwareSigner,
    http: reqwest::Client,
}

impl Caller {
    /// The department of the office.
    pub(super) fn new(office: &Office) -> Self {
        Self::with(office, &office.department)
    }

    pub(super) fn with(office: &Office, credentials: &Credentials) -> Self {
        let document = credentials.to_json().unwrap();
        let document = serde_json::from_slice::<Value>(document.expose()).unwrap();
        let keyid = document["keyid"].as_str().unwrap().parse().unwrap();
        let pem = Secret::new(document["private_key"].as_str().unwrap());
        let signer = SoftwareSigner::from_pkcs8_pem(keyid, &pem).unwrap();
        Self { url: office.url(), signer, http: reqwest_client() }
    }

    /// The headers of a signed request.
    pub(super) fn stamp(&self, method: &str, target: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let now = SystemClock.now();
        let nonce = *RequestId::from_time_and_random(now, random()).as_bytes();
        let hop = HopSignature::new(self.signer.key_id().clone(), now, &nonce);
        let digest = content_digest(self.signer.suite(), body);
        let base = hop.base(&RequestTarget { method, path, query }, &digest);
        let signature = self.signer.sign(base.as_bytes(), &[1; 32]).unwrap();
        vec![
            ("content-digest", digest),
            ("signature-input", hop.signature_input()),
            ("signature", signature_header(&signature)),
        ]
    }

    pub(super) async fn send(&self, method: &str, target: &str, body: Vec<u8>) -> reqwest::Response {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{target}", self.url));
        for (name, value) in self.stamp(method, target, &body) {
            request = request.header(name, value);
        }
        request.header("content-type", "application/json").body(body).send().await.unwrap()
    }

    /// The answer to a POST, whatever its status.
    pub(super) async fn post(&self, target: &str, body: &Value) -> Value {
        self.send("POST", target, body.to_string().into_bytes()).await.json().await.unwrap()
    }

    /// The same event with a changed member, signed by the same key.
    pub(super) fn signed_again(&self, record: &Value) -> Value {
        let signed = serde_json::from_value::<SignedRecord>(record.clone()).unwrap();
        let mut event = serde_json::from_slice::<Value>(&signed.record).unwrap();
        event["data"]["channel"]["code"] = "2".into();
        let bytes = event.to_string().into_bytes();
        let signed = SignedRecord::sign(RecordKind::Event, bytes, &self.signer, &[1; 32]).unwrap();
        serde_json::to_value(signed).unwrap()
    }
}

/// Ten bytes that no other call has.
fn random() -> [u8; 10] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}
