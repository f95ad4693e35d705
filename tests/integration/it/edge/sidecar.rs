//! A department's system that can send JSON and nothing else.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tongqiao::{Client, ItemQuery};
use tongqiao_edge::sidecar::Sidecar;
use tongqiao_edge::{SidecarSettings, StartError};
use tongqiao_protocol::{CaseId, Suite};

use super::office::{PATIENCE, eventually};
use crate::sdk::sandbox::{CITIZEN, Sandbox, reqwest_client};

struct Program {
    sandbox: Sandbox,
    settings: SidecarSettings,
    sidecar: Option<Sidecar>,
    token: String,
    http: reqwest::Client,
}

impl Program {
    async fn start(suite: Suite) -> Self {
        let sandbox = Sandbox::start().await;
        let data = sandbox.path("sidecar");
        std::fs::create_dir_all(&data).unwrap();
        let credentials = sandbox.enrol("civil-affairs", suite).await;
        credentials.to_file(data.join("credentials.json")).unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = SidecarSettings { data, listen, platform: sandbox.url(), ..SidecarSettings::default() };
        let mut program = Self { sandbox, settings, sidecar: None, token: String::new(), http: reqwest_client() };
        program.start_sidecar().await;
        program
    }

    async fn start_sidecar(&mut self) {
        let sidecar = Sidecar::start(&self.settings).await.unwrap();
        self.settings.listen = sidecar.address();
        self.token = std::fs::read_to_string(self.settings.data.join("token")).unwrap().trim().to_owned();
        self.sidecar = Some(sidecar);
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("http://{}{path}", self.settings.listen);
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, None).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// An application, put together of what the sidecar itself says of the item.
    async fn draft(&self) -> Value {
        let found = self.get("/items?text=file%20certificate").await;
        let item = &found["items"][0];
        json!({
            "item": { "code": item["code"], "version": item["version"] },
            "division": item["division"],
            "applicant": {
                "kind": "person", "name": "测试用户",
                "identity": { "kind": { "set": "id_type", "generation": "ga2000.156", "code": "111" }, "number": CITIZEN },
            },
            "form": { "contact-phone": "13800000000", "reason": "办理入职手续" },
            "materials": [{ "guide": "id-card", "name": "居民身份证" }],
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_opened_in_one_request_and_its_end_is_asked_for_in_another() {
    for suite in [Suite::International, Suite::ShangMi] {
        let program = Program::start(suite).await;
        let (status, opened) = program.post("/cases", &program.draft().await).await;
        assert_eq!(status, 201, "{opened}");
        let event = opened["event"].as_str().unwrap();
        let settled = program.get(&format!("/events/{event}?wait=30")).await;
        assert_eq!((&settled["state"], &settled["kind"]), (&json!("settled"), &json!("applied")), "{settled}");
        let case = program.get(&format!("/cases/{}", opened["case"].as_str().unwrap())).await;
        assert_eq!((&case["number"], &case["state"]), (&opened["number"], &json!("applied")));
        assert_eq!(program.sandbox.ledger().await["counts"]["events_effective"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_on_by_kinds_and_data_and_an_id_of_the_caller_makes_repetition_harmless() {
    let program = Program::start(Suite::International).await;
    let mut draft = program.draft().await;
    let id = CaseId::from_time_and_random(tongqiao::Clock::now(&tongqiao::SystemClock), [5; 10]);
    draft["case"] = json!(id);
    let (_, first) = program.post("/cases", &draft).await;
    let (_, again) = program.post("/cases", &draft).await;
    assert_eq!((&first, first["case"].as_str()), (&again, Some(id.to_string().as_str())));
    let path = format!("/cases/{id}/events");
    let event = tongqiao_protocol::EventId::from_time_and_random(tongqiao::Clock::now(&tongqiao::SystemClock), [6; 10]);
    let withdrawn = json!({ "kind": "withdrawn", "data": { "reason": "申请人改变主意" }, "event": event });
    let (status, said) = program.post(&path, &withdrawn).await;
    assert_eq!((status, program.post(&path, &withdrawn).await), (201, (201, said)));
    assert_eq!(program.get(&format!("/events/{event}?wait=30")).await["state"], "settled");
    assert_eq!(program.sandbox.ledger().await["counts"]["events_effective"], 2);
    let (status, late) = program.post(&path, &json!({ "kind": "accepted", "data": {} })).await;
    assert_eq!(
        (status, late["faults"][0]["path"].as_str()),
        (late["status"].as_u64().unwrap() as u16, Some("/data/accepted_on"))
    );
    let (_, unknown) = program.post(&path, &json!({ "kind": "sung", "data": {} })).await;
    assert_eq!(unknown["code"], "event.unknown_kind");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_a_draft_are_told_at_once_with_their_paths() {
    let program = Program::start(Suite::International).await;
    let mut draft = program.draft().await;
    draft["applicant"]["identity"]["number"] = json!("340702196802290212");
    draft["form"] = json!({ "contact-phone": "x" });
    draft["materials"] = json!([]);
    for path in ["/cases/check", "/cases"] {
        let (status, problem) = program.post(path, &draft).await;
        assert!(status == 400 || status == 422, "{status}");
        let paths = problem["faults"].as_array().unwrap().iter().map(|fault| fault["path"].as_str().unwrap());
        let paths = paths.collect::<Vec<_>>();
        for expected in ["/data/applicant/identity/number", "/data/form/contact-phone", "/data/form/reason"] {
            assert!(paths.contains(&expected), "{expected}: {paths:?}");
        }
        assert!(paths.iter().any(|path| path.starts_with("/data/materials")), "{paths:?}");
    }
    let (_, malformed) = program.ask("POST", "/cases", None).await;
    assert_eq!(malformed["code"], "request.malformed_json", "{malformed}");
    assert_eq!(program.sandbox.ledger().await["counts"]["cases"], 0);
    assert_eq!(program.get("/outbox").await["waiting"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_the_platform_was_away_outlives_the_sidecar() {
    let mut program = Program::start(Suite::International).await;
    let draft = program.draft().await;
    let (_, opened) = program.post("/cases", &draft).await;
    program.get(&format!("/events/{}?wait=30", opened["event"].as_str().unwrap())).await;
    program.sandbox.stop().await;
    let (status, second) = program.post("/cases", &draft).await;
    assert_eq!(status, 201, "{second}");
    assert_eq!(program.get(&format!("/events/{}", second["event"].as_str().unwrap())).await["state"], "pending");
    program.sidecar.take().unwrap().stop().await;
    program.sandbox.start_again().await;
    program.start_sidecar().await;
    let settled = program.get(&format!("/events/{}?wait=60", second["event"].as_str().unwrap())).await;
    assert_eq!(settled["state"], "settled");
    assert_eq!(program.sandbox.ledger().await["counts"]["events_effective"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_is_made_paid_and_partly_returned_and_its_entry_is_in_the_inbox() {
    let program = Program::start(Suite::ShangMi).await;
    let order = json!({
        "division": "340700000000", "payer": "测试用户",
        "lines": [{ "code": "certificate", "name": "证书工本费", "quantity": 2, "unit_price": "5.00" }],
    });
    let (status, made) = program.post("/bills", &order).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/bills/{}", made["bill"].as_str().unwrap());
    let view = eventually("the bill", async || {
        let (status, view) = program.ask("GET", &path, None).await;
        (status == 200).then_some(view)
    })
    .await;
    let paid = program.http.post(view["cashier_url"].as_str().unwrap()).send().await.unwrap();
    assert!(paid.status().is_success() || paid.status().is_redirection());
    eventually("the payment", async || (program.get(&path).await["state"] == "paid").then_some(())).await;
    let (status, refund) =
        program.post(&format!("{path}/refunds"), &json!({ "amount": "3.00", "reason": "多缴" })).await;
    assert_eq!(status, 201, "{refund}");
    eventually("the refund", async || (program.get(&path).await["refunded"] == "3.00").then_some(())).await;
    let (status, refused) = program.post(&format!("{path}/void"), &json!({ "reason": "开错" })).await;
    assert_eq!((status, &refused["code"]), (409, &json!("bill.already_paid")), "{refused}");
    let entries = eventually("the entry", async || {
        let entries = program.get("/inbox").await["entries"].as_array().unwrap().clone();
        entries.iter().find(|entry| entry["kind"] == "bill-paid").cloned()
    })
    .await;
    let (status, _) =
        program.post(&format!("/inbox/{}/acknowledgement", entries["id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(status, 200);
    let left = program.get("/inbox").await;
    assert!(left["entries"].as_array().unwrap().iter().all(|entry| entry["id"] != entries["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_without_the_token_and_no_other_machine_at_all() {
    let program = Program::start(Suite::International).await;
    let url = format!("http://{}/outbox", program.settings.listen);
    let refused = program.http.get(&url).header("accept-language", "en").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "sidecar.token_invalid");
    assert_eq!(program.http.get(&url).bearer_auth("0").send().await.unwrap().status(), 401);
    let health = program.http.get(format!("http://{}/healthz", program.settings.listen)).send().await.unwrap();
    assert_eq!(health.status(), 200);
    let ready = program.http.get(format!("http://{}/readyz", program.settings.listen)).send().await.unwrap();
    assert_eq!(ready.text().await.unwrap(), "ready\n");
    let metrics = program.http.get(format!("http://{}/metrics", program.settings.listen)).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.lines().any(|line| line == "tongqiao_sidecar_records_pending 0"), "{metrics}");
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let outside = Sidecar::start(&SidecarSettings { listen, ..program.settings.clone() }).await;
    assert!(matches!(outside, Err(StartError::Settings(_))));
    // What the sidecar keeps is an ordinary store: another client of the same machine can look into it.
    let credentials = tongqiao::Credentials::from_file(program.settings.data.join("credentials.json")).unwrap();
    let store = program.settings.data.join("store.sqlite");
    let beside = Client::builder(&program.sandbox.url(), credentials).store(store).build().await.unwrap();
    let items = tokio::time::timeout(PATIENCE, beside.items().find(&ItemQuery::text("file certificate"))).await;
    assert!(!items.unwrap().unwrap().is_empty());
}
