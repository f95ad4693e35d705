//! Bills: registered, asked for, fenced, voided, refunded.
//!
//! A bill's id is its author's. The same bytes again get the same view; other bytes under the same id are a conflict and
//! an alarm. Whether a bill exists is CONFIRMED or, for a fenced id, ABSENT for ever; a question about an id never seen
//! proves nothing. A bill needs no case that is known here: payments overtake.

mod bank;
mod booking;
mod day_statement;
mod e_receipt;
mod earlier;
mod late_fee;
mod order;
mod refund;
mod refused;
mod registration;
mod view;
mod void;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tongqiao_protocol::{BillId, ErrorCode, RefundId};

pub(crate) use self::bank::{Bank, BankMode, falsify as falsify_bank_statement, wake as wake_bank};
pub(crate) use self::booking::Seal;
pub(crate) use self::late_fee::{due_at, due_of};
use self::order::Order;
use self::refused::Asked;
use self::view::BillRow;
use crate::app::AppState;
use crate::hop::Signed;
use crate::refusal::Refusal;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/bills", post(register))
        .route("/v1/bills/{bill}", get(show))
        .route("/v1/bills/{bill}/fence", post(fence))
        .route("/v1/bills/{bill}/void", post(void))
        .route("/v1/bills/{bill}/refunds", post(refund))
        .route("/v1/refunds/{refund}", get(show_refund))
        .route("/v1/bills/{bill}/e-receipts", get(e_receipt::show))
        .route("/v1/reconciliations/{date}", get(day_statement::show))
}

async fn register(State(app): State<AppState>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let (asked, state) = (Asked::of(&signed), app.clone());
    register_order(app, signed).await.map_err(|refusal| asked.refused(&state, refusal))
}

async fn register_order(app: AppState, signed: Signed) -> Result<Json<Value>, Refusal> {
    let order = Order::<tongqiao_protocol::bill::BillRecord>::read(&app, &signed).await?;
    let state = app.clone();
    app.database.write(move |connection| registration::register(connection, &state, &order)).await?.map(Json)
}

async fn show(State(app): State<AppState>, Path(bill): Path<String>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let bill = bill_id(&bill)?;
    let state = app.clone();
    app.database
        .read(move |connection| {
            let row = BillRow::find(connection, bill)?.ok_or_else(|| Refusal::new(ErrorCode::BillUnknown))?;
            row.owned_by(&signed.caller.party)?.view(connection, &state)
        })
        .await
        .map(Json)
}

async fn fence(State(app): State<AppState>, Path(bill): Path<String>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let (asked, state) = (Asked::of(&signed), app.clone());
    fence_order(app, bill, signed).await.map_err(|refusal| asked.refused(&state, refusal))
}

async fn fence_order(app: AppState, bill: String, signed: Signed) -> Result<Json<Value>, Refusal> {
    let bill = bill_id(&bill)?;
    let order = Order::<tongqiao_protocol::bill::FenceRecord>::read(&app, &signed).await?;
    let state = app.clone();
    app.database.write(move |connection| registration::fence(connection, &state, bill, &order)).await?.map(Json)
}

async fn void(State(app): State<AppState>, Path(bill): Path<String>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let (asked, state) = (Asked::of(&signed), app.clone());
    void_order(app, bill, signed).await.map_err(|refusal| asked.refused(&state, refusal))
}

async fn void_order(app: AppState, bill: String, signed: Signed) -> Result<Json<Value>, Refusal> {
    let bill = bill_id(&bill)?;
    let order = Order::<tongqiao_protocol::bill::VoidRecord>::read(&app, &signed).await?;
    let state = app.clone();
    app.database.write(move |connection| void::void(connection, &state, bill, &order)).await?.map(Json)
}

async fn refund(State(app): State<AppState>, Path(bill): Path<String>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let (asked, state) = (Asked::of(&signed), app.clone());
    refund_order(app, bill, signed).await.map_err(|refusal| asked.refused(&state, refusal))
}

async fn refund_order(app: AppState, bill: String, signed: Signed) -> Result<Json<Value>, Refusal> {
    let bill = bill_id(&bill)?;
    let order = Order::<tongqiao_protocol::bill::RefundRecord>::read(&app, &signed).await?;
    let state = app.clone();
    let answer = app.database.write(move |connection| refund::refund(connection, &state, bill, &order)).await?;
    bank::wake(&app);
    answer.map(Json)
}

async fn show_refund(
    State(app): State<AppState>,
    Path(refund): Path<String>,
    signed: Signed,
) -> Result<Json<Value>, Refusal> {
    let id: RefundId = refund.parse().map_err(|_| Refusal::at("/refund", ErrorCode::RequestInvalidValue))?;
    let state = app.clone();
    app.database
        .read(move |connection| {
            let row = refund::RefundRow::find(connection, id)?;
            let row = row.ok_or_else(|| Refusal::new(ErrorCode::RefundUnknown))?;
            row.owned_by(&signed.caller.party)?.view(connection, &state)
        })
        .await
        .map(Json)
}

fn bill_id(text: &str) -> Result<BillId, Refusal> {
    text.parse().map_err(|_| Refusal::at("/bill", ErrorCode::RequestInvalidValue))
}
