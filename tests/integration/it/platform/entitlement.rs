//! Every route lets in its rightful caller, and shows another party nothing and takes nothing from it.
//!
//! The table below is compared with the table of routes: a route without a row fails, and so does a row without a route.
//! Who is rightful is said once more here, by example and not by the rules of the platform.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tongqiao_protocol::routes::{Access, ROUTES, find};
use tongqiao_protocol::{Digest, QueryPassword, Suite, Timestamp};

use super::department::{Answer, DIVISION, Department, NOON_MILLIS, Tamper, World, fresh_id};
use super::number_parts::part_for;

/// Another division than that of the owner's case: who is in charge here has no business there.
const ELSEWHERE: &str = "340703";
/// A construction project of the owner.
const PROJECT: &str = "2601-340702-04-01-000017";
/// An e-licence that the owner has cited.
const LICENCE: &str = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9";
const CONTENT: &[u8] = b"12345678901234567890";

/// A request as it is sent; unsigned where nobody signs it.
struct Request {
    by: Option<Department>,
    method: &'static str,
    path: String,
    body: Vec<u8>,
}

impl Request {
    async fn send(&self, anybody: &Department) -> Answer {
        let method: Method = self.method.parse().unwrap();
        let tamper = Tamper { without_signature: self.by.is_none(), ..Tamper::default() };
        self.by.as_ref().unwrap_or(anybody).send(method, &self.path, &self.body, &tamper).await
    }
}

/// What another one is told.
enum Other {
    /// The same: it is published for everybody.
    HearsTheSame,
    /// This code, to this request.
    GetsRefused(Request, &'static str),
    /// About itself: his answer to the same question holds nothing of the owner's, which these words are.
    SeesItself(Request, String),
}

struct Row {
    allowed: Request,
    other: Other,
}

/// What the owner has at the platform before anybody asks.
struct Estate {
    owner: Department,
    other: Department,
    case: String,
    event: String,
    bill: String,
    unpaid: String,
    refund: String,
    material: String,
    number: String,
    password: QueryPassword,
    item: String,
    edition: String,
    code: Value,
    next: Value,
    /// Numbers that a node has passed on to the owner.
    part: Value,
}

impl Estate {
    async fn new(world: &World) -> Self {
        let owner = world.department.clone();
        let base_url = world.running.base_url();
        let other = Department::enrol_with(base_url, "elsewhere", &json!({ "divisions": [ELSEWHERE] })).await;
        let (case, password) = (fresh_id(), QueryPassword::from_random([7; 12]));
        let mut applied = world.applied(&case).await;
        applied["data"]["query"] = json!(password.verifier(Suite::International, case.parse().unwrap()));
        applied["data"]["materials"][0]["licence"] = json!(LICENCE);
        applied["data"]["materials"][0]["cause"] = json!("核验");
        applied["data"]["project"] = json!({ "code": PROJECT, "stage": "planning" });
        let settled = owner.push(std::slice::from_ref(&applied)).await;
        assert_eq!(settled.result()["status"], "settled", "{:#}", settled.body);

        let (bill, record) = owner.bill();
        let view = owner.post("/v1/bills", &record).await;
        let cashier = format!("/cashier/{}", view.body["pay_code"].as_str().unwrap());
        owner.plain(Method::POST, &cashier, &Value::Null).await;
        let (refund, order) = owner.refund(&bill, "1.00");
        let ordered = owner.post(&format!("/v1/bills/{bill}/refunds"), &order).await;
        assert_eq!(ordered.status, StatusCode::OK, "{:#}", ordered.body);

        let (unpaid, record) = owner.bill();
        owner.post("/v1/bills", &record).await;
        let announced = announcement(&owner);
        owner.post("/v1/materials", &announced).await;
        let material = text(&announced["material"]);
        let path = format!("/v1/materials/{material}/chunks?offset=0");
        owner.send(Method::POST, &path, CONTENT, &Tamper::default()).await;
        let complete = owner.post(&format!("/v1/materials/{material}/completion"), &json!({})).await;
        assert_eq!(complete.body["state"], "complete", "{:#}", complete.body);

        let item = text(&world.item().await.reference()["code"]);
        let catalogue = owner.plain(Method::GET, "/v1/catalogue", &Value::Null).await;
        let edition = catalogue.headers["etag"].to_str().unwrap().trim_matches('"').to_owned();
        let code = owner.plain(Method::POST, "/sandbox/enrolment-codes", &json!({ "party": "newcomer" })).await;
        let (event, number) = (text(&applied["id"]), text(&applied["number"]));
        let (code, next) = (code.body["code"].clone(), world.applied(&fresh_id()).await);
        let part = part_for(&owner, base_url).await;
        Self {
            owner,
            other,
            case,
            event,
            bill,
            unpaid,
            refund,
            material,
            number,
            password,
            item,
            edition,
            code,
            next,
            part,
        }
    }

