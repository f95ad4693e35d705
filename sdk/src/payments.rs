//! Bills 缴款单, payments and refunds: stored before they are sent, never charged twice, never guessed.

mod bill_draft;
mod bill_file;
mod resolution;
mod writing;

use std::sync::Arc;
use std::time::Duration;

pub use bill_draft::BillDraft;
pub use resolution::Resolution;
use tongqiao_protocol::bill::{BillState, BillView, RefundView};
use tongqiao_protocol::{Amount, BillId, ErrorCode, RefundId};

use crate::Error;
use crate::client::Running;
use crate::exchange::Ask;

/// How often the platform is asked whether a bill was paid.
const PAID_POLL: Duration = Duration::from_secs(1);

/// Bills, payments and refunds; see [`Client::payments`](crate::Client::payments).
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
    /// # Errors
    /// The platform's refusal; `bill.too_late` when its time passed before any answer came
    /// ([`Payments::resolve`] finds out then).
    pub async fn registered(&self, bill: BillId) -> Result<BillView, Error> {
        crate::cases::await_record(&self.shared, bill.into()).await?;
        self.status(bill).await
    }

    /// Asks the platform where the bill stands. Never answered from a cache.
    ///
    /// # Errors
    /// `bill.unknown` when the platform does not have it *now*, which proves nothing: it may be on its way. An error of
    /// the connection.
    pub async fn status(&self, bill: BillId) -> Result<BillView, Error> {
        let answer = self.shared.exchange.ask(Ask::get(format!("/v1/bills/{bill}"))).await?;
        serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
    }

    /// Waits until the bill is paid or void. Connections that fail are borne: the platform is asked until it answers.
    ///
    /// # Errors
    /// As [`Payments::registered`], and what the platform says that is not about the connection.
    pub async fn await_paid(&self, bill: BillId) -> Result<BillView, Error> {
        self.registered_patiently(bill).await?;
        loop {
            match self.status(bill).await {
                Ok(view) if view.state != BillState::Open => {
                    bill_file::note(&self.shared, &view).await?;
                    return Ok(view);
                }
                Ok(_) => {}
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(PAID_POLL).await;
        }
    }

    /// The notice that a bill was paid: given once, whichever process or thread asks first. `None` while it is not paid,
    /// and again after it was given.
    ///
    /// # Errors
    /// An error of the connection, or a `store.` code.
    pub async fn take_paid_notice(&self, bill: BillId) -> Result<Option<BillView>, Error> {
        let view = self.status(bill).await?;
        if view.state != BillState::Paid {
            return Ok(None);
        }
        bill_file::take_notice(&self.shared, &view).await
    }

    /// Withdraws an unpaid bill. A payment that comes all the same becomes a refund owed.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store, or a `store.` code. Whether the platform accepts the
    /// withdrawal is seen by [`Payments::status`].
    pub async fn void(&self, bill: BillId, reason: &str) -> Result<(), Error> {
        writing::void(&self.shared, bill, reason).await
    }

    /// Gives money back: all of a bill or a part. The sum of all refunds never exceeds what was paid.
    ///
    /// # Errors
    /// `bill.unknown` when it was not made through this store, `request.invalid`, or a `store.` code.
    pub async fn refund(&self, bill: BillId, amount: Amount, reason: &str) -> Result<RefundId, Error> {
        writing::refund(&self.shared, None, bill, amount, reason).await
    }

    /// As [`Payments::refund`], with an id that the application made and stored before. A refund whose id this store
    /// already has changes nothing, so that an application that was killed can simply ask again.
    ///
    /// # Errors
    /// As [`Payments::refund`].
    pub async fn refund_as(
        &self,
        refund: RefundId,
        bill: BillId,
        amount: Amount,
        reason: &str,
    ) -> Result<RefundId, Error> {
        writing::refund(&self.shared, Some(refund), bill, amount, reason).await
    }

    /// Waits until the platform has the refund, and gives its view.
    ///
    /// # Errors
    /// The platform's refusal, such as `bill.refund_exceeds_paid`.
    pub async fn refunded(&self, refund: RefundId) -> Result<RefundView, Error> {
        crate::cases::await_record(&self.shared, refund.into()).await?;
        self.refund_status(refund).await
    }

    /// Asks the platform where a refund stands.
    ///
    /// # Errors
    /// `refund.unknown`, or an error of the connection.
    pub async fn refund_status(&self, refund: RefundId) -> Result<RefundView, Error> {
        let answer = self.shared.exchange.ask(Ask::get(format!("/v1/refunds/{refund}"))).await?;
        serde_json::from_slice(answer.body()).map_err(Error::malformed_answer)
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

    async fn registered_patiently(&self, bill: BillId) -> Result<(), Error> {
        match crate::cases::await_record(&self.shared, bill.into()).await {
            // Its row is gone because its retention is over: it was settled long ago.
            Err(error) if error.code() == ErrorCode::EventUnknown => Ok(()),
            other => other,
        }
    }
}

/// Whether an error is about the connection or the platform's health, and not about what was asked.
fn is_passing(error: &Error) -> bool {
    use tongqiao_protocol::ErrorKind::{Internal, Limit, Timeout, Unauthenticated, Unavailable};
    matches!(error.kind(), Unavailable | Timeout | Internal | Limit)
        || (error.kind() == Unauthenticated && error.code() == ErrorCode::SignatureStale)
}
