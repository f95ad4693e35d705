//! Bills 缴款单, payments and refunds: stored before they are sent, never charged twice, never guessed.

mod asking;
mod bill_draft;
mod bill_file;
mod e_receipts;
mod fencing;
mod patience;
mod proof;
mod reconciling;
mod resolution;
mod writing;

use std::sync::Arc;

pub use bill_draft::BillDraft;
pub(crate) use fencing::renew as renew_fences;
use patience::Waits;
pub(crate) use proof::of_refusal as is_refusal_signed;
pub use reconciling::DayReconciliation;
pub use resolution::{RefundResolution, Resolution};
use tongqiao_protocol::bill::{BillState, BillView, PaymentOutcome, RefundView};
use tongqiao_protocol::e_receipt::EReceipt;
use tongqiao_protocol::{Amount, BillId, CivilDate, ErrorCode, RecordId, RefundId};

use crate::Error;
use crate::client::Running;

/// Bills, payments and refunds; see [`Client::payments`](crate::Client::payments).
///
/// Everything that the platform says about money is proved by its receipts before it is told here. A future that is dropped
/// may have taken effect: with an id of the application's own ([`BillDraft::bill_id`], [`Payments::refund_as`]) the same call
/// is simply made again; voiding, resolving and acknowledging again change nothing more in any case.
///
/// ```no_run
/// use tongqiao::BillDraft;
///
/// # async fn run(client: tongqiao::Client) -> Result<(), tongqiao::Error> {
/// let draft = BillDraft::new("340700000000", "测试用户").line("collection", "遗体接运费", 1, "280.00");
/// let bill = client.payments().create(&draft).await?; // on disk, on its way
/// let view = client.payments().registered(bill).await?; // the platform has it
/// if let (Some(code), Some(page)) = (&view.pay_code, &view.cashier_url) {
///     println!("{code} {page}");
/// }
/// let paid = client.payments().await_paid(bill).await?;
/// println!("{:?}", paid.paid);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Payments {
    shared: Arc<Running>,
}

impl Payments {
    pub(crate) const fn new(shared: Arc<Running>) -> Self {
        Self { shared }
    }

    /// Makes a bill: signs it, puts it on disk, and sends it in the background, ahead of everything else.
    ///
    /// # Errors
    /// `request.invalid` or `bill.amount_mismatch` with all faults; or a `store.` code. Nothing was sent then.
    pub async fn create(&self, draft: &BillDraft) -> Result<BillId, Error> {
        writing::create(&self.shared, draft).await
    }

    /// Waits until the platform has the bill, and gives its view with pay code and cashier page.
    ///
    /// A bill whose time passed before any answer came is resolved first, as by [`Payments::resolve`].
    ///
    /// # Errors
    /// The platform's refusal; `bill.fenced` when it is proved that the platform does not have it and never will;
    /// `bill.outcome_unknown` while nobody knows: never charge again then, but call this or [`Payments::resolve`] later.
    pub async fn registered(&self, bill: BillId) -> Result<BillView, Error> {
        match crate::cases::await_record(&self.shared, bill.into()).await {
            Ok(()) => self.status(bill).await,
            Err(error) if error.code() == ErrorCode::BillOutcomeUnknown => self.resolved(bill).await,
            // Its row is gone because it was settled long ago, or proved absent.
            Err(error) if error.code() == ErrorCode::EventUnknown => match self.status(bill).await {
                Ok(view) if view.state == BillState::Fenced => Err(Error::of(ErrorCode::BillFenced)),
                // A restore has forgotten it, or its fence.
                Err(error) if error.code() == ErrorCode::BillUnknown && self.is_known(bill).await? => {
                    self.resolved(bill).await
                }
                other => other,
            },
            Err(error) => Err(error),
        }
    }