    fn get(&self, path: impl Into<String>) -> Request {
        Request { by: Some(self.owner.clone()), method: "GET", path: path.into(), body: Vec::new() }
    }

    fn post(&self, path: impl Into<String>, body: &Value) -> Request {
        let body = body.to_string().into_bytes();
        Request { by: Some(self.owner.clone()), method: "POST", path: path.into(), body }
    }

    /// The same request, by another party.
    fn elsewhere(&self, request: &Request) -> Request {
        let Request { method, path, body, .. } = request;
        Request { by: Some(self.other.clone()), method, path: path.clone(), body: body.clone() }
    }

    /// Another party asks the very same.
    fn refused(&self, allowed: Request, code: &'static str) -> Row {
        let other = Other::GetsRefused(self.elsewhere(&allowed), code);
        Row { allowed, other }
    }

    fn sees_itself_by(&self, allowed: Request, by_another: &Request, owners: &str) -> Row {
        let other = Other::SeesItself(self.elsewhere(by_another), owners.to_owned());
        Row { allowed, other }
    }

    fn sees_itself(&self, allowed: Request, owners: &str) -> Row {
        let other = Other::SeesItself(self.elsewhere(&allowed), owners.to_owned());
        Row { allowed, other }
    }

    fn published(&self) -> Vec<Row> {
        let item = &self.item;
        let paths = [
            "/v1/time".to_owned(),
            "/v1/epoch".to_owned(),
            "/v1/log/checkpoint".to_owned(),
            "/v1/log/inclusion?position=0&size=1".to_owned(),
            "/v1/log/consistency?from=1&to=1".to_owned(),
            "/v1/directory".to_owned(),
            "/v1/catalogue".to_owned(),
            format!("/v1/catalogue/changes?since={}", self.edition),
            "/v1/working-calendar".to_owned(),
            "/v1/supervision-rules".to_owned(),
            format!("/v1/guides/{item}"),
            "/v1/agencies".to_owned(),
            "/v1/intermediaries".to_owned(),
            "/v1/questions".to_owned(),
            "/v1/statistics?from=2026-11-01&to=2026-11-23&by=agency".to_owned(),
            "/v1/open-data/cases?month=2026-10".to_owned(),
        ];
        let unsigned = |path| Request { by: None, ..self.get(path) };
        paths.map(|path| Row { allowed: unsigned(path), other: Other::HearsTheSame }).into()
    }

    /// Open to whoever shows something.
    fn shown(&self) -> Vec<Row> {
        let asks = |password: &str| {
            let question = json!({ "number": self.number, "password": password });
            Request { by: None, ..self.post("/v1/progress-queries", &question) }
        };
        let newcomer = Department::stranger("http://platform.invalid", "newcomer");
        let joins = |code: &Value| Request { by: None, ..self.post("/v1/enrolments", &newcomer.wish(code)) };
        vec![
            Row {
                allowed: asks(&self.password.grouped()),
                other: Other::GetsRefused(asks("0000-0000-0000"), "progress.mismatch"),
            },
            Row {
                allowed: joins(&self.code),
                other: Other::GetsRefused(joins(&json!("AAAAA-AAAAA")), "enrolment.code_invalid"),
            },
        ]
    }

