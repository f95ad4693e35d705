//! A bill comes in, or its id is fenced before it does.

use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::bill::{BillRecord, BillState, FenceRecord};
use tongqiao_protocol::{BillId, ErrorCode, Language, PayCode, Suite};

use super::order::{self, Order};
use super::view::BillRow;
use crate::app::AppState;
use crate::cashier::Till;
use crate::crypto;
use crate::database::DatabaseError;
use crate::keys::PlatformKeys;
use crate::receipt::{Batch, Decision, Outcome};
use crate::refusal::Refusal;

/// Registers a bill. The inner refusal is committed with what it says; the outer one undoes everything.
pub(super) fn register(
    connection: &Connection,
    app: &AppState,
    order: &Order<BillRecord>,
) -> Result<Result<Value, Refusal>, Refusal> {
    let bill = &order.record;
    if let Some(row) = BillRow::find(connection, bill.bill)? {
        return repeated(connection, app, order, &row);
    }
    if let Some(refusal) = order.quarantined(connection)? {
        return Ok(Err(refusal));
    }
    if !order.authentic.author.may_write_for(bill.division.as_twelve()) {
        let refusal = Refusal::at("/division", ErrorCode::ScopeDivision);
        return Ok(Err(refusal.with("division", bill.division.as_twelve())));
    }
    let in_time = order.is_in_time();
    let refusal = (!in_time).then(|| Refusal::at("/not_after", ErrorCode::BillTooLate));
    let position = log(connection, app, order, refusal.as_ref())?;
    let keys = app.keys();
    insert(connection, &keys, order, if in_time { "open" } else { "fenced" }, position)?;
    if let Some(refusal) = refusal {
        return Ok(Err(refusal));
    }
    // A platform that was restored asks the bank before it asks the citizen.
    Till { keys: &keys, suite: app.settings.suite, now: order.arrived }.remember(connection, Some(bill.bill))?;
    let row = BillRow::find(connection, bill.bill)?.ok_or(DatabaseError::Corrupt("bill"))?;
    Ok(Ok(row.view(connection, app)?))
}

fn repeated(
    connection: &Connection,
    app: &AppState,
    order: &Order<BillRecord>,
    row: &BillRow,
) -> Result<Result<Value, Refusal>, Refusal> {
    let digest = order.authentic.digest.to_string();
    if row.state == BillState::Fenced {
        return Ok(Err(Refusal::new(ErrorCode::BillFenced)));
    }
    if row.digest.as_deref() == Some(digest.as_str()) && row.party == order.authentic.author.id {
        return Ok(Ok(row.view(connection, app)?));
    }
    let first = row.digest.as_deref().unwrap_or_default();
    Ok(Err(order.conflict(connection, ErrorCode::BillIdConflict, "/bill", first)?))
}

fn log(
    connection: &Connection,
    app: &AppState,
    order: &Order<BillRecord>,
    refusal: Option<&Refusal>,
) -> Result<i64, Refusal> {
    let mut batch = Batch::begin(connection, order.arrived)?;
    let (_, position) = batch.add(Decision {
        record: order.record.bill.into(),
        kind: "bill",
        digest: order.authentic.digest,
        outcome: if refusal.is_none() { Outcome::Settled } else { Outcome::Refused },
        case: None,
        problem: refusal.map(|refusal| refusal.problem(Language::Chinese)),
    });
    batch.seal(connection, &app.keys(), order.suite)?;
    Ok(position)
}

fn insert(
    connection: &Connection,
    keys: &PlatformKeys,
    order: &Order<BillRecord>,
    state: &str,
    position: i64,
) -> Result<(), DatabaseError> {
    let (bill, authentic) = (&order.record, &order.authentic);
    let pay_code = if state == "open" { Some(pay_code(keys, bill.bill)?) } else { None };
    connection
        .prepare_cached(
            "INSERT INTO bill (bill, party, state, digest, pay_code, case_id, division, item_code, amount, late_fee,
                record, signature, keyid, position, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            bill.bill.as_bytes(),
            authentic.author.id,
            state,
            authentic.digest.to_string(),
            pay_code.as_ref().map(PayCode::as_str),
            bill.case.as_ref().map(|case| *case.as_bytes()),
            bill.division.as_twelve(),
            bill.item.as_ref().map(|item| item.code.as_str().to_owned()),
            bill.amount.as_fen(),
            bill.late_fee.as_fen(),
            authentic.signed.record,
            authentic.signed.signature.value.as_bytes(),
            authentic.signed.signature.keyid.as_str(),
            position,
            order.arrived.as_millis(),
        ])?;
    Ok(())
}

/// Twenty digits that nobody can guess: the code is all that a payer needs to see the bill. Made from the bill's id and a
/// secret, so that a bill which is registered again after a restore has the code that its payer has been given.
fn pay_code(keys: &PlatformKeys, bill: BillId) -> Result<PayCode, DatabaseError> {
    let secret = keys.of(Suite::International).secret();
    let bytes = crypto::hash(Suite::International, &[b"tongqiao-pay-code", &secret, bill.as_bytes()]);
    let text: String = bytes.iter().take(20).map(|byte| char::from(b'0' + byte % 10)).collect();
    PayCode::parse(&text).map_err(|_| DatabaseError::Corrupt("pay code"))
}

/// Records an id as refused for ever, unless the bill is here: the only way to know that it is absent. The order is the
/// author's and signed by him, and has a receipt of its own.
pub(super) fn fence(
    connection: &Connection,
    app: &AppState,
    bill: BillId,
    order: &Order<FenceRecord>,
) -> Result<Result<Value, Refusal>, Refusal> {
    if order.record.bill != bill {
        return Ok(Err(Refusal::at("/bill", ErrorCode::RequestContradiction)));
    }
    if let Some(refusal) = order.quarantined(connection)? {
        return Ok(Err(refusal));
    }
    let author = &order.authentic.author;
    if BillRow::find(connection, bill)?.is_none() {
        connection.execute(
            "INSERT INTO bill (bill, party, state, amount, late_fee, created) VALUES (?1, ?2, 'fenced', 0, 0, ?3)",
            (bill.as_bytes(), &author.id, order.arrived.as_millis()),
        )?;
    }
    let row = BillRow::find(connection, bill)?.ok_or(DatabaseError::Corrupt("bill"))?.written_by(author)?;
    let mut view = row.view(connection, app)?;
    // A bill that is registered cannot be fenced: the view says so, and no receipt says otherwise.
    if row.state == BillState::Fenced {
        view["fence_receipt"] = order::receipt(connection, app, order, "fence")?;
    }
    Ok(Ok(view))
}