    /// The view of a bill that has to be resolved first.
    async fn resolved(&self, bill: BillId) -> Result<BillView, Error> {
        let resolution = self.resolve(bill).await?;
        match (resolution.outcome, resolution.view) {
            (PaymentOutcome::Confirmed, Some(view)) => Ok(view),
            (PaymentOutcome::Absent, _) => Err(Error::of(ErrorCode::BillFenced)),
            _ => {
                Err(resolution::unknown(bill.into())
                    .retry_after_is(resolution.error.as_ref().and_then(Error::retry_after)))
            }
        }
    }

    async fn is_known(&self, bill: BillId) -> Result<bool, Error> {
        Ok(bill_file::read(&self.shared, bill).await?.is_some())
    }

    /// Asks the platform where the bill stands. Never answered from a cache, and never believed without receipts.
    ///
    /// # Errors
    /// `bill.unknown` when the platform does not have it *now*, which proves nothing: it may be on its way.
    /// `signature.receipt_invalid` when the answer is not proved. An error of the connection.
    pub async fn status(&self, bill: BillId) -> Result<BillView, Error> {
        asking::bill(&self.shared, bill).await.map(|(view, _)| view)
    }

    /// Waits until the bill is paid or void. Connections that fail are borne: the platform is asked until it answers, less
    /// and less often.
    ///
    /// # Errors
    /// As [`Payments::registered`], and what the platform says that is not about the connection.
    pub async fn await_paid(&self, bill: BillId) -> Result<BillView, Error> {
        let mut waits = Waits::new();
        let mut view = self.registered(bill).await;
        loop {
            match &view {
                Ok(view) if view.state == BillState::Open => waits.pass(None).await,
                Ok(_) => return view,
                Err(error) if is_passing(error) => waits.pass(Some(error)).await,
                Err(_) => return view,
            }
            // Once it is registered its status is enough.
            view = if view.is_ok() { self.status(bill).await } else { self.registered(bill).await };
        }
    }

    /// The e-receipts 电子票据 of a paid bill: that of the payment, then a red one for each refund that is done, each signed by the
    /// platform and checked against the payment that it has proved.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, bill: tongqiao::protocol::BillId) -> Result<(), tongqiao::Error> {
    /// for receipt in client.payments().e_receipts(bill).await? {
    ///     println!("{} {} {}", receipt.e_receipt, receipt.total, if receipt.reverses.is_some() { "红字" } else { "" });
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `bill.not_paid`; as [`Payments::status`]; `client.bad_answer` when a receipt is not of this payment.
    pub async fn e_receipts(&self, bill: BillId) -> Result<Vec<EReceipt>, Error> {
        e_receipts::of_bill(&self.shared, bill).await
    }

    /// Compares a day's money in three ledgers 三方对账: this store's, the platform's and the bank's, as the platform states them
    /// with its signature. Whatever does not match is named with its sum in each ledger; matched and named sums together are
    /// the whole of every ledger. What a ledger misses is looked for on the days beside, and named when it stands there: booked
    /// before midnight here, after midnight there. Bills that the others know to be paid and this store does not are asked for first.
    ///
    /// Refunds of platforms that do not say when a refund ended do not stand in the store's ledger of any day.
    ///
    /// ```no_run
    /// # async fn run(client: tongqiao::Client, yesterday: tongqiao::protocol::CivilDate) -> Result<(), tongqiao::Error> {
    /// let day = client.payments().reconcile(yesterday).await?;
    /// println!("{} movements match", day.comparison.matched);
    /// for difference in &day.comparison.differences {
    ///     println!("{:?}: {:?}, {:?}", difference.key, difference.findings, difference.advice());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `request.out_of_range` for a day to come; `signature.mismatch` when a page is not the platform's; an error of the
    /// connection; or a `store.` code.
    pub async fn reconcile(&self, date: CivilDate) -> Result<DayReconciliation, Error> {
        reconciling::day(&self.shared, date).await
    }

