//! A signed record about money, on its way in: authentic, well formed, and its author's own.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tongqiao_protocol::bill::{BillRecord, FenceRecord, RefundRecord, VoidRecord};
use tongqiao_protocol::receipt::{Receipt, ReceiptOf};
use tongqiao_protocol::{ErrorCode, Faults, PartyId, RecordId, RecordKind, Suite, Timestamp};

use super::earlier;
use crate::alarm;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::json::{self, Members};
use crate::receipt::{self, Batch, Decision, Outcome};
use crate::record::{self, Authentic};
use crate::refusal::Refusal;

/// A record of this kind, read.
pub(super) struct Order<R> {
    pub(super) record: R,
    pub(super) authentic: Authentic,
    /// In which the answer is signed.
    pub(super) suite: Suite,
    pub(super) arrived: Timestamp,
    /// Whether the sender has shown a receipt of ours: it was taken in time, and a restore has forgotten it.
    earlier: bool,
}

/// The four kinds of order.
pub(super) trait OrderRecord: Sized + Send + 'static {
    const KIND: RecordKind;
    fn parse(bytes: &[u8]) -> Result<Self, Faults>;
    fn id(&self) -> RecordId;
    fn party(&self) -> &PartyId;

    /// After this no first notice is taken of it; with what a receipt of ours says it speaks of.
    fn deadline(&self) -> Option<(Timestamp, ReceiptOf)> {
        None
    }
}

impl OrderRecord for FenceRecord {
    const KIND: RecordKind = RecordKind::Fence;

    fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse(bytes)
    }

    fn id(&self) -> RecordId {
        self.bill.into()
    }

    fn party(&self) -> &PartyId {
        &self.party
    }
}

impl OrderRecord for BillRecord {
    const KIND: RecordKind = RecordKind::Bill;

    fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse(bytes)
    }

    fn id(&self) -> RecordId {
        self.bill.into()
    }

    fn party(&self) -> &PartyId {
        &self.party
    }

    fn deadline(&self) -> Option<(Timestamp, ReceiptOf)> {
        Some((self.not_after, ReceiptOf::Bill))
    }
}

impl OrderRecord for VoidRecord {
    const KIND: RecordKind = RecordKind::Void;

    fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse(bytes)
    }

    fn id(&self) -> RecordId {
        self.bill.into()
    }

    fn party(&self) -> &PartyId {
        &self.party
    }
}

impl OrderRecord for RefundRecord {
    const KIND: RecordKind = RecordKind::Refund;

    fn parse(bytes: &[u8]) -> Result<Self, Faults> {
        Self::parse(bytes)
    }

    fn id(&self) -> RecordId {
        self.refund.into()
    }

    fn party(&self) -> &PartyId {
        &self.party
    }

    fn deadline(&self) -> Option<(Timestamp, ReceiptOf)> {
        Some((self.not_after, ReceiptOf::Refund))
    }
}

impl<R: OrderRecord> Order<R> {
    /// Reads the body of a request as one signed record.
    pub(super) async fn read(app: &AppState, signed: &Signed) -> Result<Self, Refusal> {
        let arrived = app.clock.now();
        let (record, shown) = signed_record(&signed.body)?;
        let keyid = record.signature.keyid.clone();
        let keys = app.database.read(move |connection| record::keys_of(connection, &[keyid])).await?;
        let authentic = record::authenticate(R::KIND, record, &keys, &signed.caller, arrived, Some(&app.explanations))?;
        let record = R::parse(&authentic.signed.record)?;
        if record.party().as_str() != authentic.author.id {
            return Err(Refusal::at("/party", ErrorCode::BillWrongParty));
        }
        let earlier = match (shown, record.deadline()) {
            (Some(receipt), Some((_, of))) => {
                earlier::verify(&app.keys(), &receipt, of, record.id(), authentic.digest)?;
                true
            }
            _ => false,
        };
        Ok(Self { record, authentic, suite: signed.caller.suite, arrived, earlier })
    }

    /// Whether first notice may be taken of it now.
    pub(super) fn is_in_time(&self) -> bool {
        self.earlier || self.record.deadline().is_none_or(|(not_after, _)| self.arrived <= not_after)
    }

    /// The answer to other bytes under an id that is taken.
    pub(super) fn conflict(
        &self,
        connection: &Connection,
        code: ErrorCode,
        path: &str,
        first: &str,
    ) -> Result<Refusal, DatabaseError> {
        let detail = json!({
            "record": self.record.id(), "party": self.authentic.author.id, "first": first, "now": self.authentic.digest,
        });
        alarm::raise(connection, code.code(), &detail, self.arrived)?;
        Ok(Refusal::at(path, code))
    }

    /// Keeps a record whose key is in doubt for a human.
    pub(super) fn quarantined(&self, connection: &Connection) -> Result<Option<Refusal>, DatabaseError> {
        let Some(reason) = self.authentic.doubt else { return Ok(None) };
        record::quarantine(connection, &self.authentic, self.record.id(), reason, self.arrived)
    }
}

/// The receipt of a void or a fence, which names the bill; given now, or when this very order came first.
pub(super) fn receipt<R: OrderRecord>(
    connection: &Connection,
    app: &AppState,
    order: &Order<R>,
    kind: &'static str,
) -> Result<Value, Refusal> {
    let digest = order.authentic.digest.to_string();
    let known: Option<i64> = connection
        .query_row("SELECT position FROM bill_order WHERE digest = ?1", [&digest], |row| row.get(0))
        .optional()?;
    if let Some(position) = known {
        return Ok(receipt::at(connection, position)?);
    }
    let mut batch = Batch::begin(connection, order.arrived)?;
    let (_, position) = batch.add(Decision {
        record: order.record.id(),
        kind,
        digest: order.authentic.digest,
        outcome: Outcome::Settled,
        case: None,
        problem: None,
    });
    batch.seal(connection, &app.keys(), order.suite)?;
    let signed = &order.authentic.signed;
    connection.execute(
        "INSERT INTO bill_order (digest, kind, bill, keyid, record, signature, position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        rusqlite::params![
            digest,
            kind,
            order.record.id().as_bytes(),
            signed.signature.keyid.as_str(),
            signed.record,
            signed.signature.value.as_bytes(),
            position,
        ],
    )?;
    Ok(receipt::at(connection, position)?)
}

/// The signed record, and the receipt of ours that its sender shows with it.
fn signed_record(body: &[u8]) -> Result<(tongqiao_protocol::SignedRecord, Option<Receipt>), Refusal> {
    let document = json::document(body)?;
    let shown = match document.get("receipt") {
        Some(receipt) => Some(earlier::read(receipt)?),
        None => None,
    };
    let faults = json::Faults::default();
    let record = Members::of(&document, &faults).and_then(|members| record::read(&members));
    let record = record.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())?;
    Ok((record, shown))
}
