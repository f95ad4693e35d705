//! A department's system, hand-made: it signs with its own code, so that the platform is examined and not echoed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tongqiao_protocol::{Digest, EventId, Suite, Timestamp};
use tongqiao_reference_platform::{Clock, Platform, Running};

use crate::contract;

/// Noon of a working day, on which the platform's clock stands.
pub(crate) const NOON_MILLIS: i64 = 1_795_406_400_000;
/// An item of the sandbox's catalogue with one version in force.
pub(crate) const DIVISION: &str = "340702000000";

/// A sandbox platform on a clock that stands still, and one enrolled department.
pub(crate) struct World {
    pub(crate) running: Running,
    pub(crate) department: Department,
    _directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::beginning_at(Timestamp::from_millis(NOON_MILLIS)).await
    }

    /// The same at another time; the department's clock agrees.
    pub(crate) async fn beginning_at(start: Timestamp) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let running = Platform::builder()
            .database(directory.path().join("platform.sqlite"))
            .clock(Clock::manual(start))
            .sandbox()
            .start()
            .await
            .unwrap();
        let department = Department::enrol(running.base_url(), "civil-affairs").await;
        let department = department.later_by_seconds((start.as_millis() - NOON_MILLIS) / 1_000);
        Self { running, department, _directory: directory }
    }

    /// Takes a backup and gives its name.
    pub(crate) async fn backup(&self) -> Value {
        self.department.plain(Method::POST, "/sandbox/backup", &Value::Null).await.body["backup"].clone()
    }

    /// Puts a backup back.
    pub(crate) async fn restore(&self, backup: &Value) {
        let restored = self.department.plain(Method::POST, "/sandbox/restore", &json!({ "backup": backup })).await;
        assert_eq!(restored.status, StatusCode::OK, "{:#}", restored.body);
    }

    pub(crate) async fn ledger(&self) -> Value {
        let answer = self.department.plain(Method::GET, "/sandbox/ledger", &Value::Null).await;
        answer.body
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Paths and codes of all faults.
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        faults_of(&self.body)
    }

    /// The first result of a batch.
    pub(crate) fn result(&self) -> &Value {
        &self.body["results"][0]
    }
}

pub(crate) fn faults_of(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let faults = problem["faults"].as_array().cloned().unwrap_or_default();
    faults.iter().map(|fault| (text(&fault["path"]), text(&fault["code"]))).collect()
}

/// How a request differs from a good one.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tamper {
    pub(crate) without_signature: bool,
    pub(crate) keyid: Option<String>,
    pub(crate) created_shift_seconds: i64,
    pub(crate) nonce: Option<String>,
    pub(crate) digest_of: Option<Vec<u8>>,
    pub(crate) signed_path: Option<String>,
    pub(crate) signature_input: Option<String>,
    pub(crate) language: Option<&'static str>,
    /// Signs the base otherwise than it should be.
    pub(crate) sign: Option<fn(&SigningKey, &str) -> Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct Department {
    base_url: String,
    pub(crate) party: String,
    key: SigningKey,
    http: Client,
    pub(crate) producer: String,
    pub(crate) incarnation: String,
    /// How far its clock is from noon.
    clock_shift_seconds: i64,
}

impl Department {
    pub(crate) async fn enrol(base_url: &str, party: &str) -> Self {
        Self::enrol_with(base_url, party, &json!({})).await
    }

    /// The same with what the operator grants besides: `divisions`, `carries`, `kind` and the like.
    pub(crate) async fn enrol_with(base_url: &str, party: &str, grant: &Value) -> Self {
        Self::enrol_for_use(base_url, party, grant, "event").await
    }

    /// The same with a key for another use.
    pub(crate) async fn enrol_for_use(base_url: &str, party: &str, grant: &Value, purpose: &str) -> Self {
        let department = Self::stranger(base_url, party);
        let mut grant = grant.clone();
        grant["party"] = json!(party);
        let code = department.plain(Method::POST, "/sandbox/enrolment-codes", &grant).await;
        let mut wish = department.wish(&code.body["code"]);
        if let Some(kind) = grant.get("kind") {
            wish["kind"] = kind.clone();
        }
        wish["keys"][0]["use"] = json!(purpose);
        let enrolled = department.plain(Method::POST, "/v1/enrolments", &wish).await;
        assert_eq!(enrolled.status, StatusCode::OK, "{:?}", enrolled.body);
        department
    }

    /// An edge: it may bring the records of others.
    pub(crate) async fn enrol_carrying(base_url: &str, party: &str, carries: &[&str]) -> Self {
        Self::enrol_with(base_url, party, &json!({ "kind": "edge", "carries": carries })).await
    }