    fn cases(&self) -> Vec<Row> {
        let Self { owner, other, case, event, .. } = self;
        let batch = json!({ "events": [owner.sign_event(&self.next)] });
        let lease = |by: &Department| {
            json!({
                "request": fresh_id(), "division": DIVISION, "count": 1,
                "producer": by.producer, "incarnation": by.incarnation,
            })
        };
        // Nobody listens there; where entries are brought is each party's own business.
        let webhook =
            |whose: &str| self.post("/v1/inbox/webhook", &json!({ "address": format!("https://192.0.2.1/{whose}") }));
        let leases = "/v1/case-number-leases";
        let foreign_lease = self.elsewhere(&self.post(leases, &lease(other)));
        vec![
            Row {
                allowed: self.post(leases, &lease(owner)),
                other: Other::GetsRefused(foreign_lease, "scope.division"),
            },
            self.refused(self.post("/v1/case-number-parts", &self.part), "scope.author_not_carried"),
            self.refused(self.post("/v1/case-events", &batch), "scope.author_not_carried"),
            self.refused(self.get(format!("/v1/case-events/{event}/receipt")), "receipt.unknown"),
            self.refused(self.get(format!("/v1/cases/{case}")), "case.unknown"),
            self.refused(self.get(format!("/v1/cases/{case}/deadlines")), "case.unknown"),
            self.refused(self.get(format!("/v1/cases/{case}/events")), "case.unknown"),
            self.refused(self.get(format!("/v1/cases/{case}/joint")), "case.unknown"),
            self.sees_itself(self.get(format!("/v1/projects/{PROJECT}")), case),
            self.refused(self.get("/v1/inbox?addressee=civil-affairs"), "scope.author_not_carried"),
            self.sees_itself_by(webhook("owner"), &webhook("other"), "/owner"),
            self.sees_itself(self.get("/v1/inbox/webhook"), "/owner"),
            self.refused(self.post("/v1/inbox/acknowledgements", &acknowledgement(owner)), "scope.author_not_carried"),
        ]
    }

    fn money(&self) -> Vec<Row> {
        let Self { owner, bill, unpaid, refund, .. } = self;
        let (_, record) = owner.bill();
        let (never, _) = owner.bill();
        let by_owner = "scope.author_not_carried";
        vec![
            self.refused(self.post("/v1/bills", &record), by_owner),
            self.refused(self.post(format!("/v1/bills/{never}/fence"), &owner.fence(&never)), by_owner),
            self.refused(self.post(format!("/v1/bills/{unpaid}/void"), &owner.void(unpaid)), by_owner),
            self.refused(self.post(format!("/v1/bills/{bill}/refunds"), &owner.refund(bill, "1.00").1), by_owner),
            self.refused(self.get(format!("/v1/bills/{bill}")), "bill.wrong_party"),
            self.refused(self.get(format!("/v1/bills/{bill}/e-receipts")), "bill.wrong_party"),
            self.refused(self.get(format!("/v1/refunds/{refund}")), "bill.wrong_party"),
            self.sees_itself(self.get("/v1/reconciliations/2026-11-23"), bill),
        ]
    }

    fn materials(&self) -> Vec<Row> {
        let Self { owner, material, .. } = self;
        let path = |end: &str| format!("/v1/materials/{material}{end}");
        let chunk = Request { body: CONTENT.to_vec(), ..self.post(path("/chunks?offset=0"), &Value::Null) };
        let salt = json!({ "proof": Digest::of(Suite::International, b"no proof") });
        vec![
            self.refused(self.post("/v1/materials", &announcement(owner)), "scope.author_not_carried"),
            self.refused(self.get(path("")), "material.unknown"),
            self.refused(chunk, "material.unknown"),
            self.refused(self.post(path("/possession"), &salt), "material.unknown"),
            self.refused(self.post(path("/completion"), &json!({})), "material.unknown"),
            self.refused(self.get(path("/content?offset=0&limit=20")), "material.unknown"),
            self.sees_itself(self.get(format!("/v1/licences/{LICENCE}/uses")), &self.number),
        ]
    }

