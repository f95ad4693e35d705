//! Bills: made, looked at, withdrawn, paid back.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tongqiao::{BillDraft, Error};
use tongqiao_protocol::bill::BillView;
use tongqiao_protocol::{Amount, BillId, CaseId, ErrorCode, Faults, Language, RefundId};

use super::fault::{Fault, Speaks, id, object};
use super::{Beside, accepted};

#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    bill: Option<BillId>,
    division: String,
    payer: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    case: Option<CaseId>,
    lines: Vec<Line>,
    #[serde(default)]
    late_fee: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    code: String,
    name: String,
    quantity: u32,
    unit_price: String,
}

/// A body of this form; one mistake at a time, with where it is.
fn read<T: for<'a> Deserialize<'a>>(body: &[u8], language: Language) -> Result<T, Fault> {
    let object = Value::Object(object(body, language)?);
    serde_json::from_value(object).map_err(|error| {
        let fault = tongqiao_protocol::Fault::new("", ErrorCode::RequestInvalidValue).with("expected", error);
        Fault::from_faults(Faults::one(fault), language)
    })
}

/// `POST /bills`: `{"division", "payer", "lines", "late_fee"?, "case"?, "bill"?}`. With `bill` repeating it is harmless.
pub(super) async fn create(State(beside): State<Beside>, speaks: Speaks, body: Bytes) -> Result<Response, Fault> {
    let order: Order = read(&body, speaks.0)?;
    let mut draft = BillDraft::new(&order.division, &order.payer);
    for line in &order.lines {
        draft = draft.line(&line.code, &line.name, line.quantity, &line.unit_price);
    }
    if let Some(late_fee) = &order.late_fee {
        draft = draft.late_fee(late_fee);
    }
    if let Some(user) = &order.user {
        draft = draft.user(user);
    }
    if let Some(case) = order.case {
        draft = draft.case(case);
    }
    if let Some(bill) = order.bill {
        draft = draft.bill_id(bill);
    }
    let bill = beside.client.payments().create(&draft).await.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(accepted(json!({ "bill": bill })))
}

/// `GET /bills/{bill}`: the platform's view, as far as receipts prove it.
pub(super) async fn show(
    State(beside): State<Beside>,
    Path(bill): Path<String>,
    speaks: Speaks,
) -> Result<Json<BillView>, Fault> {
    let bill = id(&bill, "/bill", speaks.0)?;
    let view = beside.client.payments().status(bill).await;
    view.map(Json).map_err(|error: Error| Fault::said(&error, speaks.0))
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

/// `POST /bills/{bill}/void`: `{"reason"}`.
pub(super) async fn void(
    State(beside): State<Beside>,
    Path(bill): Path<String>,
    speaks: Speaks,
    body: Bytes,
) -> Result<Response, Fault> {
    let bill = id(&bill, "/bill", speaks.0)?;
    let Reason { reason } = read(&body, speaks.0)?;
    let voided = beside.client.payments().void(bill, &reason).await;
    voided.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(accepted(json!({ "bill": bill })))
}

#[derive(Deserialize)]
struct Refund {
    amount: Amount,
    reason: String,
    #[serde(default)]
    refund: Option<RefundId>,
}

/// `POST /bills/{bill}/refunds`: `{"amount", "reason", "refund"?}`. With `refund` repeating it is harmless.
pub(super) async fn refund(
    State(beside): State<Beside>,
    Path(bill): Path<String>,
    speaks: Speaks,
    body: Bytes,
) -> Result<Response, Fault> {
    let bill = id(&bill, "/bill", speaks.0)?;
    let order: Refund = read(&body, speaks.0)?;
    let payments = beside.client.payments();
    let refunded = match order.refund {
        Some(refund) => payments.refund_as(refund, bill, order.amount, &order.reason).await,
        None => payments.refund(bill, order.amount, &order.reason).await,
    };
    let refund = refunded.map_err(|error| Fault::said(&error, speaks.0))?;
    Ok(accepted(json!({ "refund": refund })))
}