    /// A system that has made its key and is not enrolled.
    pub(crate) fn stranger(base_url: &str, party: &str) -> Self {
        // A process has one provider; whoever comes second finds it installed.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self {
            base_url: base_url.to_owned(),
            party: party.to_owned(),
            key: SigningKey::from_bytes(Digest::of(Suite::International, party.as_bytes()).as_bytes()),
            http: Client::new(),
            producer: fresh_id(),
            incarnation: fresh_id(),
            clock_shift_seconds: 0,
        }
    }

    /// The same, at a platform that was started again.
    pub(crate) fn at(mut self, base_url: &str) -> Self {
        base_url.clone_into(&mut self.base_url);
        self
    }

    /// The same, its clock moved.
    pub(crate) fn later_by_seconds(mut self, seconds: i64) -> Self {
        self.clock_shift_seconds += seconds;
        self
    }

    /// What it enrols with: its key, and the proof that it has the secret.
    pub(crate) fn wish(&self, code: &Value) -> Value {
        let public = STANDARD.encode(self.key.verifying_key().to_bytes());
        json!({
            "code": code, "party": self.party, "kind": "department", "name": "民政局",
            "keys": [{
                "keyid": self.keyid(), "suite": "international", "public_key": public, "use": "event",
                "proof": self.proof(&self.keyid(), code.as_str().unwrap_or_default()),
            }],
        })
    }

    pub(crate) fn proof(&self, keyid: &str, code: &str) -> String {
        let message = format!("tongqiao-enrolment-v1\n{keyid}\n{code}\n{}", self.party);
        STANDARD.encode(self.key.sign(message.as_bytes()).to_bytes())
    }

    pub(crate) fn keyid(&self) -> String {
        format!("{}/1", self.party)
    }

    /// A request that nobody signed.
    pub(crate) async fn plain(&self, method: Method, path: &str, body: &Value) -> Answer {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let tamper = Tamper { without_signature: true, ..Tamper::default() };
        self.send(method, path, &bytes, &tamper).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, b"", &Tamper::default()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string().as_bytes(), &Tamper::default()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &[u8], tamper: &Tamper) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base_url));
        request = request.header("content-type", "application/json");
        if let Some(language) = tamper.language {
            request = request.header("accept-language", language);
        }
        if !tamper.without_signature {
            for (name, value) in self.hop(&method, path, body, tamper) {
                request = request.header(name, value);
            }
        }
        let response = request.body(body.to_vec()).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        contract::judge(method.as_str(), path, body, status, &headers, &answer);
        Answer { status, headers, body: answer }
    }

    fn hop(&self, method: &Method, path: &str, body: &[u8], tamper: &Tamper) -> [(&'static str, String); 3] {
        let digest = Digest::of(Suite::International, tamper.digest_of.as_deref().unwrap_or(body));
        let digest = format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes()));
        let created = NOON_MILLIS / 1_000 + self.clock_shift_seconds + tamper.created_shift_seconds;
        let keyid = tamper.keyid.clone().unwrap_or_else(|| self.keyid());
        let nonce = tamper.nonce.clone().unwrap_or_else(|| URL_SAFE_NO_PAD.encode(fresh_id()));
        let params = format!(
            "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={created};expires={};nonce=\"{nonce}\";\
             keyid=\"{keyid}\";tag=\"tongqiao-v1\"",
            created + 300
        );
        let target = tamper.signed_path.as_deref().unwrap_or(path);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let base = format!(
            "\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{query}\n\"content-digest\": {digest}\n\
             \"@signature-params\": {params}"
        );
        let signature = match tamper.sign {
            Some(sign) => sign(&self.key, &base),
            None => self.key.sign(base.as_bytes()).to_vec(),
        };
        let signature = STANDARD.encode(signature);
        let input = tamper.signature_input.clone().unwrap_or_else(|| format!("sig1={params}"));
        [("content-digest", digest), ("signature-input", input), ("signature", format!("sig1=:{signature}:"))]
    }

    /// Its key, to sign wrongly with.
    pub(crate) const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs record bytes as a record of the kind that `tag` names.
    pub(crate) fn sign(&self, tag: &str, record: &[u8]) -> Value {
        let message = [tag.as_bytes(), b"\n", self.keyid().as_bytes(), b"\n", record].concat();
        json!({
            "record": STANDARD.encode(record),
            "signature": { "keyid": self.keyid(), "value": STANDARD.encode(self.key.sign(&message).to_bytes()) },
        })
    }

    pub(crate) fn sign_event(&self, event: &Value) -> Value {
        self.sign("tongqiao-event-v1", event.to_string().as_bytes())
    }

    pub(crate) async fn push(&self, events: &[Value]) -> Answer {
        let events: Vec<Value> = events.iter().map(|event| self.sign_event(event)).collect();
        self.post("/v1/case-events", &json!({ "events": events })).await
    }

    /// The same, when the answer may never come.
    pub(crate) async fn try_push(&self, events: &[Value]) -> Result<Vec<u8>, reqwest::Error> {
        let events: Vec<Value> = events.iter().map(|event| self.sign_event(event)).collect();
        let body = json!({ "events": events }).to_string().into_bytes();
        let mut request = self.http.post(format!("{}/v1/case-events", self.base_url));
        for (name, value) in self.hop(&Method::POST, "/v1/case-events", &body, &Tamper::default()) {
            request = request.header(name, value);
        }
        Ok(request.body(body).send().await?.bytes().await?.to_vec())
    }

    /// A form, as a browser sends it.
    pub(crate) async fn form(&self, path: &str, body: &str) -> Answer {
        let tamper = Tamper { without_signature: true, ..Tamper::default() };
        self.send(Method::POST, path, body.as_bytes(), &tamper).await
    }

    /// The content of a document that the platform signed.
    pub(crate) async fn signed_document(&self, path: &str) -> Value {
        let answer = self.plain(Method::GET, path, &Value::Null).await;
        serde_json::from_slice(&STANDARD.decode(answer.body["record"].as_str().unwrap()).unwrap()).unwrap()
    }

    /// A bill of 30.00 with 0.50 late fee: its id, and the signed record.
    pub(crate) fn bill(&self) -> (String, Value) {
        let bill = fresh_id();
        let record = self.bill_record(&bill);
        (bill, self.sign("tongqiao-bill-v1", record.to_string().as_bytes()))
    }

    pub(crate) fn bill_record(&self, bill: &str) -> Value {
        let now = Timestamp::from_millis(NOON_MILLIS);
        json!({
            "bill": bill, "party": self.party, "division": DIVISION, "payer": { "name": "测试甲" }, "amount": "30.00",
            "lines": [
                { "code": "103044550", "name": "证书工本费", "quantity": 2, "unit_price": "10.00", "amount": "20.00" },
                { "code": "103044551", "name": "公告费", "quantity": 1, "unit_price": "10.00", "amount": "10.00" },
            ],
            "late_fee": "0.50", "not_after": now.plus_millis(86_400_000), "created": now,
        })
    }

    pub(crate) fn void(&self, bill: &str) -> Value {
        let now = Timestamp::from_millis(NOON_MILLIS);
        let record = json!({ "bill": bill, "party": self.party, "reason": "开错", "created": now });
        self.sign("tongqiao-void-v1", record.to_string().as_bytes())
    }

    /// The order to refuse a bill's id for ever.
    pub(crate) fn fence(&self, bill: &str) -> Value {
        let record = json!({ "bill": bill, "party": self.party, "time": Timestamp::from_millis(NOON_MILLIS) });
        self.sign("tongqiao-fence-v1", record.to_string().as_bytes())
    }

    pub(crate) fn refund(&self, bill: &str, amount: &str) -> (String, Value) {
        let refund = fresh_id();
        let now = Timestamp::from_millis(NOON_MILLIS);
        let record = json!({
            "refund": refund, "bill": bill, "party": self.party, "amount": amount, "reason": "多收",
            "not_after": now.plus_millis(86_400_000), "created": now,
        });
        (refund, self.sign("tongqiao-refund-v1", record.to_string().as_bytes()))
    }

    /// Leases one case number and gives it.
    pub(crate) async fn case_number(&self) -> String {
        let wish = json!({
            "request": fresh_id(), "division": DIVISION, "count": 1,
            "producer": self.producer, "incarnation": self.incarnation,
        });
        let lease = self.post("/v1/case-number-leases", &wish).await;
        assert_eq!(lease.status, StatusCode::OK, "{:?}", lease.body);
        let division = tongqiao_protocol::DivisionCode::parse(DIVISION).unwrap();
        let year = u16::try_from(lease.body["year"].as_u64().unwrap()).unwrap();
        let first = lease.body["first"].as_u64().unwrap();
        tongqiao_protocol::CaseNumber::build(&division, year, first).unwrap().as_str().to_owned()
    }

    /// An event of a case by this producer.
    pub(crate) fn event(&self, case: &str, kind: &str, sequence: i64, revision: i64, data: &Value) -> Value {
        json!({
            "specversion": "1.0", "id": fresh_id(), "source": format!("urn:tongqiao:party:{}", self.party),
            "type": format!("cn.tongqiao.case.{kind}.v1"), "subject": case,
            "time": Timestamp::from_millis(NOON_MILLIS), "datacontenttype": "application/json",
            "producer": self.producer, "incarnation": self.incarnation, "sequence": sequence, "revision": revision,
            "dataclass": "personal", "clock": "attested", "data": data,
        })
    }
}

