//! A signed record about money, on its way in: authentic, well formed, and its author's own.

use rusqlite::Connection;
use serde_json::json;
use tongqiao_protocol::bill::{BillRecord, RefundRecord, VoidRecord};
use tongqiao_protocol::{ErrorCode, Faults, PartyId, RecordId, RecordKind, Suite, Timestamp};

use crate::alarm;
use crate::app::AppState;
use crate::database::DatabaseError;
use crate::hop::Signed;
use crate::json::{self, Members};
use crate::record::{self, Authentic};
use crate::refusal::Refusal;

/// A record of this kind, read.
pub(super) struct Order<R> {
    pub(super) record: R,
    pub(super) authentic: Authentic,
    /// In which the answer is signed.
    pub(super) suite: Suite,
    pub(super) arrived: Timestamp,
}

/// The three kinds of order.
pub(super) trait OrderRecord: Sized + Send + 'static {
    const KIND: RecordKind;
    fn parse(bytes: &[u8]) -> Result<Self, Faults>;
    fn id(&self) -> RecordId;
    fn party(&self) -> &PartyId;
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
}

impl<R: OrderRecord> Order<R> {
    /// Reads the body of a request as one signed record.
    pub(super) async fn read(app: &AppState, signed: &Signed) -> Result<Self, Refusal> {
        let arrived = app.clock.now();
        let record = signed_record(&signed.body)?;
        let keyid = record.signature.keyid.clone();
        let keys = app.database.read(move |connection| record::keys_of(connection, &[keyid])).await?;
        let authentic = record::authenticate(R::KIND, record, &keys, &signed.caller, arrived, Some(&app.explanations))?;
        let record = R::parse(&authentic.signed.record)?;
        if record.party().as_str() != authentic.author.id {
            return Err(Refusal::at("/party", ErrorCode::BillWrongParty));
        }
        Ok(Self { record, authentic, suite: signed.caller.suite, arrived })
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
        record::quarantine(connection, &self.authentic, self.record.id(), reason, self.arrived).map(Some)
    }
}

fn signed_record(body: &[u8]) -> Result<tongqiao_protocol::SignedRecord, Refusal> {
    let document = json::document(body)?;
    let faults = json::Faults::default();
    let record = Members::of(&document, &faults).and_then(|members| record::read(&members));
    record.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())
}
