//! The money in the ledger, in fen.

use rusqlite::Connection;
use serde_json::{Value, json};
use tongqiao_protocol::{BillId, RefundId};

use crate::database::DatabaseError;

pub(super) fn bills(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT bill, party, state, amount, late_fee, paid_amount, refunded, refund_owed, digest, paid_transaction
         FROM bill ORDER BY bill",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "bill": BillId::from_bytes(row.get(0)?),
            "party": row.get::<_, String>(1)?,
            "state": row.get::<_, String>(2)?,
            "amount_fen": row.get::<_, i64>(3)?,
            "late_fee_fen": row.get::<_, i64>(4)?,
            "paid_fen": row.get::<_, Option<i64>>(5)?,
            "refunded_fen": row.get::<_, i64>(6)?,
            "refund_owed_fen": row.get::<_, i64>(7)?,
            "digest": row.get::<_, Option<String>>(8)?,
            "transaction": row.get::<_, Option<String>>(9)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn payments(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement =
        connection.prepare("SELECT transaction_id, bill, amount, effect FROM payment ORDER BY transaction_id")?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "transaction": row.get::<_, String>(0)?,
            "bill": BillId::from_bytes(row.get(1)?),
            "amount_fen": row.get::<_, i64>(2)?,
            "effect": row.get::<_, String>(3)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn refunds(connection: &Connection) -> Result<Vec<Value>, DatabaseError> {
    let mut statement = connection.prepare("SELECT refund, bill, amount, state FROM refund ORDER BY refund")?;
    let rows = statement.query_map([], |row| {
        Ok(json!({
            "refund": RefundId::from_bytes(row.get(0)?),
            "bill": BillId::from_bytes(row.get(1)?),
            "amount_fen": row.get::<_, i64>(2)?,
            "state": row.get::<_, String>(3)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