    /// The notice that a bill was paid: the same again, whoever asks, until [`Payments::acknowledge_paid`] says that the
    /// application has it in its own books. `None` while the bill is not paid, and after the acknowledgement.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store. An error of the connection, or a `store.` code.
    pub async fn paid_notice(&self, bill: BillId) -> Result<Option<BillView>, Error> {
        let file = bill_file::read(&self.shared, bill).await?.ok_or_else(|| Error::of(ErrorCode::BillUnknown))?;
        if file.acknowledged {
            return Ok(None);
        }
        if let Some(view) = file.unacknowledged() {
            return Ok(Some(view));
        }
        let view = self.status(bill).await?;
        Ok((view.state == BillState::Paid).then_some(view))
    }

    /// The application has taken the notice of the payment into its own books: [`Payments::paid_notice`] is silent from now
    /// on. Changes nothing for a bill of which no payment is known.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store, or a `store.` code.
    pub async fn acknowledge_paid(&self, bill: BillId) -> Result<(), Error> {
        let file = bill_file::acknowledge(&self.shared, bill).await?;
        file.map(drop).ok_or_else(|| Error::of(ErrorCode::BillUnknown))
    }

    /// Withdraws an unpaid bill. A payment that comes all the same becomes a refund owed.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store; `bill.already_paid` or `bill.fenced` when that is known; or a
    /// `store.` code. Whether the platform accepts the withdrawal is seen by [`Payments::status`]; when it does not, because
    /// the payer was faster, the void waits in [`Outbox::attention`](crate::Outbox::attention) for
    /// [`Payments::acknowledge`].
    pub async fn void(&self, bill: BillId, reason: &str) -> Result<(), Error> {
        writing::void(&self.shared, bill, reason).await
    }

    /// Gives money back: all of a bill or a part. The sum of all refunds never exceeds what was paid.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store; `bill.not_paid` or `bill.refund_exceeds_paid` when that is
    /// known, for which the platform may be asked; `request.invalid`; or a `store.` code.
    pub async fn refund(&self, bill: BillId, amount: Amount, reason: &str) -> Result<RefundId, Error> {
        writing::refund(&self.shared, None, bill, RefundParts { amount, late_fee: None }, reason).await
    }

    /// As [`Payments::refund`], with an id that the application made and stored before. A refund whose id this store
    /// already has changes nothing, so that an application that was killed can simply ask again.
    ///
    /// # Errors
    /// As [`Payments::refund`]; `refund.id_conflict` when this store has another refund under that id.
    pub async fn refund_as(
        &self,
        refund: RefundId,
        bill: BillId,
        amount: Amount,
        reason: &str,
    ) -> Result<RefundId, Error> {
        writing::refund(&self.shared, Some(refund), bill, RefundParts { amount, late_fee: None }, reason).await
    }

    /// As [`Payments::refund_as`], and says how much of it is late fee that is given back: no more than came in as late fee.
    /// The platform states it in the refund's view, its statements and the red e-receipt.
    ///
    /// # Errors
    /// As [`Payments::refund_as`]; `request.contradiction` for a late fee above the amount. Whether more is given back as late fee
    /// than was paid is for the platform to say, with `bill.refund_exceeds_paid` at `/late_fee`.
    pub async fn refund_parts(
        &self,
        refund: RefundId,
        bill: BillId,
        parts: RefundParts,
        reason: &str,
    ) -> Result<RefundId, Error> {
        writing::refund(&self.shared, Some(refund), bill, parts, reason).await
    }

    /// The late fee of a bill if it were paid on a day, computed here, without a link, by the rule that its author signed.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store, or by a version that did not keep its terms; or a `store.` code.
    pub async fn late_fee(&self, bill: BillId, on: CivilDate) -> Result<Amount, Error> {
        let terms = bill_file::read(&self.shared, bill).await?.and_then(|file| file.terms);
        terms.map(|terms| terms.late_fee(on)).ok_or_else(|| Error::of(ErrorCode::BillUnknown))
    }

