//! A department that signs in either suite and speaks HTTP over a plain socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use tongqiao_protocol::{Digest, RequestId, Suite, Timestamp};

use crate::program::Program;

const USER_ID: &str = "1234567812345678";
const DIVISION: &str = "340702000000";

pub(crate) struct Caller {
    party: String,
    suite: Suite,
    secret: [u8; 32],
}

impl Caller {
    pub(crate) fn enrol(program: &Program, party: &str, suite: Suite) -> Self {
        let secret = *Digest::of(Suite::International, party.as_bytes()).as_bytes();
        let caller = Self { party: party.to_owned(), suite, secret };
        let (_, code) = plain(&program.address, "POST", "/sandbox/enrolment-codes", "{}").unwrap();
        let code_text = code["code"].as_str().unwrap();
        let proof = caller.sign(format!("tongqiao-enrolment-v1\n{}\n{code_text}\n{party}", caller.keyid()).as_bytes());
        let wish = json!({
            "code": code["code"], "party": party, "kind": "department", "name": "民政局",
            "keys": [{
                "keyid": caller.keyid(), "suite": suite, "public_key": STANDARD.encode(caller.public_key()), "use": "event",
                "proof": proof,
            }],
        });
        let (status, answer) = plain(&program.address, "POST", "/v1/enrolments", &wish.to_string()).unwrap();
        assert_eq!(status, 200, "{answer:#}");
        caller
    }

    fn keyid(&self) -> String {
        format!("{}/1", self.party)
    }

    fn public_key(&self) -> Vec<u8> {
        match self.suite {
            Suite::International => {
                ed25519_dalek::SigningKey::from_bytes(&self.secret).verifying_key().to_bytes().to_vec()
            }
            Suite::ShangMi => self.shang_mi().verifying_key().to_sec1_bytes().into_vec(),
        }
    }

    fn shang_mi(&self) -> sm2::dsa::SigningKey {
        sm2::dsa::SigningKey::from_slice(USER_ID, &self.secret).unwrap()
    }

    fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(match self.suite {
            Suite::International => {
                ed25519_dalek::SigningKey::from_bytes(&self.secret).sign(message).to_bytes().to_vec()
            }
            Suite::ShangMi => {
                use sm2::dsa::signature::Signer as _;
                let signature: sm2::dsa::Signature = self.shang_mi().sign(message);
                signature.to_bytes().to_vec()
            }
        })
    }

    /// A signed bill of ten yuan.
    pub(crate) fn bill(&self, bill: &str) -> Value {
        let now = now();
        let record = json!({
            "bill": bill, "party": self.party, "division": DIVISION, "payer": { "name": "测试甲" }, "amount": "10.00",
            "lines": [{ "code": "1", "name": "工本费", "quantity": 1, "unit_price": "10.00", "amount": "10.00" }],
            "late_fee": "0.00", "not_after": now.plus_millis(86_400_000), "created": now,
        });
        let bytes = record.to_string().into_bytes();
        let message = [b"tongqiao-bill-v1\n", self.keyid().as_bytes(), b"\n", &bytes].concat();
        json!({
            "record": STANDARD.encode(&bytes), "signature": { "keyid": self.keyid(), "value": self.sign(&message) },
        })
    }

    /// A signed request; `None` when no whole answer came.
    pub(crate) fn post(&self, address: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let body = body.to_string();
        let name = if self.suite == Suite::International { "sha-256" } else { "sm3" };
        let digest = STANDARD.encode(Digest::of(self.suite, body.as_bytes()).as_bytes());
        let digest = format!("{name}=:{digest}:");
        let created = now().as_millis() / 1_000;
        let parameters = format!(
            "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={created};expires={};nonce=\"{}\";\
             keyid=\"{}\";tag=\"tongqiao-v1\"",
            created + 300,
            fresh_id(),
            self.keyid(),
        );
        let base = format!(
            "\"@method\": POST\n\"@path\": {path}\n\"@query\": ?\n\"content-digest\": {digest}\n\
             \"@signature-params\": {parameters}"
        );
        let headers = format!(
            "content-digest: {digest}\r\nsignature-input: sig1={parameters}\r\nsignature: sig1=:{}:\r\n",
            self.sign(base.as_bytes())
        );
        exchange(address, "POST", path, &headers, &body)
    }
}

/// A request that nobody signed.
pub(crate) fn plain(address: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    exchange(address, method, path, "", body)
}

fn exchange(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

#[allow(clippy::disallowed_methods, reason = "the program under test reads the real clock, so its caller must")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// A UUIDv7 that nobody has had before.
pub(crate) fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    RequestId::from_time_and_random(now(), random).to_string()
}
