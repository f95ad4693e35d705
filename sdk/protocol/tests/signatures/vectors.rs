//! The vectors of `conformance/vectors/signatures`, made anew: the same bytes every time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tongqiao_protocol::hop_signature::{HopSignature, RequestTarget, content_digest, signature_header};
use tongqiao_protocol::merkle::MerkleTree;
use tongqiao_protocol::receipt::Receipt;
use tongqiao_protocol::{Digest, RecordKind, SignedRecord, Signer as _, Suite, Timestamp};

use super::keys::{SUITES, TestKey};
use super::mistakes;

const RANDOM: [u8; 32] = [0x5a; 32];
const WARNING: &str = "TEST KEYS ONLY: the private keys stand here for everybody. 仅供测试，私钥已公开，不得登记使用。";

/// Every file: name and text.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for suite in SUITES {
        let key = TestKey::of(suite);
        let parts = [
            ("records", records(&key)),
            ("hops", hops(&key)),
            ("receipts", receipts(&key)),
            ("mistakes", mistakes::vectors(&key)),
        ];
        for (name, vectors) in parts {
            files.push((format!("{name}-{suite}.json"), file(&key, &vectors)));
        }
    }
    files
}

/// One vector on each line, so that a change shows as one line.
fn file(key: &TestKey, vectors: &[Value]) -> String {
    let head = json!({
        "warning": WARNING, "suite": key.suite(), "keyid": key.key_id(),
        "private_key_hex": hex(&key.private), "public_key": STANDARD.encode(key.public().as_bytes()),
    });
    let head = head.to_string();
    let lines: Vec<_> = vectors.iter().map(Value::to_string).collect();
    format!("{},\"vectors\":[\n{}\n]}}\n", head.trim_end_matches('}'), lines.join(",\n"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What every vector of a signature says.
fn vector(name: &str, key: &TestKey, message: &[u8], signature: &[u8]) -> Value {
    json!({
        "name": name, "message": STANDARD.encode(message), "message_text": String::from_utf8_lossy(message),
        "digest": Digest::of(key.suite(), message), "signature": STANDARD.encode(signature), "valid": true,
    })
}

fn records(key: &TestKey) -> Vec<Value> {
    let texts: [(&str, RecordKind, &[u8]); 4] = [
        ("an event with Chinese text", RecordKind::Event, "{\"name\":\"铜陵市\",\"sequence\":1}".as_bytes()),
        ("a bill", RecordKind::Bill, b"{\"amount\":\"12.00\"}"),
        ("a record of no bytes", RecordKind::Void, b""),
        ("bytes that are not UTF-8", RecordKind::Refund, b"\xff\x00\n\r\n"),
    ];
    let signed = |name: &str, kind: RecordKind, record: &[u8]| {
        let message = SignedRecord::message(kind, key.key_id(), record);
        let signed = SignedRecord::sign(kind, record.to_vec(), key, &RANDOM).unwrap();
        let mut vector = vector(name, key, &message, signed.signature.value.as_bytes());
        vector["kind"] = json!(kind.tag());
        vector["signed_record"] = json!(signed);
        vector
    };
    let mut vectors: Vec<_> = texts.iter().map(|(name, kind, record)| signed(name, *kind, record)).collect();
    if key.suite() == Suite::ShangMi {
        for (name, place) in [("r begins with a zero byte", 0), ("s begins with a zero byte", 32)] {
            let record = (0_u32..).map(|number| format!("{{\"number\":{number}}}")).find(|record| {
                let message = SignedRecord::message(RecordKind::Event, key.key_id(), record.as_bytes());
                key.sign(&message, &RANDOM).unwrap().as_bytes()[place] == 0
            });
            vectors.push(signed(name, RecordKind::Event, record.unwrap().as_bytes()));
        }
    }
    vectors
}

fn hops(key: &TestKey) -> Vec<Value> {
    let created = Timestamp::from_millis(1_790_000_000_000);
    let requests: [(&str, RequestTarget<'_>, &[u8]); 3] = [
        (
            "a batch of events",
            RequestTarget { method: "POST", path: "/v1/case-events", query: "" },
            "{\"events\":[]} 铜陵".as_bytes(),
        ),
        ("no body and no query", RequestTarget { method: "GET", path: "/v1/epoch", query: "" }, b""),
        (
            "a query, taken byte for byte",
            RequestTarget {
                method: "GET",
                path: "/v1/catalogue/changes",
                query: "since=sha-256%3Aab&since=&a=%e9%93%9c",
            },
            b"",
        ),
    ];
    let signed = requests.iter().map(|(name, target, body)| {
        let hop = HopSignature::new(key.key_id().clone(), created, &[0x11; 16]);
        let digest = content_digest(key.suite(), body);
        let base = hop.base(target, &digest);
        let signature = key.sign(base.as_bytes(), &RANDOM).unwrap();
        let mut vector = vector(name, key, base.as_bytes(), signature.as_bytes());
        vector["request"] = json!({ "method": target.method, "path": target.path, "query": target.query,
            "body": STANDARD.encode(body) });
        vector["headers"] = json!({ "content-digest": digest, "signature-input": hop.signature_input(),
            "signature": signature_header(&signature) });
        vector
    });
    signed.collect()
}

fn receipts(key: &TestKey) -> Vec<Value> {
    let mut vectors = Vec::new();
    for size in [1, 2, 3, 5, 8, 13_u64] {
        let bodies: Vec<_> = (0..size).map(|position| body(key.suite(), position)).collect();
        let tree = MerkleTree::new(key.suite(), bodies.iter().map(String::as_bytes)).unwrap();
        let message = Receipt::message(key.key_id(), size, &tree.root());
        let signature = key.sign(&message, &RANDOM).unwrap();
        for (index, body) in (0..).zip(&bodies) {
            let mut vector = vector(&format!("receipt {index} of {size}"), key, &message, signature.as_bytes());
            vector["root"] = json!(tree.root());
            vector["receipt"] = json!({
                "receipt": STANDARD.encode(body),
                "batch": { "size": size, "index": index, "path": tree.path(index).unwrap() },
                "signature": { "keyid": key.key_id(), "value": signature },
            });
            vectors.push(vector);
        }
    }
    vectors
}

fn body(suite: Suite, position: u64) -> String {
    let record = format!("018f9f3a-7c00-7000-8000-{position:012x}");
    json!({
        "kind": "settled", "record": record, "digest": Digest::of(suite, record.as_bytes()),
        "epoch": "018f9f3a-7c00-7000-8000-0000000000ff", "position": position, "time": Timestamp::from_millis(0),
    })
    .to_string()
}
