//! Somebody between department and platform: whatever he says about money, nobody believes it.

use std::sync::{Arc, Mutex};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use tongqiao::{
    Arrival, BillDraft, Client, EntryState, Notice, Request, Response, Sending, Silence, Transport, TransportFailure,
};
use tongqiao_protocol::bill::{BillState, BillView, RefundState};
use tongqiao_protocol::{ErrorCode, Language, Problem, Suite};

use super::cases::PATIENCE;
use super::sandbox::{Sandbox, reqwest_client};

/// What becomes of an answer.
type Forgery = fn(&str, Response) -> Response;

/// The one between.
struct Forger {
    http: reqwest::Client,
    forgery: Mutex<Option<Forgery>>,
}

impl Forger {
    fn says(&self, forgery: Option<Forgery>) {
        *self.forgery.lock().unwrap() = forgery;
    }
}

impl Transport for Forger {
    fn send<'a>(&'a self, request: Request) -> Sending<'a> {
        Box::pin(async move {
            let lost = |error: reqwest::Error| TransportFailure::new(Silence::Broken, Arrival::Perhaps, error);
            let place = format!("{} {}", request.method(), request.uri().path());
            let request = reqwest::Request::try_from(request).map_err(lost)?;
            let answer = self.http.execute(request).await.map_err(lost)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = Response::new(answer.bytes().await.map_err(lost)?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            let forgery = *self.forgery.lock().unwrap();
            Ok(forgery.map_or_else(|| response.clone(), |forgery| forgery(&place, response.clone())))
        })
    }
}

/// The answer with other members, where it has the first of them.
fn altered(response: Response, members: &[(&str, Value)]) -> Response {
    let Ok(mut view) = serde_json::from_slice::<Value>(response.body()) else { return response };
    if view.get(members[0].0).is_none() {
        return response;
    }
    for (name, value) in members {
        view[*name] = value.clone();
    }
    let mut forged = response;
    *forged.body_mut() = view.to_string().into_bytes();
    forged
}

async fn world() -> (Sandbox, Arc<Forger>, Client) {
    let sandbox = Sandbox::start().await;
    let credentials = sandbox.enrol("civil-affairs", Suite::International).await;
    let forger = Arc::new(Forger { http: reqwest_client(), forgery: Mutex::default() });
    let transport = Arc::clone(&forger) as Arc<dyn Transport>;
    let builder = sandbox.builder(&credentials).store(sandbox.path("a.sqlite")).transport(transport);
    let client = builder.build().await.unwrap();
    (sandbox, forger, client)
}

fn draft() -> BillDraft {
    BillDraft::new("340700000000", "测试用户").line("certificate", "证书工本费", 1, "10.00")
}

async fn paid(client: &Client) -> BillView {
    let bill = client.payments().create(&draft()).await.unwrap();
    let view = tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap();
    let answer = reqwest_client().post(view.cashier_url.as_ref().unwrap()).send().await.unwrap();
    assert!(answer.status().is_redirection());
    client.payments().status(bill).await.unwrap()
}

