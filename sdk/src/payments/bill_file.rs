//! What the store keeps of a bill beside its record.

use serde::{Deserialize, Serialize};
use tongqiao_engine::bill_life::{BillLife, BillNotice};
use tongqiao_engine::late_fee::late_fee;
use tongqiao_engine::{Change, Collection, Expected};
use tongqiao_protocol::bill::{BillRecord, BillState, BillView, LateFeeRule, RefundView};
use tongqiao_protocol::{Amount, BillId, CivilDate, EpochId, IncarnationId, ProducerId, Timestamp};
use tongqiao_store::{Reason, Store, StoreError};

use crate::Error;
use crate::client::Shared;

/// What a bill asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BillTerms {
    pub(super) amount: Amount,
    late_fee: Amount,
    late_fee_rule: Option<LateFeeRule>,
}

impl BillTerms {
    pub(super) const fn of(record: &BillRecord) -> Self {
        Self { amount: record.amount, late_fee: record.late_fee, late_fee_rule: record.late_fee_rule }
    }

    /// The late fee of a payment on a day, as this side computes it.
    pub(super) fn late_fee(&self, on: CivilDate) -> Amount {
        self.late_fee_rule.map_or(self.late_fee, |rule| late_fee(self.amount, &rule, on))
    }

    /// Whether the platform has computed the late fee of an open bill as this side does.
    pub(super) fn agrees_while_open(&self, view: &BillView) -> bool {
        view.late_fee.is_none_or(|now| now.amount == self.late_fee(now.on))
    }

    /// Whether the late fee that was paid is the one of that day.
    fn agrees_with_payment(&self, view: &BillView) -> bool {
        view.paid.as_ref().is_none_or(|paid| {
            let late_fee = self.late_fee(CivilDate::of(paid.at));
            self.amount.checked_add(late_fee) == Some(paid.amount) && paid.late_fee.is_none_or(|said| said == late_fee)
        })
    }
}

/// The document of a bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BillFile {
    pub(super) bill: BillId,
    pub(super) producer: ProducerId,
    /// The life of the store in which the bill's stream began.
    pub(super) incarnation: IncarnationId,
    pub(super) not_after: Timestamp,
    /// What is known of it: old answers and impossible ones change nothing here.
    pub(super) life: BillLife,
    /// What it asks for, which outlives its record. Absent for a bill of an earlier version of this library.
    #[serde(default)]
    pub(super) terms: Option<BillTerms>,
    /// What the platform said last and proved, with its receipts.
    #[serde(default)]
    pub(super) view: Option<BillView>,
    /// Whether the application has acknowledged the payment.
    #[serde(default)]
    pub(super) acknowledged: bool,
}

impl BillFile {
    pub(super) fn load(store: &dyn Store, bill: BillId) -> Result<Option<(Self, u64)>, StoreError> {
        let document = store.document(Collection::Bill, &bill.to_string())?;
        Ok(document.and_then(|document| Some((serde_json::from_slice(&document.bytes).ok()?, document.version))))
    }

    pub(super) fn put(&self, expected: Expected) -> Change {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        Change::PutDocument { collection: Collection::Bill, key: self.bill.to_string(), expected, bytes }
    }

    /// The payment, while the application has not acknowledged it.
    pub(super) fn unacknowledged(&self) -> Option<BillView> {
        self.view.clone().filter(|view| view.state == BillState::Paid && !self.acknowledged)
    }

    /// Where the receipt stands that proves its absence.
    pub(super) fn absence_stands_at(&self) -> Option<(EpochId, u64)> {
        let view = self.view.as_ref()?;
        let receipt = view.fence_receipt.as_ref().or(view.receipt.as_ref())?;
        receipt.body().ok().map(|body| (body.epoch, body.position))
    }

    fn hear(&mut self, view: &BillView) {
        let before = self.life.state();
        let notices = self.life.heard(view);
        if !self.terms.is_none_or(|terms| terms.agrees_with_payment(view)) {
            tracing::error!(bill = %self.bill, "another late fee was paid than the rule gives; the reconciliation names it, and a person must compare");
        }
        if notices.iter().any(|notice| matches!(notice, BillNotice::Reappeared { .. })) {
            tracing::error!(bill = %self.bill, said = ?view.state, "a bill that was absent is registered since the platform was restored; a person must compare");
        }
        if notices.iter().any(|notice| matches!(notice, BillNotice::Contradiction { .. })) {
            tracing::error!(bill = %self.bill, known = ?before, said = ?view.state, "the platform contradicts itself; a person must compare");
        } else if self.life.state() == Some(view.state) {
            self.view = Some(view.clone());
        }
    }
}

/// The bill's document; `None` when the bill was not made through this store.
pub(super) async fn read(shared: &Shared, bill: BillId) -> Result<Option<BillFile>, Error> {
    let file = shared.storage.ask(move |store| BillFile::load(store, bill)).await?;
    Ok(file.map(|(file, _)| file))
}

/// Keeps what the platform has proved of a bill; `None` when the bill was not made through this store.
pub(super) async fn note(shared: &Shared, view: &BillView) -> Result<Option<BillFile>, Error> {
    let view = view.clone();
    update(shared, view.bill, move |file| file.hear(&view)).await
}

/// Keeps what the platform has proved of a refund.
pub(super) async fn note_refund(shared: &Shared, view: &RefundView) -> Result<(), Error> {
    let view = view.clone();
    update(shared, view.bill, move |file| drop(file.life.refund_heard(&view))).await.map(drop)
}

/// A restore has undone the proof that the bill is absent.
pub(super) async fn doubt_absence(shared: &Shared, bill: BillId) -> Result<Option<BillFile>, Error> {
    update(shared, bill, |file| {
        if file.life.state() == Some(BillState::Fenced) {
            file.life.absence_lost();
            file.view = None;
        }
    })
    .await
}

/// The application has taken the notice of the payment into its own books.
pub(super) async fn acknowledge(shared: &Shared, bill: BillId) -> Result<Option<BillFile>, Error> {
    update(shared, bill, |file| file.acknowledged |= file.life.state() == Some(BillState::Paid)).await
}

/// Changes the document under its version, again when somebody else was faster, and gives it.
async fn update(
    shared: &Shared,
    bill: BillId,
    change: impl Fn(&mut BillFile) + Send + 'static,
) -> Result<Option<BillFile>, Error> {
    shared
        .storage
        .ask(move |store| {
            loop {
                let Some((before, version)) = BillFile::load(store, bill)? else { return Ok(None) };
                let mut file = before.clone();
                change(&mut file);
                if file == before {
                    return Ok(Some(file));
                }
                match store.commit(vec![file.put(Expected::Version(version))]) {
                    Ok(_) => return Ok(Some(file)),
                    Err(error) if matches!(error.reason(), Reason::VersionConflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        })
        .await
}