    fn rows(&self) -> Vec<Row> {
        [self.published(), self.shown(), self.cases(), self.money(), self.materials()].into_iter().flatten().collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn announcement(party: &Department) -> Value {
    json!({
        "material": fresh_id(), "party": party.party, "digest": Digest::of(Suite::International, CONTENT),
        "size": CONTENT.len(), "media_type": "application/pdf", "name": "身份证.pdf", "dataclass": "personal",
    })
}

fn acknowledgement(party: &Department) -> Value {
    let time = Timestamp::from_millis(NOON_MILLIS);
    let word = json!({ "party": party.party, "entries": [fresh_id()], "time": time });
    party.sign("tongqiao-inbox-acknowledgement-v1", word.to_string().as_bytes())
}

/// A code of the answer, or of the first record in it.
fn refusal(answer: &Answer) -> String {
    let within = answer.result()["problem"]["code"].as_str().unwrap_or_default();
    if answer.status == StatusCode::OK { within.to_owned() } else { answer.code().to_owned() }
}

#[tokio::test]
async fn every_route_lets_its_rightful_caller_in_and_another_one_learns_and_changes_nothing() {
    let world = World::new().await;
    let estate = Estate::new(&world).await;
    let mut missing: BTreeSet<_> = ROUTES.iter().map(|route| (route.method.as_str(), route.path)).collect();
    for Row { allowed, other } in estate.rows() {
        let path = allowed.path.split('?').next().unwrap();
        let route = find(allowed.method, path).unwrap_or_else(|| panic!("{path} is no route"));
        let name = (route.method.as_str(), route.path);
        assert!(missing.remove(&name), "{name:?} stands twice");
        assert_eq!(allowed.by.is_some(), route.access == Access::Signed, "{name:?}");
        // The other one comes first: were he let in, the owner would notice.
        let before = effects(&world).await;
        match &other {
            Other::HearsTheSame => assert_eq!(route.access, Access::Open, "{name:?}"),
            Other::GetsRefused(request, code) => {
                let answer = request.send(&estate.other).await;
                assert_eq!(refusal(&answer), *code, "{name:?}: {} {:#}", answer.status, answer.body);
                assert_eq!(effects(&world).await, before, "{name:?} had an effect");
            }
            Other::SeesItself(request, owners) => {
                let answer = request.send(&estate.other).await;
                assert_eq!(answer.status, StatusCode::OK, "{name:?}: {:#}", answer.body);
                assert!(!said(&answer).contains(owners), "{name:?}");
            }
        }
        let answer = allowed.send(&estate.owner).await;
        let (status, refused) = (answer.status, refusal(&answer));
        let is_let_in = status == StatusCode::OK && refused.is_empty();
        assert!(is_let_in, "{name:?}: {status} {:#}", answer.body);
        if let Other::SeesItself(_, owners) = &other {
            assert!(said(&answer).contains(owners), "{name:?}");
        }
    }
    assert!(missing.is_empty(), "routes whose callers nobody examines: {missing:?}");
}

/// What took effect; how far the bank is with a refund is the bank's business.
async fn effects(world: &World) -> Value {
    let mut effects = world.ledger().await["effects"].clone();
    for refund in effects["refunds"].as_array_mut().unwrap() {
        refund["state"].take();
    }
    effects
}

/// What the answer says, out of its signed record where it is one.
fn said(answer: &Answer) -> String {
    use base64::Engine as _;
    let Some(record) = answer.body["record"].as_str() else { return answer.body.to_string() };
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(record).unwrap()).unwrap()
}
