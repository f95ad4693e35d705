//! Paying back: never more than came in, and each order once.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::bill::{BillState, PaymentOutcome, RefundRecord, RefundState, RefundView};
use tongqiao_protocol::{Amount, BillId, ErrorCode, Language, RefundId, Timestamp};

use super::booking::Seal;
use super::order::Order;
use super::view::{BillRow, fen};
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::directory::Party;
use crate::receipt::{self, Batch, Decision, Outcome};
use crate::refusal::Refusal;

/// A refund as the database holds it.
pub(super) struct RefundRow {
    refund: RefundId,
    bill: BillId,
    party: String,
    digest: String,
    state: RefundState,
    amount: Amount,
    late_fee: Option<Amount>,
    position: i64,
    ended: Option<Timestamp>,
}

/// What the author of a refund says is given back of the late fee.
pub(super) fn late_fee_in(record: &[u8]) -> Result<Option<Amount>, DatabaseError> {
    let record = RefundRecord::parse(record).map_err(|_| DatabaseError::Corrupt("refund"))?;
    Ok(record.late_fee)
}

impl RefundRow {
    pub(super) fn find(connection: &Connection, refund: RefundId) -> Result<Option<Self>, DatabaseError> {
        type Row = ([u8; 16], String, String, String, i64, i64, Option<i64>, Vec<u8>);
        let row: Option<Row> = connection
            .prepare_cached(
                "SELECT bill, party, digest, state, amount, position, ended, record FROM refund WHERE refund = ?1",
            )?
            .query_row([refund.as_bytes()], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                    row.get(6)?,
                    row.get(7)?,
                ))
            })
            .optional()?;
        let Some((bill, party, digest, state, amount, position, ended, record)) = row else { return Ok(None) };
        let state = match state.as_str() {
            "pending" => RefundState::Pending,
            "done" => RefundState::Done,
            "failed" => RefundState::Failed,
            "refused" => RefundState::Refused,
            _ => return Err(DatabaseError::Corrupt("state of a refund")),
        };
        let bill = BillId::from_bytes(bill);
        let ended = ended.map(Timestamp::from_millis);
        Ok(Some(Self {
            refund,
            bill,
            party,
            digest,
            state,
            amount: fen(amount)?,
            late_fee: late_fee_in(&record)?,
            position,
            ended,
        }))
    }

    pub(super) fn owned_by(self, party: &Party) -> Result<Self, Refusal> {
        if party.may_carry(&self.party) { Ok(self) } else { Err(Refusal::new(ErrorCode::BillWrongParty)) }
    }

    pub(super) fn view(&self, connection: &Connection, app: &AppState) -> Result<Value, Refusal> {
        let outcome =
            if self.state == RefundState::Refused { PaymentOutcome::Absent } else { PaymentOutcome::Confirmed };
        let mut view = json!(RefundView {
            refund: self.refund,
            bill: self.bill,
            digest: Some(self.digest.parse().map_err(|_| DatabaseError::Corrupt("digest"))?),
            state: self.state,
            outcome,
            amount: self.amount,
            late_fee: self.late_fee,
            ended: self.ended,
            epoch: app.epoch().epoch,
            receipt: None,
            ended_receipt: None,
        });
        view["receipt"] = receipt::at(connection, self.position)?;
        if let Some(ended) = receipt::newest(connection, self.refund.into(), "payout")? {
            view["ended_receipt"] = ended;
        }
        Ok(view)
    }
}

/// Takes an order to pay back. The inner refusal is committed with what it says.
pub(super) fn refund(
    connection: &Connection,
    app: &AppState,
    bill: BillId,
    order: &Order<RefundRecord>,
) -> Result<Result<Value, Refusal>, Refusal> {
    if order.record.bill != bill {
        return Ok(Err(Refusal::at("/bill", ErrorCode::RequestContradiction)));
    }
    if let Some(row) = RefundRow::find(connection, order.record.refund)? {
        if row.digest == order.authentic.digest.to_string() && row.party == order.authentic.author.id {
            return Ok(Ok(row.view(connection, app)?));
        }
        return Ok(Err(order.conflict(connection, ErrorCode::RefundIdConflict, "/refund", &row.digest)?));
    }
    let row = BillRow::find(connection, bill)?.ok_or_else(|| Refusal::new(ErrorCode::BillUnknown))?;
    let row = row.written_by(&order.authentic.author)?;
    match row.state {
        BillState::Fenced => return Ok(Err(Refusal::new(ErrorCode::BillFenced))),
        BillState::Open => return Ok(Err(Refusal::new(ErrorCode::BillNotPaid))),
        BillState::Paid | BillState::Void => {}
    }
    if let Some(refusal) = order.quarantined(connection)? {
        return Ok(Err(refusal));
    }
    let (received, ordered) = money(connection, bill)?;
    let refusal = if !order.is_in_time() {
        Some(Refusal::at("/not_after", ErrorCode::BillTooLate))
    } else if ordered.checked_add(order.record.amount.as_fen()).is_none_or(|sum| sum > received) {
        let refusal = Refusal::at("/amount", ErrorCode::BillRefundExceedsPaid);
        Some(refusal.with("paid", fen(received)?).with("refunded", fen(ordered)?))
    } else {
        late_fee_refusal(connection, bill, &order.record)?
    };
    record(connection, app, order, &row, refusal.as_ref())?;
    if let Some(refusal) = refusal {
        return Ok(Err(refusal));
    }
    let row = RefundRow::find(connection, order.record.refund)?.ok_or(DatabaseError::Corrupt("refund"))?;
    Ok(Ok(row.view(connection, app)?))
}

