//! Withdrawing an unpaid bill.

use rusqlite::Connection;
use serde_json::Value;
use tongqiao_protocol::bill::{BillState, VoidRecord};
use tongqiao_protocol::{BillId, ErrorCode};

use super::order::{self, Order};
use super::view::BillRow;
use crate::app::AppState;
use crate::database::DatabaseError;
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
    let row = row.written_by(&order.authentic.author)?;
    match row.state {
        BillState::Fenced => return Ok(Err(Refusal::new(ErrorCode::BillFenced))),
        BillState::Paid => return Ok(Err(Refusal::new(ErrorCode::BillAlreadyPaid))),
        BillState::Void | BillState::Open => {}
    }
    if let Some(refusal) = order.quarantined(connection)? {
        return Ok(Err(refusal));
    }
    connection.execute("UPDATE bill SET state = 'void' WHERE bill = ?1 AND state = 'open'", [bill.as_bytes()])?;
    let receipt = order::receipt(connection, app, order, "void")?;
    let row = BillRow::find(connection, bill)?.ok_or(DatabaseError::Corrupt("bill"))?;
    let mut view = row.view(connection, app)?;
    view["void_receipt"] = receipt;
    Ok(Ok(view))
}