/// A UUIDv7 that nobody has had before.
pub(crate) fn fresh_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    EventId::from_time_and_random(Timestamp::from_millis(NOON_MILLIS), random).to_string()
}

/// An item of the catalogue that is in force.
pub(crate) struct Item(Value);

impl World {
    /// A complete application that opens `case`.
    pub(crate) async fn applied(&self, case: &str) -> Value {
        let item = self.item().await;
        let mut event = self.department.event(case, "applied", 1, 0, &item.application(DIVISION));
        event["number"] = json!(self.department.case_number().await);
        event
    }

    /// The first item in force that the catalogue lists for the district.
    pub(crate) async fn item(&self) -> Item {
        self.item_with(|_| true).await
    }

    /// The same with one more wish.
    pub(crate) async fn item_with(&self, wish: impl Fn(&Value) -> bool) -> Item {
        let answer = self.department.plain(Method::GET, "/v1/catalogue", &Value::Null).await;
        let record = STANDARD.decode(answer.body["record"].as_str().unwrap()).unwrap();
        let snapshot: Value = serde_json::from_slice(&record).unwrap();
        let items = snapshot["items"].as_array().unwrap();
        let usable = |item: &&Value| {
            item["state"] == "in-force"
                && item["division"] == "340700000000"
                && wish(item)
                && item["materials"].as_array().is_some_and(|materials| materials.len() > 1)
        };
        Item(items.iter().find(usable).unwrap().clone())
    }
}

