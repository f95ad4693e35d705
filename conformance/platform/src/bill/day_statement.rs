//! The statement of a party's money on one day: the platform's ledger and the bank's, in pages that the platform signs.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use rusqlite::{Connection, Row};
use tongqiao_protocol::limits::{SEQUENCE_MAX, STATEMENT_LINES_MAX};
use tongqiao_protocol::reconciliation::{Booking, DayStatement, Movement, StatementLedger, StatementLine};
use tongqiao_protocol::{
    Amount, BillId, CivilDate, ErrorCode, Fault, PartyId, RecordKind, RefundId, SignedRecord, Timestamp,
};

use super::refund;
use super::view::fen;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::refusal::Refusal;

const DAY_MILLIS: i64 = 86_400_000;

pub(super) async fn show(
    State(app): State<AppState>,
    Path(date): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    signed: Signed,
) -> Result<Json<SignedRecord>, Refusal> {
    let date: CivilDate = date.parse().map_err(|_| Refusal::at("/date", ErrorCode::RequestInvalidValue))?;
    let after = match asked.get("after").map(|text| text.parse::<u64>()) {
        None => 0,
        Some(Ok(after)) if after <= SEQUENCE_MAX => after,
        Some(_) => {
            let fault = Fault::new("/query/after", ErrorCode::RequestOutOfRange);
            let fault = fault.with("expected", format!("0 to {SEQUENCE_MAX}"));
            return Err(Refusal::of_faults(vec![fault]));
        }
    };
    let now = app.clock.now();
    let today = CivilDate::of(now);
    if date > today {
        return Err(Refusal::at("/date", ErrorCode::RequestOutOfRange));
    }
    let party: PartyId = signed.caller.party.id.parse().map_err(|_| DatabaseError::Corrupt("name of a party"))?;
    let (state, owner) = (app.clone(), party.clone());
    // Lines and epoch in one look: a restore in between would mix two ledgers.
    let looked = app.database.read(move |connection| {
        let lines = lines(connection, owner.as_str(), date)?;
        Ok::<_, DatabaseError>((lines, state.epoch().epoch))
    });
    let (lines, epoch) = looked.await?;
    let lines_total = lines.len() as u64;
    let skipped = usize::try_from(after).unwrap_or(usize::MAX);
    let lines = lines.into_iter().skip(skipped).take(STATEMENT_LINES_MAX).collect();
    let statement = DayStatement { party, date, epoch, time: now, closed: date < today, after, lines_total, lines };
    let record = serde_json::to_vec(&statement).map_err(|_| DatabaseError::Corrupt("statement"))?;
    Ok(Json(app.keys().sign_record(signed.caller.suite, RecordKind::Reconciliation, record)?))
}

/// Every line of the day, in the order of ledger, time and id.
fn lines(connection: &Connection, party: &str, date: CivilDate) -> Result<Vec<StatementLine>, DatabaseError> {
    let begins = date.begins().as_millis();
    let span = (party, begins, begins + DAY_MILLIS - 1);
    let mut lines = Vec::new();
    let mut add = |sql: &str, read: fn(&Row<'_>) -> Result<StatementLine, DatabaseError>| {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(span)?;
        while let Some(row) = rows.next()? {
            lines.push(read(row)?);
        }
        Ok::<_, DatabaseError>(())
    };
    add(
        "SELECT transaction_id, payment.bill, payment.amount, payment.paid_at, effect, late_fee
         FROM payment JOIN bill ON bill.bill = payment.bill WHERE party = ?1 AND payment.paid_at BETWEEN ?2 AND ?3",
        |row| {
            let booking = if row.get::<_, String>(4)? == "paid" { Booking::Paid } else { Booking::RefundOwed };
            let late_fee = if booking == Booking::Paid { Some(fen(row.get(5)?)?) } else { None };
            line(row, StatementLedger::Platform, Movement::Payment, Some((booking, late_fee)))
        },
    )?;
    add(
        "SELECT refund, bill, amount, ended, record FROM refund
         WHERE party = ?1 AND state = 'done' AND ended BETWEEN ?2 AND ?3",
        |row| {
            let late_fee = refund::late_fee_in(&row.get::<_, Vec<u8>>(4)?)?;
            line(row, StatementLedger::Platform, Movement::Refund, Some((Booking::Refunded, late_fee)))
        },
    )?;
    add(
        "SELECT transaction_id, bill, amount, paid_at FROM bank_statement
         WHERE party = ?1 AND paid_at BETWEEN ?2 AND ?3",
        |row| line(row, StatementLedger::Bank, Movement::Payment, None),
    )?;
    add(
        "SELECT refund, bill, amount, paid_at FROM bank_payout WHERE party = ?1 AND paid_at BETWEEN ?2 AND ?3",
        |row| line(row, StatementLedger::Bank, Movement::Refund, None),
    )?;
    lines.sort_by(|a, b| (a.ledger, a.at, &a.id).cmp(&(b.ledger, b.at, &b.id)));
    Ok(lines)
}

fn line(
    row: &Row<'_>,
    ledger: StatementLedger,
    movement: Movement,
    booked: Option<(Booking, Option<Amount>)>,
) -> Result<StatementLine, DatabaseError> {
    let id = match movement {
        Movement::Payment => row.get(0)?,
        Movement::Refund => RefundId::from_bytes(row.get(0)?).to_string(),
    };
    Ok(StatementLine {
        ledger,
        movement,
        id,
        bill: BillId::from_bytes(row.get(1)?),
        amount: fen(row.get(2)?)?,
        late_fee: booked.and_then(|(_, late_fee)| late_fee),
        at: Timestamp::from_millis(row.get(3)?),
        booking: booked.map(|(booking, _)| booking),
    })
}