#[tokio::test]
async fn nobody_on_the_way_can_refuse_a_bill_in_the_platform_s_stead() {
    let (sandbox, forger, client) = world().await;
    let mut notices = client.notices();
    forger.says(Some(|place, response| {
        if place != "POST /v1/bills" {
            return response;
        }
        let mut forged = Response::new(Problem::new(ErrorCode::BillFenced, Language::Chinese).to_bytes());
        *forged.status_mut() = StatusCode::CONFLICT;
        forged.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        forged
    }));
    let bill = client.payments().create(&draft()).await.unwrap();
    let alarm = async {
        loop {
            if matches!(notices.next().await, Some(Notice::ReceiptUnverifiable { id }) if id == bill.into()) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, alarm).await.unwrap();
    assert_eq!(client.outbox().entry(bill).await.unwrap().unwrap().state, EntryState::Pending);
    assert!(client.outbox().attention().await.unwrap().is_empty());

    forger.says(None);
    client.outbox().nudge();
    let view = tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap();
    assert_eq!(view.state, BillState::Open);
    assert_eq!(sandbox.ledger().await["counts"]["bills"], 1);
}

#[tokio::test]
async fn a_refusal_that_the_platform_signed_for_another_order_is_not_believed() {
    let (sandbox, forger, client) = world().await;
    let foreign = BillDraft::new("110000000000", "测试用户").line("certificate", "证书工本费", 1, "5.00");
    let foreign = client.payments().create(&foreign).await.unwrap();
    let refused = tokio::time::timeout(PATIENCE, client.payments().registered(foreign)).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ScopeDivision, "what is signed is believed");
    // The platform's genuine word on another bill, played back.
    static PLAYED_BACK: Mutex<Option<Response>> = Mutex::new(None);
    forger.says(Some(|place, response| {
        if place != "POST /v1/bills" {
            return response;
        }
        let mut kept = PLAYED_BACK.lock().unwrap();
        kept.get_or_insert(response).clone()
    }));
    let again = BillDraft::new("110000000000", "测试用户").line("certificate", "证书工本费", 1, "6.00");
    let again = client.payments().create(&again).await.unwrap();
    tokio::time::timeout(PATIENCE, client.payments().registered(again)).await.unwrap().unwrap_err();
    let mut notices = client.notices();
    let bill = client.payments().create(&draft()).await.unwrap();
    let alarm = async {
        loop {
            if matches!(notices.next().await, Some(Notice::ReceiptUnverifiable { id }) if id == bill.into()) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, alarm).await.unwrap();
    forger.says(None);
    client.outbox().nudge();
    tokio::time::timeout(PATIENCE, client.payments().registered(bill)).await.unwrap().unwrap();
    assert_eq!(sandbox.ledger().await["counts"]["bills"], 1);
}

#[tokio::test]
async fn nobody_on_the_way_can_say_what_is_owed_back_or_was_refunded() {
    let (_sandbox, forger, client) = world().await;
    let view = paid(&client).await;
    assert_eq!((view.received.to_string(), view.refund_owed.to_string()), ("10.00".into(), "0.00".into()));
    let forgeries: [Forgery; 3] = [
        |_, response| altered(response, &[("refund_owed", json!("10.00")), ("received", json!("20.00"))]),
        |_, response| altered(response, &[("refunded", json!("10.00"))]),
        |_, response| altered(response, &[("money_receipt", Value::Null)]),
    ];
    for forgery in forgeries {
        forger.says(Some(forgery));
        let error = client.payments().status(view.bill).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::SignatureReceiptInvalid);
    }
    forger.says(None);
    let more = client.payments().refund(view.bill, "10.01".parse().unwrap(), "多退").await.unwrap_err();
    assert_eq!(more.code(), ErrorCode::BillRefundExceedsPaid, "nothing of it was kept");
}

#[tokio::test]
async fn nobody_on_the_way_can_say_that_a_refund_is_done() {
    let (sandbox, forger, client) = world().await;
    let view = paid(&client).await;
    sandbox.post("/sandbox/bank", &json!({ "mode": "held" })).await;
    let refund = client.payments().refund(view.bill, "1.00".parse().unwrap(), "多收").await.unwrap();
    let pending = tokio::time::timeout(PATIENCE, client.payments().refunded(refund)).await.unwrap().unwrap();
    assert_eq!((pending.state, pending.ended_receipt.is_none()), (RefundState::Pending, true));
    forger.says(Some(|place, response| {
        if !place.starts_with("GET /v1/refunds/") {
            return response;
        }
        altered(response, &[("state", json!("done")), ("ended", json!("2026-11-23T14:00:00.000+08:00"))])
    }));
    let error = client.payments().refund_status(refund).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SignatureReceiptInvalid);
    forger.says(None);
    sandbox.post("/sandbox/bank", &json!({ "mode": "failing" })).await;
    let ended = async {
        loop {
            let view = client.payments().refund_status(refund).await.unwrap();
            if view.state != RefundState::Pending {
                break view;
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert!(ended.state == RefundState::Failed && ended.ended_receipt.is_some());
    // The amount is free again, and the platform has signed that too.
    let view = client.payments().status(view.bill).await.unwrap();
    assert_eq!((view.refunded.to_string(), view.received.to_string()), ("0.00".into(), "10.00".into()));
}
