//! Withdrawing an unpaid bill.

use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::bill::{BillState, VoidRecord};
use tongqiao_protocol::{BillId, ErrorCode};

use super::order::Order;
use super::view::BillRow;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::receipt::{Batch, Decision, Outcome};
use crate::refusal::Refusal;

/// Voids the bill named by the path. The inner refusal is committed with what it says.
pub(super) fn void(
    connection: &Connection,
    app: &AppState,
    bill: BillId,
    order: &Order<VoidRecord>,
) -> Result<Result<Value, Refusal>, Refusal> {
    if order.record.bill != bill {
        return Ok(Err(Refusal::at("/bill", ErrorCode::RequestContradiction)));
    }
    let row = BillRow::find(connection, bill)?.ok_or_else(|| Refusal::new(ErrorCode::BillUnknown))?;
    let row = row.owned_by(&order.authentic.author)?;
    match row.state {
        BillState::Fenced => return Ok(Err(Refusal::new(ErrorCode::BillFenced))),
        BillState::Paid => return Ok(Err(Refusal::new(ErrorCode::BillAlreadyPaid))),
        BillState::Void => return Ok(Ok(row.view(connection, app)?)),
        BillState::Open => {}
    }
    if let Some(refusal) = order.quarantined(connection)? {
        return Ok(Err(refusal));
    }
    let mut batch = Batch::begin(connection, order.arrived)?;
    let (_, position) = batch.add(Decision {
        record: bill.into(),
        kind: "void",
        digest: order.authentic.digest,
        outcome: Outcome::Settled,
        case: None,
        problem: None,
    });
    batch.seal(connection, &app.keys(), order.suite)?;
    let signed = &order.authentic.signed;
    connection.execute(
        "INSERT INTO void_order (bill, digest, keyid, record, signature, position) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            bill.as_bytes(),
            order.authentic.digest.to_string(),
            signed.signature.keyid.as_str(),
            &signed.record,
            signed.signature.value.as_bytes(),
            position,
        ),
    )?;
    connection.execute("UPDATE bill SET state = 'void' WHERE bill = ?1", [bill.as_bytes()])?;
    let row = BillRow::find(connection, bill)?.ok_or(DatabaseError::Corrupt("bill"))?;
    Ok(Ok(row.view(connection, app)?))
}