impl Item {
    pub(crate) fn reference(&self) -> Value {
        json!({ "code": self.0["code"], "version": self.0["version"] })
    }

    /// The key of the first material that the guide demands.
    pub(crate) fn required_material(&self) -> String {
        let materials = self.0["materials"].as_array().unwrap();
        materials.iter().find(|one| one["required"] == true).unwrap()["key"].as_str().unwrap().to_owned()
    }

    /// The key of the first field that the form demands.
    pub(crate) fn required_field(&self) -> String {
        let fields = self.0["form"].as_array().unwrap();
        fields.iter().find(|one| one["required"] == true).unwrap()["key"].as_str().unwrap().to_owned()
    }

    /// The days that the guide promises, and those that the law gives.
    pub(crate) fn days(&self) -> (u32, u32) {
        let days = |member: &str| u32::try_from(self.0[member].as_u64().unwrap()).unwrap();
        (days("promised_days"), days("statutory_days"))
    }

    /// The data of a complete application for a synthetic person.
    pub(crate) fn application(&self, division: &str) -> Value {
        let materials: Vec<Value> = self.0["materials"]
            .as_array()
            .unwrap()
            .iter()
            .map(|material| json!({ "guide": material["key"], "name": material["name"]["zh"] }))
            .collect();
        let form: serde_json::Map<String, Value> = self.0["form"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| (field["key"].as_str().unwrap().to_owned(), filled_in(field)))
            .collect();
        json!({
            "item": self.reference(), "division": division,
            "applicant": {
                "kind": "person", "name": "测试甲",
                "identity": {
                    "kind": { "set": "id_type", "generation": "ga2000.156", "code": "414" }, "number": "TEST0001",
                },
            },
            "form": form, "materials": materials,
            "channel": { "set": "handle_form", "generation": "gb39046-2020", "code": "1" },
        })
    }
}

/// A value of the kind that the field asks for.
fn filled_in(field: &Value) -> Value {
    match (field["kind"].as_str().unwrap(), &field["choices"][0]["zh"]) {
        (_, Value::String(choice)) => json!(choice),
        ("integer" | "number", _) => json!(1),
        ("amount", _) => json!("1.00"),
        ("date", _) => json!("2026-11-23"),
        ("phone", _) => json!("13800000000"),
        ("division", _) => json!(DIVISION),
        ("citizen-number", _) => json!(["340702", "19680229", "0211"].concat()),
        ("credit-code", _) => json!("11340700TQ1100017W"),
        _ => json!("填写"),
    }
}
