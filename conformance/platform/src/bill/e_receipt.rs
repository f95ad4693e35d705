//! E-receipts 电子票据: the finance platform's books, and what is shown of them.
//!
//! The books are the finance platform's and not ours: they are apart from the backups, so that a payment has one receipt for
//! ever. A receipt is drawn when it is first asked for, with the time of its payment or refund.

use axum::Json;
use axum::extract::{Path, State};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::bill::{BillRecord, BillState, Paid};
use tongqiao_protocol::e_receipt::{EReceipt, EReceiptLine, Reversal};
use tongqiao_protocol::{
    Amount, BillId, CivilDate, EReceiptCode, ErrorCode, PartyId, RecordKind, RefundId, SignedRecord, Timestamp,
};

use super::bill_id;
use super::view::{BillRow, fen};
use crate::app::AppState;
use crate::crypto;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::refusal::Refusal;

/// The class and kind of a receipt for charges of departments; an example, as all that the sandbox issues.
const CLASS_AND_KIND: &str = "0101";
/// Digits and letters of a check code.
const CHECK_CHARACTERS: usize = 6;

/// `{"receipts": [signed record…]}`: the payment's, then a red one for each refund that is done.
pub(super) async fn show(
    State(app): State<AppState>,
    Path(bill): Path<String>,
    signed: Signed,
) -> Result<Json<Value>, Refusal> {
    let bill = bill_id(&bill)?;
    let caller = signed.caller;
    let drawn = app.database.write(move |connection| {
        let row = BillRow::find(connection, bill)?.ok_or_else(|| Refusal::new(ErrorCode::BillUnknown))?;
        let row = row.owned_by(&caller.party)?;
        let Some(paid) = row.paid.clone().filter(|_| row.state == BillState::Paid) else {
            return Err(Refusal::new(ErrorCode::BillNotPaid));
        };
        let receipts = receipts(connection, &row, &paid)?;
        Ok((receipts, caller.suite))
    });
    let (receipts, suite) = drawn.await?;
    let keys = app.keys();
    let records: Vec<SignedRecord> = receipts
        .iter()
        .map(|receipt| {
            let record = serde_json::to_vec(receipt).map_err(|_| DatabaseError::Corrupt("e-receipt"))?;
            Ok(keys.sign_record(suite, RecordKind::EReceipt, record)?)
        })
        .collect::<Result<_, Refusal>>()?;
    Ok(Json(json!({ "receipts": records })))
}

fn receipts(connection: &Connection, row: &BillRow, paid: &Paid) -> Result<Vec<EReceipt>, DatabaseError> {
    let record: Vec<u8> =
        connection.query_row("SELECT record FROM bill WHERE bill = ?1", [row.bill.as_bytes()], |row| row.get(0))?;
    let bill = BillRecord::parse(&record).map_err(|_| DatabaseError::Corrupt("bill"))?;
    let party: PartyId = row.party.parse().map_err(|_| DatabaseError::Corrupt("name of a party"))?;
    let region = bill.division.as_twelve().get(..2).unwrap_or_default().to_owned();
    let book = Book { connection, region };
    let code = book.draw(&format!("payment {}", paid.transaction), paid.at)?;
    let line = |line: &tongqiao_protocol::bill::BillLine| EReceiptLine {
        code: line.code.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price,
        amount: line.amount,
    };
    let first = EReceipt {
        e_receipt: code,
        party,
        bill: row.bill,
        payer: bill.payer.name,
        lines: bill.lines.iter().map(line).collect(),
        late_fee: paid.late_fee.unwrap_or(bill.late_fee),
        total: paid.amount,
        transaction: paid.transaction.clone(),
        issued: paid.at,
        reverses: None,
    };
    let mut receipts = Vec::new();
    for (refund, amount, late_fee, ended) in refunds(connection, row.bill)? {
        receipts.push(EReceipt {
            e_receipt: book.draw(&format!("refund {refund}"), ended)?,
            lines: Vec::new(),
            late_fee,
            total: amount,
            issued: ended,
            reverses: Some(Reversal { of: first.e_receipt.clone(), refund }),
            ..first.clone()
        });
    }
    receipts.insert(0, first);
    Ok(receipts)
}

/// Refunds that are done, with what they took of the payment: what was owed back anyway had no receipt.
fn refunds(connection: &Connection, bill: BillId) -> Result<Vec<(RefundId, Amount, Amount, Timestamp)>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT refund, amount - owed_part, ended, record FROM refund
         WHERE bill = ?1 AND state = 'done' AND ended IS NOT NULL AND amount > owed_part ORDER BY ended, refund",
    )?;
    let rows = statement.query_map([bill.as_bytes()], |row| {
        let (amount, record) = (row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(3)?);
        Ok((RefundId::from_bytes(row.get(0)?), amount, Timestamp::from_millis(row.get(2)?), record))
    })?;
    rows.map(|row| {
        let (refund, amount, ended, record) = row?;
        let amount = fen(amount)?;
        let late_fee = super::refund::late_fee_in(&record)?.unwrap_or_default().min(amount);
        Ok((refund, amount, late_fee, ended))
    })
    .collect()
}

/// The finance platform's books of a region.
struct Book<'a> {
    connection: &'a Connection,
    region: String,
}

impl Book<'_> {
    /// The receipt of a cause: drawn once, found again for ever.
    fn draw(&self, cause: &str, issued: Timestamp) -> Result<EReceiptCode, DatabaseError> {
        let known: Option<String> = self
            .connection
            .prepare_cached("SELECT receipt FROM finance_book WHERE cause = ?1")?
            .query_row([cause], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            return EReceiptCode::parse(&known).map_err(|_| DatabaseError::Corrupt("e-receipt"));
        }
        let year = CivilDate::of(issued).year().rem_euclid(100);
        let code = format!("{}{CLASS_AND_KIND}{year:02}", self.region);
        let last: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(number), 0) FROM finance_book WHERE code = ?1")?
            .query_row([&code], |row| row.get(0))?;
        let receipt = EReceiptCode::build(&code, &format!("{:010}", last + 1), &check()?)
            .map_err(|_| DatabaseError::Corrupt("e-receipt"))?;
        self.connection
            .prepare_cached("INSERT INTO finance_book (cause, code, number, receipt) VALUES (?1, ?2, ?3, ?4)")?
            .execute((cause, &code, last + 1, receipt.as_str()))?;
        Ok(receipt)
    }
}

/// Drawn by chance: it proves that its bearer has seen the receipt.
fn check() -> Result<String, DatabaseError> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let random = crypto::random::<CHECK_CHARACTERS>().map_err(|_| DatabaseError::Corrupt("randomness"))?;
    Ok(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
}