    /// Waits until the platform has the refund, and gives its view. A refund whose time passed before any answer came is
    /// resolved first, as by [`Payments::resolve_refund`].
    ///
    /// # Errors
    /// The platform's refusal, such as `bill.refund_exceeds_paid`; `refund.too_late` when it is proved that it was refused for
    /// ever; `bill.outcome_unknown` while nobody knows.
    pub async fn refunded(&self, refund: RefundId) -> Result<RefundView, Error> {
        match crate::cases::await_record(&self.shared, refund.into()).await {
            Ok(()) => self.refund_status(refund).await,
            Err(error) if error.code() == ErrorCode::BillOutcomeUnknown => {
                let resolution = self.resolve_refund(refund).await?;
                match (resolution.outcome, resolution.view) {
                    (PaymentOutcome::Confirmed, Some(view)) => Ok(view),
                    (PaymentOutcome::Absent, _) => Err(Error::of(ErrorCode::RefundTooLate)),
                    _ => Err(resolution::unknown(refund.into())),
                }
            }
            Err(error) if error.code() == ErrorCode::EventUnknown => self.refund_status(refund).await,
            Err(error) => Err(error),
        }
    }

    /// Asks the platform where a refund stands.
    ///
    /// # Errors
    /// `refund.unknown`, `signature.receipt_invalid` when the answer is not proved, or an error of the connection.
    pub async fn refund_status(&self, refund: RefundId) -> Result<RefundView, Error> {
        asking::refund(&self.shared, refund).await.map(|(view, _)| view)
    }

    /// Finds out whether a bill exists at the platform: by asking, and after its `not_after` by *fencing*, which forbids
    /// the id for ever if the platform does not have it. Only then is the answer "absent", and only then may the same
    /// thing be charged by another bill.
    ///
    /// # Errors
    /// A `store.` code. A platform out of reach is no error: the outcome is unknown.
    pub async fn resolve(&self, bill: BillId) -> Result<Resolution, Error> {
        resolution::resolve(&self.shared, bill).await
    }

    /// Finds out whether a refund exists at the platform: by asking, and after its `not_after` by sending the very same
    /// record again, which the platform answers with the refund it has, or refuses for ever.
    ///
    /// # Errors
    /// `refund.unknown` when it was not made through this store, or a `store.` code. A platform out of reach is no error: the
    /// outcome is unknown.
    pub async fn resolve_refund(&self, refund: RefundId) -> Result<RefundResolution, Error> {
        resolution::resolve_refund(&self.shared, refund).await
    }

    /// Takes a bill, void or refund that failed for good off [`Outbox::attention`](crate::Outbox::attention), once a person
    /// has seen why. The amount of a refund that never was is free again. Nothing else follows a refused order: another one
    /// has an id of its own.
    ///
    /// # Errors
    /// `bill.outcome_unknown` for a bill or refund whose fate nobody knows: resolve it first. `event.unknown` when the record
    /// is not here, or a `store.` code.
    pub async fn acknowledge(&self, record: impl Into<RecordId>) -> Result<(), Error> {
        resolution::acknowledge(&self.shared, record.into()).await
    }
}

/// What a refund gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundParts {
    /// How much in all.
    pub amount: Amount,
    /// Of it, late fee; `None` where that is not said.
    pub late_fee: Option<Amount>,
}

/// Whether an error is about the connection or the platform's health, and not about what was asked.
fn is_passing(error: &Error) -> bool {
    use tongqiao_protocol::ErrorKind::{Internal, Limit, Timeout, Unauthenticated, Unavailable};
    matches!(error.kind(), Unavailable | Timeout | Internal | Limit)
        || error.code() == ErrorCode::BillOutcomeUnknown
        || (error.kind() == Unauthenticated && error.code() == ErrorCode::SignatureStale)
}