/// What came in for a bill, and what was ordered to be paid back, in fen.
fn money(connection: &Connection, bill: BillId) -> Result<(i64, i64), DatabaseError> {
    let sum = |sql: &str| connection.query_row(sql, [bill.as_bytes()], |row| row.get::<_, i64>(0));
    Ok((
        sum("SELECT coalesce(sum(amount), 0) FROM payment WHERE bill = ?1")?,
        sum("SELECT coalesce(sum(amount), 0) FROM refund WHERE bill = ?1 AND state IN ('pending', 'done')")?,
    ))
}

/// No more is given back as late fee than came in as late fee.
fn late_fee_refusal(
    connection: &Connection,
    bill: BillId,
    wanted: &RefundRecord,
) -> Result<Option<Refusal>, DatabaseError> {
    let Some(late_fee) = wanted.late_fee else { return Ok(None) };
    let paid: i64 = connection.query_row(
        "SELECT iif(state = 'paid', late_fee, 0) FROM bill WHERE bill = ?1",
        [bill.as_bytes()],
        |row| row.get(0),
    )?;
    let mut statement =
        connection.prepare_cached("SELECT record FROM refund WHERE bill = ?1 AND state IN ('pending', 'done')")?;
    let records = statement.query_map([bill.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
    let mut back = late_fee.as_fen();
    for record in records {
        back = back.saturating_add(late_fee_in(&record?)?.unwrap_or_default().as_fen());
    }
    Ok((back > paid).then(|| Refusal::at("/late_fee", ErrorCode::BillRefundExceedsPaid)))
}

fn record(
    connection: &Connection,
    app: &AppState,
    order: &Order<RefundRecord>,
    bill: &BillRow,
    refusal: Option<&Refusal>,
) -> Result<(), Refusal> {
    let mut batch = Batch::begin(connection, order.arrived)?;
    let (_, position) = batch.add(Decision {
        record: order.record.refund.into(),
        kind: "refund",
        digest: order.authentic.digest,
        outcome: if refusal.is_none() { Outcome::Settled } else { Outcome::Refused },
        case: None,
        problem: refusal.map(|refusal| refusal.problem(Language::Chinese)),
    });
    batch.seal(connection, &app.keys(), order.suite)?;
    let amount = order.record.amount;
    // What is owed back anyway is paid back first.
    let owed_part = if refusal.is_none() { amount.min(bill.refund_owed) } else { Amount::ZERO };
    let signed = &order.authentic.signed;
    connection.execute(
        "INSERT INTO refund (refund, bill, party, digest, amount, owed_part, state, keyid, record, signature, position,
            created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        rusqlite::params![
            order.record.refund.as_bytes(),
            bill.bill.as_bytes(),
            order.authentic.author.id,
            order.authentic.digest.to_string(),
            amount.as_fen(),
            owed_part.as_fen(),
            if refusal.is_none() { "pending" } else { "refused" },
            signed.signature.keyid.as_str(),
            signed.record,
            signed.signature.value.as_bytes(),
            position,
            order.arrived.as_millis(),
        ],
    )?;
    if refusal.is_none() {
        connection.execute(
            "UPDATE bill SET refunded = refunded + ?2, refund_owed = refund_owed - ?3 WHERE bill = ?1",
            (bill.bill.as_bytes(), amount.as_fen(), owed_part.as_fen()),
        )?;
        let seal = Seal { keys: &app.keys(), suite: order.suite, now: order.arrived };
        seal.money(connection, bill.bill)?;
    }
    Ok(())
}
